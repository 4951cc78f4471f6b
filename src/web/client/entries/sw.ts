// The service worker: shows what is pushed, opens what is clicked, keeps the subscription alive.
//
// A push must always show something, or the browser takes the permission away. So whatever comes, a notice appears.

import { channelOf, replace, vapidKey } from "../lib/api";
import { recall, remember } from "../lib/keep";
import { inOrder, type Notice, readNotice, receiptOf, sameOrigin } from "../lib/notice";
import { bytesOf } from "../lib/push";
import { tell } from "../lib/receipt";

declare const self: ServiceWorkerGlobalScope;

self.addEventListener("install", () => {
  // A newer worker takes over at once: an alert must not wait for tabs to close.
  void self.skipWaiting();
});

self.addEventListener("activate", (event) => {
  event.waitUntil(self.clients.claim());
});

self.addEventListener("push", (event) => {
  let text: string | null = null;
  try {
    text = event.data?.text() ?? null;
  } catch {
    // Shown as a general notice.
  }
  event.waitUntil(show(readNotice(text, self.location.origin, navigator.language)));
});

async function show(pushed: Notice): Promise<void> {
  const { tag } = pushed.options;
  // Whatever fails, it is shown.
  const shown = tag ? await self.registration.getNotifications({ tag }).catch(() => []) : [];
  const notice = inOrder(pushed, shown);
  await self.registration.showNotification(notice.title, notice.options);
  const told = tell(notice.receipt, "displayed");
  if ("setAppBadge" in navigator && notice.badge !== null) {
    // The badge is a courtesy: some systems refuse it.
    await navigator.setAppBadge(notice.badge).catch(() => undefined);
  }
  await told;
}

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const data = event.notification.data as { navigate?: unknown; receipt?: unknown } | null;
  const opening = open(sameOrigin(data?.navigate, self.location.origin));
  event.waitUntil(Promise.all([opening, tell(receiptOf(data?.receipt), "opened")]));
});

async function open(address: string): Promise<void> {
  if ("clearAppBadge" in navigator) await navigator.clearAppBadge().catch(() => undefined);
  const windows = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  const wanted = new URL(address).pathname;
  const there = windows.find((client) => new URL(client.url).pathname === wanted);
  if (!there) {
    await self.clients.openWindow(address);
    return;
  }
  const client = await there.focus();
  // The page may be old: show what holds now. A page we do not control stays as it is.
  await client.navigate(address).catch(() => undefined);
}

interface SubscriptionChange extends ExtendableEvent {
  readonly oldSubscription?: PushSubscription | null;
  readonly newSubscription?: PushSubscription | null;
}

self.addEventListener("pushsubscriptionchange", (event) => {
  const change = event as SubscriptionChange;
  change.waitUntil(renew(change));
});

/** The browser made the old address invalid: tells the server the new one, under the same id and secret. */
async function renew(change: SubscriptionChange): Promise<void> {
  const kept = await recall();
  if (!kept) return;
  const manager = self.registration.pushManager;
  // Some browsers do not tell what the old one was made with: then the server says its key.
  const fresh =
    change.newSubscription ??
    (await manager.getSubscription()) ??
    (await manager.subscribe({
      userVisibleOnly: true,
      applicationServerKey: change.oldSubscription?.options.applicationServerKey ?? bytesOf(await vapidKey()),
    }));
  await replace(kept.id, kept.secret, channelOf(fresh), kept.preferences);
  await remember({ ...kept, endpoint: fresh.endpoint });
}
