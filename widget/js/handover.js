// An answer goes along to another domain of the same site, when the visitor follows a link that is marked for it.
//
// Nothing goes by itself. The server gives the answer a token for a few minutes; the page that gets it takes it only
// from a page of the site's own domains, and only where the visitor has not answered.

const MARK = "#avow=";
const d = document;

/** Hears clicks on marked links; `held` is the value of our cookie. */
export function listen(config, policy, held) {
  d.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[data-avow-handover]");
    const { isTrusted, button, defaultPrevented, metaKey, ctrlKey, shiftKey, altKey } = event;
    if (!link || !isTrusted || defaultPrevented || button || metaKey || ctrlKey || shiftKey || altKey || link.target) return;
    const value = held();
    if (link.host === location.host || !isOurs(link.hostname, policy) || !value || value.endsWith(".-")) return;
    event.preventDefault();
    const { href } = link;
    // A link leads on, whatever becomes of the answer.
    Promise.race([
      post(config, "/v1/handovers", { site: config.site, cookie: value }),
      new Promise((done) => setTimeout(done, 1500, {})),
    ]).catch(() => ({})).then(({ token }) => location.assign(token ? href.split("#")[0] + MARK + token : href));
  });
}

/** Takes what has come along, if anything may; `page` are the page's own functions. */
export async function take(config, policy, { bake, follow }) {
  const token = location.hash.slice(MARK.length);
  // Out of the address at once: it is nobody's bookmark.
  history.replaceState(history.state, "", location.pathname + location.search);
  const from = d.referrer && new URL(d.referrer).hostname;
  if (!from || from === location.hostname || !isOurs(from, policy) || answered()) return;
  const { cookie } = await post(config, "/v1/handovers/taken", { site: config.site, token }).catch(() => ({}));
  if (cookie && !answered()) bake(cookie);
  follow();
}

// Any cookie of ours is an answer, readable or not: of two that differ one may be a no. As the server has it.
const answered = () => /(^|; *)avow=/.test(d.cookie);

const isOurs = (host, { cookie_domain }) => Object.keys(cookie_domain).some((known) =>
  known === host || (known.startsWith("*.") && host.endsWith(known.slice(1))));

async function post({ base }, path, body) {
  const answer = await fetch(base + path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
  return answer.ok ? answer.json() : {};
}
