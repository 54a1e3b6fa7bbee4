// Offers the receipt of an answer that the server has just taken, on the confirmation.
//
// The record's id and secret stay in this page's memory, which goes with the page. What makes a receipt of them is a
// file of its own, fetched when the visitor asks. Read next: `receipts.js`.

import { dress } from "./dress.js";
import { make } from "./elements.js";
import { words } from "./words.js";

// The name of `receipts.js` among the assets; put in when the widget is built.
const RECEIPTS = "__AVOW_RECEIPTS_JS__";
const byId = (id) => document.getElementById(id);
let failures = 0;

/** Puts the offer beside the reference code while that is in view; `record` has the id and the secret. */
export async function offer(record, config, policy) {
  const toast = byId("avow-toast"), code = byId("avow-reference");
  if (!toast?.contains(code)) return;
  const { texts } = await words(config, policy);
  // Texts of an older policy do not have it; another answer may have come meanwhile.
  if (!texts.receipt || !code.isConnected) return;
  dress();
  // After "close" in the order of the keyboard: who is there already need not go back. The style sheet has it on the
  // line of the code.
  const node = make("button", { id: "avow-receipt", class: "avow-offer", type: "button" }, texts.receipt);
  node.addEventListener("click", async () => {
    node.setAttribute("aria-busy", "true");
    byId("avow-receipt-failed")?.remove();
    try {
      // A browser may remember a module that failed, so a further try has another address.
      const again = failures ? "?" + failures : "";
      const { download } = await import(config.base + "/assets/" + RECEIPTS + again);
      await download(record, code.textContent, config, policy);
    } catch {
      failures++;
      // The offer stays, to be tried again; the status that this stands in has the sentence read out.
      toast.append(make("p", { id: "avow-receipt-failed", class: "avow-line" }, texts.receipt_failed));
    }
    node.removeAttribute("aria-busy");
  });
  toast.append(node);
}
