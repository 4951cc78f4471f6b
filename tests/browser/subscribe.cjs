#!/usr/bin/env node
// A real Chromium subscribes on a page of ours, is pushed to, shows the notification and is clicked; no network.
//
//   node subscribe.cjs ADDRESS FAKE_GCM_PY PYTHON
//
// With `#draw` at the end of the address it removes the point it came with and draws a triangle instead; with
// `#draw&name=TEXT` it also follows the first named area that is found by this text. What the page then shows of the
// stored subscription is in the line.
//
// Standard output: a line {"step":"subscribed",…}, then, once something rang it, a line {"step":"opened",…}.
// fake_gcm.py stands in for Google's push service (Chromium knows no other); endpoints that the page sees point at it.
// The click comes over D-Bus from a desktop of our own (desktop.py): only a real click lets a worker open a window.
// Needs Chromium, dbus-daemon, openssl, puppeteer-core; Python with jeepney.
'use strict';
const puppeteer = require('puppeteer-core');
const { spawn, execFileSync } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const net = require('node:net');
const os = require('node:os');
const path = require('node:path');
const readline = require('node:readline');

const [, , address, fakeGcm, python] = process.argv;
const origin = new URL(address).origin;
const DEADLINE_MS = 30_000;
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'beffroi-browser-'));
const children = [];

const say = line => process.stdout.write(JSON.stringify(line) + '\n');

function start(command, args, options = {}) {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'], ...options });
  children.push(child);
  child.lines = readline.createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  child.line = async () => {
    const { value, done } = await within(`a line of ${command} ${args[0]}`, child.lines.next());
    if (done) throw new Error(`${command} ${args.join(' ')} ended`);
    return value;
  };
  return child;
}

function within(what, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: not within ${DEADLINE_MS} ms`)), DEADLINE_MS);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

async function freePort() {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

// A session bus that only this test's programs can find, with nothing on it to start.
async function startBus() {
  const config = path.join(folder, 'bus.conf');
  fs.writeFileSync(config, `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>unix:path=${folder}/bus</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy></busconfig>`);
  return start('dbus-daemon', ['--nofork', '--print-address', `--config-file=${config}`]).line();
}

// Google's side: registration over HTTP, messages over TLS with a certificate that Chromium is told to take.
async function startGcm() {
  const [key, certificate] = [path.join(folder, 'key.pem'), path.join(folder, 'certificate.pem')];
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2',
    '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost', '-keyout', key, '-out', certificate], { stdio: 'ignore' });
  const publicKey = execFileSync('sh', ['-c',
    `openssl x509 -in ${certificate} -pubkey -noout | openssl pkey -pubin -outform der | openssl dgst -sha256 -binary | base64`]);
  const [http, messages] = [await freePort(), await freePort()];
  await start(python, [fakeGcm, http, messages, certificate, key]).line();
  const local = `http://127.0.0.1:${http}`;
  return {
    local,
    flags: [`--gcm-checkin-url=${local}/checkin`, `--gcm-registration-url=${local}/register3`,
      `--gcm-mcs-endpoint=https://localhost:${messages}`, `--ignore-certificate-errors-spki-list=${publicKey.toString().trim()}`],
  };
}

// Runs in the page before its own scripts: the endpoint is the stand-in's.
function pointEndpointsAt(local) {
  const { prototype } = PushSubscription;
  const endpoint = Object.getOwnPropertyDescriptor(prototype, 'endpoint').get;
  const toJSON = prototype.toJSON;
  const fix = url => url.replace(/^https:\/\/[^/]+(?=\/fcm\/send\/)/, local);
  Object.defineProperty(prototype, 'endpoint', { get() { return fix(endpoint.call(this)); } });
  prototype.toJSON = function () {
    const json = toJSON.call(this);
    return { ...json, endpoint: fix(json.endpoint) };
  };
}

// What the browser itself records of pushes and notifications.
async function watchBackground(page, events) {
  const devtools = await page.createCDPSession();
  devtools.on('BackgroundService.backgroundServiceEventReceived', ({ backgroundServiceEvent: event }) => events.push(event.eventName));
  for (const service of ['pushMessaging', 'notifications']) {
    await devtools.send('BackgroundService.startObserving', { service });
    await devtools.send('BackgroundService.setRecording', { service, shouldRecord: true });
  }
}

// Waits for something to be seen; says what the page says instead where it is not.
async function seen(page, selector) {
  try {
    return await page.waitForSelector(selector, { visible: true, timeout: DEADLINE_MS });
  } catch {
    throw new Error(`no ${selector}; the page says:\n${await page.evaluate(() => document.body.innerText)}`);
  }
}

async function draw(page) {
  await page.click('input[name=way][value=draw]');
  // Corners at two taps and, by a button, at the cross in the middle.
  await seen(page, '#map .leaflet-control-zoom');
  const map = await page.$('#map');
  await map.evaluate(target => target.scrollIntoView({ block: 'center' }));
  const { x, y, width, height } = await map.boundingBox();
  for (const part of [0.2, 0.8]) await page.mouse.click(x + width * part, y + height * 0.1);
  await page.click('#draw-here');
  await (await seen(page, '#draw-close:not([disabled])')).click();
  await page.waitForFunction(() => document.querySelectorAll('#places li').length === 2);
  await page.click('#places .remove');
}

async function followNamed(page, text) {
  await page.click('input[name=way][value=area]');
  await page.type('#area', text);
  await seen(page, '#area-list [role=option]');
  await page.keyboard.press('ArrowDown');
  await page.waitForSelector('#area[aria-activedescendant="area-0"]');
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => document.querySelectorAll('#places li').length === 2);
}

// What a page that is opened anew says is stored.
async function places(page) {
  await page.reload();
  await seen(page, '#known');
  // What areas are called is asked after the places are shown.
  await page.waitForNetworkIdle({ timeout: DEADLINE_MS });
  return page.$$eval('#places li > :first-child', rows => rows.map(row => row.textContent));
}

async function subscribe(page) {
  await page.goto(address);
  const button = await seen(page, '#subscribe');
  const wanted = new URLSearchParams(new URL(address).hash.slice(1));
  if (wanted.has('draw')) await draw(page);
  if (wanted.has('name')) await followNamed(page, wanted.get('name'));
  // Whoever has read the explanation ticks what must be ticked.
  await page.$$eval('input[type=checkbox][required]', boxes => boxes.filter(box => !box.checked).forEach(box => box.click()));
  await button.click();
  await seen(page, '#subscribed');
}

async function main() {
  const [bus, gcm] = [await startBus(), await startGcm()];
  const environment = { ...process.env, DBUS_SESSION_BUS_ADDRESS: bus };
  const desktop = start(python, [path.join(__dirname, 'desktop.py')], { env: environment });
  await desktop.line();
  const browser = await puppeteer.launch({
    executablePath: process.env.CHROMIUM || '/usr/bin/chromium', headless: true, env: environment,
    ignoreDefaultArgs: ['--disable-background-networking'],
    // Chromium refuses its sandbox to root, which containers run as.
    args: [...(process.getuid() === 0 ? ['--no-sandbox'] : []), ...gcm.flags,
      '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1'],
  });
  try {
    const session = await browser.target().createCDPSession();
    await session.send('Browser.grantPermissions', { origin, permissions: ['notifications'] });
    const page = await browser.newPage();
    const [events, problems] = [[], []];
    page.on('pageerror', error => problems.push(String(error)));
    page.on('console', message => message.type() === 'error' && problems.push(message.text()));
    await page.evaluateOnNewDocument(pointEndpointsAt, gcm.local);
    await watchBackground(page, events);
    await subscribe(page);
    say({ step: 'subscribed', browser: await browser.version(), problems, places: await places(page) });

    const shown = JSON.parse(await desktop.line());
    const opening = browser.waitForTarget(target => target.type() === 'page' && target.url().includes('/alerts/'), { timeout: DEADLINE_MS });
    desktop.stdin.write(`${shown.id}\n`);
    const opened = await (await opening).page();
    await seen(opened, 'h1');
    const text = await opened.evaluate(() => document.body.innerText);
    say({ step: 'opened', shown, events, url: opened.url(), text });
  } finally {
    await browser.close();
  }
}

main().catch(error => {
  console.error(error.stack);
  process.exitCode = 1;
}).finally(() => {
  for (const child of children) child.kill();
  fs.rmSync(folder, { recursive: true, force: true });
});
