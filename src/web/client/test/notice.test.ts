import assert from "node:assert/strict";
import { test } from "node:test";
import { inOrder, type Notice, readNotice, type Shown, receiptOf, sameOrigin } from "../lib/notice";

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
  assert.deepEqual(options.data, {
    navigate: `${ORIGIN}/alerts/abc?r=receipt`, receipt: null, planned: 0, ends: false,
  });
  assert.equal(badge, 2);
});

test("the gravest tier stays until it is seen, also when it is told anew without a ring; its end does not", () => {
  const stays = (beffroi: unknown, silent = false) => {
    const { options } = readNotice(payload({ title: "T", tag: "c", silent }, beffroi), ORIGIN, "en");
    return [options.requireInteraction, options.renotify, options.silent];
  };
  assert.deepEqual(stays({ tier: "P0" }), [true, true, false]);
  assert.deepEqual(stays({ tier: "P0" }, true), [true, false, true]);
  assert.deepEqual(stays({ tier: "P0", ends: true }, true), [false, false, true]);
  assert.deepEqual(stays({ tier: "P0", ends: true }), [false, true, false]);
  assert.deepEqual(stays({ tier: "P1" }), [false, true, false]);
});

test("what comes late brings its ring and never its words, and no ring when it is over", () => {
  const notice = (title: string, planned: number, silent = false, ends = false) =>
    readNotice(payload({ title, tag: "c", lang: "en", silent }, { tier: "P0", planned, ends }), ORIGIN, "en");
  // As a browser gives back what it shows.
  const shown = ({ title, options }: Notice): Shown => {
    const { body = "", lang = "", dir = "auto", requireInteraction = false, data } = options;
    return { title, body, lang, dir, requireInteraction, data: structuredClone(data) as unknown };
  };
  const seen = ({ title, options }: Notice) => [title, options.silent, options.renotify, options.requireInteraction];
  const [ring, update, over] = [notice("ring", 5), notice("update", 7, true), notice("over", 9, true, true)];
  assert.deepEqual(seen(inOrder(update, [shown(ring)])), ["update", true, false, true]);
  assert.deepEqual(seen(inOrder(ring, [shown(update)])), ["update", false, true, true]);
  assert.deepEqual(seen(inOrder(ring, [shown(update), shown(over)])), ["over", true, false, false]);
  assert.deepEqual(seen(inOrder(update, [shown(over)])), ["over", true, false, false]);
  assert.deepEqual(inOrder(update, []), update);
  // It comes twice.
  assert.deepEqual(inOrder(ring, [shown(ring)]), ring);
  for (const data of [null, undefined, "x", { planned: "9" }, { planned: Infinity }]) {
    assert.deepEqual(inOrder(ring, [{ ...shown(update), data }]), ring, String(data));
  }
  // A click opens what is shown.
  assert.deepEqual(inOrder(ring, [shown(update)]).options.data, update.options.data);
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
