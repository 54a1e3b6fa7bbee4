// What stands in the place of an embed that waits for consent: who would show it, a way to see this one, and a
// way to have them always. It is in the light DOM, speaks the page's language, and goes when the embed comes.
//
// A consent is given only in the preferences, where the way to refuse is: "always" leads there with the switch on
// that the visitor asked for, and counts when they save. Read next: `late.js`.

import { dress } from "./dress.js";
import { line, make, root } from "./elements.js";
import { words } from "./words.js";

const d = document, covers = new WeakMap();
let count = 0;

/** Covers an embed. `once` shows it; in place, or, where a policy in force would stop it there, by itself. */
export function cover(tag, { config, policy, guard, purposes, once, inPlace }) {
  if (covers.has(tag)) return;
  const { accent, ink, radius } = policy.look, id = "embed-" + ++count, title = tag.title || "";
  const box = root("div", id, { role: "group", "aria-busy": "true" }, policy, `--avow-accent:${accent};--avow-ink-on:${ink};--avow-radius:${radius}px`);
  box.classList.add("avow-embed");
  const [width, height] = ["width", "height"].map((name) => parseInt(tag.getAttribute(name), 10));
  if (width && height) {
    box.style.maxWidth = width + "px";
    box.style.minHeight = Math.min(height, 480) + "px";
  }
  covers.set(tag, { box, display: tag.style.display });
  tag.style.setProperty("display", "none", "important");
  tag.before(box);
  dress();
  words(config, policy).then(({ texts, purposes: all }) => {
    const asked = all.filter(({ id }) => purposes.includes(id));
    const providers = [...new Set(asked.flatMap(({ services }) => services.map(({ provider }) => provider)))];
    const names = asked.map(({ name }) => name).join(", ");
    // Names may be written in another direction than the sentence.
    const isolated = (name) => () => "\u2068" + name + "\u2069";
    const note = texts.embed_off.replace("{purpose}", isolated(names)).replace("{provider}", isolated(providers.join(", ")));
    const control = (text, act) => {
      const button = make("button", { class: "avow-button", type: "button" }, text);
      button.addEventListener("click", act);
      return button;
    };
    const away = make("a", { class: "avow-button", href: address(tag), target: "_blank", rel: "noopener noreferrer" }, texts.embed_away);
    box.append(
      title && make("p", { class: "avow-name", id: "avow-" + id + "-title" }, title) || "",
      line("text", note),
      make("div", { class: "avow-actions" },
        inPlace ? control(texts.embed_once, once) : /^https?:/.test(away.href) && away,
        asked.length > 0 && control(texts.embed_always, () => choose(guard, purposes))));
    if (title) box.setAttribute("aria-labelledby", "avow-" + id + "-title");
    box.removeAttribute("aria-busy");
  }).catch(() => {
    // Without words it stays an empty place: nothing is shown that was not allowed.
  });
}

/** Takes the cover away. */
export function uncover(tag) {
  const covered = covers.get(tag);
  if (!covered) return;
  covers.delete(tag);
  covered.box.remove();
  tag.style.display = covered.display;
}

const address = (tag) => tag.dataset.src || tag.getAttribute("data-avow-src") || "";

// The preferences, with what was asked for switched on.
function choose(guard, purposes) {
  guard.call("open");
  const set = () => {
    const switches = purposes.map((id) => d.getElementById("avow-p-" + id)).filter(Boolean);
    switches.forEach((one) => (one.checked = true));
    return switches.length > 0;
  };
  if (set()) return;
  const watch = new MutationObserver(() => set() && watch.disconnect());
  watch.observe(d.body, { childList: true });
  // Preferences that come for another wish must not have it switched on.
  setTimeout(() => watch.disconnect(), 4e3);
}
