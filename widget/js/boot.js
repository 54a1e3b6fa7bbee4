// The boot: fetches the engine, its glue and the policy in one round trip and starts them. It also gives the
// engine its hands (`A.style` and following): storage, promises and events, which cost less here than there.
//
// It follows the guard in the site script. Nothing here decides: if anything fails, the page works and
// everything optional stays denied. It never throws into the page.
//
// Read next: `../src/lib.rs` (what `start` does).
(function (w, d) {
  var A = w.__avow, C, base;
  if (!A || A.booted) return;
  A.booted = true;
  C = A.next || A.config;
  base = C.base;

  function fail(e) {
    A.failed = String(e);
    if (A.done) A.done(false);
  }

  // The page's language, then the visitor's, then the site's first.
  function language() {
    var wanted = [d.documentElement.lang].concat(navigator.languages || [], C.lang), i, found;
    function short(tag) {
      return tag.toLowerCase().split("-")[0];
    }
    for (i = 0; i < wanted.length && !found; i++) {
      found = wanted[i] && (
        C.langs.filter(function (lang) { return lang.toLowerCase() === wanted[i].toLowerCase(); })[0] ||
        C.langs.filter(function (lang) { return short(lang) === short(wanted[i]); })[0]);
    }
    return found || C.lang;
  }

  function body() {
    return d.body || new Promise(function (done) {
      d.addEventListener("DOMContentLoaded", done);
    });
  }

  var memory = {}, tabs, timer;

  A.style = function (css) {
    var sheet;
    try {
      // Unlike a style element this works under a page's own strict policy.
      sheet = new CSSStyleSheet();
      sheet.replaceSync(css);
      d.adoptedStyleSheets = Array.from(d.adoptedStyleSheets).concat(sheet);
    } catch (e) {
      sheet = d.createElement("style");
      sheet.id = "avow-style";
      sheet.textContent = css;
      d.head.appendChild(sheet);
    }
  };

  // Where there is no storage, the page's memory does for as long as the page lives.
  A.kept = function (key) {
    try {
      return localStorage.getItem(key) || memory[key] || "";
    } catch (e) {
      return memory[key] || "";
    }
  };
  A.keep = function (key, value) {
    delete memory[key];
    try {
      if (value) localStorage.setItem(key, value);
      else localStorage.removeItem(key);
    } catch (e) {
      memory[key] = value;
    }
  };

  // Every domain and path that a cookie which this page sees may have been set for.
  function expire(name) {
    var domain = location.hostname, paths = ["/"], path = "";
    location.pathname.split("/").slice(1).forEach(function (part) {
      path += "/" + part;
      paths.push(path, path + "/");
    });
    for (;;) {
      paths.forEach(function (path) {
        d.cookie = name + "=;max-age=0;path=" + path;
        d.cookie = name + "=;max-age=0;path=" + path + ";domain=" + domain;
      });
      if (domain.indexOf(".") < 0) return;
      domain = domain.slice(domain.indexOf(".") + 1);
    }
  }

  A.cookie = function (value, seconds, domain) {
    // Two cookies of ours with different values would be no decision.
    expire("avow");
    d.cookie = "avow=" + value + ";path=/;samesite=lax;max-age=" + seconds +
      (location.protocol === "https:" ? ";secure" : "") + (domain ? ";domain=" + domain : "");
  };

  A.clear = function (kind, name, prefix) {
    function fits(key) {
      return prefix ? !key.indexOf(name) : key === name;
    }
    try {
      if (kind === "cookie") {
        d.cookie.split(/; */).map(function (pair) {
          return pair.split("=")[0];
        }).concat(prefix ? [] : name).filter(fits).forEach(expire);
      } else if (kind === "local" || kind === "session") {
        kind = w[kind + "Storage"];
        Object.keys(kind).filter(fits).forEach(function (key) {
          kind.removeItem(key);
        });
      } else if (kind === "indexeddb") {
        indexedDB.databases().then(function (list) {
          list.forEach(function (one) {
            if (fits(one.name)) indexedDB.deleteDatabase(one.name);
          });
        });
      } else if (kind === "cache") {
        caches.keys().then(function (list) {
          list.filter(fits).forEach(function (key) {
            caches.delete(key);
          });
        });
      }
    } catch (e) {}
  };

  A.marked = function () {
    return Array.from(d.querySelectorAll("script[type='text/plain'][data-avow],[data-avow][data-src]:not(script)"), function (tag) {
      return { tag: tag, mark: tag.getAttribute("data-avow") };
    });
  };

  // A script that never ran is replaced by a copy, in its place; external ones keep their order by waiting.
  A.revive = function (tag) {
    var live, waits;
    if (tag.localName !== "script") {
      tag.src = tag.getAttribute("data-src");
      tag.removeAttribute("data-src");
      return false;
    }
    live = d.createElement("script");
    Array.from(tag.attributes, function (one) {
      var name = one.name.replace(/^data-(src|type)$/, "$1");
      if (one.name !== "type" && name !== "data-avow") live.setAttribute(name, one.value);
    });
    // Browsers hide the attribute, not the property.
    live.nonce = tag.nonce;
    live.text = tag.text;
    waits = live.src && live.type !== "module" && !tag.hasAttribute("async");
    if (waits) {
      live.async = false;
      live.addEventListener("load", A.hear);
      live.addEventListener("error", A.hear);
    }
    try {
      // Written after the parser has gone, it would replace the page.
      if (!live.src && d.readyState !== "loading") d.write = d.writeln = function () {};
      tag.replaceWith(live);
    } finally {
      delete d.write;
      delete d.writeln;
    }
    return !!waits;
  };

  A.wake = function (ms) {
    clearTimeout(timer);
    timer = setTimeout(A.hear, ms);
  };

  A.reload = function (said) {
    try {
      sessionStorage.setItem("avow_said", said);
    } catch (e) {}
    location.reload();
  };

  A.listen = function (hear) {
    A.hear = hear;
    // Some of these do not bubble.
    ["click", "close", "DOMContentLoaded", "visibilitychange"].forEach(function (name) {
      d.addEventListener(name, hear, true);
    });
    w.addEventListener("online", hear);
    w.addEventListener("pageshow", hear);
    if (tabs) tabs.onmessage = hear;
  };

  A.post = function (url, id, body) {
    function done(status, answer, retry) {
      A.hear({ type: "avow-reply", id: id, status: status, seal: answer && answer.seal, retry: +retry });
    }
    fetch(url, {
      method: "POST",
      // It outlives the page, and carries no cookie.
      keepalive: true,
      credentials: "omit",
      headers: { "Content-Type": "application/json" },
      body: body,
    }).then(function (answer) {
      var retry = answer.headers.get("Retry-After");
      return answer.json().then(
        function (json) { done(answer.status, json, retry); },
        // An answer cut short, or not ours: a success without its body is none.
        function () { done(answer.ok ? 0 : answer.status, null, retry); }
      );
    }, function () {
      done(0);
    });
  };

  A.emit = function (json, others) {
    try {
      d.dispatchEvent(new CustomEvent("avow:decision", { detail: JSON.parse(json) }));
      if (others) tabs.postMessage(1);
    } catch (e) {}
  };

  // The page's own calls, first those that waited.
  function serve(engine) {
    ["acceptAll", "rejectAll", "open", "withdraw"].forEach(function (name) {
      w.avow[name] = function () {
        engine.call(name);
      };
    });
    w.avow.on = function (name, listener) {
      d.addEventListener("avow:" + name, function (e) {
        listener(e.detail);
      });
    };
    w.avow.decision = function () {
      return JSON.parse(engine.decision() || "null");
    };
    A.queue.splice(0).forEach(function (call) {
      w.avow[call[0]].apply(null, call[1]);
    });
  }

  try {
    tabs = new BroadcastChannel("avow");
  } catch (e) {}

  try {
    A.said = sessionStorage.getItem("avow_said");
    sessionStorage.removeItem("avow_said");
  } catch (e) {}

  try {
    if (A.config.hash !== C.hash) {
      A.stale = true;
      console.warn("Avow: the pasted snippet is of policy version " + A.config.version + ", the site's is " + C.version + ". Paste it again: until then it lets less through.");
    }
    Promise.all([
      import(base + "/assets/" + C.assets.js),
      fetch(base + "/site/" + C.site + "/" + C.hash + "/" + language() + ".json").then(function (answer) {
        if (!answer.ok) throw answer.status;
        return answer.json();
      }),
      fetch(base + "/assets/" + C.assets.wasm).then(function (answer) {
        if (!answer.ok) throw answer.status;
        return answer;
      }),
    ]).then(function (got) {
      return got[0].default({ module_or_path: got[2] }).then(body).then(function () {
        got[0].start(got[1], A, C);
        serve(got[0]);
        if (A.done) A.done(true);
      });
    }).catch(fail);
  } catch (e) {
    fail(e);
  }
})(window, document);
