// The grid that hides where someone is: a position is turned into its cell before anything leaves the page.

/** Cells per degree that a citizen may choose. */
export const STEPS = [720, 180, 20] as const;
export type Step = (typeof STEPS)[number];

/** A cell of the grid, named by its centre; bounds in degrees. */
export interface Cell {
  step: Step;
  lat: number;
  lon: number;
  south: number;
  west: number;
  north: number;
  east: number;
}

/** Decimals that name a cell's centre to less than the millionth of a degree the server allows. */
const DECIMALS = 8;
/** Metres of height that are told apart. */
const ALTITUDE_STEP_M = 100;

/** The cell a position lies in. The poles and ±180° belong to the last cell before them; null outside the earth. */
export function cellOf(lat: number, lon: number, step: Step): Cell | null {
  if (!(lat >= -90 && lat <= 90 && lon >= -180 && lon <= 180)) return null;
  const row = Math.min(Math.floor(lat * step), 90 * step - 1);
  const column = Math.min(Math.floor(lon * step), 180 * step - 1);
  const round = (degrees: number) => Number(degrees.toFixed(DECIMALS));
  return {
    step,
    lat: round((row + 0.5) / step),
    lon: round((column + 0.5) / step),
    south: row / step,
    west: column / step,
    north: (row + 1) / step,
    east: (column + 1) / step,
  };
}

/** Reads "LAT,LON" in degrees. */
export function readPoint(text: string): { lat: number; lon: number } | null {
  const parts = text.split(",").map((part) => part.trim());
  const [lat, lon] = parts.map(Number);
  if (parts.length !== 2 || parts.includes("") || lat === undefined || lon === undefined) return null;
  return cellOf(lat, lon, 20) ? { lat, lon } : null;
}

/** Reads what a person types: comma or point for decimals. NaN when it is no number. */
export function readDegrees(text: string): number {
  const plain = text.trim().replace(",", ".").replace("−", "-").replace(/\s*°$/, "");
  return plain === "" ? Number.NaN : Number(plain);
}

/** A height as the server keeps it: the middle of its hundred metres. `null`: not told; NaN: no height. */
export function readAltitude(text: string): number | null {
  if (text.trim() === "") return null;
  const metres = readDegrees(text.replace(/\s/g, "").replace(/m$/i, ""));
  if (!(metres >= -500 && metres < 9_000)) return Number.NaN;
  return Math.floor(metres / ALTITUDE_STEP_M) * ALTITUDE_STEP_M + ALTITUDE_STEP_M / 2;
}

/** A longitude that a map hands out after it was dragged around the world, back in −180…180. */
export function foldLongitude(lon: number): number {
  return ((((lon + 180) % 360) + 360) % 360) - 180;
}

/** The cell's side as people say it. */
export function sizeOf(step: Step): string {
  return { 720: "150 m", 180: "600 m", 20: "5 km" }[step];
}
