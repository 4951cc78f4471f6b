#!/usr/bin/env python3
"""Reading CAP side by side: our reader, quick-xml's events, roxmltree, lxml with the schema, fast-xml-parser.

All read the same documents on the same machine in one run, engines taking turns. CPU time, medians of the rounds.

    scripts/bench/cap.py [--rounds N]
"""

import argparse
import json
import pathlib
import statistics
import subprocess
import time

from lxml import etree

TOP = pathlib.Path(__file__).resolve().parents[2]
DOCUMENTS = TOP / "target" / "bench" / "cap"
# What a measurement takes about, seconds of CPU time.
MEASURE_SECONDS = 0.3


def ours():
    """Figures of the Rust engines, which also write the documents."""
    command = ["cargo", "bench", "--quiet", "--locked", "--bench", "side_by_side", "--", "--documents", str(DOCUMENTS)]
    return lines(subprocess.run(command, cwd=TOP, check=True, stdout=subprocess.PIPE, text=True).stdout)


def of_node():
    command = ["node", str(TOP / "scripts" / "bench" / "cap.mjs"), str(DOCUMENTS)]
    return lines(subprocess.run(command, cwd=TOP, check=True, stdout=subprocess.PIPE, text=True).stdout)


def lines(text):
    return [json.loads(line) for line in text.splitlines()]


def of_lxml(schema):
    def validate(content):
        if not schema.validate(etree.fromstring(content)):
            raise SystemExit(f"the schema refuses a document: {schema.error_log}")

    engines = {"lxml tree": etree.fromstring, "lxml tree + XSD": validate}
    figures = []
    for file in sorted(DOCUMENTS.glob("*.xml")):
        content = file.read_bytes()
        for engine, work in engines.items():
            figures.append({"document": file.stem, "engine": engine, "us": cpu_us(lambda: work(content))})
    return figures


def cpu_us(work):
    """CPU time of one call, microseconds."""
    begin = time.process_time()
    for _ in range(3):
        work()
    times = max(3, int(MEASURE_SECONDS * 3 / max(time.process_time() - begin, 1e-6)))
    begin = time.process_time()
    for _ in range(times):
        work()
    return (time.process_time() - begin) / times * 1e6


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--rounds", type=int, default=3)
    rounds = arguments.parse_args().rounds
    DOCUMENTS.mkdir(parents=True, exist_ok=True)
    schema = etree.XMLSchema(etree.parse(str(TOP / "schemas" / "cap-1.2.xsd")))
    figures = {}
    documents = {}
    for _ in range(rounds):
        for figure in ours() + of_lxml(schema) + of_node():
            figures.setdefault(figure["engine"], {}).setdefault(figure["document"], []).append(figure["us"])
            documents.setdefault(figure["document"])
    table(figures, list(documents))


def table(figures, documents):
    """Microseconds, and how many times the bare events of quick-xml that is."""
    floor = {document: statistics.median(figures["quick-xml events"][document]) for document in documents}
    print("| µs of CPU time (× quick-xml's events) | " + " | ".join(documents) + " |")
    print("|---|" + "---:|" * len(documents))
    for engine, of in figures.items():
        cells = []
        for document in documents:
            median = statistics.median(of[document])
            cells.append(f"{median:,.1f} ({median / floor[document]:.1f})")
        print(f"| {engine} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
