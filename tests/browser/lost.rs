//! What of a layer is lost to a reader: cut off, outside the window, covered, or printed over something else.

use anyhow::Result;
use avow_tests::browser::Tab;
use serde_json::Value;

/// Each loss in words; an empty list is what a test wants.
///
/// Every control is brought into view and asked for at its middle; every text is looked for in its own box, in the
/// window, and in the boxes of the texts that scroll with it.
pub async fn lost(tab: &Tab, layer: &str) -> Result<Value> {
    tab.eval(&format!("({LOST})('{layer}')")).await
}

const LOST: &str = r"(layer => {
  const lost = [], root = document.querySelector(layer), name = e => e.id || e.className || e.tagName;
  if (document.documentElement.scrollWidth > innerWidth) lost.push('page ' + document.documentElement.scrollWidth);
  for (const b of root.querySelectorAll('button')) {
    if (!b.checkVisibility()) continue;
    if (b.scrollWidth > b.clientWidth + 1 || b.scrollHeight > b.clientHeight + 1) lost.push('cut ' + b.id);
    b.scrollIntoView({ block: 'center', behavior: 'instant' });
    const r = b.getBoundingClientRect();
    if (r.left < -1 || r.right > innerWidth + 1 || r.top < -1 || r.bottom > innerHeight + 1)
      lost.push('out ' + b.id + ' ' + [r.left, r.top, r.right, r.bottom]);
    const hit = document.elementFromPoint(r.left + r.width / 2, r.top + r.height / 2);
    if (!hit || hit.closest('button') !== b) lost.push('covered ' + b.id + ' by ' + (hit && hit.outerHTML.slice(0, 60)));
  }
  // The lines of every element that has text of its own, and what scrolls it.
  const texts = [];
  for (const e of root.querySelectorAll('*')) {
    if (!e.checkVisibility()) continue;
    let box = e;
    while (box !== root && !/auto|scroll/.test(getComputedStyle(box).overflowY)) box = box.parentElement;
    for (const node of e.childNodes) {
      if (node.nodeType !== 3 || !node.data.trim()) continue;
      const range = document.createRange();
      range.selectNodeContents(node);
      const lines = [...range.getClientRects()].filter(r => r.width > 1 && r.height > 1);
      const own = box.getBoundingClientRect();
      for (const r of lines)
        if (r.left < own.left - 1 || r.right > own.right + 1 || r.left < -1 || r.right > innerWidth + 1)
          lost.push('beside its box ' + name(e) + ': ' + node.data.slice(0, 30));
      if (box.scrollWidth > box.clientWidth + 1) lost.push('scrolls sideways ' + name(box));
      texts.push({ e, box, lines, high: parseFloat(getComputedStyle(e).fontSize) / 3 });
    }
  }
  // Boxes of lines may touch; letters are printed over each other when they share a good part of their height.
  for (const [at, a] of texts.entries()) for (const b of texts.slice(at + 1)) {
    if (a.box !== b.box || a.e.contains(b.e) || b.e.contains(a.e)) continue;
    if (a.lines.some(r => b.lines.some(s => Math.min(r.right, s.right) - Math.max(r.left, s.left) > 2
        && Math.min(r.bottom, s.bottom) - Math.max(r.top, s.top) > Math.min(a.high, b.high))))
      lost.push('over each other ' + name(a.e) + ' and ' + name(b.e));
  }
  return [...new Set(lost)];
})";
