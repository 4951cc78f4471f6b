import assert from "node:assert/strict";
import { test } from "node:test";
import { STEPS, cellOf, foldLongitude, readAltitude, readDegrees, readPoint } from "../lib/cell";

test("a position becomes the centre of its cell, as the server names it", () => {
  // The example of the interface description: Lille at 1/180 degree.
  const cell = cellOf(50.6366, 3.0635, 180);
  assert.equal(cell?.lat, 50.63611111);
  assert.equal(cell?.lon, 3.06388889);
});

test("every cell's centre is its own cell's centre, and within a millionth of a degree of the exact one", () => {
  for (const step of STEPS) {
    for (const [lat, lon] of [[50.63, 3.06], [-33.9, 151.2], [-0.0001, -0.0001], [64.1, -21.9], [-89.999, 179.999]] as const) {
      const cell = cellOf(lat, lon, step);
      assert.ok(cell);
      assert.ok(Math.abs(cell.lat - (Math.floor(lat * step) + 0.5) / step) < 1e-6);
      assert.deepEqual(cellOf(cell.lat, cell.lon, step), cell);
      assert.ok(cell.south <= lat && lat <= cell.north && cell.west <= lon && lon <= cell.east);
    }
  }
});

test("positions in one cell cannot be told apart", () => {
  assert.deepEqual(cellOf(50.6334, 3.0612, 180), cellOf(50.6388, 3.0666, 180));
});

test("poles and the antimeridian belong to the last cell; outside the earth there is none", () => {
  assert.equal(cellOf(90, 180, 20)?.lat, 89.975);
  assert.equal(cellOf(90, 180, 20)?.lon, 179.975);
  for (const [lat, lon] of [[90.1, 0], [0, 181], [Number.NaN, 0], [0, Number.POSITIVE_INFINITY]] as const) {
    assert.equal(cellOf(lat, lon, 180), null);
  }
});

test("a prefilled place is read strictly", () => {
  assert.deepEqual(readPoint("50.63, 3.06"), { lat: 50.63, lon: 3.06 });
  for (const bad of ["", "50.63", "50.63,", ",3", "a,b", "50.63,3.06,1", "91,0"]) assert.equal(readPoint(bad), null, bad);
});

test("people may type a decimal comma, and nothing is not zero", () => {
  assert.equal(readDegrees(" 3,06 "), 3.06);
  assert.equal(readDegrees("−3.5°"), -3.5);
  assert.ok(Number.isNaN(readDegrees("")));
  assert.ok(Number.isNaN(readDegrees("north")));
});

test("a map dragged around the world still means the same place", () => {
  assert.ok(Math.abs(foldLongitude(363.06) - 3.06) < 1e-9);
  assert.ok(Math.abs(foldLongitude(-190) - 170) < 1e-9);
  assert.equal(foldLongitude(3), 3);
});

test("a height leaves the page as the middle of its hundred metres, or not at all", () => {
  assert.equal(readAltitude("1834"), 1850);
  assert.equal(readAltitude(" 1 834,5 m "), 1850);
  assert.equal(readAltitude("1850"), 1850);
  assert.equal(readAltitude("-12"), -50);
  assert.equal(readAltitude("  "), null);
  for (const bad of ["high", "9000", "-501", "m"]) assert.ok(Number.isNaN(readAltitude(bad)), bad);
});
