// Sends the decisions that wait in the outbox, until the server has them or will never take them.
//
// When a decision is sent again is decided in `../src/outbox.rs`. Read next: `outbox.js`, which writes them down.

import { offer, settle } from "./offer.js";

const DAY = 864e5;
let timer;

/** Sends what is due, and sets the clock for what is not; `box` are the outbox's own functions. */
export function deliver(box, page, policy, config) {
  if (box.going()) return true;
  const now = Date.now();
  // The server takes nothing older.
  const entries = box.load().filter(({ at }) => at > now - 31 * DAY), due = [];
  for (const entry of entries) {
    // A moment far ahead comes from a clock that was set back since.
    if (entry.due <= now || entry.due > now + DAY) {
      // Two tabs may send the same one; the server answers a repeat as it did the first, so this lease of a few
      // seconds only saves traffic.
      entry.due = now + 8e3;
      entry.tries++;
      due.push(entry);
    }
  }
  box.save(entries);
  const newest = entries[entries.length - 1];
  for (const entry of due) post(entry, entry === newest, box, page, policy, config);
  clearTimeout(timer);
  if (entries.length) timer = setTimeout(box.flush, Math.min(...entries.map((entry) => entry.due)) - now + 200);
  return true;
}

async function post({ id, secret, body }, newest, box, page, policy, config) {
  let status = 0, seal, record, retry;
  try {
    const answer = await fetch(config.base + "/v1/consents", {
      method: "POST",
      // It outlives the page.
      keepalive: true,
      // With cookies only to the gate, which sees them anyway: it sets ours by HTTP if the browser holds this very
      // decision. An older one must not come back so.
      credentials: page.config.form === "gate" && newest ? "same-origin" : "omit",
      headers: { "Content-Type": "application/json" },
      body,
    });
    retry = parseInt(answer.headers.get("Retry-After"), 10);
    // A success that was cut short is none.
    if (answer.ok) ({ seal, record } = await answer.json());
    status = answer.status;
  } catch {
    // No answer. If only because the visitor leaves, the page is gone before this is over, and the next one
    // sends again without the wait after a failure.
    await new Promise((done) => setTimeout(done, 1000));
  }
  if (box.going()) return;
  const last = book(id, status, seal, retry || 0, box, page, policy);
  // Where refusals are not kept there is no record, and no receipt of it.
  if (last && record) {
    const { decided_at: at, choices } = JSON.parse(body);
    offer({ id, secret, at, choices }).catch(() => 0);
  }
  if (last) settle().catch(() => 0);
}

// True if the server has it and nothing was decided since.
function book(id, status, seal, retry, box, page, policy) {
  const entries = box.load(), at = entries.findIndex((entry) => entry.id === id);
  if (at < 0) return;
  const wait = page.engine.wait(status, retry, entries[at].tries);
  let sealed, last = false;
  if (wait) entries[at].due = Date.now() + wait;
  else {
    const [{ cookie }] = entries.splice(at, 1), later = entries[entries.length - 1];
    if (status < 300) {
      if (later) {
        // Decided anew while this one was under way: if its answer has set the cookie back, that is not the last word.
        // A cookie that the visitor has deleted stays deleted.
        if (box.ours() === cookie + "." + seal) box.bake(later.cookie + ".-");
      } else if (/^[\w-]{22}$/.test(seal)) {
        // The seal goes behind the value that it was made for, if that still is the value.
        const full = cookie + "." + seal, now = box.ours();
        sealed = now === full || (now === cookie + ".-" && box.bake(full));
      }
      last = !later;
      // A grant that the server will never take has no record: nothing is left to tie a withdrawal to.
    } else if ((box.live() || {}).id === id) box.forget();
  }
  box.save(entries);
  // The gate believes what is sealed: a page that it served with less may have more now.
  if (sealed && page.config.form === "gate" && policy.purposes.some(({ id, category }) =>
    category !== "necessary" && page.grants[id] && !page.config.granted.includes(id))) {
    page.renew();
  } else box.flush();
  return last;
}
