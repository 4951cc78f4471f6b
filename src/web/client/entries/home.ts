// `/`: "near me" asks the browser, snaps, and asks the server only for the cell.

import { cellOf } from "../lib/cell";
import { element, position, type NearTrouble } from "../lib/page";

const near = element("near");
const button = element<HTMLButtonElement>("near-me");
const status = element("near-status");

near.hidden = false;
button.addEventListener("click", async () => {
  button.disabled = true;
  status.textContent = status.dataset["waiting"] ?? "";
  try {
    const { lat, lon } = await position();
    const cell = cellOf(lat, lon, 180);
    if (!cell) throw "failed" satisfies NearTrouble;
    location.assign(`/?at=${cell.lat},${cell.lon}`);
  } catch (trouble) {
    status.textContent = status.dataset[trouble === "denied" ? "denied" : "failed"] ?? "";
  } finally {
    button.disabled = false;
  }
});
