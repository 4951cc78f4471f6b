// A push's payload as a notification. Pure, so that it can be tested against anything that may come.

export interface Notice {
  title: string;
  options: NotificationOptions & { renotify?: boolean };
  /** The number for the app's badge, where the payload gives one. */
  badge: number | null;
  /** What to tell the server by, where the payload has it. */
  receipt: Receipt | null;
}

/** What proves that a push came to this device: told again by `lib/receipt`. */
export interface Receipt {
  alert: string;
  token: string;
}

const TITLE_CHARS_MAX = 200;
const BODY_CHARS_MAX = 2_000;

/** Reads the declarative Web Push JSON that Beffroi sends. Anything else becomes a general notice. */
export function readNotice(text: string | null, origin: string, browserLanguage: string): Notice {
  const payload = parse(text);
  const shown = payload["notification"];
  const notification = isRecord(shown) ? shown : {};
  const title = textOf(notification["title"], TITLE_CHARS_MAX);
  if (title === "") return general(browserLanguage, origin);
  const ours = isRecord(payload["beffroi"]) ? payload["beffroi"] : {};
  const silent = notification["silent"] === true;
  const tag = textOf(notification["tag"], 64);
  const dir = notification["dir"];
  const options: Notice["options"] = {
    body: textOf(notification["body"], BODY_CHARS_MAX),
    icon: "/assets/icon-192.png",
    badge: "/assets/badge-96.png",
    silent,
    dir: dir === "rtl" || dir === "ltr" ? dir : "auto",
    // What a click and the next message of the chain need: the worker may have been stopped in between.
    data: {
      navigate: sameOrigin(notification["navigate"], origin),
      receipt: receiptOf(ours),
      planned: timeOf(ours["planned"]),
      ends: ours["ends"] === true,
    },
    // The gravest stay on the screen until they are seen, whether they ring or only say it anew; their end need not.
    requireInteraction: ours["tier"] === "P0" && ours["ends"] !== true,
  };
  const lang = textOf(notification["lang"], 35);
  if (lang) options.lang = lang;
  if (tag) {
    options.tag = tag;
    // What replaces an earlier message of its chain rings again, unless it is meant to be quiet.
    options.renotify = !silent;
  }
  return { title, options, badge: countOf(notification["app_badge"]), receipt: receiptOf(ours) };
}

/** What is on the screen already: a `Notification`, as far as it matters here. */
export type Shown = Pick<Notification, "title" | "body" | "lang" | "dir" | "requireInteraction" | "data">;

/**
 * The notice to show where others of its chain are on the screen. Push services keep no order: what is older than what
 * is shown brings its ring, unless that is over, but never its words.
 */
export function inOrder(notice: Notice, shown: readonly Shown[]): Notice {
  const planned = (one: { data?: unknown }) => (isRecord(one.data) ? timeOf(one.data["planned"]) : 0);
  const newer = shown
    .filter((one) => planned(one) > planned(notice.options))
    .sort((a, b) => planned(b) - planned(a))[0];
  if (!newer) return notice;
  const over = isRecord(newer.data) && newer.data["ends"] === true;
  const silent = notice.options.silent === true || over;
  const { title, body, lang, dir, requireInteraction, data } = newer;
  const options = { ...notice.options, body, dir, requireInteraction, data: data as unknown, silent };
  if (lang) options.lang = lang;
  if (notice.options.tag) options.renotify = !silent;
  return { ...notice, title, options };
}

/** An address of ours, or the first page: a push never leads anywhere else. */
export function sameOrigin(address: unknown, origin: string): string {
  if (typeof address === "string") {
    try {
      const url = new URL(address, origin);
      if (url.origin === origin) return url.href;
    } catch {
      // Not an address: the first page.
    }
  }
  return `${origin}/`;
}

/** The receipt in a record that names its alert and its token. */
export function receiptOf(record: unknown): Receipt | null {
  if (!isRecord(record)) return null;
  const alert = textOf(record["alert"], 64);
  const token = textOf(record["receipt"] ?? record["token"], 64);
  return alert && token ? { alert, token } : null;
}

function general(browserLanguage: string, origin: string): Notice {
  const french = browserLanguage.toLowerCase().startsWith("fr");
  return {
    title: french ? "Un message d’alerte est arrivé" : "An alert message has come",
    options: {
      body: french ? "Touchez pour voir les alertes en cours." : "Touch to see the alerts in force.",
      lang: french ? "fr" : "en",
      icon: "/assets/icon-192.png",
      badge: "/assets/badge-96.png",
      data: { navigate: `${origin}/` },
    },
    badge: null,
    receipt: null,
  };
}

function parse(text: string | null): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text ?? "");
    return isRecord(value) ? value : {};
  } catch {
    return {};
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function textOf(value: unknown, charsMax: number): string {
  return typeof value === "string" ? value.trim().slice(0, charsMax) : "";
}

/** Milliseconds since 1970; 0 for anything else. */
function timeOf(value: unknown): number {
  return typeof value === "number" && Number.isSafeInteger(value) && value > 0 ? value : 0;
}

function countOf(value: unknown): number | null {
  const count = typeof value === "string" ? Number(value) : value;
  return typeof count === "number" && Number.isInteger(count) && count >= 0 ? count : null;
}
