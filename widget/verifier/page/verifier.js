// The page of the verifier: reads a receipt from a file, has it checked in WebAssembly, says what that proves.
// Everything is in this one document; its policy lets it fetch nothing.
import { initSync, receipt } from "avow-verifier";

const MOST = 1 << 20;
const by = (id) => document.getElementById(id);
const MODULE = "__AVOW_WASM__";

let ready;
try {
  initSync({ module: Uint8Array.from(atob(MODULE), (byte) => byte.charCodeAt(0)) });
  ready = true;
} catch {
  show("bad", "It could not be checked", "This browser does not run WebAssembly here. Use `avow verify receipt` instead.");
}

let text;
by("file").addEventListener("change", async ({ target }) => {
  const file = target.files[0];
  text = file && (file.size > MOST ? "" : await file.text());
  check();
});
by("keys").addEventListener("input", () => text !== undefined && check());

function check() {
  if (!ready || text === undefined) return;
  let given, record;
  try {
    given = JSON.parse(text);
    record = JSON.parse(given.record);
  } catch {
    return show("bad", "This is no receipt", "The file cannot be read as a receipt.");
  }
  const asked = by("keys").value.trim();
  const words = [given.record, given.salt, given.commitment, given.proof];
  if (given.schema !== 1 || !words.every((word) => typeof word === "string") || !Array.isArray(given.keys)) {
    return show("bad", "This is no receipt", "The file lacks what a receipt of schema 1 has.");
  }
  // What stands beside the record is for people; it must not say anything else than the record.
  const beside = [["id", record.id], ["site", record.site], ["event", record.event], ["server_time", record.time?.server]];
  const other = beside.find(([name, value]) => given[name] !== value);
  if (other) return show("bad", "It does not hold", `The file states another ${other[0]} than the record.`);
  // From base64url, as the file has it.
  words[1] = `${given.salt.replace(/-/g, "+").replace(/_/g, "/")}=`;
  const [word, ...lines] = receipt(...words, asked || given.keys.join("\n")).split("\n");
  if (word !== "ok") return show("bad", "It does not hold", `${lines[0]}.`);
  const [origin, , size, root, ...signed] = lines;
  const [, place] = given.proof.match(/^index (\d+)$/m);
  if (String(given.index) !== place) return show("bad", "It does not hold", "The file states another entry than the proof.");
  if (given.origin !== origin) return show("bad", "It does not hold", "The file states another log than the head.");
  const witnesses = signed.filter((line) => line.startsWith("witness "));
  const facts = [
    ["Site", record.site],
    ["Reference", given.reference],
    ["What happened", record.event],
    ["When", `${new Date(record.time.server).toISOString()} (the server's clock)`],
    ["Choices", record.decisions.map(({ purpose, granted }) => `${purpose}: ${granted ? "allowed" : "refused"}`).join(", ")],
    ["Policy", `version ${record.notice.version}, SHA-256 ${record.notice.policy_sha256}`],
    ["Log", `${origin}, entry ${given.index} of ${size}`],
    ["Root", root],
    ["Signed by", signed.map((line) => line.replace(/^witness (\d+) (.*)/, (_, time, name) =>
      `the witness ${name}, ${new Date(time * 1000).toISOString()}`).replace(/^log /, "the log ")).join("; ")],
  ];
  show("good", "It holds", "This record is an entry of the log, under a head that the key has signed.", facts);
  by("unproved").hidden = by("raw").hidden = false;
  by("own-key").hidden = !!asked;
  by("no-witness").hidden = witnesses.length > 0;
  by("record").textContent = JSON.stringify(record, null, 2);
}

function show(word, verdict, sentence, facts = []) {
  const result = by("result");
  result.className = word;
  result.hidden = false;
  by("unproved").hidden = by("raw").hidden = true;
  by("verdict").textContent = `${word === "good" ? "\u2713" : "\u2717"} ${verdict}`;
  by("sentence").textContent = sentence;
  by("facts").replaceChildren(...facts.flatMap(([name, value]) => {
    const [term, text] = [document.createElement("dt"), document.createElement("dd")];
    term.textContent = name;
    text.textContent = value;
    return [term, text];
  }));
}
