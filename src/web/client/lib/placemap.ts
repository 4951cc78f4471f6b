// The map of places: shows those chosen, and hands out what is tapped. It is loaded only when it is about to be seen.

import type { Place } from "./api";
import { type Cell, type Step, cellOf, foldLongitude } from "./cell";
import type { Drawing } from "./draw";
import { degreesOf, fromPolygon } from "./polygon";

const METRES_PER_KM = 1_000;

type MapModule = typeof import("./map");

export class PlaceMap {
  private shown: { module: MapModule; map: L.Map; marks: L.LayerGroup } | null = null;

  /** `tap` is told of taps and of Enter. */
  constructor(
    private readonly target: HTMLElement,
    private readonly tap: (at: L.LatLng) => void,
  ) {}

  async open(drawing: Drawing): Promise<void> {
    const module = await import("./map");
    const data = this.target.dataset;
    const map = await module.makeMap(this.target, { url: data["tiles"] ?? "", attribution: data["attribution"] ?? "" });
    map.setView([Number(data["latitude"]), Number(data["longitude"])], Number(data["zoom"]), { animate: false });
    map.on("click", ({ latlng }) => this.tap(latlng));
    this.target.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && event.target === this.target) this.tap(map.getCenter());
    });
    this.shown = { module, map, marks: module.L.layerGroup().addTo(map) };
    drawing.attach(module, map);
  }

  /** Another size of its element. */
  resized(): void {
    this.shown?.map.invalidateSize({ animate: false });
  }

  /** Draws places, the one at hand more strongly. */
  mark(places: Place[], current: number): void {
    if (!this.shown) return;
    const { module, marks } = this.shown;
    marks.clearLayers();
    places.forEach((place, index) => {
      const className = index === current ? "cell now" : "cell";
      if ("polygon" in place) module.L.polygon(ring(place), { className, interactive: false }).addTo(marks);
      if (!("lat" in place)) return;
      const cell = cellOf(place.lat, place.lon, place.step as Step);
      if (!cell) return;
      module.L.rectangle(boundsOf(cell), { className, interactive: false }).addTo(marks);
      if (place.radius_km === 0) return;
      const corner = module.L.latLng(cell.north, cell.east).distanceTo([cell.lat, cell.lon]);
      const around = { className: "around", interactive: false, radius: place.radius_km * METRES_PER_KM + corner };
      module.L.circle([cell.lat, cell.lon], around).addTo(marks);
    });
  }

  /** Moves the map to a place. The ground of a named area is not known here. */
  look(place: Place | undefined): void {
    if (!this.shown || !place || "area" in place) return;
    const { module, map } = this.shown;
    const bounds =
      "polygon" in place
        ? module.L.latLngBounds(ring(place)).pad(0.2)
        : module.L.latLng(place.lat, place.lon).toBounds(2.6 * METRES_PER_KM * Math.max(place.radius_km, 2));
    map.fitBounds(bounds, { animate: false });
  }
}

/** Where a tap was, as positions are told. */
export function folded({ lat, lng }: L.LatLng): { lat: number; lon: number } {
  return { lat, lon: foldLongitude(lng) };
}

function ring({ polygon, step }: { polygon: [number, number][]; step: number }): [number, number][] {
  return fromPolygon(polygon, step as Step).map((corner) => degreesOf(corner, step as Step));
}

function boundsOf(cell: Cell): [[number, number], [number, number]] {
  return [
    [cell.south, cell.west],
    [cell.north, cell.east],
  ];
}
