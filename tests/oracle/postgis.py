#!/usr/bin/env python3
"""`beffroi match` against PostGIS on real alerts and random places.

Planes (GEOS) say who is inside, as edges are straight in latitude and longitude; geographies (spheroid) how far away
the others are, over borders cut so short that PostGIS's great circles are the same within millimetres. Outside a band
around the border there must be no difference; within it, never a miss.

    tests/oracle/postgis.py PROGRAM… --corpus FOLDER --database URL [--seed N] [--alerts N] [--places N]

The database is an empty one on a server that has PostGIS. Prints one JSON line. Alerts that a server would not take are
counted as refused.
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import shapely
from lxml import etree

import beffroi
import places
from oracle import Tally
from truth import BAND, NO, YES, Truth, ground

# Borders are cut into pieces of this many degrees: great circles bulge by no more than 2 mm then, at 70° of latitude.
PIECE_DEG = 0.002
# PostGIS looks for the nearest point on a sphere and then measures on the spheroid: never too short, and at 50 km by less
# than this too long, metres. The band is wider by as much. Where two parts of a border are about as far away, it may
# measure to the wrong one and be too long by far more: GeographicLib is asked again (`second_opinion`).
EXCESS_M = 0.5
SQL = """
\\set ON_ERROR_STOP on
SET client_min_messages = warning;
CREATE TEMP TABLE area (plane geometry, rim geography);
CREATE TEMP TABLE round (centre geography, radius_m float8);
CREATE TEMP TABLE place (id int, lat float8, lon float8, radius_m float8, cell float8);
\\copy area (plane) FROM 'areas.txt'
\\copy round FROM 'rounds.txt'
\\copy place FROM 'places.txt'
UPDATE area SET rim = ST_Segmentize(ST_Boundary(plane), {piece})::geography;
ALTER TABLE place ADD spot geometry, ADD globe geography;
UPDATE place SET globe = ST_MakePoint(lon, lat)::geography, spot = CASE WHEN cell = 0 THEN ST_MakePoint(lon, lat)
  ELSE ST_MakeEnvelope(lon, lat, lon + cell, lat + cell) END;
CREATE TEMP TABLE moved AS SELECT id, lat, radius_m, globe, ST_Translate(spot, turn, 0) AS spot
  FROM place, (VALUES (-360), (0), (360)) AS turns (turn);
CREATE INDEX ON moved USING gist (spot);
ANALYZE moved;
CREATE TEMP TABLE inside AS SELECT DISTINCT id FROM area JOIN moved ON ST_Intersects(plane, spot);
ANALYZE inside;
\\copy (SELECT id, -1 FROM inside) TO 'inside.txt'
CREATE TEMP TABLE far AS
  SELECT id, ST_Distance(globe, centre) - round.radius_m AS apart_m FROM place, round WHERE cell = 0
  UNION ALL
  SELECT id, ST_Distance(globe, rim) FROM area JOIN moved ON spot && ST_Expand(ST_Envelope(plane),
    {reach} / greatest(0.02, cos(radians(least(89, {reach} + greatest(abs(ST_YMin(plane)), abs(ST_YMax(plane))))))))
  WHERE radius_m >= 0 AND ST_GeometryType(spot) = 'ST_Point' AND NOT EXISTS (SELECT FROM inside WHERE inside.id = moved.id);
\\copy (SELECT id, min(apart_m) FROM far GROUP BY id) TO 'far.txt'
""".format(piece=PIECE_DEG, reach=0.47)


def ring_of(text):
    """A ring as (lat, lon), closed; no ring at all from what is none."""
    ring = [tuple(float(number) for number in pair.split(",")[:2]) for pair in text.split()]
    return ring if not ring or ring[0] == ring[-1] else ring + ring[:1]


def areas_of(alert):
    """The areas of a document, each once: languages repeat them."""
    areas = {}
    for element in etree.fromstring(alert).iter("{*}area"):
        texts = lambda name: [node.text.strip() for node in element.iter("{*}" + name) if node.text and node.text.strip()]
        circles = [(ring_of(text.split()[0])[0], float(text.split()[1])) for text in texts("circle")]
        codes = zip(texts("valueName"), texts("value"))
        holes = [ring_of(value) for name, value in codes if name == "EXCLUDE_POLYGON"]
        area = {"rings": [ring for ring in map(ring_of, texts("polygon")) if len(ring) > 3], "circles": circles, "holes": holes}
        if area["rings"] or circles:
            areas.setdefault(repr(area), area)
    return list(areas.values())


def planes_of(area):
    holes = shapely.union_all([ground(ring) for ring in area["holes"]])
    for ring in area["rings"]:
        plane = ground(ring).difference(holes)
        if not plane.is_empty:
            yield plane


def ask_postgis(database, folder, areas, lat, lon, radius_m, cell):
    """For each place NO, BAND or YES."""
    rounds = [circle for area in areas for circle in area["circles"]]
    planes = [plane.wkb_hex for area in areas for plane in planes_of(area)]
    lines = {
        "areas.txt": planes,
        "rounds.txt": [f"SRID=4326;POINT({lon} {lat})\t{radius_km * 1_000}" for (lat, lon), radius_km in rounds],
        "places.txt": ["\t".join(map(repr, map(float, row))).replace(".0\t", "\t", 1)
                       for row in zip(range(len(lat)), lat, lon, radius_m, cell)],
    }
    for name, some in lines.items():
        (folder / name).write_text("".join(line + "\n" for line in some))
    psql(database, SQL, folder)
    answers = np.full(len(lat), NO)
    for line in (folder / "far.txt").read_text().splitlines():
        nth, apart_m = int(line.split("\t")[0]), float(line.split("\t")[1])
        over_m = apart_m - radius_m[nth]
        answers[nth] = YES if over_m <= 0 else BAND if over_m <= 1 + EXCESS_M else NO
    for line in (folder / "inside.txt").read_text().splitlines():
        answers[int(line.split("\t")[0])] = YES
    # How far cells are away from circles is asked of the other oracle.
    return answers


def second_opinion(areas, lat, lon, radius_m, answers, reached):
    """Where PostGIS alone says no, what GeographicLib says."""
    doubtful = np.array([nth for nth in reached if answers[nth] == NO], dtype=int)
    if len(doubtful):
        answers[doubtful] = Truth(areas).of_points(lat[doubtful], lon[doubtful], radius_m[doubtful])
    return len(doubtful)


def some_places(seed, areas, count):
    """One in ten as near to what could go wrong as the other oracle's, the others anywhere around."""
    chance, numbers = random.Random(seed), np.random.default_rng(seed)
    lat, lon, radius_km = places.points(chance, areas, count // 10)
    corners = np.array([at for area in areas for ring in area["rings"] for at in ring]
                       + [at for area in areas for at, _ in area["circles"]])
    (south, west), (north, east) = corners.min(axis=0), corners.max(axis=0)
    margin = 0.1 + 0.2 * max(north - south, east - west)
    margin += max([radius / 100 for area in areas for _, radius in area["circles"]], default=0)
    rest = count - len(lat)
    lat = np.concatenate([lat, numbers.uniform(max(-90, south - margin), min(90, north + margin), rest)])
    lon = np.concatenate([lon, (numbers.uniform(west - margin, east + margin, rest) + 180) % 360 - 180])
    return lat, lon, np.concatenate([radius_km, numbers.choice(places.RADII_KM, rest)])


def ask(arguments, name, seed, tally):
    alert = (arguments.corpus / name).read_bytes()
    try:
        areas = areas_of(alert)
        if not areas:
            raise ValueError(name)
    except (ValueError, IndexError):
        # What stands there cannot be read as it is: `make test` holds what is mended to its own tests.
        tally.refused += 1
        return
    lat, lon, radius_km = some_places(seed, areas, arguments.places)
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        try:
            reached = beffroi.match(arguments.program, folder, alert, beffroi.csv(lat, lon, radius_km))
        except beffroi.Refused as refusal:
            tally.refused += 1
            print(f"refused: {name}: {refusal}", file=sys.stderr)
            return
        answers = ask_postgis(arguments.database, folder, areas, lat, lon, radius_km * 1_000, np.zeros(len(lat)))
        arguments.asked_again += second_opinion(areas, lat, lon, radius_km * 1_000, answers, reached)
        describe = lambda nth: f"{float(lat[nth])!r},{float(lon[nth])!r} {radius_km[nth]} km"
        tally.add(f"{name}, seed {seed}", answers, reached, describe)


def psql(url, script, folder=None):
    ran = subprocess.run(["psql", "--no-psqlrc", "--quiet", url], input=script, text=True, capture_output=True, cwd=folder)
    if ran.returncode != 0 or "ERROR" in ran.stderr:
        raise SystemExit(f"psql: {ran.stderr}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", nargs="+")
    parser.add_argument("--corpus", type=Path, required=True, help="a folder with MANIFEST.tsv and, below cap, alerts")
    parser.add_argument("--database", required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--alerts", type=int, help="so many of them, by chance; all when left out")
    parser.add_argument("--places", type=int, default=100_000)
    parser.add_argument("--only", help="alerts whose name has this in it")
    arguments = parser.parse_args()
    head, *rows = [line.split("\t") for line in (arguments.corpus / "MANIFEST.tsv").read_text().splitlines()]
    manifest = [dict(zip(head, row)) for row in rows]
    drawn = [row["file"] for row in manifest if row["kind"] == "cap" and row["well_formed"] == "yes"
             and (row["n_polygon"] != "0" or row["n_circle"] != "0") and (arguments.only or "") in row["file"]]
    arguments.corpus /= "cap"
    chosen = random.Random(arguments.seed).sample(drawn, min(arguments.alerts or len(drawn), len(drawn)))
    psql(arguments.database, "CREATE EXTENSION postgis;\n")
    tally, arguments.asked_again = Tally(), 0
    for name in sorted(chosen):
        ask(arguments, name, arguments.seed, tally)
    print(json.dumps(tally.figures() | {"alerts": len(chosen), "asked_again": arguments.asked_again, "seed": arguments.seed}))
    tally.tell()
    sys.exit(1 if tally.wrong else 0)


if __name__ == "__main__":
    main()
