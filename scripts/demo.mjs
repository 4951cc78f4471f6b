// make demo: Beffroi with 2,000 invented citizens around Lille, push services of its own and three sample alerts.
// Two ring at once; the third waits for you in the console. Everything is thrown away at the end (Ctrl-C).
//
//   node scripts/demo.mjs PATH_TO_BEFFROI [--once]     --once: end when the two have rung, for a quick check

import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const CITIZENS = 2000;
const TOWN = { lat: 50.6365, lon: 3.0635 };
/** Citizens live up to about this far from the middle of the town, in degrees of latitude; most live nearer. */
const SPREAD_DEG = 0.16;
const SUBSCRIBING_AT_ONCE = 8;
const WATCH_MS_MAX = 120_000;
const WATCH_EVERY_MS = 1000;
/** How some push services answer, so that the ledger has something to tell. The rest accept. */
const TROUBLES = [
  { query: 'status=410', count: 30 },
  { query: 'status=429&retry_after=5&times=1', count: 60 },
  { query: 'delay_ms=3000', count: 60 },
];

const [beffroi, ...options] = process.argv.slice(2);
const once = options.includes('--once');
const folder = mkdtempSync(join(tmpdir(), 'beffroi-demo-'));
const children = [];
let ending = false;

const environment = {
  ...process.env,
  BEFFROI__DATA__DIR: folder,
  BEFFROI__SERVER__LISTEN: process.env.BEFFROI__SERVER__LISTEN ?? '127.0.0.1:8080',
  BEFFROI__SERVER__NAME: 'Beffroi (demonstration)',
  BEFFROI__PUSH__ALLOW_PRIVATE_ENDPOINTS: 'true',
  BEFFROI__PUSH__HOSTS: '127.0.0.1',
  BEFFROI__PUSH__CA_FILE: join(folder, 'sandbox-ca.pem'),
  BEFFROI__SUBSCRIPTIONS__CHANGES_PER_MINUTE: '1000000',
  BEFFROI__LOG__FILTER: 'warn,tower_sessions_core=error',
  BEFFROI__MAP__LATITUDE: String(TOWN.lat),
  BEFFROI__MAP__LONGITUDE: String(TOWN.lon),
  BEFFROI__MAP__ZOOM: '10',
};

/** Runs a verb to its end; what it prints. */
function run(args, input = '') {
  const done = spawnSync(beffroi, args, { env: environment, input, encoding: 'utf8' });
  if (done.status !== 0) throw new Error(`beffroi ${args[0]} ${args[1]}: ${done.stderr || done.error}`);
  return done.stdout.trim();
}

/** Starts a verb that runs on; resolves with the first group of the first line that matches each pattern. */
function start(args, ...patterns) {
  const child = spawn(beffroi, args, { env: environment, stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  return new Promise((resolve, reject) => {
    const found = [];
    child.on('error', reject);
    child.on('exit', (code) => {
      if (!ending) reject(new Error(`beffroi ${args[0]} ended with code ${code}`));
    });
    createInterface({ input: child.stdout }).on('line', (line) => {
      const match = found.length < patterns.length && line.match(patterns[found.length]);
      if (match) found.push(match[1]);
      if (found.length === patterns.length) resolve(found);
    });
  });
}

async function end(code) {
  if (ending) return;
  ending = true;
  await Promise.all(
    children
      .filter((child) => child.exitCode === null && child.signalCode === null)
      .map((child) => new Promise((resolve) => child.once('exit', resolve).kill('SIGTERM'))),
  );
  rmSync(folder, { recursive: true, force: true });
  process.exit(code);
}

/** The same citizens each time: mulberry32. */
function dice(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const random = dice(59350);
const pick = (list) => list[Math.floor(random() * list.length)];

/** What a browser would send: the place snapped to a cell, never the point. */
function subscription(channel) {
  const near = () => (random() + random() + random() - 1.5) / 1.5;
  const lat = TOWN.lat + near() * SPREAD_DEG;
  const lon = TOWN.lon + (near() * SPREAD_DEG) / Math.cos((TOWN.lat * Math.PI) / 180);
  const step = pick([720, 180, 180, 180, 20]);
  const centre = (degrees) => (Math.floor(degrees * step) + 0.5) / step;
  return {
    channel: { kind: 'webpush', endpoint: channel.endpoint, keys: channel.keys },
    places: [{ lat: centre(lat), lon: centre(lon), step, radius_km: pick([0, 0, 1, 2, 2, 5, 10]) }],
    families: random() < 0.1 ? { weather: 'Severe', outages: 'Moderate' } : undefined,
    languages: pick([['fr'], ['fr'], ['fr', 'en'], ['en'], ['nl', 'en']]),
    consent: 'demo',
  };
}

/** The sandbox's management, over TLS with its own authority. */
function sandbox(origin, method, path) {
  const ca = readFileSync(environment.BEFFROI__PUSH__CA_FILE);
  return new Promise((resolve, reject) => {
    const asked = request(new URL(path, origin), { method, ca, agent: false }, (answer) => {
      const parts = [];
      answer.on('data', (part) => parts.push(part));
      answer.on('end', () => resolve(JSON.parse(Buffer.concat(parts).toString())));
    });
    asked.on('error', reject).end();
  });
}

async function subscribeAll(base, channels) {
  let next = 0;
  const worker = async () => {
    while (next < channels.length) {
      const body = JSON.stringify(subscription(channels[next++]));
      const answer = await fetch(`${base}/api/v1/subscriptions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
      });
      if (answer.status !== 201) throw new Error(`a subscription was refused: ${answer.status} ${await answer.text()}`);
      await answer.arrayBuffer();
    }
  };
  await Promise.all(Array.from({ length: SUBSCRIBING_AT_ONCE }, worker));
}

/** A moment as CAP writes it, by the town's clock: 2026-11-22T12:11:00+01:00. */
function inParis(milliseconds) {
  const zone = new Intl.DateTimeFormat('en', { timeZone: 'Europe/Paris', timeZoneName: 'longOffset' });
  const offset = zone.formatToParts(milliseconds).find((part) => part.type === 'timeZoneName').value.slice('GMT'.length);
  const minutes = Number(offset.slice(0, 3)) * 60;
  return new Date(milliseconds + minutes * 60_000).toISOString().slice(0, 19) + offset;
}

/** Fills a sample's times in, relative to now, and writes it for `beffroi post`. */
function sample(name) {
  const iso = (hours) => inParis(Date.now() + hours * 3_600_000);
  const values = {
    run: randomBytes(4).toString('hex'),
    now: iso(0),
    in_30_minutes: iso(0.5),
    in_3_hours: iso(3),
    in_4_hours: iso(4),
    hour_in_3_hours: iso(3).slice(11, 16),
  };
  const template = readFileSync(new URL(`demo/${name}.xml`, import.meta.url), 'utf8');
  const file = join(folder, `${name}.xml`);
  writeFileSync(file, template.replace(/\{\{(\w+)\}\}/g, (_, key) => values[key]));
  return file;
}

function post(base, key, name) {
  return JSON.parse(run(['post', sample(name), '--url', base, '--key', key]));
}

/** Follows a broadcast's ledger until nothing is waiting. */
async function watch(answer, key, words, patience = WATCH_MS_MAX) {
  const until = Date.now() + patience;
  let last = '';
  for (;;) {
    const got = await fetch(answer.links.broadcast, { headers: { authorization: `Bearer ${key}` } });
    const ledger = await got.json();
    const numbers = `${ledger.accepted} of ${ledger.targeted} accepted, ${ledger.waiting} waiting (${ledger.state})`;
    const line = ledger.state === 'held' ? 'waits for you (held)' : numbers;
    if (line !== last) console.log(`  ${words}: ${line}`);
    last = line;
    if (['done', 'halted', 'expired', 'filed', 'refused'].includes(ledger.state)) return;
    if (Date.now() > until) throw new Error(`${words}: still ${line}`);
    await new Promise((resolve) => setTimeout(resolve, WATCH_EVERY_MS));
  }
}

async function main() {
  console.log('Push services of our own…');
  const [origin] = await start(['sandbox', '--listen', '127.0.0.1:0', '--ca-out', environment.BEFFROI__PUSH__CA_FILE],
    /^Sandbox is listening on (\S+)/, /^CA file: (\S+)/);
  const password = randomBytes(9).toString('base64url');
  run(['operator', 'add', 'demo', '--name', 'Demonstration', '--role', 'administrator'], `${password}\n`);
  const rings = run(['key', 'create', '--name', 'grid and police (demo)', '--sender', 'grid@demo.example', '--sender', 'police@demo.example', '--ring']);
  const waits = run(['key', 'create', '--name', 'weather service (demo)', '--sender', 'weather@demo.example', '--hold']);
  const [base] = await start(['serve'], /^Beffroi is listening on (\S+)/);

  console.log(`${CITIZENS} citizens subscribe around Lille…`);
  const troubled = TROUBLES.reduce((sum, trouble) => sum + trouble.count, 0);
  const channels = await sandbox(origin, 'POST', `/subscriptions?count=${CITIZENS - troubled}`);
  for (const trouble of TROUBLES) {
    channels.push(...(await sandbox(origin, 'POST', `/subscriptions?count=${trouble.count}&${trouble.query}`)));
  }
  await subscribeAll(base, channels);

  console.log('Three alerts are posted…');
  const storm = post(base, waits, 'storm');
  const power = post(base, rings, 'power-cut');
  const missing = post(base, rings, 'missing-person');
  console.log(`
  Pages      ${base}/
  Console    ${base}/console    login: demo    password: ${password}

  The power cut and the missing person ring now. Look at them in the console, live.
  The storm (${storm.state}) waits for you: release it there and watch it ring.
`);
  await Promise.all([watch(power, rings, 'Power cut'), watch(missing, rings, 'Missing person')]);
  if (once) return end(0);
  console.log('\n  Now release the storm in the console. Ctrl-C ends the demonstration and removes its data.');
  await watch(storm, waits, 'Storm', Infinity);
}

process.on('SIGINT', () => end(0));
process.on('SIGTERM', () => end(0));
main().catch((error) => {
  console.error(`demo: ${error.message}`);
  end(1);
});
