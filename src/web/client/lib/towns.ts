// Names of towns on a map without tiles: the largest first, as many as there is room for.

import * as L from "leaflet";
import { foldLongitude } from "./cell";

type Town = [name: string, lat: number, lon: number, thousands: number];

const TILE_DEGREES = 5;
/** From this zoom on the towns of each five degrees are loaded; before it only the largest of the world. */
const TILE_ZOOM_MIN = 7;
const LABELS_MAX = 40;
/** Room that a label takes, pixels: a letter, and a line. */
const LETTER_PX = 7;
const LINE_PX = 18;

const loaded = new Map<string, Promise<Town[]>>();

function load(tile: string): Promise<Town[]> {
  let towns = loaded.get(tile);
  if (!towns) {
    // A tile that does not exist is sea.
    towns = fetch(`/assets/towns-${tile}.json`).then(async (answer) => (answer.ok ? ((await answer.json()) as Town[]) : []));
    // What could not be fetched is tried again when the map moves.
    towns.catch(() => loaded.delete(tile));
    loaded.set(tile, towns);
  }
  return towns;
}

/** Keeps the names up to date while the map moves. */
export function nameTowns(map: L.Map): void {
  const labels = L.layerGroup().addTo(map);
  const update = () => void draw(map, labels).catch(() => labels.clearLayers());
  map.on("moveend", update);
  map.whenReady(update);
}

async function draw(map: L.Map, labels: L.LayerGroup): Promise<void> {
  const bounds = map.getBounds();
  const zoom = map.getZoom();
  const towns = (await Promise.all(tilesOf(bounds, zoom).map(load))).flat();
  if (map.getZoom() !== zoom || !map.getBounds().equals(bounds)) return;
  towns.sort((a, b) => b[3] - a[3]);
  const taken: L.Bounds[] = [];
  labels.clearLayers();
  for (const [name, lat, lon] of towns) {
    const place: L.LatLngTuple = [lat, nearest(lon, bounds.getCenter().lng)];
    if (taken.length >= LABELS_MAX) break;
    if (!bounds.contains(place)) continue;
    const point = map.latLngToContainerPoint(place);
    const room = L.bounds(point.subtract([6, LINE_PX / 2]), point.add([12 + name.length * LETTER_PX, LINE_PX / 2]));
    if (taken.some((other) => other.overlaps(room))) continue;
    taken.push(room);
    labels.addLayer(L.marker(place, { icon: label(name), interactive: false, keyboard: false }));
  }
}

function label(name: string): L.DivIcon {
  const text = document.createElement("span");
  text.textContent = name;
  return L.divIcon({ html: text, className: "town", iconSize: [0, 0] });
}

/** The copy of a longitude that lies nearest to where the map looks. */
function nearest(lon: number, centre: number): number {
  return centre + foldLongitude(lon - centre);
}

/** Names of the files that hold the towns in sight. */
export function tilesOf(bounds: L.LatLngBounds, zoom: number): string[] {
  if (zoom < TILE_ZOOM_MIN) return ["world"];
  const tiles = new Set<string>();
  const index = (degrees: number) => Math.floor(degrees / TILE_DEGREES);
  for (let row = index(bounds.getSouth()); row <= index(bounds.getNorth()); row++) {
    for (let lon = index(bounds.getWest()); lon <= index(bounds.getEast()); lon++) {
      tiles.add(`${signed(row)}-${signed(index(foldLongitude(lon * TILE_DEGREES)))}`);
    }
  }
  return [...tiles];
}

function signed(number: number): string {
  return number < 0 ? `m${-number}` : String(number);
}
