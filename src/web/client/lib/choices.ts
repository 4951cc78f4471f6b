// The form beside the map: kinds of alert, language, quiet hours, drills, discretion.

import type { Preferences, Severity } from "./api";
import { element } from "./page";

type Choices = Omit<Preferences, "places">;

function rows(): { wanted: HTMLInputElement; lowest: HTMLSelectElement }[] {
  return [...document.querySelectorAll(".family")].map((row) => ({
    wanted: row.querySelector("input")!,
    lowest: row.querySelector("select")!,
  }));
}

const quiet = () => ({
  wanted: element<HTMLInputElement>("quiet"),
  hours: element("quiet-hours"),
  from: element<HTMLInputElement>("quiet-from"),
  to: element<HTMLInputElement>("quiet-to"),
  zone: element<HTMLSelectElement>("time-zone"),
});

/** Whether quiet hours are wanted that have no length, or no beginning or end. */
export function quietHoursAreNone(): boolean {
  const { wanted, from, to } = quiet();
  return wanted.checked && (from.value === "" || to.value === "" || from.value === to.value);
}

function choose(select: HTMLSelectElement, value: string): void {
  if (![...select.options].some((option) => option.value === value)) select.add(new Option(value, value));
  select.value = value;
}

/** What is ticked and chosen. */
export function readChoices(form: HTMLElement): Choices {
  const families: Record<string, Severity> = {};
  for (const { wanted, lowest } of rows()) {
    if (wanted.checked) families[wanted.value] = lowest.value as Severity;
  }
  const language = element<HTMLSelectElement>("language").value;
  const languages = [...new Set([language, form.dataset["pageLanguage"] ?? language])];
  const { wanted, from, to, zone } = quiet();
  const hours = { from: from.value, to: to.value, time_zone: zone.value };
  return {
    families,
    languages,
    ...(wanted.checked ? { quiet_hours: hours } : {}),
    drills: element<HTMLInputElement>("drills").checked,
    discreet: element<HTMLInputElement>("discreet").checked,
    consent: form.dataset["consent"] ?? "",
  };
}

/** Shows what was chosen before. */
export function fillChoices(preferences: Preferences): void {
  for (const { wanted, lowest } of rows()) {
    const severity = preferences.families[wanted.value];
    wanted.checked = severity !== undefined;
    if (severity !== undefined) lowest.value = severity;
    lowest.disabled = !wanted.checked;
  }
  const language = element<HTMLSelectElement>("language");
  const first = preferences.languages[0];
  if (first) choose(language, first);
  const { wanted: resting, hours, from, to, zone } = quiet();
  const chosen = preferences.quiet_hours;
  resting.checked = chosen !== undefined;
  hours.hidden = !resting.checked;
  if (chosen) {
    [from.value, to.value] = [chosen.from, chosen.to];
    choose(zone, chosen.time_zone);
  }
  element<HTMLInputElement>("drills").checked = preferences.drills;
  element<HTMLInputElement>("discreet").checked = preferences.discreet;
}

/** A kind that is not wanted has no lowest severity; quiet hours that are not wanted are not asked for. */
export function watchChoices(): void {
  const { wanted: resting, hours, zone } = quiet();
  hours.hidden = !resting.checked;
  resting.addEventListener("change", () => {
    hours.hidden = !resting.checked;
  });
  const known = new Set([...zone.options].map((option) => option.value));
  for (const name of Intl.supportedValuesOf("timeZone")) known.add(name);
  zone.replaceChildren(...[...known].sort().map((name) => new Option(name, name)));
  choose(zone, Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC");
  for (const { wanted, lowest } of rows()) {
    wanted.addEventListener("change", () => {
      lowest.disabled = !wanted.checked;
    });
  }
}
