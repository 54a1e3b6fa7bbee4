// Deletes what a purpose that may not run has stored: declared items, by exact name or by its start.
//
// Whether it is gone is looked at later, in `left.js`.

import { expire } from "./cookie.js";
import { d, policy, silently, w } from "./given.js";

/** Deletes the items of all purposes but these; answers with those of which there was something. */
export function clear(may) {
  const items = (run) =>
    policy.purposes.filter(({ id }) => may.includes(id) === run).flatMap(({ items }) => items);
  const same = (a) => (b) => a.kind === b.kind && a.name === b.name;
  // What a purpose that may run uses too stays.
  const needed = items(true);
  return items(false).filter((item) => !needed.some(same(item)) && silently(() => drop(item)));
}

/** Deletes an item; true if there was something, or if that takes its time to know. */
export function drop({ kind, name, prefix }) {
  const fits = (key) => (prefix ? key.startsWith(name) : key === name);
  const each = (keys, act) => keys.filter(fits).map(act).length > 0;
  if (kind === "cookie") {
    // What can be deleted from here can be seen from here.
    return each(d.cookie.split(/; */).map((pair) => pair.split("=")[0]), expire);
  }
  if (kind === "local" || kind === "session") {
    const storage = w[kind + "Storage"];
    return each(Object.keys(storage), (key) => storage.removeItem(key));
  }
  if (kind === "indexeddb") {
    indexedDB.databases().then((all) => each(all.map(({ name }) => name), (key) => indexedDB.deleteDatabase(key)));
    return true;
  }
  if (kind === "cache") {
    caches.keys().then((all) => each(all, (key) => caches.delete(key)));
    // A service worker goes by the path of its script.
    navigator.serviceWorker.getRegistrations().then((all) => all.forEach((one) => {
      const { scriptURL } = one.active || one.waiting || one.installing;
      if (fits(new URL(scriptURL).pathname)) one.unregister();
    }));
    return true;
  }
}
