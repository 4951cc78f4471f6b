// What this device keeps of its subscription. IndexedDB, because the service worker must read it too.

import type { Preferences } from "./api";

/** The subscription as its owner knows it. */
export interface Kept {
  id: string;
  /** The bearer token for everything about it. */
  secret: string;
  /** The push endpoint it was made with: tells when the browser has made another. */
  endpoint: string;
  preferences: Preferences;
}

const DATABASE = "beffroi";
const STORE = "subscription";
const KEY = "mine";

function open(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(DATABASE, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

async function run<T>(mode: IDBTransactionMode, act: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  const database = await open();
  try {
    return await new Promise<T>((resolve, reject) => {
      const transaction = database.transaction(STORE, mode);
      const request = act(transaction.objectStore(STORE));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onerror = () => reject(transaction.error);
      transaction.onabort = () => reject(transaction.error);
    });
  } finally {
    database.close();
  }
}

export function recall(): Promise<Kept | undefined> {
  return run("readonly", (store) => store.get(KEY) as IDBRequest<Kept | undefined>);
}

export async function remember(kept: Kept): Promise<void> {
  await run("readwrite", (store) => store.put(kept, KEY));
}

export async function forget(): Promise<void> {
  await run("readwrite", (store) => store.delete(KEY));
}
