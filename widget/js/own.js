// First layers that are not ours to draw: the markup of GOV.UK's cookie banner, for pages that have its style sheet, and
// the page's own, which is told when to ask.
//
// The ids are those of every first layer, so the engine hears the same controls.

import { make } from "./elements.js";

const d = document;

/** What draws for this policy. */
export function own(policy) {
  return policy.look.theme === "govuk" ? govuk(policy) : { ask: tell, confirm() {} };
}

// Scripts of the page that come with it have their listeners by then.
function tell(why, gpc, news, exempt) {
  const detail = { why, gpc, changed: news.map((line) => line.textContent), exempt: exempt || "" };
  const send = () => d.dispatchEvent(new CustomEvent("avow:ask", { detail }));
  if (d.readyState === "loading") d.addEventListener("DOMContentLoaded", send);
  else send();
}

// As `govuk-frontend` 6 has it: region, message, heading, content, button group.
function govuk({ lang, dir, texts, links }) {
  const text = (words) => make("p", { class: "govuk-body" }, words);
  const button = (id, words) => make("button", { id, type: "button", class: "govuk-button", "data-module": "govuk-button" }, words);
  const banner = (id, message) => d.body.prepend(
    make("div", { id, class: "govuk-cookie-banner", "data-nosnippet": "", role: "region", "aria-label": texts.banner_title, lang, dir }, message));
  return {
    ask(why, gpc, news, exempt) {
      d.getElementById("avow-toast")?.remove();
      banner("avow-banner",
        make("div", { class: "govuk-cookie-banner__message govuk-width-container" },
          make("div", { class: "govuk-grid-row" },
            make("div", { class: "govuk-grid-column-two-thirds" },
              make("h2", { class: "govuk-cookie-banner__heading govuk-heading-m" }, texts.banner_title),
              make("div", { class: "govuk-cookie-banner__content" },
                text(why === "notice" ? texts.notice_body : texts.banner_body),
                exempt && text(exempt),
                why === "changed" && text(texts.changed_note),
                news.length && make("ul", { class: "govuk-list govuk-list--bullet" }, news),
                gpc && text(texts.gpc_note)))),
          make("div", { class: "govuk-button-group" },
            button("avow-accept", texts.accept),
            button("avow-reject", texts.reject),
            make("a", { class: "govuk-link", href: links.cookies }, texts.cookies_link))));
    },
    confirm(said, code, focus) {
      const hide = button("avow-hide", texts.close);
      banner("avow-toast",
        make("div", { class: "govuk-cookie-banner__message govuk-width-container", role: "alert" },
          make("div", { class: "govuk-grid-row" },
            make("div", { class: "govuk-grid-column-two-thirds" },
              make("div", { class: "govuk-cookie-banner__content" },
                text(texts[said]),
                code && text(texts.reference_label + " " + code)))),
          make("div", { class: "govuk-button-group" }, hide)));
      if (focus) hide.focus();
    },
  };
}
