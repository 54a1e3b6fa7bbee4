// What of the reject button is in view: without a fair one a grant does not count.
//
// Judged in `../src/look.rs`.

import { byId, d } from "./given.js";

/** The button as it was measured last, as the record has it; null if there was none. */
export let measured;

/** Measures it: width, height, contrast times 100, 1 if visible, by spaces; or nothing. */
export function measure() {
  const button = byId("avow-dialog-reject") || byId("avow-reject") || d.querySelector("[data-avow-reject]");
  measured = null;
  if (!button) return "";
  const rect = button.getBoundingClientRect(), { color, visibility } = getComputedStyle(button);
  const hit = d.elementFromPoint(rect.left + rect.width / 2, rect.top + rect.height / 2);
  let visible = button.contains(hit) && visibility === "visible", ground;
  for (let at = button; at; at = at.parentElement) {
    const style = getComputedStyle(at);
    visible = visible && style.opacity === "1";
    ground = ground || luminance(style.backgroundColor);
  }
  const [less, more] = [luminance(color) || NaN, ground || luminance("rgb(255, 255, 255)")].sort((a, b) => a - b);
  // The last digits of a power differ between browsers: they must not make 4.5 of 4.499.
  measured = { width: rect.width | 0, height: rect.height | 0, contrast: (more / less * 100 + 0.001) | 0, visible };
  return [measured.width, measured.height, measured.contrast, +visible].join(" ");
}

/** What a color adds to a contrast (WCAG 2.2, "contrast ratio"), or 0 if it can be seen through or not be read. */
function luminance(color) {
  const parts = /^rgba?\((\d+), (\d+), (\d+)(, 1)?\)$/.exec(color);
  const part = (at, share) => {
    const value = parts[at] / 255;
    return share * (value > 0.04045 ? ((value + 0.055) / 1.055) ** 2.4 : value / 12.92);
  };
  return parts ? part(1, 0.2126) + part(2, 0.7152) + part(3, 0.0722) + 0.05 : 0;
}
