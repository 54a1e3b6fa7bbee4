// Receipts: gets one from the server and gives it to the visitor as a file.
//
// Fetched when a visitor asks for one. Nothing is kept on the device. Read next: `offer.js`.

/** Has the browser save the receipt of a record under its reference code; an error if the server does not give it. */
export async function download({ id, secret }, code, { base }, { site }) {
  const answer = await fetch(`${base}/v1/receipts/${id}?site=${site}`, { headers: { "Avow-Secret": secret }, credentials: "omit" });
  if (!answer.ok) throw new Error(answer.status);
  const address = URL.createObjectURL(await answer.blob()), link = document.createElement("a");
  link.href = address;
  link.download = `receipt-${code}.json`;
  link.click();
  // Not at once: a browser may still be reading it.
  setTimeout(() => URL.revokeObjectURL(address), 1e4);
}
