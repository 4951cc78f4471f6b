// The places a citizen follows, on the map and as text. Only cells are kept; the exact position of the place being
// chosen stays in memory, so that another precision can be tried, and goes nowhere.

import type { Place } from "./api";
import { type Cell, type Step, STEPS, cellOf, foldLongitude, readDegrees, readPoint, sizeOf } from "./cell";
import { whenSeen } from "./lazy";
import { element, position, word } from "./page";

/** Decimals of a place as people read it: about 100 m. */
const SHOWN_DECIMALS = 3;
const PLACES_MAX = 16;
const METRES_PER_KM = 1_000;

interface Chosen {
  place: Place;
  /** Where the citizen pointed; unknown for places that came from the server. */
  exact: { lat: number; lon: number } | null;
}

type MapModule = typeof import("./map");

export class Places {
  private readonly target = element("map");
  private readonly radius = element<HTMLSelectElement>("radius");
  private readonly step = element<HTMLSelectElement>("step");
  private readonly status = element("place");
  private readonly list = element("places");
  private readonly addButton = element("add");
  private chosen: Chosen[] = [];
  private current = 0;
  private map: { module: MapModule; map: L.Map; marks: L.LayerGroup } | null = null;

  /** `complain` shows what cannot be done. */
  constructor(private readonly complain: (text: string) => void) {
    this.radius.addEventListener("change", () => this.change());
    this.step.addEventListener("change", () => this.change());
    this.addButton.addEventListener("click", () => {
      this.current = this.chosen.length;
      this.render();
    });
    element("near-me").addEventListener("click", () => void this.chooseHere());
    element("use").addEventListener("click", () => this.chooseTyped());
    const at = readPoint(this.target.dataset["at"] ?? "");
    if (at) this.choose(at.lat, at.lon);
    whenSeen(this.target, () => {
      this.openMap().catch(() => {
        this.target.classList.remove("map");
        this.target.textContent = word("word-map-failed");
      });
    });
  }

  /** What the server is told: cells. */
  all(): Place[] {
    return this.chosen.map(({ place }) => place);
  }

  /** Shows what the server knows. */
  fill(places: Place[]): void {
    this.chosen = places.map((place) => ({ place, exact: null }));
    this.select(0);
    this.look();
  }

  private choose(lat: number, lon: number): void {
    this.set({ lat, lon }, lat, lon);
  }

  private set(exact: Chosen["exact"], lat: number, lon: number): void {
    const cell = cellOf(lat, lon, this.chosenStep());
    if (!cell) {
      this.complain(word("word-bad-coordinates"));
      return;
    }
    this.complain("");
    const place = { lat: cell.lat, lon: cell.lon, step: cell.step, radius_km: Number(this.radius.value) };
    this.chosen[this.current] = { place, exact };
    this.render();
  }

  /** Another radius or precision for the place at hand. */
  private change(): void {
    const now = this.chosen[this.current];
    if (!now) return;
    const { lat, lon } = now.exact ?? now.place;
    this.set(now.exact, lat, lon);
  }

  private select(index: number): void {
    this.current = index;
    const place = this.chosen[index]?.place;
    if (place) {
      this.radius.value = String(place.radius_km);
      this.step.value = String(place.step);
    }
    this.render();
  }

  private async chooseHere(): Promise<void> {
    try {
      const { lat, lon } = await position();
      this.choose(lat, lon);
      this.look();
    } catch (trouble) {
      this.complain(word(trouble === "denied" ? "word-near-denied" : "word-near-failed"));
    }
  }

  private chooseTyped(): void {
    const lat = readDegrees(element<HTMLInputElement>("lat").value);
    const lon = readDegrees(element<HTMLInputElement>("lon").value);
    this.choose(lat, lon);
    this.look();
  }

  private chosenStep(): Step {
    return STEPS.find((step) => String(step) === this.step.value) ?? 180;
  }

  private render(): void {
    const now = this.chosen[this.current]?.place;
    this.status.replaceChildren();
    const strong = this.status.appendChild(document.createElement("strong"));
    strong.textContent = now ? describe(now) : word("sub-place-none");
    this.addButton.hidden = this.chosen.length === 0 || this.chosen.length >= PLACES_MAX || !now;
    this.list.hidden = this.chosen.length < 2 && now !== undefined;
    this.list.replaceChildren(...this.chosen.map((_, index) => this.row(index)));
    this.mark();
  }

  private row(index: number): HTMLLIElement {
    const place = this.chosen[index]!.place;
    const row = document.createElement("li");
    const open = row.appendChild(document.createElement("button"));
    open.type = "button";
    open.textContent = `${place.lat.toFixed(SHOWN_DECIMALS)}, ${place.lon.toFixed(SHOWN_DECIMALS)} · ${place.radius_km} km`;
    if (index === this.current) open.setAttribute("aria-current", "true");
    open.addEventListener("click", () => {
      this.select(index);
      this.look();
    });
    const remove = row.appendChild(document.createElement("button"));
    remove.type = "button";
    remove.textContent = word("sub-remove");
    remove.addEventListener("click", () => {
      this.chosen.splice(index, 1);
      this.select(Math.min(this.current, Math.max(this.chosen.length - 1, 0)));
    });
    return row;
  }

  private async openMap(): Promise<void> {
    const module = await import("./map");
    const data = this.target.dataset;
    const map = await module.makeMap(this.target, { url: data["tiles"] ?? "", attribution: data["attribution"] ?? "" });
    map.setView([Number(data["latitude"]), Number(data["longitude"])], Number(data["zoom"]), { animate: false });
    map.on("click", ({ latlng }) => this.choose(latlng.lat, foldLongitude(latlng.lng)));
    this.target.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.target !== this.target) return;
      const centre = map.getCenter();
      this.choose(centre.lat, foldLongitude(centre.lng));
    });
    this.map = { module, map, marks: module.L.layerGroup().addTo(map) };
    this.mark();
    this.look();
  }

  /** Draws cells and what lies around them. */
  private mark(): void {
    if (!this.map) return;
    const { module, marks } = this.map;
    marks.clearLayers();
    this.chosen.forEach(({ place }, index) => {
      const cell = cellOf(place.lat, place.lon, place.step as Step);
      if (!cell) return;
      const className = index === this.current ? "cell now" : "cell";
      module.L.rectangle(boundsOf(cell), { className, interactive: false }).addTo(marks);
      if (place.radius_km === 0) return;
      const corner = module.L.latLng(cell.north, cell.east).distanceTo([cell.lat, cell.lon]);
      const around = { className: "around", interactive: false, radius: place.radius_km * METRES_PER_KM + corner };
      module.L.circle([cell.lat, cell.lon], around).addTo(marks);
    });
  }

  /** Moves the map to the place at hand. */
  private look(): void {
    const place = this.chosen[this.current]?.place;
    if (!this.map || !place) return;
    const { module, map } = this.map;
    const around = module.L.latLng(place.lat, place.lon).toBounds(2.6 * METRES_PER_KM * Math.max(place.radius_km, 2));
    map.fitBounds(around, { animate: false });
  }
}

function boundsOf(cell: Cell): [[number, number], [number, number]] {
  return [
    [cell.south, cell.west],
    [cell.north, cell.east],
  ];
}

function describe(place: Place): string {
  return word("sub-place-is", {
    size: sizeOf(place.step as Step),
    lat: place.lat.toFixed(SHOWN_DECIMALS),
    lon: place.lon.toFixed(SHOWN_DECIMALS),
  });
}
