// What `boot.js` handed over, whether the page still listens, and the few words that the other modules share.
//
// Read next: `page.js`.

export const w = window, d = document;

/** The compiled policy as far as the first layer needs it, `window.__avow`, and the site's configuration. */
export let policy, guard, config;
/** True on a page that is on its way out: it takes nothing more. */
export let leaving;

export function give(compiled, page, settings) {
  policy = compiled;
  guard = page;
  config = settings;
}

export function leave(now) {
  leaving = now;
}

/** Tells the engine of an event: what, on which of our elements, by what means. */
export function hear(event, id = "", input = "script") {
  if (!leaving) guard.engine.hear(event + " " + input + " " + id);
}

export const silently = (act) => {
  try {
    return act();
  } catch {
    // Storage off, an interface missing: the page works, and nothing was granted by it.
  }
};
export const byId = (id) => d.getElementById(id);
export const list = (words) => words.split(" ").filter(Boolean);
