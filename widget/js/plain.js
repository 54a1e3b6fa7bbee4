// The first layer where the engine cannot run (WebAssembly is refused): the same markup and the same three answers,
// over a form that the server takes. The guard goes on denying; nothing here starts anything.
//
// The page goes with the answer and comes back with the cookie, sealed. "Choose" leads to the page about cookies,
// which has a form with all purposes. Read next: `server/src/api/pages.rs`.

/** Draws it, and returns what hears its controls. `page` has the page's own functions. */
export function plain(config, policy, page) {
  const { ask, furnish, confirm, said, hush, held } = page;
  furnish();
  const told = said();
  if (told) confirm(told, "", false);
  // An answer that stands is asked for again when its time is over, or by the engine.
  if (!(held && held.expiresAt > Date.now())) ask("", navigator.globalPrivacyControl === true);
  const acts = {
    "avow-accept": () => send("accept", "accepted"),
    "avow-reject": () => send("reject", "rejected"),
    rejectAll: () => send("reject", "rejected"),
    "avow-choose": choose,
    "avow-reopen": choose,
    open: choose,
    "avow-hide": hush,
  };
  return (event) => acts[event.split(" ")[1]]?.();

  function choose() {
    location.assign(policy.links.cookies);
  }

  function send(button, word) {
    try {
      sessionStorage.setItem("avow_said", word);
    } catch {
      // Storage off: the answer counts all the same, and is not confirmed in words.
    }
    const form = document.createElement("form");
    form.method = "post";
    form.action = config.base + "/page/" + config.site + "/answer";
    const fields = { button, policy: config.hash, regime: policy.regime.id, language: policy.lang, back: location.pathname + location.search };
    for (const { id, category, asked } of policy.purposes) {
      if (category !== "necessary" && !asked) fields["purpose." + id] = "off";
    }
    for (const name in fields) {
      const field = document.createElement("input");
      field.type = "hidden";
      field.name = name;
      field.value = fields[name];
      form.append(field);
    }
    document.body.append(form);
    form.submit();
  }
}
