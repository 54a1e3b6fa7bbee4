// The replay: starts what was held, in the order and by the rules in which the parser would have.
//
// Held are tags that the page itself marked (`type="text/plain" data-avow`, `data-src`) and tags that the gate or
// the guard made inert (`data-avow-held` lists the attributes, `data-avow-…` have their values). A tag is not
// copied but put back in place as it was, so that what the page knows of it (listeners, nonce, references) holds.
// What may start is asked before each tag, not decided here.
//
// Not to be had again: a script that writes without a place of its own, `document.readyState` as it was, and
// listeners for `load` that a script adds long after it has run.
//
// Read next: `late.js` (when), `hold.js` (how the guard holds).

const w = window, d = document, XLINK = "http://www.w3.org/1999/xlink";

/** What may be waiting. */
export const WAITING = "script[type='text/plain'][data-avow],[data-avow][data-src]:not(script),[data-avow-held]";

// A site that enforces Trusted Types lists this name.
let trusted = { createHTML: String, createScriptURL: String }, busy = false, again = false;
try {
  trusted = trustedTypes.createPolicy("avow-replay", trusted);
} catch {
  // No such thing here, or the name is not allowed: then what needs it stays held.
}

/** Starts all that is `ready`; a call while that goes on has it look again. */
export async function replay(ready) {
  again = true;
  if (busy) return;
  busy = true;
  const listeners = overhear(), running = [];
  try {
    while (again) {
      again = false;
      const deferred = [];
      for (const tag of d.querySelectorAll(WAITING)) {
        // Whatever ran meanwhile may have taken it away or the consent back.
        if (!tag.isConnected || !tag.matches(WAITING) || !ready(tag)) continue;
        if (tag.localName !== "script") restore(tag);
        else if (isAsync(tag)) running.push(run(tag, true, ready));
        else if (isDeferred(tag)) deferred.push(tag);
        else await run(tag, false, ready);
      }
      for (const tag of deferred) if (tag.isConnected && ready(tag)) await run(tag, false, ready);
    }
    listeners.tell("DOMContentLoaded");
    await Promise.all(running);
    listeners.tell("load");
    listeners.tell("pageshow");
  } finally {
    busy = false;
    listeners.end();
  }
}

const type = (tag) => (tag.dataset.type || tag.getAttribute("data-avow-type") || "").trim().toLowerCase();
const address = (tag) => tag.dataset.src || tag.getAttribute("data-avow-src") || tag.getAttribute("src");
const isAsync = (tag) => (tag.hasAttribute("async") || tag.hasAttribute("data-avow-async")) && (address(tag) || type(tag) === "module");
const isDeferred = (tag) => type(tag) === "module" || (address(tag) && tag.hasAttribute("defer"));

/** Gives a tag its attributes back. */
export function restore(tag) {
  const script = tag.localName === "script";
  const put = (name, value) => {
    if (name === "xlink:href") tag.setAttributeNS(XLINK, name, value);
    else tag.setAttribute(name, script && name === "src" ? trusted.createScriptURL(value) : value);
  };
  const { src, type } = tag.dataset;
  const held = (tag.getAttribute("data-avow-held") || "").split(" ").filter(Boolean);
  if (tag.hasAttribute("data-avow")) {
    // The type of a script comes last: with it, it is one.
    if (src) put("src", src);
    if (script) type ? put("type", type) : tag.removeAttribute("type");
    ["data-src", "data-type", "data-avow"].forEach((name) => tag.removeAttribute(name));
  }
  for (const name of held) {
    const value = tag.getAttribute("data-avow-" + name);
    tag.removeAttribute("data-avow-" + name);
    if (value !== null) put(name, value);
    else if (name === "type") tag.removeAttribute(name);
  }
  ["data-avow-held", "data-avow-async"].forEach((name) => tag.removeAttribute(name));
  if (tag.localName === "source" && tag.parentNode.load) tag.parentNode.load();
}

// Runs one script in its place; done when it ran, or when it cannot be known.
async function run(tag, async, ready) {
  const place = d.createComment(""), external = !!address(tag);
  tag.replaceWith(place);
  restore(tag);
  // Of itself a script that comes late is asynchronous.
  tag.async = async;
  const done = external && new Promise((done) => ["load", "error"].forEach((type) => tag.addEventListener(type, done, { once: true })));
  const written = async ? { end: () => "" } : capture(tag);
  try {
    place.replaceWith(tag);
    await done;
  } finally {
    const html = written.end();
    if (html && tag.isConnected) await insert(tag, html, ready);
  }
}

// What a script writes, which now would replace the page.
function capture(tag) {
  let html = "";
  const take = (...texts) => {
    // Others that run meanwhile have no place to write to, as an asynchronous script has none.
    if (d.currentScript === tag) html += texts.join("");
  };
  const own = { write: take, writeln: (...texts) => take(...texts, "\n"), open: () => d, close: () => {} };
  Object.assign(d, own);
  return {
    end() {
      for (const name in own) if (d[name] === own[name]) delete d[name];
      return html;
    },
  };
}

// Puts written markup behind the script that wrote it, and runs the scripts in it in their order.
async function insert(after, html, ready) {
  const range = d.createRange();
  range.setStartAfter(after);
  const part = range.createContextualFragment(trusted.createHTML(html)), scripts = [];
  for (const script of part.querySelectorAll("script:not([type='text/plain'])")) {
    const type = script.getAttribute("type");
    if (type && !/^\s*(module|(text|application)\/(x-)?(java|ecma)script)\s*$/i.test(type)) continue;
    if (type) script.setAttribute("data-avow-type", type);
    script.setAttribute("type", "text/plain");
    script.setAttribute("data-avow-held", "type");
    scripts.push(script);
  }
  range.insertNode(part);
  for (const script of scripts) if (script.isConnected && ready(script)) await run(script, false, ready);
}

// Listeners that come too late for an event which the parser's scripts would have heard.
function overhear() {
  const late = [], native = EventTarget.prototype.addEventListener, onload = w.onload;
  const own = function (name, listener, options) {
    const target = this || w, { readyState } = d;
    const past = name === "DOMContentLoaded" ? readyState !== "loading" : /^(load|pageshow)$/.test(name) && target === w && readyState === "complete";
    if (past && listener) late.push({ target, name, listener });
    else native.call(target, name, listener, options);
  };
  d.addEventListener = w.addEventListener = own;
  return {
    tell(name) {
      if (name === "load" && w.onload !== onload && d.readyState === "complete") late.push({ target: w, name, listener: w.onload });
      for (const { target, listener } of late.filter((one) => one.name === name)) {
        try {
          (listener.handleEvent || listener).call(listener.handleEvent ? listener : target, new Event(name));
        } catch (error) {
          reportError(error);
        }
      }
    },
    end() {
      for (const target of [d, w]) if (target.addEventListener === own) delete target.addEventListener;
    },
  };
}
