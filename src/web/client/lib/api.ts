// The server's side of a subscription: /api/v1/subscriptions.

export type Severity = "Extreme" | "Severe" | "Moderate" | "Minor";

/** A cell of the grid, named by its centre, and what lies around it. */
export interface Around {
  lat: number;
  lon: number;
  step: number;
  radius_km: number;
  /** Height above the sea, metres; only its hundred is kept. */
  altitude_m?: number;
}

/** A polygon on corners of cells: latitude and longitude, closed. */
export interface Drawn {
  polygon: [number, number][];
  step: number;
}

/** An area that the server knows by name. */
export interface Named {
  area: { scheme: string; code: string };
}

export type Place = Around | Drawn | Named;

/** What a citizen chose, as the server takes it. */
export interface Preferences {
  places: Place[];
  families: Record<string, Severity>;
  languages: string[];
  quiet_hours?: { from: string; to: string; time_zone: string };
  drills: boolean;
  discreet: boolean;
  consent: string;
}

export interface Channel {
  kind: "webpush";
  endpoint: string;
  keys: { p256dh: string; auth: string };
}

/** What went wrong, as RFC 9457 tells it; status 0: the server was not reached. */
export class ApiTrouble extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    detail: string,
  ) {
    super(detail);
  }
}

const ROOT = "/api/v1/subscriptions";

async function call(method: string, path: string, secret: string | null, body?: unknown): Promise<Response> {
  const headers: Record<string, string> = {};
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (secret !== null) headers["Authorization"] = `Bearer ${secret}`;
  const options: RequestInit = { method, headers, cache: "no-store" };
  if (body !== undefined) options.body = JSON.stringify(body);
  let response: Response;
  try {
    response = await fetch(path, options);
  } catch {
    throw new ApiTrouble(0, "offline", "");
  }
  if (response.ok) return response;
  const problem: unknown = await response.json().catch(() => null);
  const field = (name: string) => {
    const value = (problem as Record<string, unknown> | null)?.[name];
    return typeof value === "string" ? value : "";
  };
  throw new ApiTrouble(response.status, field("code"), field("detail") || response.statusText);
}

/** What the server must know to push to this browser. */
export function channelOf(subscription: PushSubscription): Channel {
  const json = subscription.toJSON();
  const keys = json.keys ?? {};
  return {
    kind: "webpush",
    endpoint: json.endpoint ?? subscription.endpoint,
    keys: { p256dh: keys["p256dh"] ?? "", auth: keys["auth"] ?? "" },
  };
}

export async function create(channel: Channel, preferences: Preferences): Promise<{ id: string; secret: string }> {
  const response = await call("POST", ROOT, null, { channel, ...preferences });
  return (await response.json()) as { id: string; secret: string };
}

export async function read(id: string, secret: string): Promise<Preferences> {
  const response = await call("GET", `${ROOT}/${encodeURIComponent(id)}`, secret);
  const stored = (await response.json()) as Preferences & { quiet_hours?: Preferences["quiet_hours"] | null };
  const { places, families, languages, quiet_hours, drills, discreet, consent } = stored;
  // Only what may be sent back again.
  const preferences = { places, families, languages, drills, discreet, consent };
  return quiet_hours ? { ...preferences, quiet_hours } : preferences;
}

export async function replace(id: string, secret: string, channel: Channel, preferences: Preferences): Promise<void> {
  await call("PUT", `${ROOT}/${encodeURIComponent(id)}`, secret, { channel, ...preferences });
}

/** The key that push services know this server by, base64url. */
export async function vapidKey(): Promise<string> {
  const response = await call("GET", "/api/v1/vapid-public-key", null);
  return ((await response.json()) as { key: string }).key;
}

export async function erase(id: string, secret: string): Promise<void> {
  await call("DELETE", `${ROOT}/${encodeURIComponent(id)}`, secret);
}

/** A named area as the search tells it. */
export interface Area {
  scheme: string;
  code: string;
  name: string;
  /** The area around it. */
  within?: string | null;
}

/** Named areas of which a word, or the code, begins like this. */
export async function findAreas(text: string): Promise<Area[]> {
  const response = await call("GET", `/api/v1/areas?q=${encodeURIComponent(text)}`, null);
  return ((await response.json()) as { areas: Area[] }).areas;
}
