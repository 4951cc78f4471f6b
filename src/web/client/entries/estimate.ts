// `/console/estimate`: what is clicked on the map stands in the fields as CAP writes it, and what is typed on the map.

import type * as Leaflet from "leaflet";
import { whenSeen } from "../lib/lazy";

/** Kilometres around a clicked point, until someone types another number. */
const RADIUS_KM = 5;
/** Decimals of a clicked coordinate: about 10 m. */
const DECIMALS = 4;

const map = document.getElementById("map");
const polygons = document.querySelector<HTMLTextAreaElement>("#polygons");
const circles = document.querySelector<HTMLTextAreaElement>("#circles");

if (map && polygons && circles) {
  const figure = map.closest("figure");
  if (figure) figure.hidden = false;
  whenSeen(map, () => {
    void draw(map, polygons, circles).catch(() => {
      map.classList.remove("map");
      map.textContent = map.dataset["failed"] ?? "";
      figure?.querySelector(".tools")?.remove();
    });
  });
}

async function draw(target: HTMLElement, rings: HTMLTextAreaElement, discs: HTMLTextAreaElement): Promise<void> {
  const { makeMap, drawArea, L } = await import("../lib/map");
  const tiles = { url: target.dataset["tiles"] ?? "", attribution: target.dataset["attribution"] ?? "" };
  const drawn = await makeMap(target, tiles);
  const number = (name: string) => Number(target.dataset[name] ?? 0);
  drawn.setView([number("latitude"), number("longitude")], number("zoom"));
  const shape = target.dataset["shape"];
  if (shape) drawArea(drawn, JSON.parse(shape) as GeoJSON.GeoJsonObject);

  const sketch = L.layerGroup().addTo(drawn);
  const show = () => {
    sketch.clearLayers();
    for (const line of linesOf(rings)) drawRing(L, sketch, line.split(/\s+/).flatMap(pointOf));
    for (const line of linesOf(discs)) {
      const [centre = "", radius = ""] = line.split(/\s+/);
      const km = Number(radius);
      for (const at of pointOf(centre)) {
        if (km >= 0) L.circle(at, { radius: km * 1000, className: "sketch", interactive: false }).addTo(sketch);
      }
    }
  };
  for (const field of [rings, discs]) field.addEventListener("input", show);
  show();

  let placesCircles = false;
  const tools = document.querySelectorAll<HTMLButtonElement>("[data-draw]");
  const choose = (circle: boolean) => {
    placesCircles = circle;
    for (const tool of tools) {
      const kind = tool.dataset["draw"];
      if (kind === "polygon" || kind === "circle") tool.setAttribute("aria-pressed", String((kind === "circle") === circle));
    }
  };
  const act: Record<string, () => void> = {
    polygon: () => choose(false),
    circle: () => choose(true),
    next: () => {
      choose(false);
      if (rings.value && !rings.value.endsWith("\n")) rings.value += "\n";
    },
    undo: () => {
      const field = placesCircles ? discs : rings;
      // The last corner, or the whole last circle.
      field.value = field.value.trimEnd().replace(placesCircles ? /(^|\n)[^\n]*$/ : /(^|\s)\S*$/, "");
      show();
    },
  };
  for (const tool of tools) tool.addEventListener("click", () => act[tool.dataset["draw"] ?? ""]?.());
  drawn.on("click", (event: Leaflet.LeafletMouseEvent) => {
    const { lat, lng } = event.latlng.wrap();
    const at = `${lat.toFixed(DECIMALS)},${lng.toFixed(DECIMALS)}`;
    if (placesCircles) discs.value = [...linesOf(discs), `${at} ${RADIUS_KM}`].join("\n");
    else rings.value += rings.value && !rings.value.endsWith("\n") ? ` ${at}` : at;
    show();
  });
}

function linesOf(field: HTMLTextAreaElement): string[] {
  return field.value.split("\n").map((line) => line.trim()).filter((line) => line !== "");
}

function pointOf(pair: string): [number, number][] {
  const [lat, lon, more] = pair.split(",").map(Number);
  if (lat === undefined || lon === undefined || more !== undefined) return [];
  return Number.isFinite(lat) && Number.isFinite(lon) ? [[lat, lon]] : [];
}

/** Corners, and the ring around them as soon as there is one. */
function drawRing(L: typeof Leaflet, sketch: Leaflet.LayerGroup, corners: [number, number][]): void {
  L.polygon(corners, { className: "sketch", interactive: false }).addTo(sketch);
  for (const corner of corners) L.circleMarker(corner, { radius: 4, className: "corner", interactive: false }).addTo(sketch);
}
