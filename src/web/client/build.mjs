// Bundles the islands into dist/, which the binary takes in. `--test` bundles the tests instead.
import { createHash } from "node:crypto";
import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { build } from "esbuild";
import { writeTowns } from "./towns.mjs";

// The oldest that can be pushed to on an iPhone; the others have been able to for longer.
const BROWSERS = ["es2022", "safari16.4"];
// What fits one packet gains nothing by being compressed.
const TWIN_BYTES_MIN = 1_400;
const here = new URL(".", import.meta.url).pathname;
const list = async (folder, ending) =>
  (await readdir(here + folder)).filter((name) => name.endsWith(ending)).map((name) => `${here}${folder}/${name}`);

const common = {
  bundle: true,
  legalComments: "none",
  logLevel: "warning",
};

if (process.argv.includes("--test")) {
  await build({
    ...common,
    entryPoints: await list("test", ".test.ts"),
    platform: "node",
    target: "node20",
    format: "esm",
    outdir: "node_modules/.cache/beffroi-test",
  });
  process.exit(0);
}

const dist = here + "dist";
await rm(dist, { recursive: true, force: true });
await mkdir(dist);

const entries = (await list("entries", ".ts")).filter((name) => !name.endsWith("/sw.ts"));
await build({
  ...common,
  entryPoints: entries,
  target: BROWSERS,
  minify: true,
  splitting: true,
  format: "esm",
  outdir: dist,
  chunkNames: "[name]-[hash]",
  assetNames: "[name]-[hash]",
  publicPath: "/assets",
  // Importing such a file gives its address.
  loader: { ".json": "file", ".css": "file" },
});
// The service worker is one classic script: it may not import.
await build({ ...common, entryPoints: [here + "entries/sw.ts"], target: BROWSERS, minify: true, format: "iife", outdir: dist });

await writeTowns(dist);

// Compressed twins carry the hash of what they compress, so that a stale one is never served.
const files = [...(await list("dist", "")), ...(await list("static", ""))];
for (const file of files.filter((name) => /\.(js|css|json|svg)$/.test(name))) {
  const bytes = await readFile(file);
  if (bytes.length < TWIN_BYTES_MIN) continue;
  const hash = createHash("sha256").update(bytes).digest("hex").slice(0, 16);
  const twin = `${dist}/${file.slice(file.lastIndexOf("/") + 1)}.${hash}`;
  await writeFile(`${twin}.gz`, gzipSync(bytes, { level: 9 }));
  await writeFile(
    `${twin}.br`,
    brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } }),
  );
}
