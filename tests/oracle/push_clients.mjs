// Push clients that are not ours, sent at the sandbox: web-push, @parse/node-apn and firebase-admin. Each says what it
// read in the answers, as JSON, one line a client.
//
//   node push_clients.mjs ORIGIN CA_FILE WHAT.json
//
// WHAT.json: {"credentials": …, "webpush": [SUBSCRIPTION…], "apns": [TOKEN…], "fcm": [TOKEN…]}

import { createSign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { connect } from 'node:tls';
import apn from '@parse/node-apn';
import { initializeApp } from 'firebase-admin/app';
import { getMessaging } from 'firebase-admin/messaging';
import webPush from 'web-push';

const [origin, caFile, whatFile] = process.argv.slice(2);
const ca = readFileSync(caFile);
const what = JSON.parse(readFileSync(whatFile, 'utf8'));
const { hostname, port } = new URL(origin);
const EXPIRES_S = 3600;
const say = (client, answers) => console.log(JSON.stringify({ client, answers }));

async function webpush() {
  const keys = webPush.generateVAPIDKeys();
  const options = {
    agent: new Agent({ ca }),
    contentEncoding: 'aes128gcm',
    topic: 'chain',
    TTL: EXPIRES_S,
    urgency: 'high',
    vapidDetails: { subject: 'mailto:test@example.org', ...keys },
  };
  const answers = [];
  for (const subscription of what.webpush) {
    const sent = webPush.sendNotification(subscription, JSON.stringify({ title: 'Tempête' }), options);
    answers.push(await sent.then((answer) => answer.statusCode, (error) => error.statusCode));
  }
  say('web-push', answers);
}

async function nodeApn() {
  const { key, key_id: keyId, team_id: teamId, topic } = what.credentials.apns;
  const provider = new apn.Provider({
    address: hostname, port: Number(port), ca: [ca], token: { key: Buffer.from(key), keyId, teamId },
    connectionRetryLimit: 0,
  });
  const answers = [];
  for (const token of what.apns) {
    const note = new apn.Notification({ alert: { title: 'Tempête', body: 'Restez à l’abri.' }, sound: 'default' });
    Object.assign(note, { topic, collapseId: 'chain', pushType: 'alert', priority: 10 });
    note.expiry = Math.floor(Date.now() / 1000) + EXPIRES_S;
    const { sent, failed } = await provider.send(note, token);
    const [failure] = failed;
    answers.push(sent.length === 1 ? 'sent' : [failure.status, failure.response?.reason ?? String(failure.error)]);
  }
  await provider.shutdown();
  say('@parse/node-apn', answers);
}

/** The library asks Google's own address for its token, by no agent of ours; this asks the account's token_uri. */
function accessToken() {
  const account = what.credentials.fcm.account;
  const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const iat = Math.floor(Date.now() / 1000);
  const claims = {
    iss: account.client_email, aud: account.token_uri, iat, exp: iat + EXPIRES_S,
    scope: 'https://www.googleapis.com/auth/firebase.messaging',
  };
  const signed = `${part({ alg: 'RS256', typ: 'JWT' })}.${part(claims)}`;
  const signature = createSign('RSA-SHA256').update(signed).sign(account.private_key, 'base64url');
  const body = new URLSearchParams({
    grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion: `${signed}.${signature}`,
  });
  return new Promise((resolve, reject) => {
    const asked = request(account.token_uri, { method: 'POST', ca }, (answer) => {
      const parts = [];
      answer.on('data', (bytes) => parts.push(bytes)).on('end', () => resolve(JSON.parse(Buffer.concat(parts))));
    });
    asked.on('error', reject).end(body.toString());
  });
}

async function firebaseAdmin() {
  // Its host is a constant; its agent is not.
  const httpAgent = new Agent();
  httpAgent.createConnection = () => connect({ host: hostname, port: Number(port), servername: 'localhost', ca });
  const credential = { getAccessToken: accessToken };
  const app = initializeApp({ credential, httpAgent, projectId: what.credentials.fcm.account.project_id });
  const answers = [];
  for (const token of what.fcm) {
    const message = {
      token,
      notification: { title: 'Tempête', body: 'Restez à l’abri.' },
      data: { beffroi: '{}' },
      android: { priority: 'high', ttl: EXPIRES_S * 1000, directBootOk: true, notification: { channelId: 'life_safety', tag: 'chain' } },
    };
    answers.push(await getMessaging(app).send(message).then(() => 'sent', (error) => error.code));
  }
  say('firebase-admin', answers);
}

for (const client of [webpush, nodeApn, firebaseAdmin]) await client();
process.exit(0);
