// Tags that are marked with purposes and wait: which there are, and how they start.
//
// What may start is decided in `../src`.

import { d, hear, list } from "./given.js";

let waiting;

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

