// Drawing on the map: corners by tapping or at the map's centre, undone one by one, closed by the first corner or a
// button. Our own and not a library's: snapping to the grid and the keyboard are most of it, and Terra Draw would be
// larger than all other code of this page together.

import type { Drawn } from "./api";
import { type Step, foldLongitude } from "./cell";
import { about } from "./describe";
import { element, word } from "./page";
import { type Corner, CELLS_MIN, CORNERS_MAX, cells, cornerAt, degreesOf, fault, onGrid, same, squareKm, toPolygon } from "./polygon";

/** A finger's reach around the first corner that closes the drawing, CSS pixels. */
const REACH_PX = 22;
const CORNER_RADIUS_PX = 7;
const FIRST_RADIUS_PX = 12;

type MapModule = typeof import("./map");

export class Drawing {
  private readonly status = element("draw-status");
  private readonly undo = element<HTMLButtonElement>("draw-undo");
  private readonly end = element<HTMLButtonElement>("draw-close");
  private corners: Corner[] = [];
  private layer: { module: MapModule; map: L.Map; marks: L.LayerGroup } | null = null;

  constructor(
    private step: Step,
    private readonly done: (drawn: Drawn) => void,
  ) {
    element("draw-here").addEventListener("click", () => this.centre());
    this.undo.addEventListener("click", () => {
      this.corners.pop();
      this.render();
    });
    this.end.addEventListener("click", () => this.close());
    this.tell();
  }

  attach(module: MapModule, map: L.Map): void {
    this.layer = { module, map, marks: module.L.layerGroup().addTo(map) };
    this.render();
  }

  /** Another size of squares. */
  setStep(step: Step): void {
    this.corners = onGrid(this.corners, this.step, step);
    this.step = step;
    this.render();
  }

  /** A tap on the map. */
  tap(at: L.LatLng): void {
    const [first] = this.corners;
    if (first && this.corners.length >= 3 && this.layer) {
      const { map, module } = this.layer;
      const [lat, lon] = degreesOf(first, this.step);
      const near = module.L.latLng(lat, lon + 360 * Math.round((at.lng - lon) / 360));
      if (map.latLngToContainerPoint(near).distanceTo(map.latLngToContainerPoint(at)) <= REACH_PX) {
        this.close();
        return;
      }
    }
    this.add(at.lat, at.lng);
  }

  /** A corner where the map's cross is: for keyboards, and for whoever aims better so. */
  centre(): void {
    const at = this.layer?.map.getCenter();
    if (at) this.tap(at);
  }

  /** Forgets what is not closed. */
  clear(): void {
    this.corners = [];
    this.render();
  }

  private add(lat: number, lon: number): void {
    const before = this.corners[this.corners.length - 1];
    const corner = cornerAt(lat, lon, this.step, before);
    if (before && same(before, corner)) return;
    this.corners.push(corner);
    this.render();
  }

  private close(): void {
    if (fault(this.corners, this.step) !== null) return;
    const drawn = { polygon: toPolygon(this.corners, this.step), step: this.step };
    this.clear();
    this.done(drawn);
  }

  private render(): void {
    this.tell();
    this.mark();
  }

  /** How far it is, in words; the buttons that make sense. */
  private tell(): void {
    const count = this.corners.length;
    const wrong = fault(this.corners, this.step);
    this.undo.disabled = count === 0;
    this.end.disabled = wrong !== null;
    const values = {
      corners: String(count),
      cells: about(cells(this.corners)),
      least: String(CELLS_MIN),
      most: String(CORNERS_MAX),
      km2: about(squareKm(this.corners, this.step)),
    };
    this.status.textContent = word(count === 0 ? "draw-start" : `draw-${wrong ?? "good"}`, count === 0 ? {} : values);
  }

  private mark(): void {
    if (!this.layer) return;
    const { module, map, marks } = this.layer;
    marks.clearLayers();
    // On the turn around the world that the map shows.
    const shown = map.getCenter().lng;
    const turns = this.corners[0] ? Math.round((shown - foldLongitude(shown)) / 360) * 360 : 0;
    const points = this.corners.map((corner): [number, number] => {
      const [lat, lon] = degreesOf(corner, this.step);
      return [lat, lon + turns];
    });
    const shape = { className: "drawing", interactive: false };
    if (points.length > 2) module.L.polygon(points, { ...shape, className: "drawing inside" }).addTo(marks);
    module.L.polyline(points, shape).addTo(marks);
    points.forEach((point, index) => {
      const radius = index === 0 ? FIRST_RADIUS_PX : CORNER_RADIUS_PX;
      module.L.circleMarker(point, { className: "corner", radius, interactive: false }).addTo(marks);
    });
  }
}
