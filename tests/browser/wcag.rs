//! What WCAG 2.2 AA asks of banner and dialog and axe does not see, by the numbers of its criteria.

use anyhow::{Context, Result, ensure};
use avow_tests::browser::{Engine, Tab, keys};
use serde_json::{Value, json};

use crate::harness::{Browsers, Suite};
use crate::visit::Visit;

pub fn add(suite: &mut Suite) {
    suite.add("focus_is_never_behind_the_banner", not_obscured);
    suite.add("text_may_be_spaced_and_the_page_enlarged", spacing_and_zoom);
    suite.add("nothing_but_a_control_answers", on_input);
    suite.add("a_screen_reader_is_told", told);
    suite.add("accept_and_reject_weigh_the_same_everywhere", parity);
    suite.add("motion_is_left_out_where_it_is_not_wanted", motion);
}

/// The element with the focus, if the banner hides all of it.
const BEHIND: &str = "(() => { const e = document.activeElement, b = document.getElementById('avow-banner'); \
     if (!e || e === document.body || e.closest('.avow')) return ''; \
     const r = e.getBoundingClientRect(), c = b.getBoundingClientRect(); \
     return r.top >= c.top && r.bottom <= c.bottom && r.left >= c.left && r.right <= c.right ? e.outerHTML.slice(0, 90) : '' })()";

/// 2.4.11 Focus Not Obscured (Minimum): no element that gets the focus is hidden entirely by the banner.
async fn not_obscured(browsers: Browsers) -> Result<()> {
    let visit = Visit::begin(&browsers).await?;
    let tab = &visit.tab;
    for (width, height) in [(320, 640), (412, 800), (1280, 800)] {
        tab.resize(width, height).await?;
        visit.go("/").await?;
        tab.shown("#avow-banner").await?;
        let count = tab.eval("document.querySelectorAll('a[href], button:not([hidden])').length").await?;
        let mut outside = 0;
        for step in 0..count.as_u64().context("a number")? + 5 {
            tab.press(keys::TAB).await?;
            // Pages scroll smoothly: what counts is where it comes to rest.
            tab.wait(&format!("{BEHIND} === ''"))
                .await
                .with_context(|| format!("{width} px, after {step} steps"))?;
            let hidden = tab.eval("document.activeElement.closest('.avow, body') === document.body").await?;
            outside += u32::from(hidden == true);
        }
        ensure!(outside > 8, "the page itself had the focus {outside} times");
    }
    visit.end().await;
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
            let lost = tab
                .eval(&format!(
                    "(() => {{ const lost = []; \
                     if (document.documentElement.scrollWidth > innerWidth) lost.push('page ' + document.documentElement.scrollWidth); \
                     for (const b of document.querySelectorAll('{layer} button')) {{ \
                       if (b.scrollWidth > b.clientWidth + 1 || b.scrollHeight > b.clientHeight + 1) lost.push('cut ' + b.id); \
                       b.scrollIntoView({{ block: 'center' }}); const r = b.getBoundingClientRect(); \
                       if (r.left < -1 || r.right > innerWidth + 1 || r.top < -1 || r.bottom > innerHeight + 1) lost.push('out ' + b.id + ' ' + [r.left, r.top, r.right, r.bottom]); \
                       const hit = document.elementFromPoint(r.left + r.width / 2, r.top + r.height / 2); \
                       if (!hit || hit.closest('button') !== b) lost.push('covered ' + b.id + ' by ' + (hit && hit.outerHTML.slice(0, 60))) }} \
                     return lost }})()"
                ))
                .await?;
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
    tab.press(keys::ESCAPE).await?;
    tab.gone("#avow-dialog").await?;
    tab.press(keys::ESCAPE).await?;
    tab.shown("#avow-banner").await?;
    tab.click("#avow-choose").await?;
    tab.shown("#avow-dialog").await?;
    let switched = tab.eval("document.querySelector('#avow-p-analytics').checked").await?;
    ensure!(switched == false, "what was not saved is forgotten");
    tab.click("#avow-close").await?;
    tab.eval("(scrollTo(0, 1e4), 1)").await?;
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
    // Announced without taking the focus: the place for it was there before.
    tab.shown("#avow-toast").await?;
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

/// Refusing is as easy: the same size, font, colours and number of clicks, at three widths, light and dark, with
/// enough contrast, and in forced colours, too (1.4.3, 1.4.11; EDPB report types A to E).
async fn parity(browsers: Browsers) -> Result<()> {
    const WEIGH: &str = "['accept', 'reject', 'choose'].map(n => document.getElementById('avow-' + n)).map(e => { const s = getComputedStyle(e), r = e.getBoundingClientRect(); \
         return [s.fontSize, s.fontWeight, s.fontFamily, s.color, s.backgroundColor, s.borderColor, s.borderWidth, s.textTransform, s.opacity, Math.round(r.height), e.tagName, e.parentElement.className] })";
    let visit = Visit::begin(&browsers).await?;
    let tab = &visit.tab;
    let modes: &[Value] = if browsers.engine == Engine::Chromium {
        &[
            json!([{ "name": "prefers-color-scheme", "value": "light" }]),
            json!([{ "name": "prefers-color-scheme", "value": "dark" }]),
            json!([{ "name": "forced-colors", "value": "active" }]),
        ]
    } else {
        &[Value::Null]
    };
    for mode in modes {
        if !mode.is_null() {
            tab.devtools("Emulation.setEmulatedMedia", json!({ "features": mode })).await?;
        }
        for width in [320, 412, 1280] {
            tab.resize(width, 800).await?;
            visit.go("/").await?;
            tab.shown("#avow-banner").await?;
            let weights = tab.eval(WEIGH).await?;
            ensure!(weights[0] == weights[1] && weights[1] == weights[2], "{mode} {width}: {weights}");
            let forced = mode.to_string().contains("forced");
            if forced {
                let border = tab.eval("(s => [s.borderStyle, parseFloat(s.borderWidth)])(getComputedStyle(document.getElementById('avow-reject')))").await?;
                ensure!(
                    border[0] == "solid" && border[1].as_f64().is_some_and(|width| width >= 1.0),
                    "a button can be told: {border}"
                );
            } else {
                let contrast = tab.eval(CONTRAST).await?;
                ensure!(contrast.as_f64().is_some_and(|ratio| ratio >= 4.5), "{mode} {width}: {contrast}");
            }
        }
    }
    visit.end().await;
    Ok(())
}

/// The contrast of the reject button's text (WCAG 2.2, "contrast ratio").
const CONTRAST: &str = "(() => { const s = getComputedStyle(document.getElementById('avow-reject')); \
     const lum = c => { const [r, g, b] = c.match(/[\\d.]+/g).map(Number).map(v => v / 255).map(v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4); return .2126 * r + .7152 * g + .0722 * b }; \
     const [x, y] = [lum(s.color), lum(s.backgroundColor)].sort((a, b) => b - a); return (x + .05) / (y + .05) })()";

/// 2.3.3 and `prefers-reduced-motion` (Chromium): nothing of ours moves.
async fn motion(browsers: Browsers) -> Result<()> {
    let visit = Visit::begin(&browsers).await?;
    let tab = &visit.tab;
    if browsers.engine == Engine::Chromium {
        let features = json!({ "features": [{ "name": "prefers-reduced-motion", "value": "reduce" }] });
        tab.devtools("Emulation.setEmulatedMedia", features).await?;
        visit.go("/").await?;
        tab.shown("#avow-banner").await?;
        tab.click("#avow-choose").await?;
        tab.shown("#avow-dialog").await?;
        let moving = tab
            .eval(
                "[...document.querySelectorAll('.avow, .avow *')].filter(e => { const s = getComputedStyle(e); \
                 return parseFloat(s.transitionDuration) > .01 || parseFloat(s.animationDuration) > .01 }).map(e => e.className)",
            )
            .await?;
        ensure!(moving == json!([]), "{moving}");
    }
    visit.end().await;
    Ok(())
}
