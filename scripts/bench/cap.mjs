// CPU time of fast-xml-parser on the documents of a folder, one JSON line each. Run by cap.py.

import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { XMLParser } from "fast-xml-parser";

// What a measurement takes about, microseconds.
const MEASURE_US = 300_000;

const folder = process.argv[2];
const parser = new XMLParser({ ignoreAttributes: false });

/** CPU time of one of so many readings, microseconds. */
function cpuUs(text, times) {
  const begin = process.cpuUsage();
  for (let time = 0; time < times; time += 1) parser.parse(text);
  const { user, system } = process.cpuUsage(begin);
  return (user + system) / times;
}

for (const file of readdirSync(folder).filter((name) => name.endsWith(".xml")).sort()) {
  const text = readFileSync(join(folder, file), "utf8");
  const once = cpuUs(text, 20);
  const us = cpuUs(text, Math.ceil(MEASURE_US / once));
  console.log(JSON.stringify({ document: basename(file, ".xml"), engine: "fast-xml-parser", us }));
}
