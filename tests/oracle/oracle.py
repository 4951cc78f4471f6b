#!/usr/bin/env python3
"""`beffroi match` against shapely and GeographicLib (`truth.py`) on seeded shapes and places.

Outside a band of 1 m around where the answer changes there must be no difference; within it, never a miss.

    tests/oracle/oracle.py PROGRAM… [--seed N] [--rounds N] [--places N] [--cells N] [--kind NAME]… [--mistake NAME]

One round asks every kind of shape once. Prints one JSON line; ends with 1 and the first differences when there are any.
"""

import argparse
import json
import random
import sys
import tempfile

import numpy as np

import beffroi
import mistakes
import places
import shapes
from truth import BAND, NO, YES, Truth

# Differences told for each shape, and shapes told of.
TOLD_MAX = 3
SHAPES_MAX = 20


class Tally:
    """What was decided, and what differs."""

    def __init__(self):
        self.decisions, self.band, self.refused, self.yes = 0, 0, 0, 0
        # What differs, by shape.
        self.wrong = {}

    def add(self, label, answers, reached, describe):
        said = np.zeros(len(answers), dtype=bool)
        said[reached] = True
        self.decisions += len(answers)
        self.band += int((answers == BAND).sum())
        self.yes += int((answers == YES).sum())
        for nth in np.flatnonzero((answers == YES) & ~said):
            self.wrong.setdefault(label, []).append(f"missed: {describe(nth)} in {label}")
        for nth in np.flatnonzero((answers == NO) & said):
            self.wrong.setdefault(label, []).append(f"rung by mistake: {describe(nth)} in {label}")

    def figures(self):
        wrong = sum(len(some) for some in self.wrong.values())
        of = {"decisions": self.decisions, "reached": self.yes, "band": self.band, "refused": self.refused}
        return of | {"wrong": wrong}

    def tell(self):
        for some in list(self.wrong.values())[:SHAPES_MAX]:
            print("\n".join([*some[:TOLD_MAX], f"({len(some)} of this shape)"]), file=sys.stderr)


def ask(arguments, kind, seed, tally):
    chance = random.Random(seed)
    areas = kind(chance)
    truth = Truth(areas)
    label = f"{kind.__name__}, seed {seed}"
    alert = beffroi.cap(mistakes.ALL[arguments.mistake](areas) if arguments.mistake else areas)
    with tempfile.TemporaryDirectory() as folder:
        try:
            if arguments.places:
                lat, lon, radius_km = places.points(chance, areas, arguments.places)
                reached = beffroi.match(arguments.program, folder, alert, beffroi.csv(lat, lon, radius_km))
                answers = truth.of_points(lat, lon, radius_km * 1_000)
                tally.add(label, answers, reached, lambda nth: f"{float(lat[nth])!r},{float(lon[nth])!r} {radius_km[nth]} km")
            if arguments.cells:
                cells, radius_km = places.cells(chance, areas, arguments.cells)
                reached = beffroi.match(arguments.program, folder, alert, beffroi.geojson(cells, radius_km))
                answers = truth.of_cells(cells, radius_km * 1_000)
                tally.add(label, answers, reached, lambda nth: f"cell {cells[nth]} {radius_km[nth]} km")
        except beffroi.Refused as refusal:
            tally.refused += 1
            print(f"refused: {label}: {refusal}", file=sys.stderr)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", nargs="+")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--places", type=int, default=500)
    parser.add_argument("--cells", type=int, default=20)
    parser.add_argument("--kind", action="append")
    parser.add_argument("--mistake", choices=mistakes.ALL, help="what is asked is wrong in this way: it must be noticed")
    arguments = parser.parse_args()
    kinds = [kind for kind in shapes.KINDS if not arguments.kind or kind.__name__ in arguments.kind]
    tally = Tally()
    for nth in range(arguments.rounds):
        for kind in kinds:
            ask(arguments, kind, arguments.seed + nth, tally)
    print(json.dumps(tally.figures() | {"seed": arguments.seed}))
    tally.tell()
    sys.exit(1 if tally.wrong else 0)


if __name__ == "__main__":
    main()
