//! Measures of what was on the screen: contrast of two colours, the reject button.
//!
//! Pure. Colours are `0xRRGGBB`; a negative one could not be read.

use avow_shared::act::RejectButton;

/// The reject button from what the page measured: width, height, 1 if visible, ink, ground.
pub fn reject_button(measured: &[i32]) -> Option<RejectButton> {
    let &[width, height, visible, ink, ground] = measured else { return None };
    let side = |pixels| u16::try_from(pixels).unwrap_or_default();
    let contrast = if ink < 0 || ground < 0 { 0 } else { contrast(ink, ground) };
    Some(RejectButton { width: side(width), height: side(height), contrast, visible: visible == 1 })
}

/// Contrast ratio times 100, from 100 to 2100 (WCAG 2.2, "contrast ratio").
pub fn contrast(a: i32, b: i32) -> u16 {
    let (a, b) = (luminance(a) + 0.05, luminance(b) + 0.05);
    let ratio = if a > b { a / b } else { b / a };
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 100 and 2100")]
    let hundredths = (ratio * 100.0 + 0.001) as u16;
    hundredths
}

/// Black or white, whichever reads better on this colour: never under 4.5 to 1.
pub fn ink_on(ground: i32) -> &'static str {
    if contrast(ground, 0xff_ffff) >= RejectButton::MIN_CONTRAST { "#fff" } else { "#000" }
}

/// Reads `#rrggbb`.
pub fn hex(text: &str) -> Option<i32> {
    let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6)?;
    i32::try_from(i64::from_str_radix(digits, 16).ok()?).ok()
}

fn luminance(color: i32) -> f64 {
    let part = |shift: i32| {
        let part = f64::from((color >> shift) & 255) / 255.0;
        if part <= 0.04045 { part / 12.92 } else { power_2_4((part + 0.055) / 1.055) }
    };
    0.2126 * part(16) + 0.7152 * part(8) + 0.0722 * part(0)
}

/// `x` to the power of 2.4 by square roots: 0.4 is 0.0110 0110 … in binary. The library's `pow` would cost
/// the browser two kilobytes for the same three digits.
fn power_2_4(x: f64) -> f64 {
    let (mut power, mut root) = (x * x, x);
    for bit in 0..24 {
        root = root.sqrt();
        if matches!(bit % 4, 1 | 2) {
            power *= root;
        }
    }
    power
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contrast_is_that_of_the_wcag() {
        assert_eq!(contrast(0, 0xff_ffff), 2100);
        assert_eq!(contrast(0xff_ffff, 0xff_ffff), 100);
        // The well-known smallest grey that passes on white, and the greatest that does not.
        assert!(contrast(0x76_7676, 0xff_ffff) >= 450);
        assert!(contrast(0x77_7777, 0xff_ffff) < 450);
        assert_eq!(contrast(0xff_0000, 0xff_ffff), 399);
    }

    #[test]
    fn text_on_any_accent_can_be_read() {
        for color in (0..=0xff_ffff).step_by(997) {
            let ink = if ink_on(color) == "#fff" { 0xff_ffff } else { 0 };
            assert!(contrast(color, ink) >= 450, "{color:06x}");
        }
    }

    #[test]
    fn a_button_that_was_not_measured_or_cannot_be_read_is_not_fair() {
        assert!(reject_button(&[200, 44, 1, 0xff_ffff, 0x0b_5cab]).expect("measured").is_fair());
        assert_eq!(reject_button(&[]), None);
        for unfair in [
            [200, 44, 0, 0xff_ffff, 0],
            [200, 44, 1, -1, 0],
            [12, 44, 1, 0xff_ffff, 0],
            [200, -4, 1, 0xff_ffff, 0],
        ] {
            assert!(!reject_button(&unfair).expect("measured").is_fair(), "{unfair:?}");
        }
    }

    #[test]
    fn only_whole_colours_are_read() {
        assert_eq!(hex("#0b5cab"), Some(0x0b_5cab));
        for wrong in ["#abc", "0b5cab", "#€€", "#-12345", "#0b5ca·"] {
            assert!(hex(wrong).is_none_or(|color| color < 0), "{wrong}");
        }
    }
}
