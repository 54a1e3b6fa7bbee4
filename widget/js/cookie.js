// The consent cookie as the page reads and writes it, and how cookies of any name are made to expire.
//
// Its form is frozen in `shared/src/cookie.rs`.

import { d, policy } from "./given.js";

/** What pages are told of a decision. */
export function decode(value) {
  const [, version, decided, expires, choices] = value.split("."), ms = (seconds) => parseInt(seconds, 36) * 1000;
  return value ? {
    version: +version,
    decidedAt: ms(decided),
    expiresAt: ms(expires),
    choices: Object.fromEntries(
      choices.split("~").filter((choice) => choice && choice[0] !== "_").map((choice) => [choice.split(":")[0], choice.endsWith("1")]),
    ),
  } : null;
}

/** The value of our cookie; empty if there is none, and no answer that can be read if it is empty or two differ. */
export function ours() {
  const found = new Set(d.cookie.split(/; */).filter((pair) => pair.startsWith("avow=")));
  return (found.size < 2 && [...found].join().slice(5)) || (found.size ? "?" : "");
}

// Every domain and path that a cookie which this page sees may have been set for, but for `kept`.
export function expire(name, kept) {
  const domains = [""], paths = ["/"];
  // A single label is no domain of cookies.
  for (let domain = location.hostname; domain.includes("."); domain = domain.replace(/^[^.]*./, "")) {
    domains.push(";domain=" + domain);
  }
  location.pathname.replace(/[^/]+(?=(\/?))/g, (part, slash, at, whole) => {
    const path = whole.slice(0, at) + part;
    paths.push(path, ...(slash ? [path + slash] : []));
  });
  // Names that begin with `__Host-` or `__Secure-` ask for it.
  const secure = location.protocol === "https:" ? ";secure" : "";
  for (const domain of domains) {
    for (const path of paths) {
      if (path + domain !== kept) d.cookie = name + "=;max-age=0;path=" + path + domain + secure;
    }
  }
}

/** Sets our cookie; true if it can be read back. It stays until its grants end, and longer if there is a no in it. */
export function bake(value) {
  const { choices, expiresAt } = decode(value);
  const seconds = Object.values(choices).includes(false) ? policy.regime.refusal_days * 86400 : (expiresAt - Date.now()) / 1e3 | 0;
  const table = policy.cookie_domain;
  let domain = location.hostname, found = table[domain];
  // Declared for the host itself, or for a `*.` above it.
  while (found === undefined && domain.indexOf(".") >= 0) {
    domain = domain.replace(/^[^.]*\./, "");
    found = table["*." + domain];
  }
  // A domain that the browser refuses leaves this host alone.
  return [found || "", ""].some((domain) => {
    const at = domain ? ";domain=" + domain : "";
    d.cookie = "avow=" + value + ";path=/;samesite=lax;max-age=" + seconds + (location.protocol === "https:" ? ";secure" : "") + at;
    // Then what is left of older ones: two that differ are no answer, and none would be the lack of one.
    expire("avow", "/" + at);
    return ours() === value;
  });
}

