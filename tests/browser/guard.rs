//! The guard's patches: what a page keeps on the device is held by name and released by purpose, in every
//! realm and worker, also on a page that fights back; and what is patched behaves as before.
//!
//! Each page is shown without Avow, too: there the same lines do what the guard holds.

use anyhow::{Result, ensure};
use avow_tests::browser::Tab;
use avow_tests::database::Kind;
use avow_tests::page::Pages;
use avow_tests::policy::{SITE, toml_for};
use avow_tests::server::{Setup, TestServer};
use avow_tests::time::until;

use crate::harness::{Browsers, Suite};

pub fn add(suite: &mut Suite) {
    suite.add("storage_is_held_by_name_and_released_by_purpose", storage);
    suite.add("fresh_frames_are_no_way_around", realms);
    suite.add("the_sites_own_workers_reach_nobody_and_work", workers);
    suite.add("windows_connections_and_peers_are_held", windows);
    suite.add("a_page_that_fights_neither_opens_nor_breaks", hostile);
    suite.add("a_page_with_trusted_types_needs_one_name", trusted_types);
    suite.add("what_is_patched_behaves_as_before", compatible);
}

/// A site with the snippet and, for the control, without.
struct Site {
    pages: Pages,
    _avow: TestServer,
    snippet: String,
}

impl Site {
    async fn start() -> Result<Self> {
        let pages = Pages::start().await?;
        let policy = toml_for(&pages.third());
        let avow = TestServer::start(Setup { policies: vec![policy], ..Setup::on(Kind::Sqlite) }).await?;
        pages.proxy(Some(avow.base()));
        let snippet = avow.avow_ok(&["snippet", SITE])?;
        pages.put("/clean", "<!doctype html><title>clean</title>");
        Ok(Self { pages, _avow: avow, snippet })
    }

    /// Puts the same page up twice: with Avow, and under `/bare` without.
    fn put(&self, body: &str) {
        self.put_with("", body);
    }

    /// The same, with something before the snippet.
    fn put_with(&self, first: &str, body: &str) {
        for (path, snippet) in [("/page", self.snippet.as_str()), ("/bare", "")] {
            let html = format!(
                "<!DOCTYPE html><html lang=en><head><meta charset=utf-8>{first}{snippet}<title>shop</title>\
                 </head><body><h1>Here</h1>{body}</body></html>"
            );
            self.pages.put(path, &html);
        }
    }

    async fn go(&self, tab: &Tab, path: &str) -> Result<()> {
        tab.go(&format!("{}{path}", self.pages.site())).await?;
        if path == "/page" {
            tab.wait("(await avow.ready) === true").await?;
        }
        tab.wait("!window.work || window.done === true").await
    }

    /// The names of all that is on the device, but for Avow's own; seen from a page without Avow.
    async fn kept(&self, tab: &Tab) -> Result<Vec<String>> {
        self.go(tab, "/clean").await?;
        let kept = tab.contents().await?;
        let cookies = tab.cookies().await?;
        let mut names: Vec<String> = cookies.into_iter().map(|cookie| cookie.name).collect();
        names.extend(kept.local.into_iter().chain(kept.session).map(|(name, _)| name));
        names.extend(kept.databases);
        names.retain(|name| !name.starts_with("avow"));
        names.sort();
        Ok(names)
    }

    async fn answer(&self, tab: &Tab, only: &str) -> Result<()> {
        self.go(tab, "/page").await?;
        if only == "all" {
            tab.click("#avow-accept").await?;
        } else {
            tab.click("#avow-choose").await?;
            tab.click(&format!("#avow-p-{only}")).await?;
            tab.click("#avow-save").await?;
        }
        tab.wait(r"/avow=1\.\d+\.\w+\.\w+\.[a-z0-9_~:]+\.[\w-]{22}(;|$)/.test(document.cookie)").await
    }
}

/// Writes one item in every way that there is. `basket` is the site's own and necessary, `_count…` and `counts`
/// are analytics, and nobody has declared those that begin with `stray`.
const WRITE: &str = r"<script>
window.work = (async () => {
  const quietly = async (act) => { try { await act(); } catch { } };
  for (const name of ['basket', '_count_1', 'stray_cookie']) document.cookie = name + '=1; path=/; max-age=9999';
  Object.getOwnPropertyDescriptor(Document.prototype, 'cookie').set.call(document, 'stray_descriptor=1; path=/');
  if (window.cookieStore) await quietly(() => cookieStore.set('stray_cookie_store', '1'));
  localStorage.setItem('counts', '1');
  localStorage.setItem('stray_local', '1');
  localStorage.stray_property = '1';
  Object.defineProperty(localStorage, 'stray_defined', { value: '1', configurable: true, enumerable: true, writable: true });
  Storage.prototype.setItem.call(localStorage, 'stray_called', '1');
  Reflect.set(sessionStorage, 'stray_session', '1');
  await quietly(() => new Promise((done) => { const open = indexedDB.open('stray_database'); open.onsuccess = done; open.onerror = done; }));
  await quietly(() => caches.open('stray_cache'));
})().then(() => { window.done = true; });
</script>";

async fn storage(browsers: Browsers) -> Result<()> {
    let site = Site::start().await?;
    site.put(WRITE);
    let browser = browsers.plain().await?;
    let tab = browser.open().await?;
    site.go(&tab, "/page").await?;
    let held = tab.eval("__avow.held").await?;
    ensure!(
        held.as_array().is_some_and(|held| held.contains(&"cstray_cookie".into())),
        "it is counted: {held}"
    );
    let kept = site.kept(&tab).await?;
    ensure!(kept == ["basket"], "only what is necessary is written before a choice: {kept:?}");
    site.answer(&tab, "analytics").await?;
    site.go(&tab, "/page").await?;
    let kept = site.kept(&tab).await?;
    ensure!(kept == ["_count_1", "basket", "counts"], "and what is granted after one: {kept:?}");
    // A cookie may be ended by whoever wrote it, granted or not; in another way it may not be written.
    site.go(&tab, "/clean").await?;
    tab.eval("['stray_one', 'stray_two', 'stray_three'].map(name => document.cookie = name + '=1; path=/')")
        .await?;
    site.go(&tab, "/page").await?;
    tab.eval("document.cookie = 'stray_one=; path=/; expires=' + new Date(0).toUTCString()").await?;
    tab.eval("document.cookie = 'stray_two=; Path=/; Expires=Thu, 01-Jan-70 00:00:01 GMT; SameSite=Lax'")
        .await?;
    tab.eval("document.cookie = 'stray_three=; max-age=-1; path=/'").await?;
    // Each is stored by browsers, which read a date of a cookie as no date, or as one to come.
    for doubtful in [
        "max-age=0; max-age=99",
        "max-age=99; expires=Thu, 01 Jan 1970 00:00:00 GMT",
        "expires=Fri, 01 Jan 60 00:00:00 GMT",
        "expires=1970-01-01",
        "expires=0",
        "max-age=+0",
    ] {
        tab.eval(&format!("document.cookie = 'film=1; path=/; {doubtful}'")).await?;
    }
    let kept = site.kept(&tab).await?;
    ensure!(!kept.iter().any(|name| name == "film" || name.starts_with("stray")), "{kept:?}");
    tab.close().await;
    // The control: with everything granted, and without Avow, all of it is.
    for all in [true, false] {
        let tab = browser.open().await?;
        if all {
            site.answer(&tab, "all").await?;
        }
        site.go(&tab, if all { "/page" } else { "/bare" }).await?;
        let mut kept = site.kept(&tab).await?;
        // Not every engine has a cookie store.
        kept.retain(|name| name != "stray_cookie_store");
        ensure!(kept == WRITTEN, "with everything granted ({all}): {kept:?}");
        tab.close().await;
    }
    Ok(())
}

/// What [`WRITE`] leaves where nothing holds it.
const WRITTEN: [&str; 12] = [
    "_count_1",
    "basket",
    "counts",
    "stray_cache",
    "stray_called",
    "stray_cookie",
    "stray_database",
    "stray_defined",
    "stray_descriptor",
    "stray_local",
    "stray_property",
    "stray_session",
];

/// Fresh frames by every way of insertion, each asked for a cookie in its own name.
const FRAMES: &str = r"<iframe id=parsed></iframe><script>
window.work = true;
const mark = (view, name) => {
  try { view.document.cookie = 'realm_' + name + '=1; path=/'; } catch { }
  try { Object.getOwnPropertyDescriptor(view.Document.prototype, 'cookie').set.call(document, 'descriptor_' + name + '=1; path=/'); } catch { }
  try { view.localStorage.setItem('local_' + name, '1'); } catch { }
  try { view.Storage.prototype.setItem.call(localStorage, 'called_' + name, '1'); } catch { }
};
const last = () => window[window.length - 1];
const frame = () => document.createElement('iframe');
mark(window[0], 'parsed');
document.body.appendChild(frame()); mark(last(), 'append_child');
document.body.insertBefore(frame(), null); mark(last(), 'insert_before');
document.body.append(frame()); mark(last(), 'append');
document.body.lastChild.after(frame()); mark(last(), 'after');
document.body.appendChild(document.createElement('i')).replaceWith(frame()); mark(last(), 'replace_with');
document.body.insertAdjacentElement('beforeend', frame()); mark(last(), 'adjacent_element');
document.body.insertAdjacentHTML('beforeend', '<iframe></iframe>'); mark(last(), 'adjacent_html');
const div = document.body.appendChild(document.createElement('div'));
div.innerHTML = '<iframe></iframe>'; mark(div.firstChild.contentWindow, 'inner_html');
div.firstChild.outerHTML = '<iframe name=named></iframe>'; mark(window.named, 'outer_html');
const range = document.createRange(); range.selectNodeContents(div); range.insertNode(frame()); mark(div.firstChild.contentDocument.defaultView, 'range');
const shadow = document.body.appendChild(document.createElement('p')).attachShadow({ mode: 'closed' });
shadow.appendChild(frame()); mark(shadow.firstChild.contentWindow, 'shadow');
const outer = document.body.appendChild(frame()).contentWindow;
const inner = outer.document.createElement('iframe'); outer.document.body.appendChild(inner); mark(outer[0], 'nested');
document.body.appendChild.call(outer.document.body, frame()); mark(outer[1], 'nested_from_outside');
document.write('<iframe></iframe>'); mark(last(), 'written');
document.getElementById('parsed').contentDocument.open(); mark(document.getElementById('parsed').contentWindow, 'opened'); document.getElementById('parsed').contentDocument.close();
window.done = true;
</script>";

async fn realms(browsers: Browsers) -> Result<()> {
    let site = Site::start().await?;
    site.put(FRAMES);
    let browser = browsers.plain().await?;
    let tab = browser.open().await?;
    site.go(&tab, "/page").await?;
    let kept = site.kept(&tab).await?;
    ensure!(kept.is_empty(), "{kept:?}");
    ensure!(tab.complaints().is_empty(), "{:?}", tab.complaints());
    // The control. A frame that is being replaced may lose what it was told to keep: each finds its way in some visit.
    until("64 items without Avow", || async {
        site.go(&tab, "/bare").await?;
        let kept = site.kept(&tab).await?;
        ensure!(kept.len() == 16 * 4, "{} of them: {kept:?}", kept.len());
        Ok(Some(()))
    })
    .await?;
    tab.close().await;
    Ok(())
}

/// Says where it is, asks its own site by a relative address, and a third party.
const WORKER: &str = "
const third = new URL(location.href).searchParams.get('third');
let answer;
(async () => {
  let own = 0;
  try { own = (await fetch('clean')).status; } catch (error) { own = String(error); }
  try { await fetch(third + '/from-' + new URL(location.href).searchParams.get('kind'), { mode: 'no-cors' }); } catch { }
  answer = { path: location.pathname, own };
  if (self.postMessage) postMessage(answer); else ports.forEach((port) => port.postMessage(answer));
})();
const ports = [];
// Whoever comes when all is done is answered, too.
self.onconnect = (event) => {
  ports.push(event.ports[0]);
  if (answer) event.ports[0].postMessage(answer);
};
";

async fn workers(browsers: Browsers) -> Result<()> {
    let site = Site::start().await?;
    let third = site.pages.third();
    site.pages.put("/js/worker.js", WORKER);
    site.pages.put("/js/clean", "here");
    site.pages.put("/js/module.js", "import './part.js';");
    site.pages.put("/js/part.js", WORKER);
    site.put(&format!(
        r"<script>
        const address = (file, kind) => '/js/' + file + '?kind=' + kind + '&third={third}';
        const said = (worker) => new Promise((done) => {{ (worker.port || worker).onmessage = (event) => done(event.data); worker.onerror = (event) => done(String(event.message)); }});
        window.work = Promise.all([
          said(new Worker(address('worker.js', 'classic'))),
          said(new Worker(new URL(address('module.js', 'module'), location.href), {{ type: 'module' }})),
          said(new SharedWorker(address('worker.js', 'shared'), 'one')),
          said(new Worker(URL.createObjectURL(new Blob(['postMessage(1); fetch(\'{third}/from-blob\', {{ mode: \'no-cors\' }}).catch(() => 0)'])))),
        ]).then((all) => {{ window.all = all; window.done = true; }});
        </script>"
    ));
    let browser = browsers.plain().await?;
    let tab = browser.open().await?;
    site.pages.forget();
    site.go(&tab, "/page").await?;
    let said = tab.eval("window.all").await?;
    for (at, path) in ["/js/worker.js", "/js/module.js", "/js/worker.js"].into_iter().enumerate() {
        ensure!(said[at]["path"] == path && said[at]["own"] == 200, "they work as before: {said}");
    }
    ensure!(said[3] == 1, "{said}");
    ensure!(site.pages.third_party_hits().is_empty(), "{:?}", site.pages.third_party_hits());
    // The control.
    site.pages.forget();
    site.go(&tab, "/bare").await?;
    let control = tab.eval("window.all").await?;
    ensure!(control == said, "without Avow they say the same: {control} {said}");
    // One speaks before it has asked.
    until("four requests", || async { Ok((site.pages.third_party_hits().len() == 4).then_some(())) }).await?;
    let mut hits = site.pages.third_party_hits();
    hits.sort();
    ensure!(hits == ["/from-blob", "/from-classic", "/from-module", "/from-shared"], "{hits:?}");
    tab.close().await;
    Ok(())
}

async fn windows(browsers: Browsers) -> Result<()> {
    let site = Site::start().await?;
    let third = site.pages.third();
    site.put(&format!(
        r"<button id=share onclick='window.shared = window.open(`{third}/shared`, `share`)'>Share</button>
        <script>
        window.popup = window.open('{third}/popup', 'popup');
        let peer = 'made';
        try {{ new RTCPeerConnection({{ iceServers: [] }}).close(); }} catch (error) {{ peer = error.name; }}
        window.peer = peer;
        const rules = document.createElement('script');
        rules.type = 'speculationrules';
        rules.textContent = JSON.stringify({{ prefetch: [{{ source: 'list', urls: ['{third}/rules'], eagerness: 'immediate' }}] }});
        document.head.append(rules);
        const link = (host) => {{ const link = document.createElement('link'); link.rel = 'preconnect'; link.href = host; document.head.append(link); return link.rel; }};
        window.links = [link('{third}'), link(location.origin)];
        </script>"
    ));
    let browser = browsers.plain().await?;
    let tab = browser.open().await?;
    site.pages.forget();
    site.go(&tab, "/page").await?;
    let state = tab.eval("({ popup: window.popup === null, peer, links, rules: document.querySelector('script[type=speculationrules]') === null })").await?;
    ensure!(
        state
            == serde_json::json!({ "popup": true, "peer": "SecurityError", "links": ["avow-held", "preconnect"], "rules": true }),
        "{state}"
    );
    ensure!(site.pages.third_party_hits().is_empty(), "{:?}", site.pages.third_party_hits());
    // A person may follow what leads elsewhere.
    tab.click("#share").await?;
    tab.wait("!!window.shared").await?;
    tab.eval("window.shared.close()").await?;
    site.pages.forget();
    site.go(&tab, "/bare").await?;
    let state = tab.eval("({ popup: !!window.popup, peer, links })").await?;
    ensure!(
        state == serde_json::json!({ "popup": true, "peer": "made", "links": ["preconnect", "preconnect"] }),
        "the control: {state}"
    );
    tab.eval("window.popup.close()").await?;
    tab.close().await;
    Ok(())
}

/// Takes away or fakes everything that a patch might still read.
const FIGHT: &str = r"
  const FAKES = ['get', 'set', 'apply', 'construct', 'value', 'analytics', 'items', 'enumerable'];
  window.json = JSON.stringify;
  const nothing = () => undefined, always = () => true;
  for (const [type, names] of [
    [String.prototype, ['slice', 'indexOf', 'split', 'trim', 'startsWith', 'toLowerCase', 'replace', 'match']],
    [Array.prototype, ['indexOf', 'some', 'filter', 'forEach', 'map', 'push', 'concat', 'includes']],
    [RegExp.prototype, ['exec', 'test']], [WeakMap.prototype, ['get', 'has', 'set']],
    [Function.prototype, ['call', 'apply', 'bind']], [Reflect, ['apply', 'construct', 'defineProperty', 'getOwnPropertyDescriptor']],
    [Object, ['keys', 'defineProperty', 'getOwnPropertyDescriptor']], [Date, ['now', 'parse']], [JSON, ['stringify']],
  ]) for (const name of names) { try { type[name] = name === 'exec' || name === 'test' || name === 'has' ? always : nothing; } catch { } }
  for (const name of FAKES) Object.prototype[name] = name === 'analytics' ? 1 : always;
  window.WeakMap = window.Proxy = window.Reflect = window.URL = undefined;
";

async fn hostile(browsers: Browsers) -> Result<()> {
    let site = Site::start().await?;
    // After the guard: the page breaks its own language, then writes; nothing of ours may throw into it.
    let write = "document.cookie = 'stray_a=1; path=/'; localStorage.setItem('stray_b', '1'); localStorage.stray_c = '1';
        sessionStorage.setItem('stray_d', '1'); const frame = document.createElement('iframe'); document.body.appendChild(frame);
        frame.contentDocument.cookie = 'stray_e=1; path=/'; window[window.length - 1].localStorage.setItem('stray_f', '1');
        document.cookie = 'basket=1; path=/'; window.reached = true;";
    // What asks the page afterwards wants some of its language back.
    site.put(&format!(
        "<script>{FIGHT} try {{ {write} }} finally {{ for (const name of FAKES) delete Object.prototype[name]; \
         JSON.stringify = window.json; }}</script>"
    ));
    let browser = browsers.plain().await?;
    let tab = browser.open().await?;
    tab.go(&format!("{}/page", site.pages.site())).await?;
    tab.wait("window.reached === true").await?;
    let kept = site.kept(&tab).await?;
    ensure!(kept == ["basket"], "{kept:?}");
    tab.go(&format!("{}/bare", site.pages.site())).await?;
    tab.wait("window.reached === true").await?;
    let kept = site.kept(&tab).await?;
    ensure!(kept.len() == 7, "the control: {kept:?}");
    tab.close().await;
    // Before the guard: whatever an old library has put on all objects is neither a grant nor a fault.
    let tab = browser.open().await?;
    site.put_with(
        "<script>Object.prototype.analytics = 1; Object.prototype.extend = function () {}; \
         Array.prototype.remove = function () {}; Function.prototype.method = function () {};</script>",
        WRITE,
    );
    site.go(&tab, "/page").await?;
    tab.shown("#avow-banner").await?;
    ensure!(tab.complaints().is_empty(), "{:?}", tab.complaints());
    let kept = site.kept(&tab).await?;
    ensure!(kept == ["basket"], "{kept:?}");
    tab.close().await;
    Ok(())
}

async fn trusted_types(browsers: Browsers) -> Result<()> {
    let site = Site::start().await?;
    let third = site.pages.third();
    let header = |names: &str| {
        format!(
            "<meta http-equiv=Content-Security-Policy content=\"require-trusted-types-for 'script'; trusted-types {names}\">"
        )
    };
    site.pages.put("/js/worker.js", "postMessage(1)");
    let body = format!(
        "<script src='{third}/tag.js?tag'></script><script>window.work = new Promise((done) => {{ \
         const policy = window.trustedTypes ? trustedTypes.createPolicy('page', {{ createScriptURL: String }}) : {{ createScriptURL: String }}; \
         new Worker(policy.createScriptURL('/js/worker.js')).onmessage = done; }}).then(() => {{ window.done = true; }});</script>"
    );
    let browser = browsers.plain().await?;
    for (names, runs) in [("avow page", true), ("page", false)] {
        site.put_with(&header(names), &body);
        let tab = browser.open().await?;
        // Without the guard's name its worker cannot start, as all else stays held.
        tab.go(&format!("{}/page", site.pages.site())).await?;
        tab.shown("#avow-banner").await?;
        // An engine that knows nothing of it refuses nothing.
        let runs = runs || tab.eval("!window.trustedTypes").await? == true;
        if runs {
            tab.wait("window.done === true").await?;
        }
        tab.eval("window.former = true").await?;
        tab.click("#avow-accept").await?;
        tab.wait("!window.former && (await avow.ready) === true && avow.allows('analytics')").await?;
        tab.go(&format!("{}/page", site.pages.site())).await?;
        tab.shown("h1").await?;
        let ran = tab.eval("(window.ran || []).includes('tag')").await?;
        ensure!(ran == runs, "{names}: the tag ran: {ran}");
        tab.close().await;
    }
    Ok(())
}

async fn compatible(browsers: Browsers) -> Result<()> {
    let site = Site::start().await?;
    site.put("<p id=place>here</p>");
    let browser = browsers.plain().await?;
    let tab = browser.open().await?;
    // What a library may ask of what is patched; the same answers with and without Avow.
    let ask = r"(async () => {
      const text = (f) => Function.prototype.toString.call(f).replace(/\s+/g, ' ').replace(/ (\w+)\(\)/, ' ()');
      const setter = Object.getOwnPropertyDescriptor(Document.prototype, 'cookie').set;
      const functions = [Node.prototype.appendChild, Storage.prototype.setItem, window.open, Worker, RTCPeerConnection, IDBFactory.prototype.open, setter];
      const out = functions.map((f) => [f.name, f.length, /\[native code\]/.test(text(f)), typeof f]);
      const worker = new Worker(URL.createObjectURL(new Blob([''])));
      class Own extends Worker { }
      const own = new Own(URL.createObjectURL(new Blob([''])));
      out.push(worker instanceof Worker, worker.constructor === Worker, own instanceof Own, own instanceof Worker, String(worker));
      worker.terminate(); own.terminate();
      document.cookie = 'basket=1; path=/';
      out.push(document.cookie.includes('basket=1'));
      out.push(localStorage instanceof Storage, String(localStorage), localStorage === window.localStorage, localStorage.getItem('none'));
      out.push(Storage.prototype.getItem.call(localStorage, 'none'), typeof localStorage.length, 'setItem' in localStorage);
      out.push(Object.keys(sessionStorage).length, JSON.stringify(sessionStorage), sessionStorage.key(0), localStorage.none === undefined);
      out.push(localStorage.getItem === Storage.prototype.getItem, Object.prototype.toString.call(localStorage));
      try { localStorage.getItem(); out.push('no error'); } catch (error) { out.push(error.name); }
      try { new Worker('http://[bad'); out.push('no error'); } catch (error) { out.push(error.name); }
      try { document.body.appendChild('text'); out.push('no error'); } catch (error) { out.push(error.name); }
      const p = document.createElement('p');
      out.push(document.body.appendChild(p) === p, p.append('a', 'b'), p.textContent, (p.innerHTML = '<b>x</b>'), p.firstChild.localName);
      const frame = document.body.appendChild(document.createElement('iframe'));
      out.push(frame.contentWindow.parent === window, frame.contentDocument.defaultView === frame.contentWindow, document.createElement('iframe').contentWindow);
      frame.remove(); out.push(frame.contentWindow, window.length);
      const tab = window.open('', 'other'); out.push(tab === null ? 'stopped' : typeof tab.document); if (tab) tab.close();
      out.push(await new Promise((done) => { const gone = indexedDB.deleteDatabase('none'); gone.onsuccess = () => done('deleted'); gone.onerror = () => done('error'); }));
      return out;
    })()";
    site.go(&tab, "/bare").await?;
    let before = tab.eval(ask).await?;
    site.go(&tab, "/page").await?;
    let after = tab.eval(ask).await?;
    ensure!(before == after, "\nwithout: {before}\nwith:    {after}");
    ensure!(before.as_array().is_some_and(|list| list.len() > 40), "{before}");
    // With everything granted there is no patch at all: a function then says its name, which a proxy does not.
    let names = "[Object.getOwnPropertyDescriptor(Document.prototype, 'cookie').set, Node.prototype.appendChild]\
                 .map((f) => /cookie|appendChild/.test(Function.prototype.toString.call(f)))";
    let patched = tab.eval(names).await?;
    ensure!(patched == serde_json::json!([false, false]), "{patched}");
    site.answer(&tab, "all").await?;
    site.go(&tab, "/page").await?;
    let native = tab.eval(names).await?;
    ensure!(native == serde_json::json!([true, true]), "{native}");
    tab.close().await;
    Ok(())
}
