// A place in words, as a person would say it.

import type { Place } from "./api";
import { type Step, sizeOf } from "./cell";
import { word } from "./page";
import { fromPolygon, squareKm } from "./polygon";

/** Decimals of a place as people read it: about 100 m. */
const SHOWN_DECIMALS = 3;

/** A number as the page's language writes it, with about two digits that matter. */
export function about(value: number): string {
  return new Intl.NumberFormat(document.documentElement.lang, { maximumSignificantDigits: 2 }).format(value);
}

/** `name`: what a named area is called, where that is known. */
export function describe(place: Place, name?: string): string {
  if ("area" in place) return name ?? `${place.area.scheme} ${place.area.code}`;
  const step = place.step as Step;
  if ("polygon" in place) return word("sub-place-drawn", { km2: about(squareKm(fromPolygon(place.polygon, step), step)) });
  const square = word(place.radius_km === 0 ? "sub-place-square" : "sub-place-around", {
    size: sizeOf(step),
    lat: place.lat.toFixed(SHOWN_DECIMALS),
    lon: place.lon.toFixed(SHOWN_DECIMALS),
    km: String(place.radius_km),
  });
  if (place.altitude_m === undefined) return square;
  return `${square} ${word("sub-place-high", { metres: new Intl.NumberFormat(document.documentElement.lang).format(place.altitude_m) })}`;
}
