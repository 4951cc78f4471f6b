// The form beside the map: kinds of alert, language, drills, discretion.

import type { Preferences, Severity } from "./api";
import { element } from "./page";

type Choices = Omit<Preferences, "places" | "quiet_hours">;

function rows(): { wanted: HTMLInputElement; lowest: HTMLSelectElement }[] {
  return [...document.querySelectorAll(".family")].map((row) => ({
    wanted: row.querySelector("input")!,
    lowest: row.querySelector("select")!,
  }));
}

/** What is ticked and chosen. */
export function readChoices(form: HTMLElement): Choices {
  const families: Record<string, Severity> = {};
  for (const { wanted, lowest } of rows()) {
    if (wanted.checked) families[wanted.value] = lowest.value as Severity;
  }
  const language = element<HTMLSelectElement>("language").value;
  const languages = [...new Set([language, form.dataset["pageLanguage"] ?? language])];
  return {
    families,
    languages,
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
  if (first) {
    if (![...language.options].some((option) => option.value === first)) language.add(new Option(first, first));
    language.value = first;
  }
  element<HTMLInputElement>("drills").checked = preferences.drills;
  element<HTMLInputElement>("discreet").checked = preferences.discreet;
}

/** A kind that is not wanted has no lowest severity. */
export function watchChoices(): void {
  for (const { wanted, lowest } of rows()) {
    wanted.addEventListener("change", () => {
      lowest.disabled = !wanted.checked;
    });
  }
}
