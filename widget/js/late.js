// What comes later: sends answers, starts held tags, puts something in the place of embeds, keeps a visit through a
// reload, and looks whether what was deleted is gone. Fetched when one of these is needed, and while a visitor reads
// the banner; none waits for it.
//
// Nothing here decides. Read next: `deliver.js`, `replay.js`, `placeholder.js`, `form.js`, `left.js`.

import { deliver as send } from "./deliver.js";
import { ours } from "./cookie.js";
import { line } from "./elements.js";
import { listen as hearLinks, take as takeOver } from "./handover.js";
import { left } from "./left.js";
import { begin as listen } from "./offer.js";
import { cover, uncover } from "./placeholder.js";
import { putBack as show, replay, WAITING } from "./replay.js";
import { signal } from "./signals.js";
import { words } from "./words.js";

export { keep, putBack } from "./form.js";
export { middle } from "./middle.js";
export { own } from "./own.js";
export { plain } from "./plain.js";
export { signal } from "./signals.js";

// One page of so many tells that its snippet is old.
const SAMPLE = 1 / 16;
let config, policy, guard, may = [];
// Embeds that the visitor wants to see this once.
const wanted = new WeakSet();

/** Takes what the page's functions have. */
export function begin(...given) {
  [config, policy, guard] = given;
  listen(...given);
  hearLinks(config, policy, ours);
  if (guard.stale) stale(guard.config.version);
}

// The page's snippet is older than the policy: tells who looks at the page, and, now and then, the server, so that the
// owner hears of it.
function stale(version) {
  console.warn("Avow: the pasted snippet is of policy version " + version + ", the site's is " + config.version + ". Paste it again: until then it lets less through.");
  const { base, site } = config;
  if (Math.random() < SAMPLE) navigator.sendBeacon(base + "/v1/reports?site=" + site, JSON.stringify({ snippet: { version } }));
}

/** Takes an answer that came along from another domain of the site. */
export const take = (page) => takeOver(config, policy, page);

/** Sends what waits in the outbox. */
export const deliver = (box) => send(box, guard, policy, config);

/** Starts what these purposes allow, in order; what remains of embeds is covered. */
export async function revive(allowed) {
  may = allowed.split(" ").filter(Boolean);
  for (const tag of document.querySelectorAll(WAITING)) {
    if (ready(tag)) uncover(tag);
    else if (tag.localName === "iframe") cover(tag, { config, policy, guard, purposes: purposes(tag), once: () => once(tag), inPlace: !guard.hosts });
  }
  await replay(ready);
  // Tags that have just started ask for it.
  if (guard.states) signal(guard.states);
}

// May this tag start now?
function ready(tag) {
  if (wanted.has(tag)) return true;
  const marks = (tag.dataset.avow || "").split(" ").filter(Boolean);
  if (tag.hasAttribute("data-avow") && !marks.length) return false;
  return marks.every((mark) => may.includes(mark)) && !addresses(tag).some(leaves);
}

const leaves = (address) => !!guard.leaves && guard.leaves(address);

/** Looks whether deleted items are gone, and tells visitor and page which are not. */
export async function look(items) {
  const there = await left(items);
  if (!there.length) return;
  const kinds = { c: "cookie", l: "local", s: "session", i: "indexeddb", k: "cache" };
  document.dispatchEvent(new CustomEvent("avow:left", { detail: there.map(({ kind, item }) => ({ kind: kinds[kind], name: item.slice(1) })) }));
  const { texts } = await words(config, policy), names = there.map(({ kind, item }) => item.slice(1) + (item[0] === kind ? "" : "*"));
  document.getElementById("avow-status")?.append(line("note", texts.left.replace("{items}", names.join(", "))));
}

// Where a held tag leads.
function addresses(tag) {
  return (tag.getAttribute("data-avow-held") || "").split(" ").flatMap((name) => {
    // A script that has lost its type alone still has its address.
    const value = tag.getAttribute(name === "type" ? "src" : "data-avow-" + name) || "";
    // The markup of a frame names its own.
    if (name === "srcdoc") return value.match(/(https?:)?\/\/[^\s"'<>]+/g) || [];
    return /^(srcset|ping|attributionsrc)$/.test(name) ? value.split(/[\s,]+/).filter((part) => /[/.]/.test(part)) : [value].filter(Boolean);
  });
}

// The purposes that an embed waits for: those it is marked with, or those whose hosts it needs.
function purposes(tag) {
  const marks = (tag.dataset.avow || "").split(" ").filter(Boolean);
  const hosts = addresses(tag).map((address) => hostOf(address));
  return Object.keys(config.purposes).filter((id) => marks.includes(id) ||
    config.purposes[id].hosts.some((source) => hosts.some((host) => matches(source, host))));
}

function hostOf(address) {
  try {
    return new URL(address, document.baseURI).hostname;
  } catch {
    return "";
  }
}

function matches(source, host) {
  const name = source.replace(/^\w+:\/\//, "").replace(/:[\d*]+$/, "");
  return name.startsWith("*.") ? host.endsWith(name.slice(1)) : host === name;
}

// The visitor asks for one embed, here and now; no other page and no record knows of it.
function once(tag) {
  if (guard.once) guard.once(tag);
  wanted.add(tag);
  uncover(tag);
  show(tag);
}
