// Has the server erase a record on its visitor's word.
//
// A grant that is in force is withdrawn first: what the visitor then wants erased waits among the kept receipts until
// the withdrawal has arrived, which may be on the next page.

import { forget, load } from "./history.js";

/** The status that the server answers with: 200 erased, 404 erased before, 409 not while it is held or in force. */
export async function erase({ id, secret }, { base }, { site }) {
  const answer = await fetch(`${base}/v1/consents/${id}?site=${site}`, { method: "DELETE", headers: { "Avow-Secret": secret }, credentials: "omit" });
  return answer.status;
}

/** Erases what waits for that, and forgets it here too; the keys of the texts that say how it went. */
export async function eraseWaiting(config, policy, fresh) {
  const said = new Set();
  for (const receipt of load().kept.filter((receipt) => receipt.erase)) {
    const status = await erase(receipt, config, policy).catch(() => 0);
    said.add(outcome(status));
    if (isGone(status)) {
      forget(receipt.id);
      fresh.delete(receipt.id);
    }
  }
  return [...said];
}

export const isGone = (status) => status === 200 || status === 404;

/** The key of the text for that status. */
export const outcome = (status) => status === 200 ? "receipt_erased" : status === 404 ? "receipt_gone" : status === 409 ? "receipt_held" : "receipt_not_erased";
