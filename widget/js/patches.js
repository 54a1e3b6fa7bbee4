// The guard's patches: the net for what a content security policy does not know. Storage of all kinds, realms,
// workers of the site itself, WebRTC, windows, connections made ahead.
//
// Whether an item may be written is asked when it is written, by its declared name; what may not is dropped.
// Nothing is read from the page after the patches were made, so that a page which redefines built-ins afterwards
// neither opens them nor breaks in them; each is a proxy, so that it looks like what it stands for.
// They are a net with holes and no match for a page that wants to break out: the policy is the wall.
//
// Read next: `hold.js` (what the mode `compatible` adds), `worker.js` (the start of a worker).

import { hold } from "./hold.js";
import { within } from "./worker.js";

/**
 * Puts the patches in place. `A` is `window.__avow`, `C` the configuration, `all` says whether everything is
 * granted by now. Everything that they use later is taken here.
 */
export function patch(w, d, A, C, ids, grants, all, trusted) {
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
    open = origins(C.allow),
    opens = Object.create(null),
    // Windows and, since a window outlives what it shows, each realm's constructor of documents: 1 ours, 2 not.
    realms = new WeakMap(),
    held,
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

  // Is a visitor's click or key press in flight?
  function asked() {
    return active && active(activation);
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
      if (grants[ids[i]] === 1 && listed(C.purposes[ids[i]].items, kind, name)) return true;
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
      // A page may have added to the prototype of all objects before its frame was entered; before its first script
      // none has.
      if (v !== w) bare(property, null);
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

  // Cookies. One that ends a cookie may always be written; its date must be one that `Date` and browsers, who read
  // dates of cookies by rules of their own, read alike.
  function cookie(was, self, args) {
    var text = (args[0] = "" + args[0]),
      end = exec(
        /^(?:(?!max-age|expires).)*;\s*(?:max-age=(?:0|-\d+)|expires=\s*((?:\w+, *)?\d\d?[ -]\w{3}[ -](?:(?:19|20)\d\d|[7-9]\d) [\d:]{8} (?:GMT|UTC)))\s*(?:;(?:(?!max-age|expires).)*)?$/i,
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
      if (node && typeof node === "object") {
        tame(node);
        if (__AVOW_COMPATIBLE__) held.takeAll(node);
      }
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
    if (args.length && !asked() && leaves(args[0])) return null;
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
    for (i = 0; i < owners.length; i++)
      for (j = 0; j < sinks.length; j++)
        hook(v, owners[i], sinks[j], __AVOW_COMPATIBLE__ ? held.sink(sinks[j]) : sink);
    if (__AVOW_COMPATIBLE__) held.realm(v);
  }

  // Whether an address leaves is asked again when something is put back.
  A.leaves = leaves;
  ids.forEach(function (id) {
    opens[id] = origins(C.purposes[id].hosts);
  });
  if (__AVOW_COMPATIBLE__) {
    held = hold({
      apply: apply,
      construct: construct,
      exec: exec,
      attribute: attribute,
      mark: mark,
      tagOf: tagOf,
      typeOf: typeOf,
      method: method,
      getter: getter,
      hook: hook,
      sink: sink,
      leaves: leaves,
      denied: denied,
      asked: asked,
      find: find,
      put: put,
      reject: reject,
      html: function (text) {
        return trusted ? trusted.createHTML(text) : text;
      },
    });
  }
  enter(w);
  // What the parser inserts; and a frame that has another page now has another realm.
  new MutationObserver(function () {
    sweep(w);
  }).observe(d, { childList: true, subtree: true });
  d.addEventListener("load", function (e) {
    if (e.target.contentWindow) enter(e.target.contentWindow);
  }, true);
}
