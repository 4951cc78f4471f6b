// The places a citizen follows: points with a radius, named areas, drawn polygons; on the map and as text. Only cells,
// corners of cells and codes are kept; the exact position of the point being chosen stays in memory, so that another
// precision can be tried, and goes nowhere.

import { type Around, type Place, findAreas } from "./api";
import { Areas, nameOf } from "./areas";
import { type Step, STEPS, cellOf, readAltitude, readDegrees, readPoint } from "./cell";
import { describe } from "./describe";
import { Drawing } from "./draw";
import { whenSeen } from "./lazy";
import { element, position, word } from "./page";
import { PlaceMap, folded } from "./placemap";

const PLACES_MAX = 16;

type Way = "point" | "area" | "draw";

interface Chosen {
  place: Place;
  /** Where the citizen pointed; unknown for places that came from the server. */
  exact: { lat: number; lon: number } | null;
  /** What a named area is called. */
  name?: string;
}

export class Places {
  private readonly target = element("map");
  private readonly radius = element<HTMLSelectElement>("radius");
  private readonly step = element<HTMLSelectElement>("step");
  private readonly altitude = element<HTMLInputElement>("altitude");
  private readonly status = element("place");
  private readonly list = element("places");
  private readonly addButton = element("add");
  private readonly ways = [...document.querySelectorAll<HTMLInputElement>("input[name=way]")];
  private readonly map = new PlaceMap(this.target, (at) => this.tapped(at));
  private readonly drawing: Drawing;
  private way: Way = "point";
  private chosen: Chosen[] = [];
  private current = 0;

  /** `complain` shows what cannot be done. */
  constructor(private readonly complain: (text: string) => void) {
    this.drawing = new Drawing(this.chosenStep(), (drawn) => this.append(drawn));
    // Where the server knows no areas, there is no field for them.
    if (document.getElementById("area")) {
      new Areas((area) => {
        const { scheme, code } = area;
        this.append({ area: { scheme, code } }, nameOf(area));
      });
    }
    this.radius.addEventListener("change", () => this.change());
    this.altitude.addEventListener("change", () => this.change());
    this.step.addEventListener("change", () => {
      this.drawing.setStep(this.chosenStep());
      if (this.way === "point") this.change();
    });
    this.addButton.addEventListener("click", () => {
      this.current = this.chosen.length;
      this.altitude.value = "";
      this.render();
      this.ways.find((way) => way.checked)?.focus();
    });
    for (const way of this.ways) way.addEventListener("change", () => this.goBy(way.value as Way));
    element("near-me").addEventListener("click", () => void this.chooseHere());
    element("use").addEventListener("click", () => this.chooseTyped());
    // What a browser ticked again after a reload.
    this.goBy((this.ways.find((way) => way.checked)?.value ?? "point") as Way);
    const at = readPoint(this.target.dataset["at"] ?? "");
    if (at) this.choose(at.lat, at.lon);
    whenSeen(this.target, () => {
      this.openMap().catch(() => {
        this.target.classList.remove("map");
        this.target.textContent = word("word-map-failed");
      });
    });
  }

  /** What the server is told: cells, corners of cells and codes. */
  all(): Place[] {
    return this.chosen.map(({ place }) => place);
  }

  /** Shows what the server knows. */
  fill(places: Place[]): void {
    this.chosen = places.map((place) => ({ place, exact: null }));
    this.select(0);
    this.map.look(this.chosen[0]?.place);
    void this.nameAreas();
  }

  /** Stored are codes only: what they are called is asked. An area that is not found keeps its code. */
  private async nameAreas(): Promise<void> {
    for (const one of this.chosen) {
      if (!("area" in one.place)) continue;
      const { scheme, code } = one.place.area;
      const found = await findAreas(code).catch(() => []);
      const area = found.find((area) => area.scheme === scheme && area.code === code);
      if (area) one.name = nameOf(area);
    }
    this.render();
  }

  /** One way of choosing at a time; what was chosen by another stays. */
  private goBy(way: Way): void {
    this.way = way;
    for (const radio of this.ways) {
      radio.checked = radio.value === way;
      element(`by-${radio.value}`).hidden = radio.value !== way;
    }
    element("squares").hidden = way === "area";
    element("on-map").hidden = way === "area";
    this.target.classList.toggle("aimed", way === "draw");
    this.target.setAttribute("aria-describedby", way === "draw" ? "draw-keys" : "map-keys");
    element("map-keys").hidden = way !== "point";
    element("drawing").hidden = way !== "draw";
    element("exactly").hidden = way !== "point";
    if (way !== "draw") this.drawing.clear();
    if (way === "point" && !this.currentPoint()) this.current = this.chosen.length;
    this.map.resized();
    this.render();
  }

  private tapped(at: L.LatLng): void {
    if (this.way === "draw") {
      this.drawing.tap(at);
      return;
    }
    const { lat, lon } = folded(at);
    this.choose(lat, lon);
  }

  private currentPoint(): Around | null {
    const place = this.chosen[this.current]?.place;
    return place && "lat" in place ? place : null;
  }

  private choose(lat: number, lon: number): void {
    this.set({ lat, lon }, lat, lon);
  }

  /** The point at hand, or one more. */
  private set(exact: Chosen["exact"], lat: number, lon: number): void {
    const cell = cellOf(lat, lon, this.chosenStep());
    const altitude = readAltitude(this.altitude.value);
    if (!cell || Number.isNaN(altitude)) {
      this.complain(word(cell ? "word-bad-altitude" : "word-bad-coordinates"));
      return;
    }
    if (!this.currentPoint()) this.current = this.chosen.length;
    if (this.current >= PLACES_MAX) {
      this.complain(word("word-places-full"));
      return;
    }
    this.complain("");
    const place: Around = { lat: cell.lat, lon: cell.lon, step: cell.step, radius_km: Number(this.radius.value) };
    if (altitude !== null) place.altitude_m = altitude;
    this.chosen[this.current] = { place, exact };
    this.render();
  }

  /** A drawing or a named area: one more place, unless it is there. */
  private append(place: Place, name?: string): void {
    const there = this.chosen.findIndex((one) => key(one.place) === key(place));
    if (there < 0 && this.chosen.length >= PLACES_MAX) {
      this.complain(word("word-places-full"));
      return;
    }
    this.complain("");
    if (there < 0) this.chosen.push(name === undefined ? { place, exact: null } : { place, exact: null, name });
    this.current = there < 0 ? this.chosen.length - 1 : there;
    this.render();
  }

  /** Another radius, precision or height for the point at hand. */
  private change(): void {
    const point = this.currentPoint();
    if (!point) return;
    const exact = this.chosen[this.current]!.exact;
    const { lat, lon } = exact ?? point;
    this.set(exact, lat, lon);
  }

  private select(index: number): void {
    this.current = index;
    const place = this.chosen[index]?.place;
    if (place && "lat" in place) {
      this.radius.value = String(place.radius_km);
      this.step.value = String(place.step);
      this.altitude.value = place.altitude_m === undefined ? "" : String(place.altitude_m);
      this.drawing.setStep(this.chosenStep());
    }
    const way = place && ("lat" in place ? "point" : "polygon" in place ? "draw" : "area");
    if (this.ways.some(({ value }) => value === way)) this.goBy(way as Way);
    else this.render();
  }

  private async chooseHere(): Promise<void> {
    try {
      const { lat, lon } = await position();
      this.choose(lat, lon);
      this.map.look(this.currentPoint() ?? undefined);
    } catch (trouble) {
      this.complain(word(trouble === "denied" ? "word-near-denied" : "word-near-failed"));
    }
  }

  private chooseTyped(): void {
    const lat = readDegrees(element<HTMLInputElement>("lat").value);
    const lon = readDegrees(element<HTMLInputElement>("lon").value);
    this.choose(lat, lon);
    this.map.look(this.currentPoint() ?? undefined);
  }

  private chosenStep(): Step {
    return STEPS.find((step) => String(step) === this.step.value) ?? 180;
  }

  private render(): void {
    const now = this.chosen[this.current];
    const text = now ? word("sub-place-is", { place: describe(now.place, now.name) }) : word("sub-place-none");
    this.status.replaceChildren();
    const strong = this.status.appendChild(document.createElement("strong"));
    // With places in the list, “none” would be wrong.
    strong.textContent = now || this.chosen.length === 0 ? text : word("sub-place-next");
    this.addButton.hidden = this.way !== "point" || this.chosen.length >= PLACES_MAX || !now;
    element("chosen").hidden = this.chosen.length === 0;
    this.list.replaceChildren(...this.chosen.map((_, index) => this.row(index)));
    this.map.mark(this.all(), this.current);
  }

  private row(index: number): HTMLLIElement {
    const { place, name } = this.chosen[index]!;
    const row = document.createElement("li");
    const open = row.appendChild(document.createElement("button"));
    open.type = "button";
    open.textContent = describe(place, name);
    if (index === this.current) open.setAttribute("aria-current", "true");
    open.addEventListener("click", () => {
      this.select(index);
      this.map.look(place);
      this.focus(index, "button");
    });
    const remove = row.appendChild(document.createElement("button"));
    remove.type = "button";
    remove.className = "remove";
    remove.textContent = word("sub-remove");
    remove.setAttribute("aria-label", `${word("sub-remove")}: ${describe(place, name)}`);
    remove.addEventListener("click", () => this.remove(index));
    return row;
  }

  private remove(index: number): void {
    this.chosen.splice(index, 1);
    if (index < this.current) this.current -= 1;
    if (this.current >= this.chosen.length) this.current = Math.max(this.chosen.length - 1, 0);
    this.render();
    this.focus(Math.min(index, this.chosen.length - 1), ".remove");
  }

  /** The list was made anew: the focus goes on where it was. */
  private focus(index: number, selector: string): void {
    const button = this.list.children[index]?.querySelector<HTMLElement>(selector);
    (button ?? this.ways.find((way) => way.checked))?.focus();
  }

  private async openMap(): Promise<void> {
    await this.map.open(this.drawing);
    this.map.mark(this.all(), this.current);
    this.map.look(this.chosen[this.current]?.place);
  }
}

/** What makes two places one; an area's name may be written in another way. */
function key(place: Place): string {
  return "area" in place ? `${place.area.scheme} ${place.area.code}` : JSON.stringify(place);
}
