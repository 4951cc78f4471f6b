#!/usr/bin/env python3
"""What the index of places must answer, by shapely and GeographicLib (`truth.py`): `tests/it/geo_index.rs` asks it.

    tests/oracle/index.py [--seed N] [--rounds N] [--places N]

Prints one JSON line for each shape: the alert, places as citizens follow them (cells with a radius and a height, polygons
drawn on corners of cells), and for each place whether somebody in it could be in the area, and whether within the radius.
"""

import argparse
import json
import math
import random

import numpy as np
import shapely

import beffroi
import places
import shapes
from truth import Truth

RADII_KM = [0, 1, 2, 5, 10, 25, 50]
STEPS = [720, 180, 20]
# Heights of places, in steps of 100 m; most tell none.
ALTITUDES = [None, None, None, 2, 15]
FOOT_M = 0.3048
# The fewest cells that are taken for a drawn polygon.
DRAWN_CELLS_MIN = 16


def with_heights(chance, areas):
    """Some areas speak of some heights only, metres; the limits lie between the steps of the places."""
    for area in areas:
        if chance.random() < 0.4:
            low_m, high_m = chance.choice([(-50, 150), (250, 1_550), (1_750, 3_000), (0, 2_050)])
            area["altitude_ft"], area["ceiling_ft"] = round(low_m / FOOT_M), round(high_m / FOOT_M)
    return areas


def at_height(areas, altitude):
    """The areas that speak of a place at this step of height."""
    low_m, high_m = (-math.inf, math.inf) if altitude is None else (altitude * 100, altitude * 100 + 100)
    low = lambda area: area.get("altitude_ft", -math.inf) * FOOT_M
    high = lambda area: area.get("ceiling_ft", math.inf) * FOOT_M
    return [area for area in areas if low(area) <= high_m and high(area) >= low_m]


def cell(chance, areas):
    """A cell of the grid near a border, or anywhere: step, row and column."""
    lat, lon, _ = places._one(chance, areas)
    step = chance.choice(STEPS)
    row = max(-90 * step, min(90 * step - 1, math.floor(lat * step)))
    column = max(-180 * step, min(180 * step - 1, math.floor(((lon + 180) % 360 - 180) * step)))
    return step, row, column


def drawn(chance, areas):
    """A polygon on corners of cells: step and corners, whose columns go on counting beyond ±180°."""
    while True:
        step, row, column = cell(chance, areas)
        size = chance.choice([4, 10, 40])
        angles = sorted(chance.uniform(0, 2 * math.pi) for _ in range(chance.randint(3, 12)))
        at = lambda angle, reach: (row + round(reach * math.sin(angle)), column + round(reach * math.cos(angle)))
        corners = [at(angle, size * chance.uniform(0.4, 1)) for angle in angles]
        if any(abs(row) > 90 * step for row, _ in corners) or len(set(corners)) < len(corners):
            continue
        plane = shapely.Polygon([(column, row) for row, column in corners])
        if plane.is_valid and plane.area >= DRAWN_CELLS_MIN:
            return step, corners


def one(chance, kind, label, count):
    areas = with_heights(chance, kind(chance))
    asked, grounds, radii_m, altitudes = [], [], [], []
    for _ in range(count):
        if chance.random() < 0.25:
            step, corners = drawn(chance, areas)
            asked.append({"step": step, "corners": corners})
            grounds.append(shapely.Polygon([(column / step, row / step) for row, column in corners]))
            radius_km, altitude = 0, None
        else:
            step, row, column = cell(chance, areas)
            radius_km, altitude = chance.choice(RADII_KM), chance.choice(ALTITUDES)
            asked.append({"step": step, "row": row, "column": column, "radius_km": radius_km, "altitude": altitude})
            grounds.append(shapely.box(column / step, row / step, (column + 1) / step, (row + 1) / step))
        radii_m.append(radius_km * 1_000.0)
        altitudes.append(altitude)
    grounds, radii_m = np.array(grounds), np.array(radii_m)
    inside, reached = np.zeros(count, dtype=int), np.zeros(count, dtype=int)
    for altitude in set(altitudes):
        some = np.array([nth for nth in range(count) if altitudes[nth] == altitude])
        truth = Truth(at_height(areas, altitude))
        inside[some] = truth.of_grounds(grounds[some], np.zeros(len(some)))
        reached[some] = truth.of_grounds(grounds[some], radii_m[some])
    answers = {"inside": inside.tolist(), "reached": reached.tolist()}
    return {"label": label, "alert": beffroi.cap(areas), "places": asked} | answers


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--places", type=int, default=60)
    arguments = parser.parse_args()
    for seed in range(arguments.seed, arguments.seed + arguments.rounds):
        for kind in shapes.KINDS:
            label = f"{kind.__name__}, seed {seed}"
            print(json.dumps(one(random.Random(seed), kind, label, arguments.places)), flush=True)


if __name__ == "__main__":
    main()
