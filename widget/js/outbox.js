// The outbox: decisions that wait for the server, and the record that a live grant can be tied to.
//
// Here is what must not wait: an answer is written down in the task in which it was given. What sends it is
// `deliver.js`.

import { bake, decode, ours } from "./cookie.js";
import { config, guard, leave, leaving, policy, silently, w } from "./given.js";
import { measured } from "./measure.js";
import { later } from "./tags.js";

const memory = {};

// Reads local storage. Where there is none, the page's memory does while the page lives.
function kept(key) {
  return silently(() => JSON.parse(localStorage.getItem(key))) || memory[key];
}

function keep(key, value) {
  delete memory[key];
  try {
    if (value) localStorage.setItem(key, JSON.stringify(value));
    else localStorage.removeItem(key);
  } catch {
    memory[key] = value;
  }
}

// Decisions that wait, oldest first.
const OUTBOX = "avow_outbox", GRANT = "avow_grant";
const load = () => [].concat(kept(OUTBOX) || []);
const save = (box) => keep(OUTBOX, box.length && box);

/** The record that the visitor can name now: the one that waits, or the live grant's; empty if there is none. */
export function live() {
  return (load().pop() || kept(GRANT) || { id: "" }).id;
}

/** Forgets the record of a grant that no longer lives. */
export function forget() {
  keep(GRANT);
}

/**
 * Puts a decision on its way to the server. An id and its secret stay on the device until the server has
 * acknowledged, and for a grant while it lives, so that its withdrawal can be tied to it.
 */
export function send(value, surface, control, input) {
  // A UUIDv7 (RFC 9562 section 5.7) and 16 bytes in base64url.
  const bytes = crypto.getRandomValues(new Uint8Array(26));
  const hex = Date.now().toString(16).padStart(12, 0) + Array.from(bytes.slice(16), (byte) => byte.toString(16).padStart(2, 0)).join("");
  const id = hex.replace(/^(.{8})(.{4}).(.{3}).(.{3})(.*)$/, "$1-$2-7$3-a$4-$5");
  const secret = btoa(String.fromCharCode(...bytes.slice(0, 16))).replace(/\+/g, "-").replace(/\//g, "_").slice(0, 22);
  const { choices, decidedAt } = decode(value), cookie = value.slice(0, -2), { navigator, innerWidth } = w;
  const box = load(), former = box[box.length - 1] || kept(GRANT), link = { chain: former ? former.chain + 1 : 0, id, secret };
  const body = JSON.stringify({
    ...link,
    choices,
    control,
    decided_at: decidedAt,
    input,
    locale: policy.lang,
    policy: { sha256: config.hash, version: policy.version },
    previous: former ? { id: former.id, secret: former.secret } : null,
    regime: policy.regime.id,
    signals: { dnt: navigator.doNotTrack === "1", gpc: navigator.globalPrivacyControl === true },
    site: policy.site,
    surface,
    ui: {
      // The guard that really ran, which a pasted snippet may have frozen.
      form: guard.config.form,
      guard: guard.config.assets.guard,
      reject: measured,
      theme: policy.look.theme,
      viewport: innerWidth < 600 ? "narrow" : innerWidth < 1024 ? "medium" : "wide",
      // The 16 hexadecimal digits in `avow-<16 hex>.wasm`.
      widget: config.assets.wasm.slice(5, 21),
    },
  });
  box.push({ ...link, cookie, body, at: decidedAt, tries: 0, due: 0 });
  save(box.slice(-20));
  keep(GRANT, Object.values(choices).includes(true) && link);
  // A task of its own: the visitor sees the answer first. What is kept is sent, if not here then by the next page.
  setTimeout(flush);
}

/**
 * Sends what waits, with code that is fetched for it: an answer is kept before, and if the code does not come it is
 * tried again, if not here then by the next page.
 */
export function flush() {
  if (!leaving && load().length) {
    later((late) => late.deliver({ load, save, bake, ours, flush, forget, live: () => kept(GRANT), going: () => leaving }))
      .then((done) => done || setTimeout(flush, 8e3));
  }
}

/**
 * From now on answers are for the next page, which asks for them again: a page that is gone can still change
 * local storage, but in Firefox no cookie any more, so the seal would be lost.
 */
export function handOver() {
  leave(true);
  save(load().map((entry) => ({ ...entry, due: 0 })));
}
