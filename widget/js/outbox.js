// The outbox: decisions that wait for the server, and the record that a live grant can be tied to.
//
// When a decision is sent again is decided in `../src/outbox.rs`.

import { bake, decode, ours } from "./cookie.js";
import { config, guard, leave, leaving, policy, silently, w } from "./given.js";
import { measured } from "./measure.js";

const memory = {};
let timer;

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

// The outbox: decisions that wait, oldest first. Two tabs may send the same one; the server answers a repeat
// as it did the first, so the lease of a few seconds only saves traffic.
const OUTBOX = "avow_outbox", GRANT = "avow_grant", DAY = 864e5;
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

/** Sends what is due, and sets the clock for what is not. */
export function flush() {
  if (leaving) return;
  const now = Date.now();
  // The server takes nothing older.
  const box = load().filter(({ at }) => at > now - 31 * DAY), due = [];
  for (const entry of box) {
    // A moment far ahead comes from a clock that was set back since.
    if (entry.due <= now || entry.due > now + DAY) {
      entry.due = now + 8e3;
      entry.tries++;
      due.push(entry);
    }
  }
  save(box);
  due.forEach(post);
  clearTimeout(timer);
  if (box.length) timer = setTimeout(flush, Math.min(...box.map((entry) => entry.due)) - now + 200);
}

async function post({ id, body }) {
  let status = 0, seal, retry;
  try {
    const answer = await fetch(config.base + "/v1/consents", {
      method: "POST",
      // It outlives the page, and carries no cookie.
      keepalive: true,
      credentials: "omit",
      headers: { "Content-Type": "application/json" },
      body,
    });
    retry = parseInt(answer.headers.get("Retry-After"), 10);
    // A success that was cut short is none.
    if (answer.ok) ({ seal } = await answer.json());
    status = answer.status;
  } catch {
    // No answer. If only because the visitor leaves, the page is gone before this is over, and the next one
    // sends again without the wait after a failure.
    await new Promise((done) => setTimeout(done, 1000));
  }
  if (!leaving) book(id, status, seal, retry || 0);
}

function book(id, status, seal, retry) {
  const box = load(), at = box.findIndex((entry) => entry.id === id);
  if (at < 0) return;
  const wait = guard.engine.wait(status, retry, box[at].tries);
  if (wait) box[at].due = Date.now() + wait;
  else {
    const [{ cookie }] = box.splice(at, 1);
    // The seal goes behind the value that it was made for, if that still is the value.
    if (status < 300) {
      if (/^[\w-]{22}$/.test(seal) && ours() === cookie + ".-") {
        bake(cookie + "." + seal);
      }
      // A grant that the server will never take has no record: nothing is left to tie a withdrawal to.
    } else if ((kept(GRANT) || {}).id === id) forget();
  }
  save(box);
  flush();
}

/**
 * From now on answers are for the next page, which asks for them again: a page that is gone can still change
 * local storage, but in Firefox no cookie any more, so the seal would be lost.
 */
export function handOver() {
  leave(true);
  save(load().map((entry) => ({ ...entry, due: 0 })));
}
