// The engine's hands: everything on the page that it reads, draws, keeps, sends or starts.
//
// Nothing here decides: what is granted, what may run, whether to ask or to load anew is answered in
// `../src`, and only words cross over. Here, because a call from WebAssembly costs the visitor about four
// times the bytes of the same line in JavaScript.
//
// Read next: `../src/page.rs` (the same functions as the engine sees them).

const w = window, d = document, memory = {};
let facts, policy, guard, tabs, timer, waiting;

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
export function open(compiled, page, config) {
  policy = compiled;
  guard = page;
  facts = { policy, guard, config, window: w };
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
  facts.said = silently(() => {
    const said = sessionStorage.getItem("avow_said");
    sessionStorage.removeItem("avow_said");
    return said;
  });
  // The page's own calls, which `boot.js` passes on.
  guard.call = (name) => hear("call", name, means(w.event));
  d.addEventListener("click", click, true);
  // Does not bubble: seen on the way down.
  d.addEventListener("close", (e) => e.target.id === "avow-dialog" && hear("close"), true);
  d.addEventListener("DOMContentLoaded", () => hear("revive"));
  d.addEventListener("visibilitychange", () => d.hidden || hear("follow"));
  w.addEventListener("pageshow", () => hear("follow"));
  w.addEventListener("online", () => hear("flush"));
  silently(() => {
    tabs = new BroadcastChannel("avow");
    tabs.onmessage = () => hear("follow");
  });
}

/** Adds the style sheet; `root` are the declarations of the look, for every root of ours. */
export function style(css, root) {
  facts.root = root;
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
  guard.engine.hear(event, id, input);
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

/** A fact by its path: `policy.…`, `guard.…`, `config.…`, `window.…`, `said`. Empty if there is none. */
export function fact(path) {
  const value = path.split(".").reduce((of, key) => (of === null || of === undefined ? of : of[key]), facts);
  return value === null || value === undefined ? "" : String(value);
}

/** Numbers from 0 to 255. */
export function random(count) {
  return crypto.getRandomValues(new Uint8Array(count));
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
          node.style.cssText = facts.root;
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

/** `document.cookie`. */
export function cookies() {
  return d.cookie;
}

// Every domain and path that a cookie which this page sees may have been set for.
function expire(name) {
  const paths = ["/"];
  let path = "", domain = location.hostname;
  for (const part of location.pathname.split("/").slice(1)) {
    path += "/" + part;
    paths.push(path, path + "/");
  }
  for (; domain; domain = domain.replace(/^[^.]*\.?/, "")) {
    for (const path of paths) {
      d.cookie = name + "=;max-age=0;path=" + path;
      d.cookie = name + "=;max-age=0;path=" + path + ";domain=" + domain;
    }
  }
}

/** Sets our cookie for so many seconds; true if it can be read back. */
export function bake(value, seconds) {
  const table = policy.cookie_domain, own = "avow=" + value;
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
    d.cookie = own + ";path=/;samesite=lax;max-age=" + seconds +
      (location.protocol === "https:" ? ";secure" : "") + (domain ? ";domain=" + domain : "");
    return d.cookie.split("; ").includes(own);
  });
}

/** Reads local storage. Where there is none, the page's memory does while the page lives. */
export function kept(key) {
  return silently(() => localStorage.getItem(key)) || memory[key] || "";
}

/** Writes local storage; an empty value removes the key. */
export function keep(key, value) {
  delete memory[key];
  try {
    if (value) localStorage.setItem(key, value);
    else localStorage.removeItem(key);
  } catch {
    memory[key] = value;
  }
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

/** Lets the engine hear the clock after a while; an earlier wish is dropped. */
export function wake(ms) {
  clearTimeout(timer);
  timer = setTimeout(() => hear("flush"), ms);
}

/** Loads the page anew, where `said` names the text that confirms. */
export function reload(said) {
  silently(() => said && sessionStorage.setItem("avow_said", said));
  location.reload();
}

/** Posts a body; then the engine hears the status, 0 if none came, with seal and `Retry-After`. */
export function post(url, id, body) {
  const done = (status, answer, retry) =>
    guard.engine.reply(id, status, (answer && answer.seal) || "", parseInt(retry, 10) || 0);
  fetch(url, {
    method: "POST",
    // It outlives the page, and carries no cookie.
    keepalive: true,
    credentials: "omit",
    headers: { "Content-Type": "application/json" },
    body,
  }).then(
    (answer) => {
      const retry = answer.headers.get("Retry-After");
      return answer.json().then(
        (json) => done(answer.status, json, retry),
        // Cut short or not ours: a success without its body is none.
        () => done(answer.ok ? 0 : answer.status, null, retry),
      );
    },
    () => done(0),
  );
}

/** Tells the page of a decision, and other tabs if it was made here. */
export function emit(decision, here) {
  silently(() => here && tabs.postMessage(1));
  d.dispatchEvent(new CustomEvent("avow:decision", { detail: JSON.parse(decision) }));
}
