// The page of the verifier: reads a receipt or a bundle from a file, has it checked in WebAssembly, says what that
// proves. Everything is in this one document; its policy lets it fetch nothing.
import { bundle, initSync, receipt } from "avow-checker";

// A bundle is copied into the module's memory, which has an end.
const MOST_OF_A_RECEIPT = 1 << 20, MOST_OF_A_BUNDLE = 512 << 20;
const by = (id) => document.getElementById(id);
const MODULE = "__AVOW_WASM__";
const SIGNS = { good: "\u2713", unsure: "?", bad: "\u2717" };

let ready;
try {
  initSync({ module: Uint8Array.from(atob(MODULE), (byte) => byte.charCodeAt(0)) });
  ready = true;
} catch {
  show("bad", "It could not be checked", "This browser does not run WebAssembly here. Use `avow verify` instead.");
}

let file;
by("file").addEventListener("change", async ({ target }) => {
  [file] = target.files;
  await check();
});
by("keys").addEventListener("input", check);

async function check() {
  if (!ready || !file) return;
  const isBundle = (await file.slice(0, 2).text()) === "PK";
  if (file.size > (isBundle ? MOST_OF_A_BUNDLE : MOST_OF_A_RECEIPT)) {
    return show("bad", "It could not be checked", "The file is too long for a browser. Use `avow verify` instead.");
  }
  const chosen = file, keys = by("keys").value;
  const content = isBundle ? new Uint8Array(await file.arrayBuffer()) : await file.text();
  if (chosen !== file || keys !== by("keys").value) return;
  let report;
  try {
    report = JSON.parse(isBundle ? bundle(content, keys) : receipt(content, keys));
  } catch {
    return show("bad", "It could not be checked", "This browser has not enough memory for it. Use `avow verify` instead.");
  }
  if (report.verified !== true) {
    const { step, found } = report.fault;
    return show("bad", "It does not hold", `${step}: ${found}.`);
  }
  const { origin, size, root } = report.head;
  const said = report.checked.map(({ step, found }) => [step, found]);
  const facts = isBundle ? [["Log", `${origin}, ${size} entries`], ["Root", root], ...said] : ofReceipt(JSON.parse(content), report);
  const what = isBundle ? "What is in it leads to a head of the log" : "This record is an entry of the log, under a head";
  // A forger has a key, too, and puts it beside what it signs.
  if (report.key_is_given) show("good", "It holds", `${what} that the key has signed.`, facts, report.not_checked);
  else show("unsure", "It agrees with itself", `${what}. Who signed that is not known: paste the log's public key above.`, facts, report.not_checked);
  by("raw").hidden = isBundle;
  if (!isBundle) by("record").textContent = JSON.stringify(JSON.parse(JSON.parse(content).record), null, 2);
}

/** What a receipt says; all of it was held to its record. */
function ofReceipt(given, { head, checked }) {
  const record = JSON.parse(given.record);
  return [
    ["Site", record.site],
    ["Reference", given.reference],
    ["What happened", record.event],
    ["When", `${new Date(record.time.server).toISOString()} (the server's clock)`],
    ["Choices", record.decisions.map(({ purpose, granted }) => `${purpose}: ${granted ? "allowed" : "refused"}`).join(", ")],
    ["Policy", `version ${record.notice.version}, SHA-256 ${record.notice.policy_sha256}`],
    ["Log", `${head.origin}, entry ${given.index} of ${head.size}`],
    ["Root", head.root],
    ...checked.filter(({ step }) => step === "head").map(({ found }) => ["Head", found]),
  ];
}

function show(word, verdict, sentence, facts = [], open = []) {
  const result = by("result");
  result.className = word;
  result.hidden = false;
  by("raw").hidden = true;
  by("unproved").hidden = !open.length;
  by("verdict").textContent = `${SIGNS[word]} ${verdict}`;
  by("sentence").textContent = sentence;
  by("facts").replaceChildren(...facts.flatMap(([name, value]) => [make("dt", name), make("dd", value)]));
  by("open").replaceChildren(...[...open, "who sat at the screen: no names are kept"].map((text) => make("li", text)));
}

function make(tag, text) {
  const node = document.createElement(tag);
  node.textContent = text;
  return node;
}
