// What a visitor asked this device to keep: receipts, and the head of the log that it saw last. One item of local
// storage, there only while a receipt is kept.
//
// Page scripts can write it too, so what is read is looked at. Read next: `receipts.js`, which shows it.

const KEY = "avow_receipts", MOST = 20;

const sound = ({ id, secret, at, choices }) =>
  /^[0-9a-f-]{36}$/.test(id) && /^[\w-]{22}$/.test(secret) && at > 0 && Object(choices) === choices;

/** The receipts, newest first, and the head; none where storage is off. */
export function load() {
  try {
    const { kept, head } = JSON.parse(localStorage.getItem(KEY));
    return { kept: kept.filter(sound).sort((one, other) => other.at - one.at), head };
  } catch {
    return { kept: [] };
  }
}

/** Keeps them, the newest if they are many. Where storage is off that is an error, for the visitor was promised it. */
export function save({ kept, head }) {
  if (kept.length) localStorage.setItem(KEY, JSON.stringify({ kept: kept.slice(0, MOST), head }));
  else localStorage.removeItem(KEY);
}

/** Adds a receipt, or puts it in the place of the one with its id. */
export function remember(receipt) {
  const { kept, head } = load();
  save({ kept: [receipt, ...kept.filter(({ id }) => id !== receipt.id)].sort((one, other) => other.at - one.at), head });
}

/** Forgets a receipt; with the last one goes the head. */
export function forget(gone) {
  const { kept, head } = load();
  save({ kept: kept.filter(({ id }) => id !== gone), head });
}
