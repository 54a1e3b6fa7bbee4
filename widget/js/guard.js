// The guard: the first script of the page. It denies and queues, and nothing else; every decision is
// made later by the engine (`widget/src`). It runs synchronously, before any other script or tag.
//
// Rules: plain old JavaScript, no syntax that an old browser cannot read; every path in `try`; whatever
// fails, the answer is "not consented". `__AVOW_CONFIG__` is replaced by the site's configuration (JSON,
// with `<` written as `\u003c`) when the site script or the pasted snippet is made.
//
// Two layers. The Content-Security-Policy is the wall. In the snippet form a strict one follows in the markup:
// with a stored grant the guard writes its own, looser policy and then opens `<script type=x>`, which swallows
// the strict one up to the closer that ends the snippet. In the external form it appends the policy itself; the
// gate sends it as a header; the mode `compatible` has none.
// Patches are the net for what no such policy knows. When everything is granted there are none.
//
// Read next: `patches.js`, `boot.js` (fetches the engine), `avow.d.ts` (what pages may call).

import { patch } from "./patches.js";

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
    ids = Object.keys(purposes),
    // Without a prototype, here and below: what a page adds to that of all objects is no grant.
    grants = Object.create(null),
    queue = [],
    hosts,
    csp,
    meta,
    trusted,
    layer,
    api;

  A = w.__avow = {
    config: C,
    next: null, // the site script's configuration, if a snippet guards the page
    grants: grants, // purposes that the stored cookie allows, as the guard read it
    hosts: allow, // hosts that the policy in force lets through; null: no policy in force
    blocked: 0, // how often the policy blocked something
    origins: [], // and where that would have gone
    held: [], // items that were not written: the letter of their kind, and their name
    queue: queue, // calls of `window.avow` made before the engine was there
  };

  // Served from another origin, Avow itself must get through, here and in the patches.
  try {
    allow = C.allow = allow.concat(/^https?:\/\/[^\/]+/.exec(C.base) || []);
  } catch (e) {}

  function all() {
    for (var i = 0; i < ids.length; i++) if (grants[ids[i]] !== 1) return false;
    return ids.length > 0;
  }

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
      read[4].replace(/~_gpc:1$/, "").replace(/~_on:1$/, "").split("~").forEach(function (choice) {
        var part = /^([a-z][a-z0-9_]{0,31}):([01])$/.exec(choice), id = part[1], purpose = purposes[id];
        if (seen[id + ":"]) throw 0;
        seen[id + ":"] = 1;
        if (part[2] > 0 && purpose && +read[1] >= purpose.since && !(gpc && !/^[af]/.test(purpose.category)))
          given[id] = 1;
      });
      // What the gate has verified is the most there can be.
      ids.forEach(function (id) {
        if (given[id] === 1 && (!C.granted || C.granted.indexOf(id) >= 0)) grants[id] = 1;
      });
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

  // A site that enforces Trusted Types lists this name; without it the guard's own writes fail, and all stays held.
  try {
    trusted = w.trustedTypes.createPolicy("avow", {
      createHTML: String,
      createScriptURL: String,
    });
  } catch (e) {}

  // The policy, tailored to the stored choice: necessary hosts and those of granted purposes.
  try {
    hosts = allow;
    ids.forEach(function (id) {
      if (grants[id]) hosts = hosts.concat(purposes[id].hosts || []);
    });
    // A host that could end the directive is no host.
    hosts = hosts.filter(function (host) {
      return /^[\w:\/.*\[\]-]+$/.test(host);
    });
    csp = hosts.join(" ");
    csp =
      "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob: " + csp +
      "; form-action 'self' " + csp + "; object-src 'none'";
    meta = "Content-Security-Policy";
    if (__AVOW_COMPATIBLE__) {
      A.hosts = null;
    } else if (C.form === "snippet") {
      // Only while the parser is here: writing later would replace the page.
      if (d.readyState === "loading" && Object.keys(grants).length) {
        meta = (all() ? "" : '<meta http-equiv="' + meta + '" content="' + csp + '">') + "<script type=x>";
        d.write(trusted ? trusted.createHTML(meta) : meta);
        A.hosts = all() ? null : hosts;
      }
    } else {
      A.hosts = all() ? null : hosts;
      if (A.hosts && C.form !== "gate") {
        meta = d.createElement("meta");
        meta.httpEquiv = "Content-Security-Policy";
        meta.content = csp;
        (d.head || d.documentElement).appendChild(meta);
      }
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

  try {
    if (!all()) patch(w, d, A, C, ids, grants, all, trusted);
  } catch (e) {}
})(window, document, __AVOW_CONFIG__);
