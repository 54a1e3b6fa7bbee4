// The second layer: the dialog with a switch for every purpose, and all that each of them stores. A file of its
// own, since most visitors answer on the first layer. Nothing here decides or grants: its controls are heard in
// `page.js`, as those of the banner are.
//
// Read next: `view.js`, which fetches it.

import { adopt, button, line, link, make, root } from "./elements.js";

// Made of `../css/preferences.css` when the widget is built.
const CSS = "__AVOW_PREFERENCES_CSS__";

/** Adds the dialog's style sheet. */
export function style() {
  adopt(CSS);
}

/**
 * Puts the dialog on the page and returns it. `policy` is the whole compiled policy, `look` are the declarations for
 * every root, `grants` says what is switched on, `gpc` and `granted` what else to say and offer, `code` is the reference or empty.
 * `exempt` says what is on without consent, where the law allows that; `rights`: visitors are not asked, and can opt out.
 */
export function draw(policy, look, exempt, rights, grants, gpc, granted, code) {
  const { texts, links } = policy;
  const dialog = root("dialog", "dialog", { "aria-labelledby": "avow-dialog-title" }, policy, look,
    make("div", { class: "avow-frame" },
      make("div", { class: "avow-head" },
        make("h2", { id: "avow-dialog-title", class: "avow-title" }, texts.dialog_title),
        button("close", texts.close, " avow-quiet")),
      make("div", { class: "avow-main" },
        line("text", texts.dialog_body, " ", link(texts.cookies_link, links.cookies)),
        exempt && line("note", exempt),
        rights && line("text", texts.rights_body),
        gpc && line("note", rights ? texts.gpc_honored : texts.gpc_note),
        // Nothing that can be refused is on.
        rights && !policy.purposes.some(({ id, category }) => category !== "necessary" && grants[id] === 1) && line("note", texts.rights_opted_out),
        // What a form of the site asks for can be taken back here, and is asked for there.
        policy.purposes.map((purpose) => (!purpose.asked || grants[purpose.id] === 1) && section(purpose, texts, grants)),
        code && make("div", { class: "avow-receipt" },
          line("line", texts.reference_label, " ", make("code", { id: "avow-reference", class: "avow-code", dir: "ltr" }, code)),
          line("line", texts.reference_note)),
        make("div", { class: "avow-more" },
          // Texts of an older policy do not have it. Heard in `offer.js`.
          texts.receipts_title && button("receipts", texts.receipts_title, " avow-quiet"),
          granted && button("withdraw", texts.withdraw, " avow-quiet"))),
      make("div", { class: "avow-actions avow-foot" },
        button("dialog-accept", texts.accept),
        button("dialog-reject", rights ? texts.rights_opt_out : texts.reject),
        button("save", texts.save))));
  document.body.append(dialog);
  return dialog;
}

function section({ id, category, name, description, services }, texts, grants) {
  const on = "avow-p-" + id, about = "avow-d-" + id;
  return make("section", { class: "avow-purpose" },
    make("div", { class: "avow-row" },
      category === "necessary" ? [
        make("h3", { class: "avow-name" }, name),
        make("span", { class: "avow-always" }, texts.always_on),
      ] : [
        make("h3", { class: "avow-name" }, make("label", { for: on }, name)),
        make("span", { class: "avow-switch" },
          make("input", { id: on, type: "checkbox", role: "switch", "aria-describedby": about, ...(grants[id] === 1 && { checked: "" }) }),
          make("span", { class: "avow-if-on", "aria-hidden": "true" }, texts.on),
          make("span", { class: "avow-if-off", "aria-hidden": "true" }, texts.off)),
      ]),
    make("p", { class: "avow-text", id: about }, description),
    services.length > 0 && make("details", { class: "avow-details" },
      make("summary", {}, texts.items_caption),
      services.map((service) => provider(service, texts))));
}

function provider({ name, provider, country, privacy_url, items }, texts) {
  return make("div", { class: "avow-service" },
    make("h4", {}, name),
    line("line", texts.service_by, " ", make("b", { dir: "auto" }, provider), country && [" ", make("span", {}, "(" + country + ")")], " ",
      link(texts.privacy_link, privacy_url)),
    items.map((item) => table(item, texts)));
}

function table({ name, kind, prefix, duration, third_parties, description }, texts) {
  const row = (term, text, technical) => text && [make("dt", {}, texts["item_" + term]), make("dd", technical ? { dir: "ltr" } : {}, text)];
  return make("dl", { class: "avow-item" },
    row("name", name + (prefix ? "*" : ""), true),
    // Technical names are the same in every language.
    row("kind", { local: "localStorage", session: "sessionStorage" }[kind] || kind, true),
    row("duration", duration),
    row("third_parties", third_parties.join(", ")),
    row("description", description));
}
