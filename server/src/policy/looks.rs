//! Looks beyond colour and corners: where the first layer stands, its type and spacing, and its colour in the dark; as
//! the style sheet that goes with a policy. A policy without them has none, and costs its visitors nothing.
//!
//! Accept, reject and choose share one class in all of them, so no look can make one of them the nicer one.
//! A dialog in the middle is modal, since over a page that can be used it would hide what has the focus (WCAG 2.4.11);
//! Escape puts it off, so it is no wall.

use super::document::Look;

/// Where the first layer stands.
pub const LAYOUTS: [&str; 6] = ["card", "block", "bar", "box", "dialog", "none"];
/// Whose type it has.
pub const FONTS: [&str; 2] = ["system", "page"];
/// How much room it takes.
pub const SPACINGS: [&str; 2] = ["normal", "compact"];
/// The theme with the markup of GOV.UK's cookie banner, for pages that have its style sheet.
pub const GOVUK: &str = "govuk";
/// The layout that asks in a modal dialog.
pub const DIALOG: &str = "dialog";
/// The layout that draws nothing: the page has a first layer of its own.
pub const NONE: &str = "none";

/// The dark ground of `widget/css/banner.css`.
pub const DARK: [u8; 3] = [0x1c, 0x20, 0x26];
/// Its tint, on which a `block` stands; and that of the dark, which is darker still.
const TINT: [u8; 3] = [0xf3, 0xf5, 0xf7];
const DARK_TINT: [u8; 3] = [0x15, 0x18, 0x1d];

/// Every ground on which buttons stand under a scheme (`auto` is judged in the light; for the dark there is [`lighter`]):
/// that of the preferences, and that of the first layer where it has another.
pub fn grounds(scheme: &str, layout: Option<&str>) -> impl Iterator<Item = ([u8; 3], &'static str)> {
    let [ground, tint] = match scheme {
        "dark" => [(DARK, "dark grey"), (DARK_TINT, "the dark tint of a block")],
        _ => [([0xff; 3], "white"), (TINT, "the tint of a block, #f3f5f7,")],
    };
    std::iter::once(ground).chain((layout == Some("block")).then_some(tint))
}

/// In the flow of the page, at its start, as public bodies have it.
const BLOCK: &str = ".avow-banner{position:static;max-width:none;max-height:none;border-radius:0;box-shadow:none;\
    border-block-end:1px solid var(--avow-line);background:var(--avow-tint);padding-inline:max(20px,(100% - 1008px)/2)}";
/// Along the lower edge.
const BAR: &str = ".avow-banner{inset-inline:0;inset-block-end:0;max-width:none;max-height:100vh;border-radius:0;\
    padding-inline:max(20px,(100% - 1120px)/2)}@media(min-width:900px){.avow-banner{grid-template-columns:1fr auto;\
    align-items:center}.avow-banner .avow-actions{grid-template-columns:none;grid-auto-flow:column;grid-auto-columns:1fr}}";
/// In the corner.
const BOX: &str = "@media(min-width:600px){.avow-banner{inset-inline:auto 24px;inset-block-end:24px;width:400px;\
    max-height:calc(100vh - 48px)}.avow-banner .avow-actions{grid-template-columns:1fr}}";
/// In the middle; what only tells, and asks nothing, stands where a card does.
const MIDDLE: &str = "dialog.avow-banner:not([open]){display:none}dialog.avow-banner{inset:0;margin:auto;width:min(520px,100% - 32px);\
    border-radius:calc(var(--avow-radius) + 6px)}dialog.avow-banner .avow-actions{grid-template-columns:1fr}\
    .avow-banner::backdrop{background:#0b0d1099}@media(forced-colors:none){dialog.avow-banner{border:0}}";

/// The style sheet of a look, or `None` if it needs none.
pub fn css(look: &Look) -> Option<String> {
    let mut css = String::new();
    css += match look.layout.as_deref() {
        Some("block") => BLOCK,
        Some("bar") => BAR,
        Some("box") => BOX,
        Some(DIALOG) => MIDDLE,
        _ => "",
    };
    if look.font.as_deref() == Some("page") {
        css += ".avow{font-family:inherit}";
    }
    if look.spacing.as_deref() == Some("compact") {
        css += ".avow-banner{padding:14px 18px;gap:12px}.avow .avow-button{padding-block:6px}";
    }
    if look.scheme == "auto"
        && let Some(lighter) = lighter(&look.accent)
    {
        // The style attribute has the accent of the light scheme.
        css.extend([
            "@media(prefers-color-scheme:dark){.avow{--avow-accent:",
            &lighter,
            "!important;--avow-ink-on:",
            ink_on(&lighter),
            "!important}}",
        ]);
    }
    (!css.is_empty()).then_some(css)
}

/// The accent for the dark scheme, if its own cannot be told from the dark ground: mixed with white until it can, 3 to
/// 1 (WCAG 1.4.11).
pub fn lighter(accent: &str) -> Option<String> {
    let own = colour(accent)?;
    if contrast(own, DARK) >= 3.0 {
        return None;
    }
    let mixed = (1..=100_u32).map(|share| {
        own.map(|part| {
            let mixed = (u32::from(part) * (100 - share) + 255 * share) / 100;
            u8::try_from(mixed).expect("between two bytes")
        })
    });
    let found = mixed.into_iter().find(|mixed| contrast(*mixed, DARK) >= 3.0)?;
    Some(format!("#{}", hex::encode(found)))
}

/// Black or white, whichever reads better on this color: never under 4.5 to 1 (WCAG 2.2, 1.4.3).
pub fn ink_on(accent: &str) -> &'static str {
    let accent = colour(accent).expect("checked: an accent is #rrggbb");
    let luminance = luminance(accent);
    if 1.05 / (luminance + 0.05) >= 4.5 { "#fff" } else { "#000" }
}

/// `#rrggbb`, read.
pub fn colour(text: &str) -> Option<[u8; 3]> {
    let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6)?;
    let bytes = hex::decode(digits).ok()?;
    bytes.try_into().ok()
}

/// The contrast ratio of two colours (WCAG 2.2, "contrast ratio").
pub fn contrast(a: [u8; 3], b: [u8; 3]) -> f64 {
    let (a, b) = (luminance(a) + 0.05, luminance(b) + 0.05);
    if a > b { a / b } else { b / a }
}

/// The relative luminance of a colour (WCAG 2.2).
pub fn luminance(colour: [u8; 3]) -> f64 {
    let [red, green, blue] = colour.map(|part| {
        let part = f64::from(part) / 255.0;
        if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
    });
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

#[cfg(test)]
mod tests;
