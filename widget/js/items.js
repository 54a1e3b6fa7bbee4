// Deletes what a purpose that may not run has stored: declared items, by exact name or by its start.

import { expire } from "./cookie.js";
import { d, policy, silently, w } from "./given.js";

/** Deletes the items of all purposes but these. */
export function clear(may) {
  const items = (run) =>
    policy.purposes.filter(({ id }) => may.includes(id) === run).flatMap(({ items }) => items);
  const same = (a) => (b) => a.kind === b.kind && a.name === b.name;
  // What a purpose that may run uses too stays.
  const needed = items(true);
  for (const item of items(false)) {
    if (!needed.some(same(item))) silently(() => drop(item));
  }
}

function drop({ kind, name, prefix }) {
  const fits = (key) => (prefix ? key.startsWith(name) : key === name);
  if (kind === "cookie") {
    // What can be deleted from here can be seen from here.
    d.cookie.split(/; */).map((pair) => pair.split("=")[0]).filter(fits).forEach(expire);
  } else if (kind === "local" || kind === "session") {
    const storage = w[kind + "Storage"];
    Object.keys(storage).filter(fits).forEach((key) => storage.removeItem(key));
  } else if (kind === "indexeddb") {
    indexedDB.databases().then((all) => all.forEach(({ name }) => fits(name) && indexedDB.deleteDatabase(name)));
  } else if (kind === "cache") {
    caches.keys().then((all) => all.filter(fits).forEach((key) => caches.delete(key)));
  }
}
