// The map. Loaded only when one is about to be seen: nothing on a page waits for it.

import * as L from "leaflet";
import style from "leaflet/dist/leaflet.css";
import { feature, mesh } from "topojson-client";
import type { GeometryCollection, Topology } from "topojson-specification";
import coarse from "world-atlas/countries-110m.json";
import { nameTowns } from "./towns";
import fine from "world-atlas/countries-50m.json";

/** The operator's raster tiles; an empty url: our own outlines. */
export interface Tiles {
  url: string;
  attribution: string;
}

export { L };

/** Leaflet's own style, loaded with the first map. */
function loadStyle(): Promise<void> {
  return new Promise((resolve, reject) => {
    const link = document.createElement("link");
    link.rel = "stylesheet";
    link.href = style;
    link.onload = () => resolve();
    link.onerror = () => reject(new Error("the map's style cannot be loaded"));
    // Before ours, which has the last word.
    document.head.prepend(link);
  });
}

/** A map in an element. Its controls have words from the page's language, its own links lead nowhere. */
export async function makeMap(target: HTMLElement, tiles: Tiles): Promise<L.Map> {
  await loadStyle();
  const map = L.map(target, {
    attributionControl: false,
    zoomControl: false,
    // A page must scroll past a map without being caught by it.
    scrollWheelZoom: false,
    zoomSnap: 0.5,
    worldCopyJump: true,
    maxZoom: 17,
    minZoom: 1,
    fadeAnimation: false,
    zoomAnimation: !matchMedia("(prefers-reduced-motion: reduce)").matches,
  });
  const { zoomIn = "+", zoomOut = "−" } = target.dataset;
  L.control.zoom({ zoomInTitle: zoomIn, zoomOutTitle: zoomOut }).addTo(map);
  L.control.scale({ imperial: false }).addTo(map);
  const attribution = L.control.attribution({ prefix: false }).addTo(map);
  if (tiles.url) {
    const layer = L.tileLayer(tiles.url, { maxZoom: 19 }).addTo(map);
    // Text, whatever the operator wrote.
    attribution.addAttribution(escaped(tiles.attribution));
    layer.once("tileerror", () => void ours(map));
  } else {
    attribution.addAttribution("Natural Earth, GeoNames");
    void ours(map);
  }
  return map;
}

/** The area of an alert. */
export function drawArea(map: L.Map, shape: GeoJSON.GeoJsonObject): void {
  const layer = L.geoJSON(shape, { style: { className: "area", fillRule: "nonzero" }, interactive: false }).addTo(map);
  const bounds = layer.getBounds();
  if (bounds.isValid()) map.fitBounds(bounds, { padding: [24, 24], maxZoom: 12, animate: false });
}

function escaped(text: string): string {
  const holder = document.createElement("span");
  holder.textContent = text;
  return holder.innerHTML;
}

/** The map that came with Beffroi: outlines and the names of towns. */
function ours(map: L.Map): Promise<void> {
  nameTowns(map);
  return outlines(map);
}

/** Coasts and borders that came with Beffroi: enough to find one's way when there are no tiles. */
async function outlines(map: L.Map): Promise<void> {
  const saving = (navigator as { connection?: { saveData?: boolean } }).connection?.saveData === true;
  // The bundler makes addresses of them, whatever the compiler thinks.
  const url = (saving ? coarse : fine) as unknown as string;
  const response = await fetch(url);
  if (!response.ok) return;
  const atlas = (await response.json()) as Topology<{ countries: GeometryCollection; land: GeometryCollection }>;
  const lines = (filter: (a: unknown, b: unknown) => boolean) => mesh(atlas, atlas.objects.countries, filter);
  const options = { interactive: false, smoothFactor: 1.5 };
  const land = feature(atlas, atlas.objects.land);
  const draw = (line: GeoJSON.GeoJsonObject, className: string) =>
    L.geoJSON(line, { ...options, style: { className } }).addTo(map).bringToBack();
  draw(lines((a, b) => a !== b), "border");
  draw(lines((a, b) => a === b), "coast");
  draw(land, "land");
}
