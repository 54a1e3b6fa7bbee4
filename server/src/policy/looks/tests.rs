//! Looks: no rule tells one answer from another, and every color can be told from its ground.

use super::super::compile;
use super::*;

const GOOD: &str = include_str!("../testdata/good.toml");

/// The selectors of a style sheet without comments.
fn selectors(css: &str) -> impl Iterator<Item = &str> {
    css.split_inclusive('{').filter_map(|part| {
        let selector = part.strip_suffix('{')?;
        Some(selector.rsplit(['}', ';', '{']).next().unwrap_or(selector).trim())
    })
}

/// Size, weight and place of the answers are equal in every look, whatever a policy combines: no rule can tell one
/// from the others. What a browser makes of it is measured in `tests/browser/parity.rs`.
#[test]
fn no_rule_of_any_look_tells_one_answer_from_another() {
    let tells = |selector: &str| {
        [
            "#",
            "[id",
            ":nth",
            ":first",
            ":last",
            ":only",
            ":has",
            ":not(.avow-button",
            ".avow-button +",
            ".avow-button ~",
        ]
        .iter()
        .any(|word| selector.contains(word))
    };
    assert!(
        [".avow .avow-button:first-child", "#avow-accept", ".avow-button ~ .avow-button"]
            .iter()
            .all(|s| tells(s))
    );
    let mut sheets = vec![
        include_str!("../../../../widget/css/banner.css").to_owned(),
        include_str!("../../../../widget/css/preferences.css").to_owned(),
    ];
    for layout in LAYOUTS {
        for (font, spacing) in FONTS.iter().flat_map(|font| SPACINGS.map(|spacing| (*font, spacing))) {
            sheets.extend(css(&Look {
                theme: "plain".to_owned(),
                accent: "#0b5563".to_owned(),
                radius: 8,
                scheme: "auto".to_owned(),
                layout: Some(layout.to_owned()),
                font: Some(font.to_owned()),
                spacing: Some(spacing.to_owned()),
            }));
        }
    }
    let comments = |sheet: &str| {
        sheet
            .split("/*")
            .map(|part| part.split_once("*/").map_or(part, |(_, rest)| rest).to_owned())
            .collect::<String>()
    };
    let sheets: Vec<String> = sheets.iter().map(|sheet| comments(sheet)).collect();
    let all: Vec<&str> = sheets.iter().flat_map(|sheet| selectors(sheet)).collect();
    assert!(all.len() > 60, "{all:?}");
    let telling: Vec<&&str> = all.iter().filter(|selector| tells(selector)).collect();
    assert_eq!(telling, Vec::<&&str>::new());
}

#[test]
fn an_accent_is_measured_on_what_its_buttons_stand_on() {
    let told_of = |accent: &str, scheme: &str, layout: &str| {
        let look = format!("scheme = \"{scheme}\"\nlayout = \"{layout}\"");
        let source = GOOD.replacen("#0b5cab", accent, 1).replacen("scheme = \"auto\"", &look, 1);
        assert!(source.contains(&look), "{source}");
        compile::read(&source, "avow.toml").err().map(|faults| faults.to_string())
    };
    // 3.03 to 1 on white, 2.77 on the tint of a block.
    for scheme in ["auto", "light"] {
        for layout in LAYOUTS.into_iter().filter(|layout| *layout != "block") {
            assert_eq!(told_of("#949494", scheme, layout), None, "{layout}");
        }
        let told = told_of("#949494", scheme, "block").expect("refused");
        assert!(
            told.contains(
                "[accent-contrast] `#949494` on the tint of a block, #f3f5f7, has a contrast of 2.77 to 1"
            ),
            "{told}"
        );
        assert_eq!(told_of("#8c8c8c", scheme, "block"), None);
    }
    // In the dark the tint is the easier one, and the preferences stand on the other: 2.98 and 3.24.
    let dark = told_of("#696969", "dark", "block").expect("refused");
    assert!(dark.contains("`#696969` on dark grey has a contrast of 2.97 to 1"), "{dark}");
    assert_eq!(told_of("#6a6a6a", "dark", "block"), None);
}

#[test]
fn the_grounds_are_those_of_the_style_sheet() {
    let sheet = include_str!("../../../../widget/css/banner.css");
    for (name, [light, dark]) in [("ground", [[0xff; 3], DARK]), ("tint", [TINT, DARK_TINT])] {
        let value = |colour: [u8; 3]| {
            // `#fff` is written short there.
            let full = hex::encode(colour);
            format!("--avow-{name}: #{};", if full == "ffffff" { "fff" } else { &full })
        };
        let found = [light, dark].map(|colour| sheet.matches(&value(colour)).count());
        assert_eq!(found, [1, 2], "{name}");
        assert_eq!(sheet.matches(&format!("--avow-{name}: ")).count(), 3, "{name}");
    }
    assert!(BLOCK.contains("background:var(--avow-tint)"));
    let others = [BAR, BOX, MIDDLE];
    assert!(others.iter().all(|css| !css.contains("background:var(")), "another ground is measured, too");
    // What can be told from the dark ground can be told from its tint.
    assert!(luminance(DARK_TINT) < luminance(DARK));
}

#[test]
fn any_accent_can_be_told_from_the_dark() {
    for accent in ["#000000", "#0b5563", "#1b2a6b", "#8a1c3b", "#7f7f7f", "#ffffff", "#ff0000"] {
        let dark = lighter(accent).unwrap_or_else(|| accent.to_owned());
        let ratio = contrast(colour(&dark).expect("a colour"), DARK);
        assert!(ratio >= 3.0, "{accent} became {dark}: {ratio}");
    }
    assert_eq!(lighter("#ffffff"), None);
}
