// The engine's hands: everything on the page that it reads, draws, keeps, sends or starts.
//
// Nothing here decides: what is granted, what may run, whether to ask or to load anew is answered in
// `../src`, and only words cross over. Here, because a call from WebAssembly costs the visitor about four
// times the bytes of the same line in JavaScript.
//
// Read next: `../src/page.rs` (the same functions as the engine sees them).

import { bake, decode, ours } from "./cookie.js";
import { config, d, give, guard, hear, leave, list, policy, silently, w } from "./given.js";
import { clear } from "./items.js";
import { measure } from "./measure.js";
import { flush, handOver } from "./outbox.js";
import { later, revive, watch } from "./tags.js";
import { ask, confirm, furnish, hush } from "./view.js";

export { bake, ours } from "./cookie.js";
export { measure } from "./measure.js";
export { flush, forget, live, send } from "./outbox.js";
export { marked, revive } from "./tags.js";
export { ask, close, confirm, dismiss, furnish, hush, prefer } from "./view.js";

let tabs, stored;

/** Takes the compiled policy, `window.__avow` and the configuration, and listens. */
export function open(...given) {
  give(...given);
  // The page's own calls, which `boot.js` passes on.
  guard.decision = () => decode(stored);
  guard.renew = renew;
  guard.call = (name) => hear("call", name, means(w.event));
  d.addEventListener("click", click, true);
  // Does not bubble: seen on the way down.
  d.addEventListener("close", (e) => e.target.id === "avow-dialog" && hear("close"), true);
  d.addEventListener("DOMContentLoaded", () => hear("revive"));
  d.addEventListener("visibilitychange", () => d.hidden || hear("follow"));
  w.addEventListener("pagehide", handOver);
  w.addEventListener("pageshow", () => {
    leave(false);
    hear("follow");
  });
  w.addEventListener("online", flush);
  silently(() => {
    tabs = new BroadcastChannel("avow");
    // The word of an answer can be here before its cookie is: looked at twice.
    tabs.onmessage = () => [0, 500].forEach((ms) => setTimeout(hear, ms, "follow"));
  });
  watch();
  silently(lengthen);
  if (/^#avow=/.test(location.hash)) later((late) => late.take({ bake, follow: () => hear("follow") }));
  if (guard.stale) later(() => 1);
  // That word can be lost with the page that sent it; what it stored cannot.
  w.addEventListener("storage", (e) => /^avow_/.test(e.key) && hear("follow"));
}

// Where nobody is asked again a no must not end because its cookie does. One that was set by HTTP lives longest, so it
// is let alone until it is old.
function lengthen() {
  const { regime } = policy, value = ours(), { decidedAt, expiresAt } = decode(value) || {};
  const old = Date.now() > decidedAt + (expiresAt - decidedAt) * .75;
  if ((regime.exemptions || regime.behaviour !== "consent_first") && /:0/.test(value) && (old || guard.config.form !== "gate")) bake(value);
}

/** Where the engine cannot run: the first layer over a form that the server takes. */
export function plain(...given) {
  // Until its controls are heard they do nothing; what waits to be sent waits for long.
  given[1].engine = { hear() {}, wait: () => 36e5 };
  open(...given);
  later((late) => {
    guard.engine.hear = late.plain(config, policy, { ask, furnish, confirm, said, hush, measure, held: () => silently(() => decode(ours())) });
  });
}

/** By what means an event was made; a program's own is `script`. */
function means(event) {
  if (!event || !event.isTrusted || !/^(click|key|pointerup|mouseup|touchend|submit)/.test(event.type)) return "script";
  if (event.pointerType === "touch" || event.type === "touchend") return "touch";
  // A click that a key made has no count.
  return /^key/.test(event.type) || (!event.pointerType && !event.detail) ? "keyboard" : "pointer";
}

function click(event) {
  // A link or button of the page's own: opens, or takes back; what visitors have written into a page must not grant.
  const own = event.target.closest?.("[data-avow-do]");
  if (/^(open|withdraw|rejectAll)$/.test(own?.dataset.avowDo)) {
    event.preventDefault();
    hear("call", own.dataset.avowDo, means(event));
  }
  const ours = event.target.closest && event.target.closest("[id^=avow-]");
  // The dialog itself is hit only beside its frame.
  if (ours && (ours.id !== "avow-dialog" || ours === event.target)) hear("click", ours.id, means(event));
}

/** What the engine must know: fields by line ends, the regime first, then six for each purpose. */
export function read() {
  const { regime } = policy, kept = w.navigator.cookieEnabled;
  return [
    policy.schema, policy.site, policy.version, regime.id,
    // A no that cannot be kept must not be taken for none.
    kept ? regime.behaviour : "consent_first", kept && regime.exemptions, regime.grant_days, regime.refusal_days,
    w.navigator.globalPrivacyControl === true,
    ...policy.purposes.flatMap(({ id, category, basis, since, asked }) => [id, category, basis, since, asked, config.purposes[id]?.hosts]),
  ].join("\n");
}

/** The page's state: whether a policy is in force, its hosts, the origins that it blocked. */
export function enforced() {
  return guard.hosts ? guard.hosts + "\n" + guard.origins : "";
}

/** The text that confirms an answer which had the page loaded anew, or nothing. Puts back what was kept of the visit. */
export function said() {
  if (silently(() => sessionStorage.getItem("avow_form"))) later((late) => late.putBack());
  return silently(() => {
    const said = sessionStorage.getItem("avow_said");
    sessionStorage.removeItem("avow_said");
    return said;
  }) || "";
}

/** The purposes whose switches are on. */
export function switches() {
  return Array.from(d.querySelectorAll("#avow-dialog input:checked"), (input) => input.id.slice(7)).join(" ");
}

/**
 * Makes the page fit what is allowed (purposes): answers `avow.allows`, clears the items of all others, starts
 * marked tags if the page `stays`. `states` are consent-mode words, `key:word`, empty if there is nothing to tell, as is
 * `decision` if there is none.
 */
export function settle(allowed, states, decision, stays) {
  stored = decision;
  const may = list(allowed);
  for (const { id } of policy.purposes) guard.grants[id] = may.includes(id) ? 1 : 0;
  if (states) {
    guard.gtag("consent", "update", guard.states = Object.fromEntries(list(states).map((state) => state.split(":"))));
    if (w.uetq || w.clarity || w.fbq) later((late) => late.signal(guard.states));
    // For tag managers, which hear of events and not of consent.
    silently(() => w.dataLayer.push({ event: "avow_decision", avow: decision ? decode(decision).choices : {} }));
  }
  const gone = clear(may);
  // On a page that goes the next one looks.
  if (gone.length && stays) {
    later((late) => late.look(gone));
  }
  if (stays) revive(allowed);
}

/** Loads the page anew, where `said` names the text that confirms. */
export function reload(said) {
  silently(() => said && sessionStorage.setItem("avow_said", said));
  // The gate believes what the server has sealed. A page that may do more waits for that; one that must do less goes.
  const { form, granted } = guard.config;
  if (form !== "gate" || !ours().endsWith(".-") || granted.some((id) => !guard.grants[id])) guard.renew();
}

function renew() {
  handOver();
  // A refusal never comes here; with what it kept or without, the page goes.
  later((late) => late.keep()).then(() => {
    location.reload();
    // The page may have asked the visitor, who stays: then it hears them again.
    setTimeout(leave, 5e3, false);
  });
}

/** Tells the page of the decision that it was told last, and other tabs if it was made here. */
export function emit(here) {
  silently(() => here && tabs.postMessage(1));
  if (stored) d.dispatchEvent(new CustomEvent("avow:decision", { detail: decode(stored) }));
}
