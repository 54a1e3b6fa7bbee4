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
// Patches are the net for what no such policy knows: storage, realms, workers of the site itself, WebRTC,
// windows, connections made ahead. They read nothing from the page after they were made, so that a page which
// redefines built-ins afterwards neither opens them nor breaks in them. When everything is granted there are none.
//
// Read next: `hold.js` (what `compatible` adds), `boot.js` (fetches the engine), `avow.d.ts` (what pages may call).
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
    compatible = C.mode === "compatible",
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
      read[4].replace(/~_gpc:1$/, "").split("~").forEach(function (choice) {
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
    // Served from another origin, Avow itself must get through.
    hosts = allow.concat(/^https?:\/\/[^\/]+/.exec(C.base) || []);
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
    if (compatible) {
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
    if (!all()) patch();
  } catch (e) {}

  // The patches. Everything that they use later is taken here.
  function patch() {
    var apply = Reflect.apply,
      construct = Reflect.construct,
      define = Reflect.defineProperty,
      describe = Reflect.getOwnPropertyDescriptor,
      bare = Reflect.setPrototypeOf,
      call = Function.prototype.call,
      Proxy = w.Proxy,
      URL = w.URL,
      Blob = w.Blob,
      Failure = w.DOMException,
      addressFor = URL.createObjectURL,
      resolve = Promise.resolve.bind(Promise),
      reject = Promise.reject.bind(Promise),
      quote = JSON.stringify,
      now = Date.now,
      moment = Date.parse,
      exec = method("RegExp", "exec"),
      slice = method("String", "slice"),
      find = method("WeakMap", "get"),
      put = method("WeakMap", "set"),
      attribute = method("Element", "getAttribute"),
      mark = method("Element", "setAttribute"),
      tagOf = getter("Element", "localName"),
      typeOf = getter("Node", "nodeType"),
      baseOf = getter("Node", "baseURI"),
      viewOf = getter("Document", "defaultView"),
      hrefOf = getter("URL", "href"),
      originOf = getter("URL", "origin"),
      pathOf = getter("URL", "pathname"),
      lengthOf = call.bind(describe(w, "length").get),
      active = w.UserActivation && getter("UserActivation", "isActive"),
      activation = w.navigator.userActivation,
      home = w.location.origin,
      shell = "(" + within + ")(self,",
      capitals = { __proto__: null, c: "C", l: "L", s: "S", i: "I", k: "K" },
      open = origins(allow),
      opens = Object.create(null),
      // Windows and, since a window outlives what it shows, each realm's constructor of documents: 1 ours, 2 not.
      realms = new WeakMap(),
      // A storage and what stands for it, each to both and the letter of its kind.
      stores = new WeakMap(),
      storing = ["getItem", "removeItem", "clear", "key"],
      frames = ["HTMLIFrameElement", "HTMLFrameElement", "HTMLObjectElement"],
      owners = ["Node", "Element", "Document", "DocumentFragment", "CharacterData", "ShadowRoot", "Range"],
      sinks = ("appendChild insertBefore replaceChild moveBefore append prepend before after replaceWith replaceChildren " +
        "insertAdjacentElement insertAdjacentHTML innerHTML outerHTML setHTMLUnsafe write writeln insertNode").split(" ");

    function method(type, name) {
      return call.bind(w[type].prototype[name]);
    }

    function getter(type, name) {
      return call.bind(describe(w[type].prototype, name).get);
    }

    // Hosts as a policy writes them, as an expression over origins.
    function origins(list) {
      return RegExp("^(?:" + (list || []).map(function (host) {
        return (host.indexOf("://") < 0 ? "https?://" : "") +
          host.replace(/[.[\]]/g, "\\$&").replace("*\\.", "[^/]+\\.").replace(":*", "(?::\\d+)?");
      }).join("|") + ")$");
    }

    function resolved(address) {
      return new URL("" + address, baseOf(d));
    }

    function denied() {
      return new Failure("Held until consent", "SecurityError");
    }

    // Does the address leave for a host that nothing allows?
    function leaves(address) {
      try {
        address = originOf(resolved(address));
      } catch (e) {
        return false;
      }
      // The origin of what is no address of the web is `null`.
      if (all() || address === home || address === "null" || exec(open, address)) return false;
      for (var i = 0; i < ids.length; i++) if (grants[ids[i]] === 1 && exec(opens[ids[i]], address)) return false;
      return true;
    }

    // An item is the letter of its kind and its name; with a capital, the start of its name.
    function listed(items, kind, name) {
      for (var i = 0, item; items && i < items.length; i++) {
        item = slice(items[i], 1);
        if (items[i][0] === kind ? name === item : items[i][0] === capitals[kind] && slice(name, 0, item.length) === item)
          return true;
      }
    }

    // May this item be written now?
    function may(kind, name) {
      if (all() || listed(C.items, kind, name)) return true;
      for (var i = 0; i < ids.length; i++)
        if (grants[ids[i]] === 1 && listed(purposes[ids[i]].items, kind, name)) return true;
      if (A.held.length < 99) A.held[A.held.length] = kind + name;
    }

    // Puts a proxy in place of a function or of what sets a property, else of what reads it: it keeps the name,
    // the length, the prototype and the text of what it stands for.
    function hook(v, type, key, act) {
      try {
        var owner = type ? v[type].prototype : v,
          property = describe(owner, key),
          part,
          was,
          made;
        // What an engine lacks.
        if (!property) return;
        bare(property, null);
        part = property.value ? "value" : property.set ? "set" : "get";
        was = property[part];
        made = property[part] = new Proxy(was, {
          __proto__: null,
          apply: act,
          construct: function (was, args, target) {
            return act(was, target, args);
          },
        });
        define(owner, key, property);
        // A way around: the prototype's own word for what made it.
        if (describe(was, "prototype"))
          define(was.prototype, "constructor", { __proto__: null, value: made, writable: true, configurable: true });
      } catch (e) {}
    }

    // Cookies. One that ends a cookie may always be written.
    function cookie(was, self, args) {
      var text = (args[0] = "" + args[0]),
        end = exec(
          /^(?:(?!max-age|expires).)*;\s*(?:max-age=(?:0|-\d+)|expires=([^;]*))\s*(?:;(?:(?!max-age|expires).)*)?$/i,
          text
        );
      if ((end && (end[1] === undefined || moment(end[1]) < now())) || may("c", exec(/^\s*([^=;]*?)\s*(?:[=;]|$)/, text)[1]))
        return apply(was, self, args);
    }

    function cookieStore(was, self, args) {
      var name = args[0];
      if (name && typeof name === "object") name = name.name;
      return may("c", "" + name) ? apply(was, self, args) : resolve();
    }

    // A storage is written to as an object, too.
    function shield(real, kind) {
      var store = real && find(stores, real);
      if (real && !store) {
        store = { __proto__: null, real: real, kind: kind };
        store.stand = new Proxy(real, {
          __proto__: null,
          get: function (real, key) {
            return real[key];
          },
          set: function (real, key, value) {
            if (typeof key === "symbol" || may(kind, key)) real[key] = value;
            return true;
          },
          defineProperty: function (real, key, property) {
            return (typeof key !== "symbol" && !may(kind, key)) || define(real, key, property);
          },
        });
        put(stores, real, store);
        put(stores, store.stand, store);
      }
      return store && store.stand;
    }

    function stored(was, self, args) {
      var store = find(stores, self);
      return apply(was, store ? store.real : self, args);
    }

    function setItem(was, self, args) {
      var store = find(stores, self);
      args[0] = "" + args[0];
      if (may(store ? store.kind : "l", args[0])) return stored(was, self, args);
    }

    // Insertion: what connects ahead is taken out before, new realms are entered after.
    function sink(was, self, args) {
      for (var i = 0, node; i < args.length; i++) {
        node = args[i];
        if (node && typeof node === "object") tame(node);
      }
      node = apply(was, self, args);
      sweep(w);
      return node;
    }

    function tame(node) {
      try {
        if (typeOf(node) !== 1) return;
        var tag = tagOf(node);
        if (tag === "link" && exec(/preconnect|dns-prefetch|prerender/i, attribute(node, "rel") || "") && leaves(attribute(node, "href")))
          mark(node, "rel", "avow-held");
        // Rules for what to load before a visitor asks for it.
        if (tag === "script" && !all() && exec(/speculationrules/i, attribute(node, "type") || "")) mark(node, "type", "avow-held");
      } catch (e) {}
    }

    // Patches the realm of a window, once. Nothing for one of another origin, of which nothing can be read.
    function enter(v) {
      try {
        var type = v.Document;
        if (!find(realms, type)) {
          put(realms, type, 1);
          realm(v);
        }
        return 1;
      } catch (e) {}
    }

    function sweep(v) {
      try {
        for (var i = 0, frame, state; i < lengthOf(v); i++) {
          frame = v[i];
          state = find(realms, frame);
          if (!state) put(realms, frame, (state = enter(frame) || 2));
          if (state < 2) sweep(frame);
        }
      } catch (e) {}
    }

    function entered(was, self, args) {
      var view = apply(was, self, args);
      enter(view);
      return view;
    }

    function opened(was, self, args) {
      // What a visitor clicked on may lead elsewhere, as any link does.
      if (args.length && !(active && active(activation)) && leaves(args[0])) return null;
      return entered(was, self, args);
    }

    function page(was, self, args) {
      var shown = apply(was, self, args);
      if (shown) enter(viewOf(shown));
      return shown;
    }

    function peer(was, target, args) {
      if (all()) return construct(was, args, target);
      throw denied();
    }

    // A worker from a file has that file's policy, not the page's; one from a `blob:` has the page's.
    function worker(was, target, args) {
      var address, code;
      try {
        address = hrefOf(resolved(args[0]));
      } catch (e) {
        // The browser says what is wrong with it.
        args[0] = "http://[";
      }
      if (address && !all() && originOf(resolved(address)) === home && exec(/^http/, address)) {
        code = shell + quote(address);
        code = args[1] && args[1].type === "module"
          ? "import " + quote(file(code + ")")) + ";import " + quote(address)
          : code + ",1)";
        address = file(code);
        args[0] = trusted ? trusted.createScriptURL(address) : address;
      }
      return construct(was, args, target);
    }

    function file(code) {
      return addressFor(new Blob([code], { __proto__: null, type: "text/javascript" }));
    }

    function realm(v) {
      var i, j;
      hook(v, "Document", "cookie", cookie);
      hook(v, "CookieStore", "set", cookieStore);
      for (i = 0; i < storing.length; i++) hook(v, "Storage", storing[i], stored);
      hook(v, "Storage", "length", stored);
      hook(v, "Storage", "setItem", setItem);
      hook(v, "", "localStorage", function (was, self, args) {
        return shield(apply(was, self, args), "l");
      });
      hook(v, "", "sessionStorage", function (was, self, args) {
        return shield(apply(was, self, args), "s");
      });
      hook(v, "StorageEvent", "storageArea", function (was, self, args) {
        var area = apply(was, self, args), store = area && find(stores, area);
        return store ? store.stand : area;
      });
      hook(v, "IDBFactory", "open", function (was, self, args) {
        args[0] = "" + args[0];
        if (may("i", args[0])) return apply(was, self, args);
        throw denied();
      });
      hook(v, "CacheStorage", "open", function (was, self, args) {
        args[0] = "" + args[0];
        return may("k", args[0]) ? apply(was, self, args) : reject(denied());
      });
      hook(v, "ServiceWorkerContainer", "register", function (was, self, args) {
        return may("k", pathOf(resolved(args[0]))) ? apply(was, self, args) : reject(denied());
      });
      hook(v, "", "RTCPeerConnection", peer);
      hook(v, "", "webkitRTCPeerConnection", peer);
      hook(v, "", "Worker", worker);
      hook(v, "", "SharedWorker", worker);
      hook(v, "", "open", opened);
      for (i = 0; i < frames.length; i++) {
        hook(v, frames[i], "contentWindow", entered);
        hook(v, frames[i], "contentDocument", page);
      }
      for (i = 0; i < owners.length; i++) for (j = 0; j < sinks.length; j++) hook(v, owners[i], sinks[j], sink);
    }

    ids.forEach(function (id) {
      opens[id] = origins(purposes[id].hosts);
    });
    enter(w);
    // What the parser inserts; and a frame that has another page now has another realm.
    new MutationObserver(function () {
      sweep(w);
    }).observe(d, { childList: true, subtree: true });
    d.addEventListener("load", function (e) {
      if (e.target.contentWindow) enter(e.target.contentWindow);
    }, true);
  }

  // The start of a worker, as text: addresses there are meant from the file's own, not from the `blob:` around it.
  function within(S, file, run) {
    var policy;
    function meant(type, key, at) {
      var was = type && type[key];
      if (!was) return;
      function act(was, self, args, make) {
        for (var i = at; i < args.length && (i === at || key === "importScripts"); i++)
          if (typeof args[i] === "string") args[i] = new URL(args[i], file).href;
        return make ? Reflect.construct(was, args, make) : Reflect.apply(was, self, args);
      }
      type[key] = new Proxy(was, {
        apply: act,
        construct: function (was, args, make) {
          return act(was, 0, args, make);
        },
      });
    }
    try {
      Object.defineProperty(S, "location", { value: new URL(file) });
    } catch (e) {}
    try {
      policy = S.trustedTypes.createPolicy("avow", { createScriptURL: String });
    } catch (e) {}
    meant(S, "fetch", 0);
    meant(S, "Request", 0);
    meant(S, "EventSource", 0);
    meant(S, "Worker", 0);
    meant(S, "importScripts", 0);
    meant(S.XMLHttpRequest && S.XMLHttpRequest.prototype, "open", 1);
    if (run) S.importScripts(policy ? policy.createScriptURL(file) : file);
  }
})(window, document, __AVOW_CONFIG__);
