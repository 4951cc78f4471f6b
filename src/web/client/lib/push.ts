// The browser's side of a subscription.

/** Whether this browser can be pushed to at all. */
export function supported(): boolean {
  return "serviceWorker" in navigator && "PushManager" in window && "Notification" in window;
}

/** An iPhone or iPad whose page is not on the home screen: there is no push before it is. */
export function needsHomeScreen(): boolean {
  const ios = /iPhone|iPad|iPod/.test(navigator.userAgent) || (/Macintosh/.test(navigator.userAgent) && navigator.maxTouchPoints > 1);
  return ios && !matchMedia("(display-mode: standalone), (display-mode: fullscreen)").matches;
}

/** Base64url as the server writes keys. */
export function bytesOf(base64url: string): Uint8Array<ArrayBuffer> {
  const text = atob(base64url.replace(/-/g, "+").replace(/_/g, "/"));
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}

function sameKey(subscription: PushSubscription, key: Uint8Array): boolean {
  const known = subscription.options.applicationServerKey;
  if (!known) return true;
  const bytes = new Uint8Array(known);
  return bytes.length === key.length && bytes.every((byte, index) => byte === key[index]);
}

/** The browser's subscription for our key: the one it has, or a new one. */
export async function subscribe(manager: PushManager, vapid: string): Promise<PushSubscription> {
  const key = bytesOf(vapid);
  const existing = await manager.getSubscription();
  if (existing && sameKey(existing, key)) return existing;
  // Made for another key, which the browser would refuse to change.
  if (existing) await existing.unsubscribe();
  return manager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
}
