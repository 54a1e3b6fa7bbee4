// Deletes what a purpose that may not run has stored: declared items, by exact name or by its start.
//
// Deleting a database, a cache or a service worker takes its time, and looking whether anything is left does too:
// that is `left.js`.

import { expire } from "./cookie.js";
import { config, d, silently, w } from "./given.js";

// The configuration writes an item as the letter of its kind and its name; with a capital, the start of its name.
const fits = (item, kind, name) =>
  item[0] === kind ? item.slice(1) === name : item[0].toLowerCase() === kind && item[0] !== kind && name.startsWith(item.slice(1));

/** Deletes the items of all purposes but these. Answers with those of which there was something or may be: what tells whether it is one, and what deletes it. */
export function clear(may) {
  const { items, purposes } = config;
  // What a purpose that may run uses too stays.
  const kept = items.concat(...may.map((id) => purposes[id]?.items || []));
  return Object.keys(purposes).filter((id) => !may.includes(id)).flatMap((id) => purposes[id].items).map((item) => {
    const kind = item[0].toLowerCase();
    const is = (name) => fits(item, kind, name) && !kept.some((one) => fits(one, kind, name));
    return { item, kind, is, drop: () => silently(() => drop(kind, is)) };
  }).filter(({ drop }) => drop());
}

// True if there was something, or if only `left.js` can know.
function drop(kind, is) {
  const each = (keys, act) => keys.filter(is).map(act).length > 0;
  // What can be deleted from here can be seen from here.
  if (kind === "c") return each(d.cookie.split(/; */).map((pair) => pair.split("=")[0]), expire);
  const storage = { l: "localStorage", s: "sessionStorage" }[kind];
  return !storage || each(Object.keys(w[storage]), (key) => w[storage].removeItem(key));
}
