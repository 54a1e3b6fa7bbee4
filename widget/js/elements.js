// Makes elements. Bundled into both layers, so there is no state in it.

const d = document;

/** An element with these attributes and these children; what is no child (false, empty) is left out. */
export function make(tag, attributes, ...inner) {
  const node = d.createElement(tag);
  for (const name in attributes) node.setAttribute(name, attributes[name]);
  node.append(...inner.flat().filter(Boolean));
  return node;
}

/** A paragraph in one of our styles. */
export const line = (style, ...inner) => make("p", { class: "avow-" + style }, ...inner);

export const button = (id, text, more = "") =>
  make("button", { id: "avow-" + id, class: "avow-button" + more, type: "button" }, text);

/** A link, if its address is one of the web: a policy is data, and data must not become a program. */
export const link = (text, address) => /^(\/|https?:)/.test(address) && make("a", { class: "avow-link", href: address }, text);

/**
 * A root of ours has language, direction and look; these through the object model, since a strict policy forbids
 * the attribute.
 */
export function root(tag, id, attributes, { lang, dir, look }, style, ...inner) {
  const node = make(tag, { id: "avow-" + id, class: "avow avow-" + id, lang, dir, "data-nosnippet": "", ...attributes }, ...inner);
  if (look.scheme !== "auto") node.classList.add("avow-" + look.scheme);
  node.style.cssText = style;
  return node;
}

/** Adds a style sheet. */
export function adopt(css) {
  try {
    // As a sheet and not as an element: a page's own strict policy lets it through.
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
    d.adoptedStyleSheets = [...d.adoptedStyleSheets, sheet];
  } catch {
    d.head.append(make("style", {}, css));
  }
}
