// The boot: fetches the engine, its glue and the policy in one round trip and starts them, and lets pages call.
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
    A.failed = "" + e;
    if (A.done) A.done(false);
  }

  // The page's language, then the visitor's, then the site's first.
  function language() {
    var found;
    [d.documentElement.lang].concat(navigator.languages, C.lang).some(function (wanted) {
      return [lower, script].some(function (of) {
        return (found = C.langs.filter(function (lang) { return of(lang) === of(wanted); })[0]);
      });
    });
    return found;
  }

  function lower(tag) {
    return ("" + tag).toLowerCase();
  }

  // A tag's language and script: who reads `zh` does not read `zh-TW`. Of `und`, not said, the likeliest would be `en`.
  function script(tag) {
    try {
      tag = new Intl.Locale(tag);
      return tag.language + tag.maximize().script;
    } catch (e) {
      return tag;
    }
  }

  function body() {
    return d.body || new Promise(function (done) {
      d.addEventListener("DOMContentLoaded", done);
    });
  }

  function get(path) {
    return fetch(base + path).then(function (answer) {
      if (!answer.ok) throw answer.status;
      return answer;
    });
  }

  function json(path) {
    return get("/site/" + C.site + "/" + C.hash + path).then(function (answer) {
      return answer.json();
    });
  }

  // What comes next is a task of its own, so that the page can answer the visitor in between.
  function breath(ms) {
    return new Promise(function (done) {
      setTimeout(done, ms);
    });
  }

  // The page's own calls, first those that waited.
  function serve() {
    ["acceptAll", "rejectAll", "open", "withdraw"].forEach(function (name) {
      w.avow[name] = function () {
        A.call(name);
      };
    });
    w.avow.on = function (name, listener) {
      d.addEventListener("avow:" + name, function (e) {
        listener(e.detail);
      });
    };
    w.avow.decision = A.decision;
    A.queue.splice(0).forEach(function (call) {
      w.avow[call[0]].apply(null, call[1]);
    });
  }

  try {
    // A pasted snippet of another version lets less through: `late.js` tells the owner.
    A.stale = A.config.hash !== C.hash;
    Promise.all([
      import(base + "/assets/" + C.assets.js),
      json("/" + language() + "/banner.json"),
      get("/assets/" + C.assets.wasm),
      // The regime of where the visitor is; if it does not come, the policy's own holds, the strictest.
      C.region && Promise.race([json("/region.json"), breath(2e3)]).catch(function () {}),
    ]).then(function (got) {
      Object.assign(got[1], got[3]);
      return got[0].default(got[2]).catch(function (e) {
        // Not the engine itself, whose state nobody knows then: a form, which the server takes.
        Promise.resolve(body()).then(function () {
          got[0].plain(got[1], A, C);
          serve();
        }).catch(function () {});
        throw e;
      }).then(body).then(breath).then(function () {
        A.engine = got[0];
        if (!A.engine.run(got[1], A, C)) throw "policy";
      }).then(breath).then(function () {
        A.engine.hear("show");
        serve();
        if (A.done) A.done(true);
        d.dispatchEvent(new CustomEvent("avow:ready"));
      });
    }).catch(fail);
  } catch (e) {
    fail(e);
  }
})(window, document);
