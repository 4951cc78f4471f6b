// Tells the server what became of a push: /api/v1/receipts.

import type { Receipt } from "./notice";

/**
 * Tells it once. The request outlives the worker; one that does not arrive is a number a little too small, and nothing
 * that a person must be bothered with.
 */
export async function tell(receipt: Receipt | null, event: "displayed" | "opened"): Promise<void> {
  if (!receipt) return;
  const request: RequestInit = {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ receipts: [{ ...receipt, event }] }),
    credentials: "omit",
    cache: "no-store",
    keepalive: true,
  };
  await fetch("/api/v1/receipts", request).catch(() => undefined);
}
