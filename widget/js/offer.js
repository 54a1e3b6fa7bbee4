// Offers the receipt of an answer that the server has just taken, on the confirmation, and opens the dialog of receipts.
//
// A record's id and secret stay in this page's memory, which goes with the page. The dialog is a file of its own,
// fetched when the visitor asks for it. Read next: `receipts.js`.

import { dress } from "./dress.js";
import { line, make } from "./elements.js";
import { eraseWaiting } from "./erase.js";
import { words } from "./words.js";

// The name of `receipts.js` among the assets; put in when the widget is built.
const RECEIPTS = "__AVOW_RECEIPTS_JS__";
const d = document, byId = (id) => d.getElementById(id);
// What this page's own answers became, by their ids.
const fresh = new Map();
let config, policy, guard, fetches = 0;

/** Takes what the page's functions have, and hears the controls that open the dialog. */
export function begin(...given) {
  [config, policy, guard] = given;
  d.addEventListener("click", ({ target }) => {
    const control = target.closest?.("#avow-receipt,#avow-receipts");
    if (control) open(control);
  });
}

/** Puts the offer beside the reference code while that is in view; `receipt` is of the answer given last. */
export async function offer(receipt) {
  const code = byId("avow-reference"), toast = byId("avow-toast");
  fresh.set(receipt.id, receipt);
  if (!toast?.contains(code)) return;
  const { texts } = await words(config, policy);
  // Texts of an older policy do not have it; another answer may have come meanwhile.
  if (!texts.receipts_title || !code.isConnected) return;
  dress();
  // After "close" in the order of the keyboard: who is there already need not go back. The style sheet has it on the
  // line of the code.
  toast.append(make("button", { id: "avow-receipt", class: "avow-offer", type: "button" }, texts.receipt));
}

async function open(control) {
  control.setAttribute("aria-busy", "true");
  // A browser may remember a module that failed, so a further try has another address.
  const again = fetches ? "?" + fetches : "";
  byId("avow-said-later")?.remove();
  try {
    const [receipts, whole] = await Promise.all([import(config.base + "/assets/" + RECEIPTS + again), words(config, policy)]);
    receipts.show(fresh, whole, config, guard);
  } catch {
    fetches++;
    tell(["receipt_failed"], control.closest(".avow-main")).catch(() => 0);
  }
  control.removeAttribute("aria-busy");
}

/** After a withdrawal has arrived: erases what waits for that, and says how it went. */
export const settle = async () => tell(await eraseWaiting(config, policy, fresh));

// Says it where the confirmation is, which is read out; or in the dialog that is open, beside which all else is mute.
async function tell(keys, inside) {
  if (!keys.length) return;
  const { texts } = await words(config, policy);
  byId("avow-said-later")?.remove();
  const node = line("note", keys.map((key) => texts[key]).join(" "));
  node.id = "avow-said-later";
  if (inside) node.setAttribute("role", "alert");
  (inside || byId("avow-status"))?.append(node);
}
