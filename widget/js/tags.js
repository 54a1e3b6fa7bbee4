// Tags that wait: which there are, and when they are looked at. What starts them is a file of its own, fetched on
// pages where something waits, or something of a visit must be kept or looked after.
//
// What may start is decided in `../src`. Read next: `late.js`.

import { config, d, guard, hear, policy } from "./given.js";

// Marked by the page, or held by the gate or by the guard.
const WAITING = "script[type='text/plain'][data-avow],[data-avow][data-src]:not(script),[data-avow-held]";
// Links that take an answer along are heard by the same file.
const WANTING = WAITING + ",[data-avow-handover]";

let late, soon, fetches = 0;

/** The purposes that tags which have not started may be of. Of one that was held that is not known. */
export function marked() {
  return [...d.querySelectorAll(WAITING)].map((tag) =>
    tag.hasAttribute("data-avow-held") ? policy.purposes.map(({ id }) => id).join(" ") : tag.dataset.avow).join(" ");
}

/** Starts waiting tags of these purposes, in order. */
export function revive(allowed) {
  if (d.querySelector(WANTING)) later((late) => late.revive(allowed));
}

/** Does something with the file of what comes later, once it is here; done in any case, with nothing if it failed. */
export function later(act) {
  // A browser may remember a module that failed, so a further try has another address.
  late = late || import(config.base + "/assets/" + config.assets.late + (fetches++ ? "?" + fetches : "")).then((code) => code.begin(config, policy, guard) || code);
  return late.then(act).catch(() => { late = 0; });
}

/** Looks at what is added to the page from now on. */
export function watch() {
  new MutationObserver(() => {
    // Once for many changes.
    soon = soon || setTimeout(() => {
      soon = 0;
      if (d.querySelector(WANTING)) hear("revive");
    }, 50);
  }).observe(d, { childList: true, subtree: true });
}
