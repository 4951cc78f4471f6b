import assert from "node:assert/strict";
import { test } from "node:test";
import { readNotice, receiptOf, sameOrigin } from "../lib/notice";

const ORIGIN = "https://alerts.example";
const payload = (notification: unknown, beffroi: unknown = { tier: "P1" }) =>
  JSON.stringify({ web_push: 8030, notification, beffroi });

test("the declarative payload is shown as it says", () => {
  const { title, options, badge } = readNotice(
    payload({
      title: "Grave : orage", body: "Restez à l’abri", lang: "fr", dir: "ltr", silent: false, tag: "chain",
      navigate: `${ORIGIN}/alerts/abc?r=receipt`, app_badge: "2",
    }),
    ORIGIN,
    "en",
  );
  assert.equal(title, "Grave : orage");
  assert.equal(options.body, "Restez à l’abri");
  assert.equal(options.lang, "fr");
  assert.equal(options.dir, "ltr");
  assert.equal(options.tag, "chain");
  assert.equal(options.renotify, true);
  assert.equal(options.requireInteraction, false);
  assert.deepEqual(options.data, { navigate: `${ORIGIN}/alerts/abc?r=receipt`, receipt: null });
  assert.equal(badge, 2);
});

test("the gravest tier stays until it is seen; what is silent neither stays nor rings again", () => {
  const gravest = readNotice(payload({ title: "T", tag: "c" }, { tier: "P0" }), ORIGIN, "en").options;
  assert.equal(gravest.requireInteraction, true);
  const quiet = readNotice(payload({ title: "T", tag: "c", silent: true }, { tier: "P0" }), ORIGIN, "en").options;
  assert.deepEqual([quiet.requireInteraction, quiet.renotify, quiet.silent], [false, false, true]);
});

test("without a tag nothing asks to ring again, which browsers refuse", () => {
  assert.equal("renotify" in readNotice(payload({ title: "T" }), ORIGIN, "en").options, false);
});

test("the receipt is what the payload carries, and a click finds it again", () => {
  const notice = readNotice(payload({ title: "T" }, { tier: "P1", alert: "abc", receipt: "token" }), ORIGIN, "en");
  assert.deepEqual(notice.receipt, { alert: "abc", token: "token" });
  const { receipt } = notice.options.data as { receipt: unknown };
  // As a browser keeps the data of a notification.
  assert.deepEqual(receiptOf(structuredClone(receipt)), notice.receipt);
  for (const other of [null, 7, {}, { alert: "abc" }, { receipt: "token" }, { alert: 7, receipt: "token" }]) {
    assert.equal(receiptOf(other), null, JSON.stringify(other));
  }
});

test("whatever comes, a notice appears, in the browser's language", () => {
  for (const text of [null, "", "{", "[]", "null", "42", '"x"', "{}", payload(null), payload([]), payload({ title: 7 }),
    payload({ title: "  " }), payload("x", "y")]) {
    assert.equal(readNotice(text, ORIGIN, "fr-BE").title, "Un message d’alerte est arrivé", String(text));
    assert.equal(readNotice(text, ORIGIN, "de").title, "An alert message has come", String(text));
  }
});

test("a push leads nowhere but to us", () => {
  for (const address of ["https://evil.example/", "javascript:alert(1)", "//evil.example", "data:text/html,x",
    "http://alerts.example/", "https://alerts.example:444/", 7, null, undefined, {}, "https://alerts.example@evil.example/"]) {
    assert.equal(sameOrigin(address, ORIGIN), `${ORIGIN}/`, String(address));
  }
  assert.equal(sameOrigin("/alerts/a", ORIGIN), `${ORIGIN}/alerts/a`);
});
