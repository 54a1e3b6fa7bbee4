// What visitors see first: the banner, the corner with the reopen control, the confirmation. The second layer,
// with all that a purpose and its items need, is a file of its own and is fetched once the first one stands.
//
// All of it is in the light DOM under fixed ids, so that programs that refuse for a visitor find the controls.
// Accept, reject and choose have one class and one size.
//
// Read next: `preferences.js` (the second layer).

import { adopt, button, line, link, make, root } from "./elements.js";
import { byId, config, d, guard, policy, w } from "./given.js";
import { later } from "./tags.js";

// Made of `../css/banner.css` when the widget is built.
const CSS = "__AVOW_BANNER_CSS__";

// The second layer on its way or here; whether the visitor waits for it; how often it was fetched.
let look, second, show, wanted, asking, fetches = 0;

/** Adds the style sheet, the reopen control and the place for confirmations. */
export function furnish() {
  const { look: { accent, ink, radius }, texts } = policy, rights = optOut(), gpc = rights && w.navigator.globalPrivacyControl;
  look = `--avow-accent:${accent};--avow-ink-on:${ink};--avow-radius:${radius}px`;
  adopt(CSS + (policy.look.css || ""));
  d.body.append(
    root("div", "corner", {}, policy, look,
      make("div", { id: "avow-status", role: "status" }),
      gpc && line("note", texts.gpc_honored),
      // Where nothing is optional there is nothing to choose.
      policy.purposes.some(({ category }) => category !== "necessary") && make("button", { id: "avow-reopen", class: "avow-reopen", type: "button" }, rights ? texts.rights_link : texts.reopen)));
}

// Where nobody is asked: visitors have a right to opt out.
const optOut = () => policy.regime.behaviour === "rights_first";

// What is said where some things are on without consent and others wait for it; a policy without such purposes has no
// words for it.
function exempt() {
  const { regime, texts } = policy;
  return (regime.exemptions || regime.behaviour.includes("+")) && texts.exempt_note;
}

// What is new since the answer that the visitor gave.
const news = () => (policy.changes || []).filter(([version]) => version > guard.decision()?.version).map(([, text]) => make("li", {}, text));

/** Shows the first layer, at the start of the body so that it comes first for keyboards and readers. */
export function ask(why, gpc) {
  const { texts, links } = policy;
  if (byId("avow-banner")) return;
  if (policy.look.own) {
    asking = true;
    hide(true);
    // It may be answered before it is here.
    later((late) => asking && !byId("avow-banner") && late.own(policy).ask(why, gpc, why ? news() : [], exempt()) || 1).then((drawn) => drawn || hide(false));
    return;
  }
  const parts = [
    make("div", { class: "avow-words" },
      make("h2", { id: "avow-title", class: "avow-title" }, texts.banner_title),
      line("text", why === "notice" ? texts.notice_body : texts.banner_body, " ", link(texts.cookies_link, links.cookies)),
      exempt() && line("note", exempt()),
      why === "changed" && [line("note", texts.changed_note), make("ul", {}, news())],
      gpc && line("note", texts.gpc_note)),
    make("div", { class: "avow-actions" },
      button("accept", texts.accept),
      button("reject", texts.reject),
      button("choose", texts.choose)),
  ];
  hide(asking = true);
  // It may be answered, or asked again, before the file with the dialog is here.
  if (policy.look.modal) later((late) => stands() || late.middle({ parts, policy, look, stand, dismiss })).then((drawn) => drawn || stands() || card(parts));
  else card(parts);
}

const stands = () => !asking || byId("avow-banner");
const card = (parts) => stand(root("section", "banner", { role: "region", "aria-labelledby": "avow-title" }, policy, look, parts));

function stand(banner) {
  d.body.prepend(banner);
  // Told of its height when the browser has laid it out, and not by asking, which would lay out the page at once.
  new ResizeObserver(reserve).observe(banner);
  // Behind the first layer, so that the second opens at once if it is asked for.
  w.requestIdleCallback ? requestIdleCallback(fetchSecond) : setTimeout(fetchSecond, 500);
}

/** Takes both layers away; true if the focus was in the first. The browser gives it back when the second closes. */
export function dismiss() {
  asking = false;
  close();
  hide(false);
  return remove("avow-banner");
}

function hide(hidden) {
  // A page may have thrown away what is ours.
  const node = byId("avow-reopen");
  if (node) node.hidden = hidden;
}

/** Room under the page for the banner: what gets the focus stays in view (WCAG 2.2, 2.4.11), nothing moves. */
function reserve() {
  const banner = byId("avow-banner"), { style } = d.documentElement;
  // One in the flow of the page covers nothing, and under a dialog nothing gets the focus.
  style.paddingBottom = style.scrollPaddingBottom = banner && !banner.open && getComputedStyle(banner).position === "fixed" ? banner.offsetHeight + 24 + "px" : "";
}

// True if the focus was in it.
function remove(id) {
  const node = byId(id), focused = !!node && node.contains(d.activeElement);
  if (node) {
    if (node.open) node.close();
    node.remove();
    reserve();
  }
  return focused;
}

/** Fetches code and texts of the second layer, once, and what sends the answer. If that fails, the next wish for it tries again. */
function fetchSecond() {
  if (second) return;
  later(() => 1);
  // A browser may remember a module that failed, so a further try has another address.
  const again = fetches++ ? "?" + fetches : "", { base, site, hash, assets } = config;
  second = Promise.all([
    import(base + "/assets/" + assets.preferences + again),
    fetch(base + "/site/" + site + "/" + hash + "/" + policy.lang + ".json").then((answer) => answer.ok ? answer.json() : Promise.reject()),
  ]).then(([code, full]) => {
    code.style();
    show = (...given) => code.draw(full, look, exempt(), optOut(), guard.grants, ...given);
    if (wanted) prefer(...wanted);
  }, () => {
    second = 0;
    wait(0);
  });
}

// While the visitor waits, the control that they used says so.
function wait(wish) {
  wanted = wish;
  for (const id of ["avow-choose", "avow-reopen"]) byId(id)?.setAttribute("aria-busy", !!wish);
}

/**
 * Opens the preferences, now or when they are here. If they are open, brings the way to refuse into view: without
 * it a grant does not count. `grants`: something is granted.
 */
export function prefer(...given) {
  wait(show ? 0 : given);
  if (byId("avow-dialog")?.open) byId("avow-dialog-reject").focus();
  else if (show) {
    // One that was closed just now may not have heard of it yet.
    remove("avow-dialog");
    show(...given).showModal();
  } else fetchSecond();
}

/** Closes the preferences, or waits for them no longer. */
export function close() {
  wait(0);
  remove("avow-dialog");
}

/** Says what was decided, with the reference code, until the visitor puts it away. */
export function confirm(said, code, focus) {
  const { texts } = policy, hide = button("hide", texts.close, " avow-quiet");
  remove("avow-toast");
  if (policy.look.own) return later((late) => late.own(policy).confirm(said, code, focus));
  byId("avow-status")?.append(
    make("div", { id: "avow-toast", class: "avow-toast" },
      make("div", {},
        line("said", texts[said]),
        code && line("line", texts.reference_label, " ", make("code", { id: "avow-reference", class: "avow-code", dir: "ltr" }, code))),
      hide));
  // The browser lays out the page for it: in a task of its own, so that what was allowed starts before.
  if (focus) setTimeout(() => hide.focus());
}

/** Puts the confirmation away. */
export function hush() {
  if (remove("avow-toast")) byId("avow-reopen")?.focus();
}
