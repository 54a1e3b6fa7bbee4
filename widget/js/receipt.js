// Offers the receipt of an answer that the server has just taken, on the confirmation.
//
// The receipt goes into a file of the visitor's: nothing more is kept on the device, and the page forgets the
// record's secret when it goes.

import { button, line } from "./elements.js";
import { words } from "./words.js";

const byId = (id) => document.getElementById(id);

/** Puts the offer under the reference code, while that is in view; `id` and `secret` are the record's. */
export async function offer({ id, secret }, config, policy) {
  const { texts } = await words(config, policy), code = byId("avow-reference");
  // Texts of an older policy do not have it.
  if (!texts.receipt || !byId("avow-toast")?.contains(code)) return;
  byId("avow-receipt")?.remove();
  const node = button("receipt", texts.receipt, " avow-quiet");
  node.addEventListener("click", async () => {
    node.setAttribute("aria-busy", "true");
    const done = await download(id, secret, code.textContent, config, policy).catch(() => 0);
    node.setAttribute("aria-busy", "false");
    if (!done) node.replaceWith(line("line", texts.receipt_failed));
  });
  code.closest("p").after(node);
}

async function download(id, secret, code, { base }, { site }) {
  const answer = await fetch(`${base}/v1/receipts/${id}?site=${site}`, { headers: { "Avow-Secret": secret }, credentials: "omit" });
  if (!answer.ok) return;
  const address = URL.createObjectURL(await answer.blob()), link = document.createElement("a");
  link.href = address;
  link.download = `receipt-${code}.json`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 1e4);
  return true;
}
