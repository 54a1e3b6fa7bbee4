//! What WCAG 2.2 AA asks of banner and dialog and axe does not see, by the numbers of its criteria. Colours are in
//! `parity.rs` and `controls.rs`, enlarged text in `enlarged.rs`.

use anyhow::{Context, Result, ensure};
use avow_tests::browser::{Engine, Habit, Tab, keys};
use avow_tests::demo::DemoSite;
use serde_json::{Value, json};

use crate::harness::{Browsers, Suite};
use crate::layouts::{LOOKS, site};
use crate::lost::lost;
use crate::visit::Visit;

pub fn add(suite: &mut Suite) {
    suite.add("focus_is_never_behind_the_banner", not_obscured);
    suite.add("text_may_be_spaced_and_the_page_enlarged", spacing_and_zoom);
    suite.add("nothing_but_a_control_answers", on_input);
    suite.add("a_screen_reader_is_told", told);
    suite.add("motion_is_left_out_where_it_is_not_wanted", motion);
}

/// The element with the focus, if something of ours that stays over the page hides all of it.
const BEHIND: &str = "(() => { const e = document.activeElement; \
     if (!e || e === document.body || e.closest('.avow')) return ''; const r = e.getBoundingClientRect(); \
     return [...document.querySelectorAll('#avow-banner, #avow-reopen, #avow-toast')].filter(b => !b.contains(e)).map(b => b.getBoundingClientRect()).some(c => \
     c.height && r.top >= c.top && r.bottom <= c.bottom && r.left >= c.left && r.right <= c.right) ? e.outerHTML.slice(0, 90) : '' })()";

/// 2.4.11 Focus Not Obscured (Minimum): no element that gets the focus is hidden entirely by the first layer, whatever
/// its look, nor by what is left of it after an answer.
async fn not_obscured(browsers: Browsers) -> Result<()> {
    let visit = Visit::begin(&browsers).await?;
    walked(&visit.tab, &format!("{}/", visit.demo.site), false).await?;
    visit.tab.click("#avow-reject").await?;
    visit.tab.shown("#avow-toast").await?;
    walk(&visit.tab, false).await.context("after the answer")?;
    visit.end().await;
    for look in LOOKS {
        let (pages, _avow) = site(look, "").await?;
        let tab = browsers.plain().await?.open().await?;
        walked(&tab, &format!("{}/", pages.site()), look.name == "dialog").await.context(look.name)?;
        tab.close().await;
    }
    // The control: behind a layer without a place for it under the page, the last links do lose their focus.
    let card = LOOKS.into_iter().find(|look| look.name == "card").context("the look")?;
    let (pages, _avow) = site(card, "").await?;
    let tab = browsers.plain().await?.open().await?;
    tab.resize(320, 640).await?;
    tab.go(&format!("{}/", pages.site())).await?;
    tab.shown("#avow-banner").await?;
    tab.wait("!!document.documentElement.style.paddingBottom").await?;
    let hidden = tab
        .eval(&format!(
            "(() => {{ document.documentElement.style = ''; const all = [...document.querySelectorAll('main a')]; \
             return all.some(e => {{ e.focus({{ preventScroll: true }}); return {BEHIND} !== '' }}) }})()"
        ))
        .await?;
    ensure!(hidden == true, "what is hidden is seen");
    tab.close().await;
    Ok(())
}

/// [`walk`] at three widths, with the first layer there.
async fn walked(tab: &Tab, home: &str, modal: bool) -> Result<()> {
    for (width, height) in [(320, 640), (412, 800), (1280, 800)] {
        tab.resize(width, height).await?;
        tab.go(home).await?;
        tab.shown("#avow-banner").await?;
        walk(tab, modal).await.with_context(|| format!("{width} px"))?;
    }
    Ok(())
}

/// Takes the focus through the whole page; behind a `modal` first layer nothing of that gets it.
async fn walk(tab: &Tab, modal: bool) -> Result<()> {
    let count = tab.eval("document.querySelectorAll('a[href], button:not([hidden])').length").await?;
    let mut outside = 0;
    for step in 0..count.as_u64().context("a number")? + 5 {
        tab.press(keys::TAB).await?;
        // Pages scroll smoothly: what counts is where it comes to rest.
        tab.wait(&format!("{BEHIND} === ''")).await.with_context(|| format!("after {step} steps"))?;
        let page = "(e => e !== document.body && e.closest('.avow, #avow-banner, body') === document.body)(document.activeElement)";
        outside += u32::from(tab.eval(page).await? == true);
    }
    ensure!(if modal { outside == 0 } else { outside > 8 }, "the page itself had the focus {outside} times");
    Ok(())
}

/// 1.4.12 Text Spacing, and 1.4.4 and 1.4.10 at 400 %: 1280 by 1024 becomes 320 by 256.
async fn spacing_and_zoom(browsers: Browsers) -> Result<()> {
    let visit = Visit::begin(&browsers).await?;
    let tab = &visit.tab;
    for (width, height, spaced) in [(320, 256, false), (320, 256, true), (640, 512, true), (1280, 800, true)]
    {
        tab.resize(width, height).await?;
        visit.go("/").await?;
        tab.shown("#avow-banner").await?;
        if spaced {
            tab.eval(
                "(document.head.append(Object.assign(document.createElement('style'), { textContent: \
                 '* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important } \
                  p { margin-bottom: 2em !important }' })), 1)",
            )
            .await?;
        }
        for (open, layer) in [("", "#avow-banner"), ("#avow-choose", "#avow-dialog")] {
            if !open.is_empty() {
                tab.eval(&format!("(document.querySelector('{open}').scrollIntoView(), 1)")).await?;
                tab.click(open).await?;
                tab.shown(layer).await?;
            }
            let lost = lost(tab, layer).await?;
            ensure!(lost == json!([]), "{width}x{height}, spaced {spaced}, {layer}: {lost}");
        }
    }
    visit.end().await;
    Ok(())
}

/// 3.2.1, 3.2.2, 2.1.2 and GDPR Art 4(11): focus, a switch, Escape, a click beside the dialog, scrolling and leaving
/// the page are no answer.
async fn on_input(browsers: Browsers) -> Result<()> {
    let visit = Visit::begin(&browsers).await?;
    let tab = &visit.tab;
    visit.go("/").await?;
    tab.click("#avow-choose").await?;
    tab.shown("#avow-dialog").await?;
    tab.click("#avow-p-analytics").await?;
    tab.wait("document.querySelector('#avow-p-analytics').checked").await?;
    ensure!(tab.eval("avow.allows('analytics')").await? == false, "a switch alone changes nothing");
    // Beside the dialog is its backdrop, over all of the page.
    let beside = tab
        .eval("(r => ({ x: Math.round(r.left / 2), y: Math.round(r.top + r.height / 2) }))(document.querySelector('#avow-dialog').getBoundingClientRect())")
        .await?;
    let hit = format!("document.elementFromPoint({}, {})?.id", beside["x"], beside["y"]);
    ensure!(tab.eval(&hit).await? == "avow-dialog", "a click there meets the backdrop: {beside}");
    tab.eval(
        "(document.addEventListener('click', e => { window.besideAt = e.target.id }, { capture: true }), 1)",
    )
    .await?;
    tab.click_at(&beside).await?;
    tab.wait("window.besideAt === 'avow-dialog'").await?;
    ensure!(
        tab.eval("avow.allows('analytics')").await? == false,
        "a click beside the dialog changes nothing"
    );
    ensure!(visit.cookie().await?.is_none(), "a click beside the dialog is no answer");
    tab.press(keys::ESCAPE).await?;
    tab.gone("#avow-dialog").await?;
    tab.press(keys::ESCAPE).await?;
    tab.shown("#avow-banner").await?;
    // The same beside the first layer: the page is the page.
    tab.click("h1").await?;
    tab.click("#avow-choose").await?;
    tab.shown("#avow-dialog").await?;
    let switched = tab.eval("document.querySelector('#avow-p-analytics').checked").await?;
    ensure!(switched == false, "what was not saved is forgotten");
    tab.click("#avow-close").await?;
    tab.eval("(scrollTo(0, 1e4), 1)").await?;
    tab.wait("scrollY > 0").await?;
    ensure!(visit.cookie().await?.is_none(), "scrolling is no answer");
    visit.go("/privacy").await?;
    tab.shown("#avow-banner").await?;
    visit.go("/").await?;
    tab.shown("#avow-banner").await?;
    ensure!(visit.cookie().await?.is_none(), "nothing was answered");
    visit.nothing_optional("after all that is no answer").await?;
    visit.control().await?;
    visit.end().await;
    Ok(())
}

/// 4.1.2 and 4.1.3, read from the accessibility tree (Chromium): names, roles, states, and what is announced.
async fn told(browsers: Browsers) -> Result<()> {
    let visit = Visit::begin(&browsers).await?;
    let tab = &visit.tab;
    visit.go("/").await?;
    tab.shown("#avow-banner").await?;
    if browsers.engine == Engine::Chromium {
        let tree = tree(tab).await?;
        for (role, name) in [
            ("region", "Cookies on The Careers & Enterprise Company"),
            ("button", "Accept all cookies"),
            ("button", "Reject all cookies"),
            ("button", "Choose which cookies"),
        ] {
            ensure!(find(&tree, role, name).is_some(), "no {role} `{name}` in {tree:#?}");
        }
        tab.click("#avow-choose").await?;
        tab.shown("#avow-dialog").await?;
        let tree = self::tree(tab).await?;
        let dialog = find(&tree, "dialog", "Your cookie choices").context("the dialog has its name")?;
        ensure!(property(dialog, "modal") == json!(true), "{dialog}");
        let switch = find(&tree, "switch", "Showing films").context("a switch with the purpose's name")?;
        ensure!(property(switch, "checked") == json!("false"), "{switch}");
        ensure!(find(&tree, "link", "Work with us").is_none(), "the page behind a modal dialog is left out");
        tab.click("#avow-dialog-reject").await?;
    } else {
        tab.click("#avow-reject").await?;
    }
    // Announced in a place that was there before; the focus was in what is gone, so it goes to where this can be put
    // away. From elsewhere on the page it is not taken.
    tab.shown("#avow-toast").await?;
    tab.wait("document.activeElement.id === 'avow-hide'").await?;
    let stranger = browsers.plain().await?.open().await?;
    stranger.go(&format!("{}/", visit.demo.site)).await?;
    stranger.shown("#avow-banner").await?;
    stranger.eval("(document.querySelector('main a').focus(), avow.rejectAll(), 1)").await?;
    stranger.shown("#avow-toast").await?;
    let still = "await new Promise(done => setTimeout(done)) || document.activeElement === document.querySelector('main a')";
    ensure!(stranger.eval(still).await? == true, "the focus stays where it was");
    stranger.close().await;
    let status = tab
        .eval("(e => [e.getAttribute('role'), e.contains(document.querySelector('#avow-toast')), e.innerText.includes('rejected')])(document.getElementById('avow-status'))")
        .await?;
    ensure!(status == json!(["status", true, true]), "{status}");
    if browsers.engine == Engine::Chromium {
        let tree = tree(tab).await?;
        let status = find(&tree, "status", "").context("the status is in the tree")?;
        ensure!(property(status, "live") == json!("polite"), "{status}");
    }
    // 3.2.6: the way back is in the same place on every page.
    let mut places = Vec::new();
    for path in ["/", "/contact", "/privacy"] {
        visit.go(path).await?;
        tab.shown("#avow-reopen").await?;
        places.push(tab.eval("(r => [Math.round(innerWidth - r.right), Math.round(innerHeight - r.bottom)])(document.getElementById('avow-reopen').getBoundingClientRect())").await?);
    }
    ensure!(places.iter().all(|place| *place == places[0]), "{places:?}");
    visit.end().await;
    Ok(())
}

async fn tree(tab: &Tab) -> Result<Vec<Value>> {
    tab.devtools("Accessibility.enable", json!({})).await?;
    let tree = tab.devtools("Accessibility.getFullAXTree", json!({})).await?;
    let nodes = tree["nodes"].as_array().or_else(|| tree["result"]["nodes"].as_array());
    Ok(nodes
        .context("the accessibility tree")?
        .iter()
        .filter(|node| node["ignored"] != true)
        .cloned()
        .collect())
}

fn find<'a>(tree: &'a [Value], role: &str, name: &str) -> Option<&'a Value> {
    tree.iter()
        .find(|node| node["role"]["value"] == role && (name.is_empty() || node["name"]["value"] == name))
}

fn property(node: &Value, name: &str) -> Value {
    let all = node["properties"].as_array();
    let found = all.and_then(|all| all.iter().find(|property| property["name"] == name));
    found.map(|property| property["value"]["value"].clone()).unwrap_or_default()
}

/// 2.3.3 and `prefers-reduced-motion`: nothing of ours moves.
async fn motion(browsers: Browsers) -> Result<()> {
    // The control comes first: where motion is welcome, the switch does move.
    for (habit, wanted) in [(Habit::Plain, false), (Habit::Still, true)] {
        let browser = browsers.with(habit).await?;
        let visit = Visit { tab: browser.open().await?, demo: DemoSite::start().await? };
        let tab = &visit.tab;
        visit.go("/").await?;
        tab.shown("#avow-banner").await?;
        let told = tab.eval("matchMedia('(prefers-reduced-motion: reduce)').matches").await?;
        ensure!(told == wanted, "{habit:?}: the page is told {told}");
        tab.click("#avow-choose").await?;
        tab.shown("#avow-dialog").await?;
        let moving = tab
            .eval(
                "[...document.querySelectorAll('.avow, .avow *')].flatMap(e => ['', '::before', '::after', '::backdrop'].filter(p => { \
                 const s = getComputedStyle(e, p); return [s.transitionDuration, s.animationDuration].some(d => d.split(',').some(t => parseFloat(t) > .01)) }) \
                 .map(p => e.tagName + p))",
            )
            .await?;
        let still = moving == json!([]);
        ensure!(still == wanted, "{habit:?}: {moving}");
        visit.end().await;
    }
    Ok(())
}
