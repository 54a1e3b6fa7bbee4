// The first layer where the engine cannot run (WebAssembly is refused): the same markup and the same three answers,
// over a form that the server takes. The guard goes on denying; nothing here starts anything.
//
// The page goes with the answer and comes back with the cookie, sealed. "Choose" leads to the page about cookies,
// which has a form with all purposes. Read next: `server/src/api/pages.rs`.

/** Draws it, and returns what hears its controls. `page` has the page's own functions. */
export function plain(config, policy, page) {
  const { ask, furnish, confirm, said, hush, held, measure } = page;
  const answer = held(), any = answer && Object.values(answer.choices).includes(true);
  furnish();
  const told = said();
  // Only what the cookie says, too: the form may have come to nothing.
  if (answer && told === (any ? "accepted" : "rejected")) confirm(told, "", false);
  // An answer that stands is asked for again when its time is over, or by the engine.
  if (!(answer && answer.expiresAt > Date.now())) ask("", navigator.globalPrivacyControl === true);
  const reject = () => send("reject", "rejected");
  const acts = {
    // A program cannot allow, and nobody can where refusing is not in view: as in `../src/machine.rs`.
    "avow-accept": (input) => input !== "script" && isFair(measure()) && send("accept", "accepted"),
    "avow-reject": reject,
    rejectAll: reject,
    withdraw: reject,
    "avow-choose": choose,
    "avow-reopen": choose,
    open: choose,
    acceptAll: choose,
    "avow-hide": hush,
  };
  return (event) => {
    const [, input, id] = event.split(" ");
    acts[id]?.(input);
  };

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

// The limits of `shared/src/act.rs`: 24 CSS pixels, 4.5 to 1, in view.
function isFair(measured) {
  const [width, height, contrast, visible] = measured.split(" ").map(Number);
  return width >= 24 && height >= 24 && contrast >= 450 && visible === 1;
}
