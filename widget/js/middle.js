// The first layer as a modal dialog, in the middle of the page, where it may be one.
//
// A dialog takes the page away, so it comes only where that harms nobody; else the same parts stand as a card.
// Read next: `view.js` (the first layer).

import { root } from "./elements.js";

const d = document;
// A visitor has put the question off on this page.
let off;

/** Makes it of these parts, and has it `stand` on the page. False if it must not be: then nothing was done. */
export function middle({ parts, policy, look, stand, dismiss }) {
  const { regime, links } = policy;
  if (off
    // Who is typing would answer with the next key.
    || d.activeElement !== d.body
    // Where nothing is asked the page is taken from nobody.
    || !/consent_first$/.test(regime.behaviour)
    // What explains the question must be readable before it is answered.
    || location.pathname === new URL(links.cookies, location).pathname) return false;
  const dialog = root("dialog", "banner", { "aria-labelledby": "avow-title" }, policy, look, parts);
  // Its Escape: no answer. The focus is on the first link, not on an answer.
  dialog.addEventListener("close", () => {
    if (!dialog.isConnected) return;
    off = true;
    dismiss();
  });
  stand(dialog);
  dialog.showModal();
  // One that cannot be seen or used must not keep the page from being used: what blocks banners hides it, and a
  // library for dialogs of its own may have made all else inert.
  const shown = () => !dialog.inert && dialog.checkVisibility?.({ opacityProperty: true, visibilityProperty: true }) !== false;
  const check = () => dialog.open && (shown() || dialog.close());
  requestAnimationFrame(check);
  new MutationObserver(check).observe(dialog, { attributes: true });
  new ResizeObserver(check).observe(dialog);
  return true;
}
