// "Your choices and receipts": a dialog with the receipts that this page and this device know, and what a visitor can
// do with each. A file of its own, fetched when a visitor asks for it.
//
// What belongs to a withdrawal is the engine's; this asks for it as a control of the preferences does.
// Read next: `history.js` (what is kept), `prove.js` (verifying), `erase.js`.

import { adopt, line, make, root } from "./elements.js";
import { erase, isGone, outcome } from "./erase.js";
import { forget, load, remember } from "./history.js";
import { prove } from "./prove.js";

// Made of `../css/receipts.css` when the widget is built.
const CSS = "__AVOW_RECEIPTS_CSS__";
const d = document;
let dressed, fresh, whole, config, guard, dialog, outcomes;

/** Opens it. The first are receipts of this page's own answers, by id; the second is the policy with its texts. */
export function show(...given) {
  [fresh, whole, config, guard] = given;
  if (!dressed) adopt(CSS);
  dressed = true;
  dialog?.remove();
  // One dialog at a time: the focus goes back to where the first was opened from.
  d.getElementById("avow-dialog")?.close();
  const { texts, look } = whole, receipts = known(), close = control("close", texts.close, () => dialog.close());
  outcomes = make("div", { role: "status", class: "avow-outcome" });
  dialog = root("dialog", "receipts-dialog", { "aria-labelledby": "avow-receipts-title" }, whole,
    `--avow-accent:${look.accent};--avow-ink-on:${look.ink};--avow-radius:${look.radius}px`,
    make("div", { class: "avow-sheet" },
      make("div", { class: "avow-top" },
        make("h2", { id: "avow-receipts-title", class: "avow-title" }, texts.receipts_title),
        close),
      make("div", { class: "avow-body" },
        line("text", texts.receipts_body),
        receipts.length ? make("ul", {}, receipts.map(entry)) : line("text", texts.receipts_none)),
      outcomes));
  dialog.addEventListener("close", ({ target }) => target.remove());
  dialog.addEventListener("click", (e) => e.target === dialog && dialog.close());
  d.body.append(dialog);
  dialog.showModal();
}

// After an answer its confirmation must be in view.
d.addEventListener("avow:decision", () => dialog?.close());

// Those of this page, that of the live grant, and those that are kept; newest first, each once.
function known() {
  const all = new Map(load().kept.map((receipt) => [receipt.id, receipt])), live = grant(), now = guard.decision();
  if (live && now) all.set(live.id, { ...live, at: now.decidedAt, choices: now.choices, ...all.get(live.id), live: true });
  for (const [id, receipt] of fresh) all.set(id, { ...receipt, ...all.get(id) });
  return [...all.values()].sort((one, other) => other.at - one.at);
}

// The record of a grant that lives, as `outbox.js` keeps it.
function grant() {
  try {
    const { id, secret } = JSON.parse(localStorage.getItem("avow_grant"));
    return { id, secret };
  } catch {
    // None, or storage is off.
  }
}

const control = (name, text, act) => {
  const node = make("button", { class: "avow-button avow-quiet", type: "button", "data-do": name }, text);
  node.addEventListener("click", act);
  return node;
};

function entry(receipt) {
  const { texts, lang, purposes } = whole, code = reference(receipt.id), at = new Date(receipt.at);
  const answers = Object.entries(receipt.choices).map(([id, on]) =>
    `${(purposes.find((purpose) => purpose.id === id) || { name: id }).name}: ${on ? texts.on : texts.off}`);
  const name = make("code", { class: "avow-code", dir: "ltr", id: "avow-code-" + code }, code);
  const isKept = () => load().kept.some(({ id }) => id === receipt.id);
  const keepText = () => isKept() ? texts.receipt_forget : texts.receipt_remember;
  // What is written down of it.
  const bare = () => ({ id: receipt.id, secret: receipt.secret, at: receipt.at, choices: receipt.choices });
  // Each says how it went; while it is under way it takes no second press.
  const action = (name, text, act) => control(name, text, async (event) => {
    const node = event.currentTarget;
    if (node.getAttribute("aria-busy")) return;
    node.setAttribute("aria-busy", "true");
    let said;
    try {
      said = await act(node, event);
    } catch {
      said = fault("receipt_failed");
    }
    node.removeAttribute("aria-busy");
    if (said) tell(code, said);
  });
  const item = make("li", {},
    make("div", { class: "avow-entry", role: "group", "aria-labelledby": name.id },
      make("div", { class: "avow-facts" },
        name, make("time", { datetime: at.toISOString() }, at.toLocaleString(lang, { dateStyle: "long", timeStyle: "short" }))),
      line("line", answers.join(" \u00b7 ")),
      make("div", { class: "avow-does" },
        action("download", texts.receipt_download, () => download(receipt, code)),
        action("verify", texts.receipt_verify, () => prove(receipt, config, whole)),
        action("keep", keepText(), (node) => {
          const was = isKept();
          if (was) forget(receipt.id);
          else remember(bare());
          node.textContent = keepText();
          return { said: [was ? "receipt_forgotten" : "receipt_remembered"] };
        }),
        receipt.live && control("withdraw", texts.withdraw, withdraw),
        action("erase", texts.receipt_erase, (node, event) => {
          // What cannot be undone takes two presses.
          if (node.textContent !== texts.receipt_erase_sure) {
            node.textContent = texts.receipt_erase_sure;
            return { sign: "", said: ["receipt_erase_sure"] };
          } else if (receipt.live) {
            remember({ ...bare(), erase: true });
            withdraw(event);
          } else return erased(receipt, item);
        }))));
  return item;
}

async function erased({ id, secret }, item) {
  const status = await erase({ id, secret }, config, whole);
  if (!isGone(status)) return fault(outcome(status));
  forget(id);
  fresh.delete(id);
  item.remove();
  dialog.querySelector("[data-do=close]").focus();
  return { said: [outcome(status)] };
}

// The engine's own control, which takes back everything that was allowed, and says so.
const withdraw = ({ detail }) => guard.engine.hear("click " + (detail ? "pointer" : "keyboard") + " avow-withdraw");

const fault = (key) => ({ fault: true, said: [key] });

function tell(code, { fault, said, sign = fault ? "\u2717 " : "\u2713 ", values = {} }) {
  const text = said.map((key) => whole.texts[key]).join(" ").replace(/\{(\w+)\}/g, (all, name) => values[name] ?? all);
  outcomes.replaceChildren(
    make("p", { class: fault ? "avow-note avow-fault" : "avow-note" },
      make("code", { class: "avow-code", dir: "ltr" }, code), " ", sign, text));
}

/** Has the browser save the receipt of a record under its reference code. */
async function download({ id, secret }, code) {
  const answer = await fetch(`${config.base}/v1/receipts/${id}?site=${whole.site}`, { headers: { "Avow-Secret": secret }, credentials: "omit" });
  if (!answer.ok) throw new Error(answer.status);
  const address = URL.createObjectURL(await answer.blob()), link = make("a", { href: address, download: `receipt-${code}.json` });
  link.click();
  // Not at once: a browser may still be reading it.
  setTimeout(() => URL.revokeObjectURL(address), 1e4);
  return { said: ["receipt_saved"] };
}

/** The code of a record, as `shared/src/reference.rs` defines it. */
function reference(id) {
  const hex = id.replace(/-/g, ""), bits = (BigInt("0x" + hex.slice(0, 12) + hex.slice(13, 16)) << 20n) | ((BigInt("0x" + hex.slice(16)) >> 42n) & 0xfffffn);
  let code = "";
  for (let at = 75n; at >= 0n; at -= 5n) code += (at < 75n && at % 20n === 15n ? "-" : "") + "0123456789ABCDEFGHJKMNPQRSTVWXYZ"[Number(bits >> at & 31n)];
  return code;
}
