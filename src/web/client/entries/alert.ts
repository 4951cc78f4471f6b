// `/alerts/{id}`: shows the map, shares. The server itself keeps receipts out of the address.

import { whenSeen } from "../lib/lazy";

const map = document.getElementById("map");
if (map) {
  const figure = map.closest("figure");
  if (figure) figure.hidden = false;
  whenSeen(map, () => {
    void draw(map).catch(() => {
      map.classList.remove("map");
      map.textContent = map.dataset["failed"] ?? "";
    });
  });
}

async function draw(target: HTMLElement): Promise<void> {
  const [{ makeMap, drawArea }, response] = await Promise.all([
    import("../lib/map"),
    fetch(target.dataset["shape"] ?? ""),
  ]);
  if (!response.ok) throw new Error(`the area cannot be read: ${response.status}`);
  const shape = (await response.json()) as GeoJSON.GeoJsonObject;
  const tiles = { url: target.dataset["tiles"] ?? "", attribution: target.dataset["attribution"] ?? "" };
  const drawn = await makeMap(target, tiles);
  drawn.setView([0, 0], 2);
  drawArea(drawn, shape);
}

const share = document.getElementById("share");
if (share && "share" in navigator) {
  share.hidden = false;
  share.addEventListener("click", () => {
    // The reader may close the sheet: that is an answer, not a fault.
    navigator.share({ title: document.title, url: location.origin + location.pathname }).catch(() => undefined);
  });
}
