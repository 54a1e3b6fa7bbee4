// The guard: the first script of the page. It denies and queues, and nothing else; every decision is
// made later by the engine (`widget/src`). It runs synchronously, before any other script or tag.
//
// Rules: plain old JavaScript, no syntax that an old browser cannot read; every path in `try`; whatever
// fails, the answer is "not consented". `__AVOW_CONFIG__` is replaced by the site's configuration (JSON,
// with `<` written as `\u003c`) when the site script or the pasted snippet is made.
//
// In the snippet form a strict Content-Security-Policy follows in the markup. With a stored grant the guard
// writes its own, looser policy and then opens `<script type=x>`, which swallows the strict one up to the
// closer that ends the snippet. In the external form it appends the policy itself.
//
// Read next: `boot.js` (fetches the engine), `avow.d.ts` (what pages may call).
(function (w, d, C) {
  "use strict";
  var A = w.__avow;
  // A snippet has guarded this page already: hand its newer configuration to `boot.js`.
  if (A && A.queue) {
    A.next = C;
    return;
  }
  C = C || {};
  var allow = C.allow || [],
    purposes = C.purposes || {},
    grants = {},
    queue = [],
    all,
    hosts,
    csp,
    meta,
    layer,
    api;

  A = w.__avow = {
    config: C,
    next: null, // the site script's configuration, if a snippet guards the page
    grants: grants, // purposes that the stored cookie allows, as the guard read it
    hosts: allow, // hosts that the policy in force lets through; null: no policy in force
    blocked: 0, // how often the policy blocked something
    origins: [], // and where that would have gone
    queue: queue, // calls of `window.avow` made before the engine was there
  };

  // Google consent mode: denied before anything else can ask. Not through `gtag` of the page, which may be anything.
  try {
    layer = w.dataLayer = w.dataLayer || [];
    A.gtag = function () {
      layer.push(arguments);
    };
    w.gtag = w.gtag || A.gtag;
    A.gtag("consent", "default", {
      ad_storage: "denied",
      ad_user_data: "denied",
      ad_personalization: "denied",
      analytics_storage: "denied",
      functionality_storage: "denied",
      personalization_storage: "denied",
      security_storage: "granted",
      wait_for_update: 500,
    });
  } catch (e) {}

  // The stored choice: one cookie, of the right form, in its time, of a version that covers the purpose.
  try {
    (function () {
      var found, read, seen = {}, given = {}, now = Date.now() / 1000, gpc = w.navigator.globalPrivacyControl;
      d.cookie.split(/; */).forEach(function (pair) {
        if (!pair.indexOf("avow=")) {
          pair = pair.slice(5);
          // Two different answers (a stale one on another path or domain) are none.
          if (found && found !== pair) throw 0;
          found = pair;
        }
      });
      read = /^1\.([1-9]\d{0,8})\.([1-9a-z][0-9a-z]{0,8})\.([1-9a-z][0-9a-z]{0,8})\.([a-z][a-z0-9_~:]*)\.(?:-|[\w-]{22})$/.exec(found || "");
      // A decision from the future is none: a clock that was set back must not keep a grant alive.
      if (!read || +read[1] > C.version || parseInt(read[2], 36) > now + 86400 || parseInt(read[3], 36) <= now) return;
      // Who switched the signal on after the answer has opted out; an answer given in its sight carries the mark.
      gpc = gpc && !/~_gpc:1$/.test(read[4]);
      read[4].replace(/~_gpc:1$/, "").split("~").forEach(function (choice) {
        var part = /^([a-z][a-z0-9_]{0,31}):([01])$/.exec(choice), id = part[1], purpose = purposes[id];
        if (seen[id + ":"]) throw 0;
        seen[id + ":"] = 1;
        if (part[2] > 0 && purpose && +read[1] >= purpose.since && !(gpc && !/^[af]/.test(purpose.category)))
          given[id] = 1;
      });
      for (found in given) grants[found] = 1;
    })();
  } catch (e) {}

  // Count what the policy stops: a later grant reloads the page only if something was.
  try {
    d.addEventListener("securitypolicyviolation", function (e) {
      if (e.disposition === "report") return;
      A.blocked++;
      e = /^\w+:\/\/[^\/]+/.exec(e.blockedURI);
      if (e && A.origins.indexOf(e[0]) < 0) A.origins.push(e[0]);
    });
  } catch (e) {}

  // The policy, tailored to the stored choice: necessary hosts and those of granted purposes.
  try {
    // Served from another origin, Avow itself must get through.
    hosts = allow.concat(/^https?:\/\/[^\/]+/.exec(C.base) || []);
    for (meta in purposes) {
      if (grants[meta]) {
        hosts = hosts.concat(purposes[meta].hosts || []);
        if (all !== 0) all = 1;
      } else all = 0;
    }
    // A host that could end the directive is no host.
    hosts = hosts.filter(function (host) {
      return /^[\w:\/.*\[\]-]+$/.test(host);
    });
    csp = hosts.join(" ");
    csp =
      "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob: " + csp +
      "; form-action 'self' " + csp + "; object-src 'none'";
    meta = "Content-Security-Policy";
    if (C.form === "snippet") {
      // Only while the parser is here: writing later would replace the page.
      if (d.readyState === "loading" && (all || Object.keys(grants).length)) {
        d.write((all ? "" : '<meta http-equiv="' + meta + '" content="' + csp + '">') + "<script type=x>");
        A.hosts = all ? null : hosts;
      }
    } else if (all) {
      A.hosts = null;
    } else {
      hosts = [hosts, d.createElement("meta")];
      hosts[1].httpEquiv = meta;
      hosts[1].content = csp;
      (d.head || d.documentElement).appendChild(hosts[1]);
      A.hosts = hosts[0];
    }
  } catch (e) {}

  // What pages may call. Before the engine is there, calls wait; `allows` answers from the stored choice.
  try {
    api = w.avow = {
      allows: function (purpose) {
        return grants[purpose] === 1;
      },
      decision: function () {
        return null;
      },
    };
    ["acceptAll", "rejectAll", "open", "withdraw", "on"].forEach(function (name) {
      api[name] = function () {
        queue.push([name, arguments]);
      };
    });
    api.ready = new Promise(function (done) {
      A.done = done;
    });
  } catch (e) {}
})(window, document, __AVOW_CONFIG__);
