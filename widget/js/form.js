// Keeps a visit through the one reload that a grant may need: where the visitor was, and what they had typed.
//
// It lies in session storage for that reload only, and is removed before it is put back. Never kept: passwords,
// hidden fields, files, codes, payment cards, and what the page asks browsers not to remember.

const KEY = "avow_form", FIELDS = "input,textarea,select";
const SKIPPED = ["password", "hidden", "file", "submit", "button", "image", "reset"];
const PRIVATE = /^(off|cc-|one-time-code|current-password|new-password)/;

/** Puts it away; the page is about to be loaded anew. */
export function keep() {
  const fields = [];
  document.querySelectorAll(FIELDS).forEach((field, at) => {
    if (isKept(field) && isChanged(field)) fields.push([at, sign(field), value(field)]);
  });
  if (!fields.length && !scrollX && !scrollY) return;
  const text = JSON.stringify({ at: location.href, x: scrollX, y: scrollY, fields });
  if (text.length < 100_000) sessionStorage.setItem(KEY, text);
}

/** Puts back what was kept for this page. */
export function putBack() {
  const kept = JSON.parse(sessionStorage.getItem(KEY));
  sessionStorage.removeItem(KEY);
  if (!kept || kept.at !== location.href) return;
  const all = document.querySelectorAll(FIELDS);
  for (const [at, signed, was] of kept.fields) {
    const field = all[at];
    // Another page under the same address, or a field that the visitor has been in again.
    if (!field || sign(field) !== signed || !isKept(field) || isChanged(field)) continue;
    if (field.localName === "select") [...field.options].forEach((option, at) => (option.selected = was.includes(at)));
    else if (typeof was === "boolean") field.checked = was;
    else field.value = was;
    for (const type of ["input", "change"]) field.dispatchEvent(new Event(type, { bubbles: true }));
  }
  scrollTo({ left: kept.x, top: kept.y, behavior: "instant" });
}

const sign = ({ localName, type, name, id }) => [localName, type, name, id].join("\n");

function isKept(field) {
  const asked = [field, field.form].map((part) => (part && part.getAttribute("autocomplete") || "").trim().toLowerCase());
  // The last word is the field's; others before it say of which address or section.
  return !SKIPPED.includes(field.type) && !asked.some((words) => words.split(/\s+/).some((word) => PRIVATE.test(word)));
}

function isChanged(field) {
  if (field.localName === "select") {
    const options = [...field.options], first = !field.multiple && !options.some((option) => option.defaultSelected);
    return options.some((option, at) => option.selected !== (first ? at === 0 : option.defaultSelected));
  }
  return /^(checkbox|radio)$/.test(field.type) ? field.checked !== field.defaultChecked : field.value !== field.defaultValue;
}

function value(field) {
  if (field.localName === "select") return [...field.options].flatMap((option, at) => (option.selected ? [at] : []));
  return /^(checkbox|radio)$/.test(field.type) ? field.checked : field.value;
}
