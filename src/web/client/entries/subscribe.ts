// `/subscribe`: explains first, asks the browser only after the button, and lets a citizen change or erase all of it.

import { ApiTrouble, type Preferences, channelOf, create, erase, read, replace } from "../lib/api";
import { fillChoices, quietHoursAreNone, readChoices, watchChoices } from "../lib/choices";
import { type Kept, forget, recall, remember } from "../lib/keep";
import { element, tell, word } from "../lib/page";
import { Places } from "../lib/places";
import { needsHomeScreen, subscribe, supported } from "../lib/push";

const form = element<HTMLFormElement>("form");
const trouble = element("trouble");
const notice = element("notice");
const result = element("result");
const buttons = {
  subscribe: element<HTMLButtonElement>("subscribe"),
  save: element<HTMLButtonElement>("save"),
  stop: element<HTMLButtonElement>("stop"),
};
const complain = (text: string) => tell(trouble, text);
const places = new Places(complain);
let kept: Kept | undefined;

/** Something to tell the citizen, as the name of a message. */
class Refusal extends Error {}

form.addEventListener("submit", (event) => event.preventDefault());
buttons.subscribe.addEventListener("click", () => void busy(start));
buttons.save.addEventListener("click", () => void busy(save));
buttons.stop.addEventListener("click", () => void busy(stop));
watchChoices();
if (needsHomeScreen()) warn(word("word-ios"));
else if (!supported()) warn(word("word-no-push"));
void welcomeBack();

function warn(text: string): void {
  element("notice").querySelector("p")!.textContent = text;
  notice.hidden = false;
}

/** One thing at a time; what goes wrong is told in words. */
async function busy(act: () => Promise<void>): Promise<void> {
  const all = Object.values(buttons);
  for (const button of all) button.disabled = true;
  complain("");
  result.textContent = word("word-working");
  try {
    await act();
  } catch (error) {
    result.textContent = "";
    complain(reason(error));
  } finally {
    for (const button of all) button.disabled = false;
  }
}

function reason(error: unknown): string {
  if (error instanceof Refusal) return word(error.message);
  if (error instanceof ApiTrouble) {
    if (error.status === 0) return word("word-offline");
    if (error.status === 429) return word("word-too-many");
    return `${word("word-server")} ${error.message}`;
  }
  // pushManager.subscribe: AbortError from the push service, NotAllowedError without permission.
  if (error instanceof DOMException && error.name === "NotAllowedError") return word("word-denied");
  return word("word-push-failed");
}

function preferences(): Preferences {
  const chosen = { ...readChoices(form), places: places.all() };
  if (chosen.places.length === 0) throw new Refusal("word-no-place");
  if (Object.keys(chosen.families).length === 0) throw new Refusal("word-no-family");
  if (quietHoursAreNone()) throw new Refusal("word-quiet-hours");
  return chosen;
}

async function start(): Promise<void> {
  const wanted = preferences();
  if (needsHomeScreen()) throw new Refusal("word-ios");
  if (!supported()) throw new Refusal("word-no-push");
  const permission = await Notification.requestPermission();
  if (permission !== "granted") throw new Refusal(permission === "denied" ? "word-denied" : "word-dismissed");
  await navigator.serviceWorker.register("/sw.js", { scope: "/" });
  const { pushManager } = await navigator.serviceWorker.ready;
  const subscription = await subscribe(pushManager, form.dataset["vapid"] ?? "");
  const channel = channelOf(subscription);
  const { id, secret } = await create(channel, wanted);
  kept = { id, secret, endpoint: channel.endpoint, preferences: wanted };
  await remember(kept);
  showKnown();
  const done = element<HTMLTemplateElement>("done").content.cloneNode(true);
  result.replaceChildren(done);
  element("subscribed").focus();
}

async function save(): Promise<void> {
  if (!kept) return;
  const wanted = preferences();
  const subscription = await currentSubscription();
  if (!subscription) {
    await start();
    return;
  }
  const channel = channelOf(subscription);
  await replace(kept.id, kept.secret, channel, wanted);
  kept = { ...kept, endpoint: channel.endpoint, preferences: wanted };
  await remember(kept);
  result.textContent = word("word-saved");
}

async function stop(): Promise<void> {
  if (!kept || !confirm(word("word-stop-sure"))) {
    result.textContent = "";
    return;
  }
  try {
    await erase(kept.id, kept.secret);
  } catch (error) {
    // What is gone already need not be erased.
    if (!isGone(error)) throw error;
  }
  await (await currentSubscription())?.unsubscribe();
  await forget();
  kept = undefined;
  showUnknown();
  result.textContent = word("word-stopped");
}

async function currentSubscription(): Promise<PushSubscription | null> {
  if (!supported()) return null;
  const registration = await navigator.serviceWorker.getRegistration("/");
  return (await registration?.pushManager.getSubscription()) ?? null;
}

/** A device that is subscribed sees what it chose; a changed push address is told to the server. */
async function welcomeBack(): Promise<void> {
  const known = await recall().catch(() => undefined);
  if (!known) return;
  try {
    const chosen = await read(known.id, known.secret);
    kept = { ...known, preferences: chosen };
    places.fill(chosen.places);
    fillChoices(chosen);
    const subscription = await currentSubscription();
    if (!subscription) {
      // The permission or the browser's data went away: the button makes it anew, with the same choices.
      warn(word("word-gone"));
      return;
    }
    showKnown();
    if (subscription.endpoint !== known.endpoint) {
      const channel = channelOf(subscription);
      await replace(known.id, known.secret, channel, chosen);
      kept = { ...kept, endpoint: channel.endpoint };
    }
    await remember(kept);
  } catch (error) {
    if (!isGone(error)) {
      warn(reason(error));
      return;
    }
    await forget();
    warn(word("word-gone"));
  }
}

function isGone(error: unknown): boolean {
  return error instanceof ApiTrouble && (error.status === 401 || error.status === 404);
}

function showKnown(): void {
  element("known").hidden = false;
  notice.hidden = true;
  buttons.subscribe.hidden = true;
  buttons.save.hidden = false;
  buttons.stop.hidden = false;
}

function showUnknown(): void {
  element("known").hidden = true;
  buttons.subscribe.hidden = false;
  buttons.save.hidden = true;
  buttons.stop.hidden = true;
}
