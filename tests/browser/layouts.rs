//! Every look of the first layer: where it stands, and the markup of GOV.UK. Read next: `parity.rs`.

use anyhow::{Context, Result, ensure};
use avow_tests::browser::{Engine, Tab, keys};
use avow_tests::database::Kind;
use avow_tests::page::Pages;
use avow_tests::policy::{SITE, toml_for};
use avow_tests::server::{Setup, TestServer};
use avow_tests::tools::{npm, root};
use serde_json::json;

use crate::harness::{Browsers, Suite};

pub fn add(suite: &mut Suite) {
    suite.add("every_layout_stands_where_it_should", layouts);
    suite.add("a_dialog_in_the_middle_can_be_put_off", middle);
    suite.add("a_dialog_in_the_middle_is_a_card_where_it_would_harm", no_middle);
    suite.add("the_govuk_theme_has_the_markup_of_govuk", govuk);
    suite.add("a_page_may_bring_a_first_layer_of_its_own", headless);
}

/// Every look in which Avow draws the first layer: its name, what the policy's `[look]` says, and how it is placed.
pub const LOOKS: [Look; 6] = [
    Look { name: "card", policy: "layout = \"card\"", place: "fixed" },
    Look { name: "block", policy: "layout = \"block\"", place: "static" },
    Look { name: "bar", policy: "layout = \"bar\"\nspacing = \"compact\"", place: "fixed" },
    Look { name: "box", policy: "layout = \"box\"\nfont = \"page\"", place: "fixed" },
    Look { name: "dialog", policy: "layout = \"dialog\"", place: "fixed" },
    Look { name: "govuk", policy: "theme = \"govuk\"", place: "static" },
];

/// One of them.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    pub name: &'static str,
    pub policy: &'static str,
    pub place: &'static str,
}

impl Look {
    /// What the page's own `<head>` must have for it.
    fn head(self) -> Result<String> {
        let css = if self.name == "govuk" {
            let sheet = npm("govuk-frontend")?.join("dist/govuk/govuk-frontend.min.css");
            std::fs::read_to_string(sheet).context("read GOV.UK's style sheet")?
        } else {
            "body { margin: 0; font-family: Georgia, serif; color: #222; background: #fff }\
             @media (prefers-color-scheme: dark) { body { color: #ddd; background: #111 } a { color: #9cf } }"
                .to_owned()
        };
        Ok(format!("<style>{css}</style>"))
    }
}

/// The shop in a look, in English and under `/ar` in Arabic; `body` is the page's own.
pub async fn site(look: Look, body: &str) -> Result<(Pages, TestServer)> {
    site_with(look.policy, &look.head()?, body).await
}

/// A page of the shop, whose policy has this in `[look]`; `head` and `body` are the page's own.
async fn site_with(look: &str, head: &str, body: &str) -> Result<(Pages, TestServer)> {
    let pages = Pages::start().await?;
    let policy = toml_for(&pages.third());
    let policy = if look.contains("theme") { policy.replace("theme = \"plain\"\n", "") } else { policy };
    let policy = policy.replace("[look]\n", &format!("[look]\n{look}\n"));
    let avow = TestServer::start(Setup { policies: vec![policy], ..Setup::on(Kind::Sqlite) }).await?;
    pages.proxy(Some(avow.base()));
    for (path, attributes, heading, text) in [
        ("/", "lang=en", "Shop", "<p>Text of the page, with a <a href='/'>link</a>.</p>"),
        ("/ar", "lang=ar dir=rtl", "متجر", "<p>نص الصفحة مع <a href='/ar'>رابط</a>.</p>"),
    ] {
        let links = text.repeat(20);
        pages.put(
            path,
            &format!(
                "<!doctype html><html {attributes}><head><meta charset=utf-8><script src='/.avow/site/{SITE}.js'></script>\
                 <meta name=viewport content='width=device-width, initial-scale=1'><title>shop</title>{head}</head>\
                 <body><main><h1>{heading}</h1>{links}</main>{body}</body></html>"
            ),
        );
    }
    Ok((pages, avow))
}

/// Where the first layer stands, and that both answers are in view. That they weigh the same is told in `parity.rs`.
async fn layouts(browsers: Browsers) -> Result<()> {
    for look in LOOKS.into_iter().filter(|look| look.name != "govuk") {
        let name = look.name;
        let (pages, avow) = site(look, "").await?;
        let tab = browsers.plain().await?.open().await?;
        for (width, height) in [(320, 640), (412, 800), (1280, 800)] {
            tab.resize(width, height).await?;
            tab.go(&format!("{}/", pages.site())).await?;
            tab.shown("#avow-banner").await?;
            let state = tab
                .eval(
                    "(b => [getComputedStyle(b).position, document.documentElement.scrollWidth <= innerWidth, b.getBoundingClientRect().height < innerHeight, \
                     ['accept', 'reject'].every(n => (r => r.top >= 0 && r.bottom <= innerHeight)(document.getElementById('avow-' + n).getBoundingClientRect())), \
                     document.body.firstElementChild === b])(document.getElementById('avow-banner'))",
                )
                .await?;
            ensure!(state == json!([look.place, true, true, true, true]), "{name} at {width}: {state}");
            picture(&tab, browsers.engine, &format!("{width}-layout-{name}")).await?;
        }
        tab.click("#avow-reject").await?;
        tab.gone("#avow-banner").await?;
        tab.wait("!localStorage.getItem('avow_outbox')").await?;
        ensure!(avow.records()?.len() == 1, "{name}: it answers");
        tab.close().await;
    }
    Ok(())
}

async fn middle(browsers: Browsers) -> Result<()> {
    let look = LOOKS.into_iter().find(|look| look.name == "dialog").context("the look")?;
    let (pages, avow) = site(look, "").await?;
    let tab = browsers.plain().await?.open().await?;
    let home = format!("{}/", pages.site());
    for width in [320, 1280] {
        tab.resize(width, 800).await?;
        tab.go(&home).await?;
        tab.shown("#avow-banner").await?;
        let place = tab
            .eval(
                "(r => [r.left, r.top].map((before, at) => \
                 Math.abs(before - ([innerWidth - r.right, innerHeight - r.bottom][at])) <= 1))\
                 (document.getElementById('avow-banner').getBoundingClientRect())",
            )
            .await?;
        ensure!(place == json!([true, true]), "in the middle at {width}: {place}");
    }
    // Enter, pressed by who has not seen it come, follows a link and answers nothing.
    let state = "(b => [b.matches(':modal'), document.activeElement.className, b.contains(document.activeElement)])(document.getElementById('avow-banner'))";
    ensure!(tab.eval(state).await? == json!([true, "avow-link", true]), "{}", tab.eval(state).await?);
    // Nothing of the page gets the focus while it stands.
    for _ in 0..8 {
        tab.press(keys::TAB).await?;
        ensure!(tab.eval("!document.activeElement.closest('main')").await? == true, "the page is inert");
    }
    // The second layer opens over it, and what closes that leaves it.
    let modal = "document.getElementById('avow-banner').matches(':modal') && await new Promise(done => setTimeout(done, 0, true))";
    tab.click("#avow-choose").await?;
    tab.shown("#avow-dialog").await?;
    tab.press(keys::ESCAPE).await?;
    tab.wait("!document.getElementById('avow-dialog')").await?;
    ensure!(tab.eval(modal).await? == true, "it stands");
    // A click beside it is no answer and does not put it off.
    tab.click_at(&json!({ "x": 4, "y": 4 })).await?;
    tab.press(keys::TAB).await?;
    ensure!(tab.eval(modal).await? == true, "it stands still");
    tab.press(keys::ESCAPE).await?;
    tab.gone("#avow-banner").await?;
    tab.shown("#avow-reopen").await?;
    tab.tab_to("main a").await?;
    let nothing = "[avow.decision(), avow.allows('analytics'), document.cookie, localStorage.length, document.documentElement.style.paddingBottom]";
    ensure!(tab.eval(nothing).await? == json!([null, false, "", 0, ""]), "{}", tab.eval(nothing).await?);
    // The next page asks again, and is answered.
    tab.go(&home).await?;
    tab.click("#avow-reject").await?;
    tab.gone("#avow-banner").await?;
    tab.wait("!localStorage.getItem('avow_outbox')").await?;
    ensure!(avow.records()?.len() == 1, "one answer, one record");
    tab.go(&home).await?;
    tab.shown("#avow-reopen").await?;
    ensure!(tab.eval("!document.getElementById('avow-banner')").await? == true, "not asked again");
    ensure!(tab.complaints().is_empty(), "{:?}", tab.complaints());
    tab.close().await;
    Ok(())
}

/// Where a dialog would answer for somebody, or keep a page from being used, it is none.
async fn no_middle(browsers: Browsers) -> Result<()> {
    let look = LOOKS.into_iter().find(|look| look.name == "dialog").context("the look")?;
    let (pages, _avow) = site(look, "").await?;
    let head = format!(
        "<!doctype html><html lang=en><head><meta charset=utf-8><script src='/.avow/site/{SITE}.js'></script><title>shop</title>"
    );
    for (path, more, body) in [
        ("/form", "", "<form><label>Name <input id=name autofocus></label><button>Send</button></form>"),
        ("/cookies", "", "<p>About cookies.</p>"),
        ("/blocked", "<style>#avow-banner { display: none !important }</style>", ""),
        ("/faded", "<style>#avow-banner { opacity: 0 !important }</style>", ""),
    ] {
        pages.put(
            path,
            &format!("{head}{more}</head><body><main><a href=/>home</a>{body}</main></body></html>"),
        );
    }
    let tab = browsers.plain().await?.open().await?;
    let is = "(b => b && [b.localName, b.matches(':modal')])(document.getElementById('avow-banner'))";
    // Who types goes on typing, and the keys after that answer nothing.
    tab.go(&format!("{}/form", pages.site())).await?;
    tab.shown("#avow-banner").await?;
    ensure!(tab.eval(is).await? == json!(["section", false]), "a card: {}", tab.eval(is).await?);
    for key in ['a', keys::TAB] {
        tab.press(key).await?;
    }
    let state = "[document.getElementById('name').value, document.activeElement.localName, avow.decision()]";
    tab.wait("document.activeElement.localName === 'button'").await?;
    ensure!(tab.eval(state).await? == json!(["a", "button", null]), "{}", tab.eval(state).await?);
    // The page that explains the question can be read.
    tab.go(&format!("{}/cookies", pages.site())).await?;
    tab.shown("#avow-banner").await?;
    ensure!(tab.eval(is).await? == json!(["section", false]), "a card: {}", tab.eval(is).await?);
    // What blocks banners does not make the page unusable, nor does what makes all else inert.
    for path in ["/blocked", "/faded", "/"] {
        tab.go(&format!("{}{path}", pages.site())).await?;
        if path == "/" {
            tab.wait(&format!("{is} && document.getElementById('avow-banner').matches(':modal')")).await?;
            tab.eval("(document.getElementById('avow-banner').inert = true, 1)").await?;
        }
        tab.wait("(await avow.ready) === true && !document.querySelector('dialog:modal') && !document.getElementById('avow-banner')")
            .await?;
        tab.shown("#avow-reopen").await?;
        tab.tab_to("main a").await?;
        ensure!(
            tab.eval("[avow.decision(), avow.allows('analytics')]").await? == json!([null, false]),
            "{path}"
        );
    }
    tab.close().await;
    Ok(())
}

/// The parts of an element that make it what it is: tag, classes, roles; not its words, ids and addresses.
const SHAPE: &str = "const shape = e => [e.tagName, [...e.classList].sort().join(' '), e.getAttribute('role'), e.hasAttribute('aria-label'), \
     e.hasAttribute('data-nosnippet'), e.getAttribute('data-module'), [...e.children].map(shape)];";

/// Puts their element in the place of ours, with our words in it, and names what then looks or lies otherwise: every
/// property of every element and of what style sheets put before and after it, and its box.
const ALIKE: &str = r"(theirs, ours) => {
  const all = e => [e, ...e.querySelectorAll('*')];
  for (const [at, e] of all(ours).entries()) if (!e.children.length) all(theirs)[at].textContent = e.textContent;
  const look = e => ['', '::before', '::after'].flatMap(part => {
    const style = getComputedStyle(e, part);
    return [...style].map(name => [part + ' ' + name, style.getPropertyValue(name)]);
  }).concat(Object.entries(e.getBoundingClientRect().toJSON()).map(([name, value]) => [' box ' + name, value]));
  const looks = [ours, theirs].map((e, at) => { if (at) ours.replaceWith(e); return all(e).map(look) });
  theirs.replaceWith(ours);
  return all(ours).flatMap((e, at) => looks[0][at].filter(([name, value], n) => value !== looks[1][at][n][1])
    .map(([name, value]) => `${e.tagName} ${e.className}${name}: ${value}, not ${new Map(looks[1][at]).get(name)}`)).join('\n');
}";

/// A part of `govuk-frontend`, as it is drawn there: nothing of ours differs from it.
async fn is_theirs(tab: &Tab, fixture: &str, id: &str) -> Result<()> {
    // No button is focused and none is under the pointer.
    tab.click_at(&json!({ "x": 1, "y": 1 })).await?;
    let fixture = json!(fixture);
    let differs = tab
        .eval(&format!(
            "(() => {{ {SHAPE} const theirs = new DOMParser().parseFromString({fixture}, 'text/html').body.firstElementChild, \
             ours = document.getElementById('{id}'), shapes = [theirs, ours].map(e => JSON.stringify(shape(e))); \
             return shapes[0] === shapes[1] ? ({ALIKE})(document.adoptNode(theirs), ours) : shapes.join('\\n') }})()"
        ))
        .await?;
    let differs = differs.as_str().context("a text")?;
    ensure!(differs.is_empty(), "{id} is not what theirs is:\n{differs}");
    Ok(())
}

async fn govuk(browsers: Browsers) -> Result<()> {
    let govuk = npm("govuk-frontend")?.join("dist/govuk");
    let fixtures: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(
        govuk.join("components/cookie-banner/fixtures.json"),
    )?)?;
    let fixture = |name: &str| {
        let all = fixtures["fixtures"].as_array().context("a list")?;
        let found = all.iter().find(|one| one["name"] == name).and_then(|one| one["html"].as_str());
        found.context("the fixture")
    };
    // The reference code is a paragraph of ours beside theirs.
    let confirmation = |name: &str| -> Result<String> {
        let (before, after) = fixture(name)?.split_once("</p>").context("one paragraph")?;
        Ok(format!("{before}</p><p class=govuk-body></p>{after}"))
    };
    let look = LOOKS.into_iter().find(|look| look.name == "govuk").context("the look")?;
    let (pages, avow) = site(look, "").await?;
    for (width, height) in [(320, 640), (1280, 800)] {
        for (path, answer, name, event) in [
            ("/", "accept", "accepted", "given"),
            ("/", "reject", "rejected", "refused"),
            ("/ar", "accept", "accepted", "given"),
            ("/ar", "reject", "rejected", "refused"),
        ] {
            let tab = browsers.plain().await?.open().await?;
            tab.resize(width, height).await?;
            tab.go(&format!("{}{path}", pages.site())).await?;
            tab.shown("#avow-banner").await?;
            is_theirs(&tab, fixture("default")?, "avow-banner").await?;
            let ground =
                tab.eval("getComputedStyle(document.getElementById('avow-reject')).backgroundColor").await?;
            ensure!(ground != "rgba(0, 0, 0, 0)", "their style sheet reaches the buttons");
            if path == "/" {
                picture(&tab, browsers.engine, &format!("{width}-theme-govuk")).await?;
            }
            tab.click(&format!("#avow-{answer}")).await?;
            tab.gone("#avow-banner").await?;
            tab.shown("#avow-toast").await?;
            let theirs = confirmation(&format!("{name} confirmation banner"))?;
            is_theirs(&tab, &theirs, "avow-toast").await?;
            if path == "/" {
                picture(&tab, browsers.engine, &format!("{width}-theme-govuk-{name}")).await?;
            }
            tab.wait("/\\.[\\w-]{22}(;|$)/.test(document.cookie)").await?;
            let record = serde_json::to_string(&avow.records()?.last().context("a record")?)?;
            ensure!(record.contains("govuk") && record.contains(event), "{record}");
            // The control: a little more room, in one place, is seen.
            tab.eval("(document.querySelector('#avow-toast p').style.marginBottom = '21px', 1)").await?;
            let told = is_theirs(&tab, &theirs, "avow-toast").await;
            ensure!(
                told.as_ref()
                    .is_err_and(|error| error.to_string().contains("P govuk-body margin-bottom: 21px")),
                "{told:?}"
            );
            tab.click("#avow-hide").await?;
            tab.gone("#avow-toast").await?;
            tab.close().await;
        }
    }
    Ok(())
}

async fn headless(browsers: Browsers) -> Result<()> {
    let body = "<div id=mine hidden style='position:fixed;top:0;background:#fff;padding:8px'><button id=yes>Yes</button><button id=no data-avow-reject style='min-width:60px;min-height:40px;color:#000;background:#fff'>No</button></div>\
         <script>document.addEventListener('avow:ask', e => { window.asked = e.detail; mine.hidden = false }); \
         document.addEventListener('avow:decision', () => { mine.hidden = true }); \
         yes.onclick = () => avow.acceptAll(); no.onclick = () => avow.rejectAll()</script>";
    let (pages, avow) = site_with("layout = \"none\"", "", body).await?;
    let tab = browsers.plain().await?.open().await?;
    let home = format!("{}/", pages.site());
    tab.go(&home).await?;
    tab.shown("#mine").await?;
    ensure!(
        tab.eval("[asked.why, asked.gpc, !document.getElementById('avow-banner')]").await?
            == json!(["", false, true]),
        "told, and not drawn"
    );
    tab.click("#yes").await?;
    tab.gone("#mine").await?;
    tab.wait("avow.allows('analytics') && /\\.[\\w-]{22}(;|$)/.test(document.cookie)").await?;
    // Without a way to refuse in view a grant opens the preferences instead.
    let stranger = browsers.plain().await?.open().await?;
    stranger.go(&home).await?;
    stranger.shown("#mine").await?;
    stranger.eval("(no.style.visibility = 'hidden', 1)").await?;
    stranger.click("#yes").await?;
    stranger.shown("#avow-dialog").await?;
    ensure!(stranger.eval("avow.allows('analytics')").await? == false, "nothing was granted");
    let records = avow.records()?;
    ensure!(records.len() == 1 && serde_json::to_string(&records)?.contains("page"), "{records:?}");
    stranger.close().await;
    tab.close().await;
    Ok(())
}

async fn picture(tab: &Tab, engine: Engine, name: &str) -> Result<()> {
    let path = root().join("tests/shots").join(format!("{}-{name}.png", engine.name()));
    tab.screenshot(&path).await
}
