import assert from "node:assert/strict";
import { test } from "node:test";
import { STEPS } from "../lib/cell";
import { type Corner, cells, cornerAt, fault, fromPolygon, onGrid, squareKm, toPolygon } from "../lib/polygon";

const ring = (...corners: [number, number][]): Corner[] => corners.map(([row, column]) => ({ row, column }));

test("a tap becomes the nearest corner of a cell, and only that is sent", () => {
  assert.deepEqual(cornerAt(50.6366, 3.0635, 180), { row: 9115, column: 551 });
  const [first] = toPolygon(ring([9115, 551]), 180);
  assert.deepEqual(first, [50.63888889, 3.06111111]);
  assert.deepEqual(cornerAt(91, 0, 20), { row: 1800, column: 0 });
});

test("what the server would refuse cannot be closed", () => {
  const faultOf = (...corners: [number, number][]) => fault(ring(...corners), 180);
  assert.equal(faultOf([0, 0], [0, 4], [4, 4], [4, 0]), null);
  assert.equal(faultOf([4, 0], [4, 4], [0, 4], [0, 0]), null, "either way around");
  assert.equal(faultOf([0, 0], [0, 4], [0, 9], [9, 9]), null, "straight on");
  assert.equal(faultOf([0, 0], [0, 8], [4, 0]), null);
  assert.equal(faultOf([0, 0], [0, 7], [4, 0]), "small");
  assert.equal(faultOf(), "few");
  assert.equal(faultOf([0, 0], [9, 9]), "few");
  assert.equal(faultOf([0, 0], [9, 9], [0, 9], [9, 0]), "crossing", "a bow-tie");
  assert.equal(faultOf([0, 0], [0, 9], [0, 4], [9, 4]), "crossing", "back over itself");
  assert.equal(faultOf([0, 0], [0, 9], [9, 9], [0, 5]), "crossing", "a corner on an edge");
  assert.equal(faultOf([0, 0], [0, 9], [9, 9], [0, 9]), "crossing", "a corner twice");
  assert.equal(fault(ring([0, 0], [0, 3600], [9, 3600]), 20), "world");
  assert.equal(fault(Array.from({ length: 65 }, (_, row) => ({ row, column: row * row })), 720), "many");
});

test("a polygon across the antimeridian is drawn on and sent as the server takes it", () => {
  const taps: [number, number][] = [[-18, 179.5], [-18, 181], [-16.5, 181], [-16.5, 179.5]];
  const corners = taps.reduce<Corner[]>((all, [lat, lon]) => [...all, cornerAt(lat, lon, 20, all[all.length - 1])], []);
  assert.equal(fault(corners, 20), null);
  const polygon = toPolygon(corners, 20);
  assert.deepEqual(polygon, [[-18, 179.5], [-18, -179], [-16.5, -179], [-16.5, 179.5], [-18, 179.5]]);
  assert.deepEqual(fromPolygon(polygon, 20), corners);
});

test("a map that was dragged around the world gives the same polygon", () => {
  assert.deepEqual(cornerAt(50.6, 363.1, 20), cornerAt(50.6, 3.1, 20));
  assert.deepEqual(cornerAt(50.6, 363.1, 20, { row: 1012, column: 60 }), { row: 1012, column: 62 });
});

test("what comes from the server goes back the same, on every grid", () => {
  for (const step of STEPS) {
    const corners = ring([5 * step, 3 * step], [5 * step, 3 * step + 7], [5 * step + 9, 3 * step + 1]);
    assert.deepEqual(fromPolygon(toPolygon(corners, step), step), corners);
  }
});

test("a drawing moves to another grid", () => {
  const coarse = ring([1000, 60], [1000, 64], [1004, 64]);
  assert.deepEqual(onGrid(coarse, 20, 180), ring([9000, 540], [9000, 576], [9036, 576]));
  assert.deepEqual(onGrid(onGrid(coarse, 20, 720), 720, 20), coarse);
  assert.equal(onGrid(ring([9000, 540], [9001, 541], [9036, 576]), 180, 20).length, 2, "corners that fall together");
});

test("its size is told in squares and in square kilometres", () => {
  const square = ring([0, 0], [0, 20], [20, 20], [20, 0]);
  assert.equal(cells(square), 400);
  assert.ok(Math.abs(squareKm(square, 20) - 111.2 ** 2) < 2);
});
