#!/usr/bin/env python3
"""Who is in an area, side by side: our index, an R-tree (rstar) and PostGIS, on the same places in one run.

PostGIS gets the same exact places and an index (GiST) that is warm; of two ways to ask the faster counts. All figures
are CPU time of one thread or server process, medians. All must find as many.
Needs scripts/with-postgres.

    scripts/with-postgres scripts/bench/geofence.py [--people N] [--more N]
"""

import argparse
import json
import os
import pathlib
import re
import statistics
import subprocess

TOP = pathlib.Path(__file__).resolve().parents[2]
FOLDER = TOP / "target" / "bench" / "geofence"
ROUNDS = 3
LOAD = """
\\set ON_ERROR_STOP on
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS postgis;
DROP TABLE IF EXISTS raw, part, whole, place;
CREATE TABLE raw (lon float8, lat float8);
\\copy raw FROM 'places.txt'
CREATE TABLE place AS SELECT row_number() OVER () AS id, ST_MakePoint(lon, lat) AS spot FROM raw;
CREATE TABLE part (name text, plane geometry);
\\copy part FROM 'areas.txt'
CREATE TABLE whole AS SELECT name, CASE WHEN count(*) = 1 THEN (array_agg(plane))[1] ELSE ST_UnaryUnion(ST_Collect(plane)) END
  AS plane FROM part GROUP BY name;
CREATE INDEX ON place USING gist (spot);
VACUUM ANALYZE place;
"""
SETTINGS = "SET jit = off; SET max_parallel_workers_per_gather = 0; SET work_mem = '256MB';\n"
# The server then says after each statement what CPU time it took.
TELLING = "SET client_min_messages = log; SET log_statement_stats = on;\n"
WAYS = [
    "SELECT id FROM whole JOIN place ON ST_Intersects(plane, spot) WHERE name = '{}'",
    "SELECT DISTINCT id FROM (SELECT ST_Subdivide(plane, 64) AS plane FROM whole WHERE name = '{}') AS few"
    " JOIN place ON ST_Intersects(plane, spot)",
]


def ours(people, folder=None):
    command = ["cargo", "bench", "--quiet", "--locked", "--bench", "geofence_peers", "--", "--people", str(people)]
    command += ["--folder", str(folder)] if folder else []
    ran = subprocess.run(command, cwd=TOP, check=True, stdout=subprocess.PIPE, text=True)
    return [json.loads(line) for line in ran.stdout.splitlines()]


def psql(script):
    url = os.environ["BEFFROI_TEST_POSTGRES_URL"]
    command = ["psql", "--no-psqlrc", "--quiet", "--tuples-only", "--no-align", url]
    ran = subprocess.run(command, cwd=FOLDER, input=script, check=True, capture_output=True, text=True)
    return ran.stdout, ran.stderr


def of_postgis(danger, found):
    """CPU time of the faster way, microseconds."""
    medians = []
    for way in WAYS:
        query = f"SELECT count(*) FROM ({way.format(danger)}) AS found;\n"
        # The first warms up.
        counts, told = psql(SETTINGS + query + TELLING + query * ROUNDS)
        if set(counts.split()) != {str(found)}:
            raise SystemExit(f"{danger}: PostGIS finds {counts.split()}, we {found}")
        times = re.findall(r"^!\s+([\d.]+) s user, ([\d.]+) s system, [\d.]+ s elapsed", told, re.MULTILINE)
        medians.append(statistics.median(float(user) + float(system) for user, system in times[-ROUNDS:]) * 1e6)
    return min(medians)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=1_000_000)
    parser.add_argument("--more", type=int, default=10_000_000, help="also without PostGIS; 0: not at all")
    arguments = parser.parse_args()
    FOLDER.mkdir(parents=True, exist_ok=True)
    figures = ours(arguments.people, FOLDER)
    psql(LOAD)
    for figure in [figure for figure in figures if figure["engine"] == "beffroi"]:
        us = of_postgis(figure["danger"], figure["found"])
        figures.append(figure | {"engine": "PostGIS", "us": us})
    table(figures, arguments.people)
    if arguments.more:
        table(ours(arguments.more), arguments.more)


def table(figures, people):
    """Microseconds, and how many times ours that is."""
    floor = {figure["danger"]: figure for figure in figures if figure["engine"] == "beffroi"}
    heads = [f"{name} ({figure['found']:,} found)" for name, figure in floor.items()]
    print(f"\n| µs, {people:,} places (× ours) | " + " | ".join(heads) + " |")
    print("|---|" + "---:|" * len(heads))
    for engine in dict.fromkeys(figure["engine"] for figure in figures):
        cells = [f"{figure['us']:,.0f} ({figure['us'] / floor[figure['danger']]['us']:,.1f})"
                 for figure in figures if figure["engine"] == engine]
        print(f"| {engine} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
