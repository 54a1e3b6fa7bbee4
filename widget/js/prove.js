// Verifies a receipt now: asks the server for it afresh, checks it in WebAssembly with the code of `avow verify`, and
// holds the log to the head that this device saw last.
//
// Nothing here believes the server: what it does not prove is a fault, and what it does not answer is an error.
// Read next: `../verifier/src/lib.rs`.

import init, { continues, receipt as check } from "avow-verifier";
import { load, save } from "./history.js";

// The name of the module among the assets; put in when the widget is built.
const MODULE = "__AVOW_VERIFIER_WASM__";
let ready, seen;

/** The keys of the texts that say what was found, the first of a fault alone, and the values in them. */
export async function prove({ id, secret, choices }, { base }, { site }) {
  const get = (path, headers) => fetch(base + path, { headers, credentials: "omit", cache: "no-store" });
  ready = ready || init({ module_or_path: base + "/assets/" + MODULE });
  ready.catch(() => (ready = 0));
  const answer = await get(`/v1/receipts/${id}?site=${site}`, { "Avow-Secret": secret });
  // It was acknowledged, so a server that does not know it has erased or lost it.
  if (answer.status === 404) return fault("receipt_gone");
  const given = await body(answer), about = await body(await get(`/v1/sites/${site}/log`));
  await ready;
  const record = JSON.parse(given.record), answers = Object.entries(choices);
  const same = ([purpose, on]) => record.decisions.some((one) => one.purpose === purpose && one.granted === on);
  const whole = record.decisions.length === answers.length && answers.every(same);
  if (record.id !== id || record.site !== site || !whole) return fault("receipt_broken");
  // From base64url, as receipts have it.
  const salt = given.salt.replace(/-/g, "+").replace(/_/g, "/") + "=";
  const under = (keys) => check(given.record, salt, given.commitment, given.proof, keys.join("\n")).split("\n");
  if (under(about.keys)[0] !== "ok") return fault("receipt_broken");
  // What was just proved: the leaf, and the head that it is under.
  const [, index] = given.proof.match(/^index (\d+)$/m), text = given.proof.split("\n\n")[1] + "\n";
  const sizeOf = (text) => +text.split("\n")[1], size = sizeOf(text), head = load().head || seen;
  if (head) {
    // A key that this device has not seen, or fewer leaves: another log.
    const least = sizeOf(head.text);
    if (under(head.keys)[0] !== "ok" || size < least) return fault("receipt_fork");
    const proof = await get(`/v1/sites/${site}/log/consistency?old=${least}&new=${size}`);
    if (!proof.ok) return fault("receipt_unproved");
    if (!continues(head.text, text, (await proof.json()).proof.join("\n"))) return fault("receipt_fork");
  }
  seen = { text, keys: about.keys };
  const { kept } = load();
  // Where no receipt is kept, nothing else is.
  if (kept.length) save({ kept, head: seen });
  return { said: head ? ["receipt_holds", "receipt_grown"] : ["receipt_holds"], values: { n: +index + 1, size } };
}

const fault = (key) => ({ fault: true, said: [key] });

async function body(answer) {
  if (!answer.ok) throw new Error(answer.status);
  return answer.json();
}
