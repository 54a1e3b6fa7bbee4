// The engine's hands: everything on the page that it reads, draws, keeps, sends or starts.
//
// Nothing here decides: what is granted, what may run, whether to ask or to load anew is answered in
// `../src`, and only words cross over. Here, because a call from WebAssembly costs the visitor about four
// times the bytes of the same line in JavaScript.
//
// Read next: `../src/page.rs` (the same functions as the engine sees them).

const w = window, d = document, memory = {};
let config, policy, root, guard, tabs, timer, waiting, leaving;

const silently = (act) => {
  try {
    return act();
  } catch {
    // Storage off, an interface missing: the page works, and nothing was granted by it.
  }
};
const byId = (id) => d.getElementById(id);
const list = (words) => words.split(" ").filter(Boolean);

/** Takes the compiled policy, `window.__avow` and the configuration, and listens. */
export function open(compiled, page, settings) {
  policy = compiled;
  guard = page;
  config = settings;
  for (const purpose of policy.purposes) {
    purpose.optional = purpose.category !== "necessary";
    for (const service of purpose.services) {
      for (const item of service.items) {
        item.star = item.prefix ? "*" : "";
        // Technical names are the same in every language.
        item.technical = { local: "localStorage", session: "sessionStorage" }[item.kind] || item.kind;
      }
    }
  }
  // The page's own calls, which `boot.js` passes on.
  guard.decision = () => decode(guard.engine.decision());
  guard.call = (name) => hear("call", name, means(w.event));
  d.addEventListener("click", click, true);
  // Does not bubble: seen on the way down.
  d.addEventListener("close", (e) => e.target.id === "avow-dialog" && hear("close"), true);
  d.addEventListener("DOMContentLoaded", () => hear("revive"));
  d.addEventListener("visibilitychange", () => d.hidden || hear("follow"));
  w.addEventListener("pagehide", leave);
  w.addEventListener("pageshow", () => {
    leaving = false;
    hear("follow");
  });
  w.addEventListener("online", flush);
  silently(() => {
    tabs = new BroadcastChannel("avow");
    // The word of an answer can be here before its cookie is: looked at twice.
    tabs.onmessage = () => [0, 500].forEach((ms) => setTimeout(hear, ms, "follow"));
  });
  // That word can be lost with the page that sent it; what it stored cannot.
  w.addEventListener("storage", (e) => /^avow_/.test(e.key) && hear("follow"));
}

/** Adds the style sheet; `look` are the declarations of the look, for every root of ours. */
export function style(css, look) {
  root = look;
  try {
    // As a sheet and not as an element: a page's own strict policy lets it through.
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
    d.adoptedStyleSheets = [...d.adoptedStyleSheets, sheet];
  } catch {
    const element = d.createElement("style");
    element.id = "avow-style";
    element.textContent = css;
    d.head.append(element);
  }
}

function hear(event, id = "", input = "script") {
  // A page on its way out takes nothing more.
  if (!leaving) guard.engine.hear(event, id, input);
}

/** By what means an event was made; a program's own is `script`. */
function means(event) {
  if (!event || !event.isTrusted || !/^(click|key|pointerup|mouseup|touchend|submit)/.test(event.type)) return "script";
  if (event.pointerType === "touch" || event.type === "touchend") return "touch";
  // A click that a key made has no count.
  return /^key/.test(event.type) || (!event.pointerType && !event.detail) ? "keyboard" : "pointer";
}

function click(event) {
  const ours = event.target.closest && event.target.closest("[id^=avow-]");
  // The dialog itself is hit only beside its frame.
  if (ours && (ours.id !== "avow-dialog" || ours === event.target)) hear("click", ours.id, means(event));
}

/** What the engine must know: fields by line ends, the regime first, then six for each purpose. */
export function read() {
  const { regime } = policy, { look } = policy;
  return [
    policy.schema, policy.site, policy.version, regime.id, regime.behaviour, regime.exemptions, regime.grant_days, regime.refusal_days,
    w.navigator.globalPrivacyControl === true, look.accent, look.radius,
    ...policy.purposes.flatMap(({ id, category, basis, since, hosts }) => [id, category, basis, since, hosts]),
  ].join("\n");
}

/** The page's state: whether a policy is in force, its hosts, the origins that it blocked. */
export function enforced() {
  return guard.hosts ? guard.hosts + "\n" + guard.origins : "";
}

/** The text that confirms an answer which had the page loaded anew, or nothing. */
export function said() {
  return silently(() => {
    const said = sessionStorage.getItem("avow_said");
    sessionStorage.removeItem("avow_said");
    return said;
  }) || "";
}

/** The reject button in view: width, height, 1 if visible, its ink and its ground as 0xRRGGBB; or nothing. */
export function measure() {
  const button = byId("avow-dialog-reject") || byId("avow-reject");
  if (!button) return [];
  const rect = button.getBoundingClientRect();
  const hit = d.elementFromPoint(rect.left + rect.width / 2, rect.top + rect.height / 2);
  const color = (text) => {
    const parts = /^rgba?\((\d+), (\d+), (\d+)(, 1)?\)$/.exec(text);
    return parts ? (parts[1] << 16) | (parts[2] << 8) | +parts[3] : -1;
  };
  const style = getComputedStyle(button);
  let visible = button.contains(hit) && style.visibility === "visible", ground = -1;
  for (let at = button; at; at = at.parentElement) {
    const style = getComputedStyle(at);
    visible = visible && style.opacity === "1";
    if (ground < 0) ground = color(style.backgroundColor);
  }
  return [rect.width, rect.height, visible ? 1 : 0, color(style.color), ground < 0 ? 0xffffff : ground];
}

/**
 * Draws a template into the element of that id; `^` is the start of the body, nothing its end.
 *
 * One line makes one element: a digit for its depth, the tag, then, each after a space: `#id`, `.class`,
 * `=key` a text of the policy, `:value` a text with `{key}`s of the data, `@name=value` an attribute, the
 * same, `^key` the address to link to, `$key` checked if the data says so, `*key` once for each of the
 * data's list, `?key` and `!key` only with or without it. `flags` are such keys, `code` is the data's `code`.
 */
export function draw(into, template, flags, code) {
  const data = { ...policy.links, ...policy, code };
  for (const flag of list(flags)) data[flag] = 1;
  const holder = d.createElement("div");
  build(holder, template.split("\n").map((row) => row.split(" ")), data);
  const parent = byId(into) || d.body;
  if (into === "^") parent.prepend(...holder.childNodes);
  else parent.append(...holder.childNodes);
  reserve();
}

function build(parent, rows, data) {
  const has = (key) => data[key] && data[key].length !== 0;
  for (let at = 0, end; at < rows.length; at = end) {
    const [head, ...tokens] = rows[at];
    for (end = at + 1; end < rows.length && rows[end][0][0] > head[0]; ) end++;
    const key = (mark) => (tokens.find((token) => token[0] === mark) || "").slice(1);
    if ((key("?") && !has(key("?"))) || (key("!") && has(key("!")))) continue;
    for (const item of key("*") ? data[key("*")] : [data]) {
      element(parent, head, tokens, rows.slice(at + 1, end), item);
    }
  }
}

function element(parent, head, tokens, inner, data) {
  const node = d.createElement(head.slice(1));
  const fill = (text) => text.replace(/{(\w+)}/g, (_, key) => [].concat(data[key] || "").join(", "));
  for (const token of tokens) {
    const rest = token.slice(1), [name, value] = rest.split("=");
    switch (token[0]) {
      case "#":
        node.id = rest;
        break;
      case ".":
        node.classList.add(rest);
        // A root of ours has language, direction and look; through the object model, since a strict policy
        // forbids the attribute.
        if (rest === "avow") {
          const { look } = policy;
          node.lang = policy.lang;
          node.dir = policy.dir;
          if (look.scheme !== "auto") node.classList.add("avow-" + look.scheme);
          node.style.cssText = root;
        }
        break;
      case "=":
        node.textContent = policy.texts[rest] || "";
        break;
      case ":":
        node.textContent = fill(rest);
        break;
      case "@":
        node.setAttribute(name, fill(value));
        break;
      case "$":
        node.checked = guard.grants[data.id] === 1;
        break;
      case "^":
        // Only addresses of the web: a policy is data, and data must not become a program.
        if (!/^(\/|https?:)/.test(data[rest] || "")) return;
        node.href = data[rest];
    }
  }
  // Words beside words.
  if (parent.localName === "p") parent.append(" ");
  parent.append(node);
  build(node, inner, data);
}

/** Room under the page for the banner: what gets the focus stays in view (WCAG 2.2, 2.4.11), nothing moves. */
function reserve() {
  const banner = byId("avow-banner"), { style } = d.documentElement;
  style.paddingBottom = style.scrollPaddingBottom = banner ? banner.offsetHeight + 24 + "px" : "";
}

/** Takes an element off the page; true if the focus was in it. */
export function remove(id) {
  const node = byId(id), focused = !!node && node.contains(d.activeElement);
  if (node) {
    if (node.open) node.close();
    node.remove();
    reserve();
  }
  return focused;
}

/** Is there such an element? */
export function has(id) {
  return !!byId(id);
}

/** Opens a dialog above everything. */
export function modal(id) {
  byId(id).showModal();
}

/** Gives an element the focus. */
export function focus(id) {
  const node = byId(id);
  if (node) node.focus();
}

/** Hides an element or shows it again. */
export function hide(id, hidden) {
  const node = byId(id);
  if (node) node.hidden = hidden;
}

/** The purposes whose switches are on. */
export function switches() {
  return Array.from(d.querySelectorAll("#avow-dialog input:checked"), (input) => input.id.slice(7)).join(" ");
}

/** What pages are told of a decision. */
function decode(value) {
  const [, version, decided, expires, choices] = value.split("."), ms = (seconds) => parseInt(seconds, 36) * 1000;
  return value ? {
    version: +version,
    decidedAt: ms(decided),
    expiresAt: ms(expires),
    choices: Object.fromEntries(
      choices.split("~").filter((choice) => choice && choice[0] !== "_").map((choice) => [choice.split(":")[0], choice.endsWith("1")]),
    ),
  } : null;
}

/** The value of our cookie; empty if there is none, or two that differ. */
export function ours() {
  const found = new Set(d.cookie.split(/; */).filter((pair) => pair.startsWith("avow=")));
  return found.size === 1 ? [...found][0].slice(5) : "";
}

// Every domain and path that a cookie which this page sees may have been set for.
function expire(name) {
  const domains = [""], paths = ["/"];
  // A single label is no domain of cookies.
  for (let domain = location.hostname; domain.includes("."); domain = domain.replace(/^[^.]*./, "")) {
    domains.push(";domain=" + domain);
  }
  location.pathname.replace(/[^/]+(?=(\/?))/g, (part, slash, at, whole) => {
    const path = whole.slice(0, at) + part;
    paths.push(path, ...(slash ? [path + slash] : []));
  });
  for (const domain of domains) {
    for (const path of paths) d.cookie = name + "=;max-age=0;path=" + path + domain;
  }
}

/** Sets our cookie for so many seconds; true if it can be read back. */
export function bake(value, seconds) {
  const table = policy.cookie_domain;
  let domain = location.hostname, found = table[domain];
  // Declared for the host itself, or for a `*.` above it.
  while (found === undefined && domain.indexOf(".") >= 0) {
    domain = domain.replace(/^[^.]*\./, "");
    found = table["*." + domain];
  }
  // A domain that the browser refuses leaves this host alone.
  return [found || "", ""].some((domain) => {
    // Two cookies of ours with different values would be no decision.
    expire("avow");
    d.cookie = "avow=" + value + ";path=/;samesite=lax;max-age=" + Math.floor(seconds) +
      (location.protocol === "https:" ? ";secure" : "") + (domain ? ";domain=" + domain : "");
    return ours() === value;
  });
}

/**
 * Makes the page fit what is allowed (purposes): answers `avow.allows`, clears the items of all others, starts
 * marked tags unless the page is `leaving`. `states` are consent-mode words, `key:word`; none if there is no
 * decision to tell.
 */
export function settle(allowed, states, leaving) {
  const may = list(allowed);
  for (const { id } of policy.purposes) guard.grants[id] = may.includes(id) ? 1 : 0;
  if (states) guard.gtag("consent", "update", Object.fromEntries(list(states).map((state) => state.split(":"))));
  clear(may);
  if (!leaving) revive(allowed);
}

function clear(may) {
  const items = (run) =>
    policy.purposes.filter(({ id }) => may.includes(id) === run).flatMap(({ services }) => services.flatMap(({ items }) => items));
  const same = (a) => (b) => a.kind === b.kind && a.name === b.name;
  // What a purpose that may run uses too stays.
  const needed = items(true);
  for (const item of items(false)) {
    if (!needed.some(same(item))) silently(() => drop(item));
  }
}

function drop({ kind, name, prefix }) {
  const fits = (key) => (prefix ? key.startsWith(name) : key === name);
  if (kind === "cookie") {
    d.cookie.split(/; */).map((pair) => pair.split("=")[0]).concat(prefix ? [] : name).filter(fits).forEach(expire);
  } else if (kind === "local" || kind === "session") {
    const storage = w[kind + "Storage"];
    Object.keys(storage).filter(fits).forEach((key) => storage.removeItem(key));
  } else if (kind === "indexeddb") {
    indexedDB.databases().then((all) => all.forEach(({ name }) => fits(name) && indexedDB.deleteDatabase(name)));
  } else if (kind === "cache") {
    caches.keys().then((all) => all.filter(fits).forEach((key) => caches.delete(key)));
  }
}

const tags = () => [...d.querySelectorAll("script[type='text/plain'][data-avow],[data-avow][data-src]:not(script)")];

/** The purposes that tags which have not started are marked with. */
export function marked() {
  return tags().map((tag) => tag.dataset.avow).join(" ");
}

/**
 * Starts marked tags of these purposes in document order; one of several purposes waits for all of them. An
 * external script keeps those behind it waiting, as the parser would.
 */
export function revive(allowed) {
  const may = list(allowed);
  for (const tag of tags()) {
    if (waiting) return;
    const marks = list(tag.dataset.avow);
    if (!marks.length || !marks.every((mark) => may.includes(mark))) continue;
    if (tag.localName === "script") start(tag);
    else {
      tag.src = tag.dataset.src;
      delete tag.dataset.src;
    }
  }
}

// A script that never ran is replaced by a copy, in its place.
function start(tag) {
  const live = d.createElement("script");
  for (const { name, value } of tag.attributes) {
    if (name !== "type" && name !== "data-avow") live.setAttribute(name.replace(/^data-(src|type)$/, "$1"), value);
  }
  // Browsers hide the attribute, not the property.
  live.nonce = tag.nonce;
  live.text = tag.text;
  if (live.src && live.type !== "module" && !tag.hasAttribute("async")) {
    waiting = true;
    live.async = false;
    live.onload = live.onerror = () => {
      waiting = false;
      hear("revive");
    };
  }
  // Written after the parser has gone, a text would replace the page.
  if (d.readyState !== "loading") d.write = d.writeln = () => {};
  try {
    tag.replaceWith(live);
  } finally {
    delete d.write;
    delete d.writeln;
  }
}

/** Loads the page anew, where `said` names the text that confirms. */
export function reload(said) {
  leave();
  silently(() => said && sessionStorage.setItem("avow_said", said));
  location.reload();
  // The page may have asked the visitor, who stays: then it hears them again.
  setTimeout(() => (leaving = false), 5e3);
}

// From now on answers are for the next page, which asks for them again: a page that is gone can still change
// local storage, but in Firefox no cookie any more, so the seal would be lost.
function leave() {
  leaving = true;
  save(load().map((entry) => ({ ...entry, due: 0 })));
}

// Reads local storage. Where there is none, the page's memory does while the page lives.
function kept(key) {
  return silently(() => JSON.parse(localStorage.getItem(key))) || memory[key];
}

function keep(key, value) {
  delete memory[key];
  try {
    if (value) localStorage.setItem(key, JSON.stringify(value));
    else localStorage.removeItem(key);
  } catch {
    memory[key] = value;
  }
}

// The outbox: decisions that wait, oldest first. Two tabs may send the same one; the server answers a repeat
// as it did the first, so the lease of a few seconds only saves traffic.
const OUTBOX = "avow_outbox", GRANT = "avow_grant", DAY = 864e5;
const load = () => [].concat(kept(OUTBOX) || []);
const save = (box) => keep(OUTBOX, box.length && box);

/** The record that the visitor can name now: the one that waits, or the live grant's; empty if there is none. */
export function live() {
  return (load().pop() || kept(GRANT) || { id: "" }).id;
}

/** Forgets the record of a grant that no longer lives. */
export function forget() {
  keep(GRANT);
}

/**
 * Puts a decision on its way to the server. An id and its secret stay on the device until the server has
 * acknowledged, and for a grant while it lives, so that its withdrawal can be tied to it.
 */
export function send(value, surface, control, input, reject) {
  // A UUIDv7 (RFC 9562 section 5.7) and 16 bytes in base64url.
  const bytes = crypto.getRandomValues(new Uint8Array(26));
  const hex = Date.now().toString(16).padStart(12, 0) + Array.from(bytes.slice(16), (byte) => byte.toString(16).padStart(2, 0)).join("");
  const id = hex.replace(/^(.{8})(.{4}).(.{3}).(.{3})(.*)$/, "$1-$2-7$3-a$4-$5");
  const secret = btoa(String.fromCharCode(...bytes.slice(0, 16))).replace(/\+/g, "-").replace(/\//g, "_").slice(0, 22);
  const { choices, decidedAt } = decode(value), cookie = value.slice(0, -2), { navigator, innerWidth } = w;
  const box = load(), former = box[box.length - 1] || kept(GRANT), link = { chain: former ? former.chain + 1 : 0, id, secret };
  const [width, height, contrast, visible] = reject;
  const body = JSON.stringify({
    ...link,
    choices,
    control,
    decided_at: decidedAt,
    input,
    locale: policy.lang,
    policy: { sha256: policy.hash, version: policy.version },
    previous: former ? { id: former.id, secret: former.secret } : null,
    regime: policy.regime.id,
    signals: { dnt: navigator.doNotTrack === "1", gpc: navigator.globalPrivacyControl === true },
    site: policy.site,
    surface,
    ui: {
      // The guard that really ran, which a pasted snippet may have frozen.
      form: guard.config.form,
      guard: guard.config.assets.guard,
      reject: reject.length ? { contrast, height, visible: visible === 1, width } : null,
      theme: policy.look.theme,
      viewport: innerWidth < 600 ? "narrow" : innerWidth < 1024 ? "medium" : "wide",
      // The 16 hexadecimal digits in `avow-<16 hex>.wasm`.
      widget: config.assets.wasm.slice(5, 21),
    },
  });
  box.push({ ...link, cookie, body, at: decidedAt, tries: 0, due: 0 });
  save(box.slice(-20));
  keep(GRANT, Object.values(choices).includes(true) && link);
  flush();
}

/** Sends what is due, and sets the clock for what is not. */
export function flush() {
  if (leaving) return;
  const now = Date.now();
  // The server takes nothing older.
  const box = load().filter(({ at }) => at > now - 31 * DAY), due = [];
  for (const entry of box) {
    // A moment far ahead comes from a clock that was set back since.
    if (entry.due <= now || entry.due > now + DAY) {
      entry.due = now + 8e3;
      entry.tries++;
      due.push(entry);
    }
  }
  save(box);
  due.forEach(post);
  clearTimeout(timer);
  if (box.length) timer = setTimeout(flush, Math.min(...box.map((entry) => entry.due)) - now + 200);
}

async function post({ id, body }) {
  let status = 0, seal, retry;
  try {
    const answer = await fetch(config.base + "/v1/consents", {
      method: "POST",
      // It outlives the page, and carries no cookie.
      keepalive: true,
      credentials: "omit",
      headers: { "Content-Type": "application/json" },
      body,
    });
    retry = parseInt(answer.headers.get("Retry-After"), 10);
    // A success that was cut short is none.
    if (answer.ok) ({ seal } = await answer.json());
    status = answer.status;
  } catch {
    // No answer. If only because the visitor leaves, the page is gone before this is over, and the next one
    // sends again without the wait after a failure.
    await new Promise((done) => setTimeout(done, 1000));
  }
  if (!leaving) book(id, status, seal, retry || 0);
}

function book(id, status, seal, retry) {
  const box = load(), at = box.findIndex((entry) => entry.id === id);
  if (at < 0) return;
  const wait = guard.engine.wait(status, retry, box[at].tries);
  if (wait) box[at].due = Date.now() + wait;
  else {
    const [{ cookie }] = box.splice(at, 1);
    // The seal goes behind the value that it was made for, if that still is the value.
    if (status < 300) {
      if (/^[\w-]{22}$/.test(seal) && ours() === cookie + ".-") {
        bake(cookie + "." + seal, parseInt(cookie.split(".")[3], 36) - Date.now() / 1000);
      }
      // A grant that the server will never take has no record: nothing is left to tie a withdrawal to.
    } else if ((kept(GRANT) || {}).id === id) forget();
  }
  save(box);
  flush();
}

/** Tells the page of a decision, and other tabs if it was made here. */
export function emit(value, here) {
  silently(() => here && tabs.postMessage(1));
  d.dispatchEvent(new CustomEvent("avow:decision", { detail: decode(value) }));
}
