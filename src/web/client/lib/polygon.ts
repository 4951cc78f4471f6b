// A polygon that a citizen draws: its corners are corners of cells, so it tells no more than its cells do. The same
// rules as the server's (src/model/place.rs), so that what can be closed here is taken there.

import { type Step, foldLongitude } from "./cell";

export const CORNERS_MAX = 64;
/** Fewer cells would tell too exactly where someone is. */
export const CELLS_MIN = 16;
/** Decimals that name a corner to less than the millionth of a degree the server allows. */
const DECIMALS = 8;
const KM_PER_DEGREE = 111.2;

/** Latitude and longitude times the step. Columns go on counting across ±180°. */
export interface Corner {
  row: number;
  column: number;
}

export type Fault = "few" | "many" | "crossing" | "small" | "world";

/** The corner nearest to a point of the map, on the same turn around the world as the corner before it. */
export function cornerAt(lat: number, lon: number, step: Step, before?: Corner): Corner {
  const row = Math.round(Math.min(Math.max(lat, -90), 90) * step);
  const column = Math.round(lon * step);
  if (!before) return { row, column: Math.round(foldLongitude(lon) * step) };
  const turn = 360 * step;
  return { row, column: column - Math.round((column - before.column) / turn) * turn };
}

/** The corner in degrees, as a map draws it: longitudes go on beyond 180. */
export function degreesOf({ row, column }: Corner, step: Step): [number, number] {
  return [row / step, column / step];
}

/** How many cells a ring covers. */
export function cells(corners: Corner[]): number {
  return Math.abs(edges(corners).reduce((sum, [a, b]) => sum + a.column * b.row - b.column * a.row, 0)) / 2;
}

/** About how much ground, square kilometres. */
export function squareKm(corners: Corner[], step: Step): number {
  const rows = corners.map(({ row }) => row);
  const middle = ((Math.min(...rows) + Math.max(...rows)) / 2 / step) * (Math.PI / 180);
  return cells(corners) * (KM_PER_DEGREE / step) ** 2 * Math.cos(middle);
}

/** What keeps corners from being a polygon to follow. */
export function fault(corners: Corner[], step: Step): Fault | null {
  if (corners.length > CORNERS_MAX) return "many";
  if (crosses(corners)) return "crossing";
  if (corners.length < 3) return "few";
  const columns = corners.map(({ column }) => column);
  const wide = edges(corners).some(([a, b]) => Math.abs(a.column - b.column) >= 180 * step);
  if (wide || Math.max(...columns) - Math.min(...columns) >= 360 * step) return "world";
  return cells(corners) < CELLS_MIN ? "small" : null;
}

/** As the server takes it: closed, degrees, longitudes in −180…180. */
export function toPolygon(corners: Corner[], step: Step): [number, number][] {
  const points = corners.map(({ row, column }): [number, number] => {
    const turns = Math.floor((column / step + 180) / 360);
    const lon = column / step - 360 * turns;
    return [Number((row / step).toFixed(DECIMALS)), Number(lon.toFixed(DECIMALS))];
  });
  return [...points, ...points.slice(0, 1)];
}

/** The corners of what the server shows. */
export function fromPolygon(polygon: [number, number][], step: Step): Corner[] {
  return polygon.slice(0, -1).reduce<Corner[]>((before, [lat, lon]) => {
    return [...before, cornerAt(lat, lon, step, before[before.length - 1])];
  }, []);
}

/** The same corners on another grid, without those that fall together. */
export function onGrid(corners: Corner[], from: Step, to: Step): Corner[] {
  const moved = corners.map((corner) => {
    const [lat, lon] = degreesOf(corner, from);
    return { row: Math.round(lat * to), column: Math.round(lon * to) };
  });
  return moved.filter((corner, index) => index === 0 || !same(corner, moved[index - 1]!));
}

export function same(a: Corner, b: Corner): boolean {
  return a.row === b.row && a.column === b.column;
}

function edges(corners: Corner[]): [Corner, Corner][] {
  return corners.map((corner, index) => [corner, corners[(index + 1) % corners.length]!]);
}

/** Whether edges share a point, other than neighbours their common end. Of fewer than 3 corners: whether two are one. */
function crosses(corners: Corner[]): boolean {
  if (corners.length < 3) return corners.length === 2 && same(corners[0]!, corners[1]!);
  const all = edges(corners);
  return all.some(([p, q], a) =>
    all.some(([r, s], b) => {
      if (b <= a) return false;
      if (b === a + 1) return turn(p, q, s) === 0 && runsBack(p, q, s);
      if (a === 0 && b === all.length - 1) return turn(r, s, q) === 0 && runsBack(r, s, q);
      const meet = (key: "row" | "column") =>
        Math.max(p[key], q[key]) >= Math.min(r[key], s[key]) && Math.max(r[key], s[key]) >= Math.min(p[key], q[key]);
      return meet("row") && meet("column") && turn(p, q, r) * turn(p, q, s) <= 0 && turn(r, s, p) * turn(r, s, q) <= 0;
    }),
  );
}

function turn(a: Corner, b: Corner, c: Corner): number {
  return Math.sign((b.column - a.column) * (c.row - a.row) - (b.row - a.row) * (c.column - a.column));
}

/** Whether the way from a over b to c, which lie on one line, turns around at b. */
function runsBack(a: Corner, b: Corner, c: Corner): boolean {
  const [u, v] = [b.row - a.row, b.column - a.column];
  const [x, y] = [c.row - b.row, c.column - b.column];
  return u * x + v * y <= 0;
}
