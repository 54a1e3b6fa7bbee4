//! What can be seen of the dialog's controls without reading: the boundary, knob and state of a switch, and the ring
//! around what has the focus.

use std::collections::BTreeSet;

use anyhow::{Result, ensure};
use avow_tests::browser::keys;
use avow_tests::demo::DemoSite;

use crate::harness::{Browsers, Suite};
use crate::media::{COLOURS, habits, open, settled, switch};
use crate::visit::Visit;

pub fn add(suite: &mut Suite) {
    suite.add("controls_of_the_dialog_can_be_seen_in_all_colours", controls);
}

/// 1.4.11 and 2.4.7: of every switch of the dialog the boundary, the knob and the state can be seen, and of whatever
/// has the focus the ring, 3 to 1, in all colours.
async fn controls(browsers: Browsers) -> Result<()> {
    for (habit, modes) in habits(browsers.engine) {
        let visit = Visit { tab: open(&browsers, *habit).await?, demo: DemoSite::start().await? };
        let tab = &visit.tab;
        visit.go("/").await?;
        tab.click("#avow-choose").await?;
        tab.shown("#avow-dialog").await?;
        for mode in *modes {
            switch(tab, *mode).await?;
            for on in [false, true] {
                if (tab.eval("document.querySelector('#avow-p-analytics').checked").await? == true) != on {
                    tab.click("#avow-p-analytics").await?;
                }
                settled(tab).await?;
                let seen = tab.eval(&format!("(() => {{ {COLOURS} return {SWITCH} }})()")).await?;
                for part in ["boundary", "knob"] {
                    let ratio = seen[part].as_f64();
                    ensure!(ratio.is_some_and(|ratio| ratio >= 3.0), "{mode:?}, on {on}, {part}: {seen}");
                }
                // Not by colour alone (1.4.1): the knob moves, and a word says so.
                ensure!(seen["at_end"] == on && seen["words"] == 1, "{mode:?}, on {on}: {seen}");
            }
            // Where the keyboard goes: through every control of the dialog and once around.
            let mut met = BTreeSet::new();
            for _ in 0..14 {
                tab.press(keys::TAB).await?;
                settled(tab).await?;
                // What gets the focus is scrolled into view, and that may take a frame.
                let cut =
                    tab.wait(&format!("(() => {{ {COLOURS} return {RING} }})()?.inside !== false")).await;
                let ring = tab.eval(&format!("(() => {{ {COLOURS} return {RING} }})()")).await?;
                if ring.is_null() {
                    continue;
                }
                met.insert(ring["what"].to_string());
                let [ratio, width] = ["ratio", "width"].map(|key| ring[key].as_f64().unwrap_or_default());
                ensure!(ratio >= 3.0 && width >= 2.0 && cut.is_ok(), "{mode:?}: {ring}");
            }
            ensure!(met.len() >= 6, "{mode:?}: the focus met {met:?}");
        }
        // The control: colours that cannot be told are seen.
        tab.eval("(document.querySelector('#avow-p-analytics').style = 'background: Canvas; border-color: Canvas; forced-color-adjust: none', 1)").await?;
        settled(tab).await?;
        let seen = tab.eval(&format!("(() => {{ {COLOURS} return {SWITCH} }})()")).await?;
        ensure!(seen["boundary"].as_f64().is_some_and(|ratio| ratio < 1.5), "{seen}");
        visit.end().await;
    }
    Ok(())
}

/// A switch: contrast of its boundary (border or track) with what is around it, and of its knob with its track.
const SWITCH: &str = r"(e => {
  const s = getComputedStyle(e), k = getComputedStyle(e, '::before'), around = ground(e.parentElement);
  const track = rgb(s.backgroundColor) || around, border = rgb(s.borderColor);
  return {
    boundary: Math.max(parseFloat(s.borderWidth) >= 1 && border ? ratio(border, around) : 1, ratio(track, around)),
    knob: ratio(rgb(k.backgroundColor) || track, track), at_end: parseFloat(k.translate) > 0,
    words: [...e.parentElement.querySelectorAll('span')].filter(w => w.checkVisibility() && w.innerText).length,
    style: [s.borderColor, s.backgroundColor, k.backgroundColor, around],
  };
})(document.querySelector('#avow-p-analytics'))";

/// The ring of what has the focus, if that is in the dialog: its contrast, its width, that no box cuts off its sides, and
/// that some of the control is in view (Firefox does not scroll to one of which a part is).
const RING: &str = r"(e => {
  // After the last control the focus is the browser's own.
  if (!e.matches(':focus') || !e.closest('#avow-dialog') || e.id === 'avow-dialog') return null;
  const s = getComputedStyle(e), r = e.getBoundingClientRect(), width = s.outlineStyle === 'none' ? 0 : parseFloat(s.outlineWidth);
  const far = width + parseFloat(s.outlineOffset);
  let box = e.parentElement;
  while (box.id !== 'avow-dialog' && getComputedStyle(box).overflowY === 'visible') box = box.parentElement;
  const c = box.getBoundingClientRect();
  return {
    what: e.id || e.tagName + e.innerText, width, ratio: ratio(rgb(s.outlineColor) || [0, 0, 0], ground(e.parentElement)),
    inside: r.left - far >= c.left - .5 && r.right + far <= c.right + .5 && Math.min(r.bottom, c.bottom) - Math.max(r.top, c.top) >= 8,
    at: [r, c],
  };
})(document.activeElement)";
