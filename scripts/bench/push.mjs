// npm's web-push as a sender: CPU time of all pushes to the subscriptions of a file, over connections that are kept.
//
//   node scripts/bench/push.mjs SUBSCRIPTIONS.json CA_FILE

import { readFileSync } from 'node:fs';
import { Agent } from 'node:https';
import webPush from 'web-push';

const AT_ONCE = 16;
const [file, ca] = process.argv.slice(2);
const subscriptions = JSON.parse(readFileSync(file, 'utf8'));
const options = {
  agent: new Agent({ ca: readFileSync(ca), keepAlive: true, maxSockets: AT_ONCE }),
  contentEncoding: 'aes128gcm',
  topic: 'bench',
  TTL: 3600,
  urgency: 'low',
  vapidDetails: { subject: 'mailto:bench@example.org', ...webPush.generateVAPIDKeys() },
};
const payload = JSON.stringify({ web_push: 8030, notification: { title: 'A bench', body: 'x'.repeat(700) } });

let next = 0;
const worker = async () => {
  while (next < subscriptions.length) await webPush.sendNotification(subscriptions[next++], payload, options);
};
const before = process.cpuUsage();
await Promise.all(Array.from({ length: AT_ONCE }, worker));
const { user, system } = process.cpuUsage(before);
console.log(JSON.stringify({ cpu_us: user + system }));
process.exit(0);
