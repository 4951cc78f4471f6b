import assert from "node:assert/strict";
import { test } from "node:test";
import type { Area } from "../lib/api";
import { Areas } from "../lib/areas";

/** As much of an element as the list of areas touches. */
class Element {
  value = "";
  hidden = true;
  id = "";
  textContent: string | null = "";
  dataset: Record<string, string> = {};
  children: Element[] = [];
  private readonly heard = new Map<string, (event: unknown) => void>();

  addEventListener(name: string, hear: (event: unknown) => void): void {
    this.heard.set(name, hear);
  }
  say(name: string, event: unknown = {}): void {
    this.heard.get(name)?.(event);
  }
  setAttribute(): void {}
  removeAttribute(): void {}
  scrollIntoView(): void {}
  append(): void {}
  appendChild(child: Element): Element {
    return child;
  }
  replaceChildren(...children: Element[]): void {
    this.children = children;
  }
}

const lille: Area = { scheme: "X", code: "1", name: "Lille" } as Area;
const lyon: Area = { scheme: "X", code: "2", name: "Lyon" } as Area;
/** Long enough for everything that waits to go on. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

function page() {
  const parts: Record<string, Element> = {};
  const part = (id: string) => (parts[id] ??= new Element());
  const asked: { text: string; answer: (areas: Area[]) => void }[] = [];
  Object.assign(globalThis, {
    document: {
      body: part("body"),
      getElementById: part,
      querySelector: () => null,
      createElement: () => new Element(),
      get activeElement() {
        return part("area");
      },
    },
    fetch: (address: string) =>
      new Promise((resolve) =>
        asked.push({
          text: new URL(address, "https://alerts.example").searchParams.get("q") ?? "",
          answer: (areas) => resolve(new Response(JSON.stringify({ areas }), { headers: { "content-type": "application/json" } })),
        }),
      ),
  });
  const picked: string[] = [];
  new Areas((area) => picked.push(area.name));
  const type = (text: string) => {
    part("area").value = text;
    part("area").say("input");
  };
  const press = (key: string) => part("area").say("keydown", { key, preventDefault: () => {} });
  return { type, press, asked, picked, list: part("area-list") };
}

test("Enter takes the first of what was found for what stands there, and never of an older text", async () => {
  const { type, press, asked, picked, list } = page();
  type("lil");
  asked[0]?.answer([lille]);
  await settled();
  assert.equal(list.hidden, false);
  type("lyo");
  press("Enter");
  assert.deepEqual(picked, [], "the list is still that of the older text");
  asked[1]?.answer([lyon]);
  await settled();
  press("Enter");
  assert.deepEqual(picked, ["Lyon"]);
});

test("an answer that comes after an area was picked opens nothing", async () => {
  const { type, press, asked, picked, list } = page();
  type("lil");
  asked[0]?.answer([lille]);
  await settled();
  type("lyo");
  press("ArrowDown");
  press("Enter");
  assert.deepEqual(picked, ["Lille"], "chosen by the arrow, whatever stands there");
  asked[1]?.answer([lyon]);
  await settled();
  assert.deepEqual([list.hidden, list.children.length], [true, 0]);
});
