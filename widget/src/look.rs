//! Measures of what was on the screen: contrast of two colours, width classes.
//!
//! Pure. Colours come as a browser computes them, `rgb(r, g, b)` or `rgba(r, g, b, a)`.

use avow_shared::act::Viewport;

/// Red, green, blue.
pub type Rgb = [u8; 3];

/// Reads a computed colour; `None` if it is transparent in any degree or written another way.
pub fn opaque(text: &str) -> Option<Rgb> {
    let inner = text.strip_suffix(')')?;
    let mut parts = inner.strip_prefix("rgba(").or_else(|| inner.strip_prefix("rgb("))?.split(',');
    let mut rgb = [0; 3];
    for part in &mut rgb {
        *part = parts.next()?.trim().parse().ok()?;
    }
    matches!(parts.next().map(str::trim), None | Some("1")).then_some(rgb)
}

/// Reads `#rrggbb`.
pub fn hex(text: &str) -> Option<Rgb> {
    let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6 && digits.is_ascii())?;
    let mut rgb = [0; 3];
    for (at, part) in rgb.iter_mut().enumerate() {
        *part = u8::from_str_radix(&digits[at * 2..at * 2 + 2], 16).ok()?;
    }
    Some(rgb)
}

/// Contrast ratio times 100, from 100 to 2100 (WCAG 2.2, "contrast ratio").
pub fn contrast(a: Rgb, b: Rgb) -> u16 {
    let (a, b) = (luminance(a) + 0.05, luminance(b) + 0.05);
    let ratio = if a > b { a / b } else { b / a };
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 100 and 2100")]
    let hundredths = (ratio * 100.0 + 0.001) as u16;
    hundredths
}

/// Black or white, whichever reads better on this colour: never under 4.5 to 1.
pub fn ink_on(background: Rgb) -> &'static str {
    if contrast(background, [255; 3]) >= 450 { "#fff" } else { "#000" }
}

fn luminance(rgb: Rgb) -> f64 {
    let [red, green, blue] = rgb.map(|part| {
        let part = f64::from(part) / 255.0;
        if part <= 0.04045 { part / 12.92 } else { power_2_4((part + 0.055) / 1.055) }
    });
    0.2126 * red + 0.7152 * green + 0.0722 * blue
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

/// The class of a width in CSS pixels.
pub fn viewport(width: u32) -> Viewport {
    match width {
        0..600 => Viewport::Narrow,
        600..1024 => Viewport::Medium,
        _ => Viewport::Wide,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contrast_is_that_of_the_wcag() {
        assert_eq!(contrast([0; 3], [255; 3]), 2100);
        assert_eq!(contrast([255; 3], [255; 3]), 100);
        // The well-known smallest grey that passes on white, and the greatest that does not.
        assert!(contrast([118; 3], [255; 3]) >= 450);
        assert!(contrast([119; 3], [255; 3]) < 450);
        assert_eq!(contrast([255, 0, 0], [255; 3]), 399);
    }

    #[test]
    fn text_on_any_accent_can_be_read() {
        for red in (0..=255).step_by(15) {
            for green in (0..=255).step_by(15) {
                for blue in (0..=255).step_by(15) {
                    let ink = if ink_on([red, green, blue]) == "#fff" { [255; 3] } else { [0; 3] };
                    assert!(contrast([red, green, blue], ink) >= 450, "{red} {green} {blue}");
                }
            }
        }
    }

    #[test]
    fn only_whole_colours_are_read() {
        assert_eq!(opaque("rgb(1, 20, 255)"), Some([1, 20, 255]));
        assert_eq!(opaque("rgba(1, 2, 3, 1)"), Some([1, 2, 3]));
        for wrong in ["rgba(0, 0, 0, 0)", "rgba(1, 2, 3, 0.9)", "color(srgb 1 1 1)", "red", "", "rgb(1, 2)"] {
            assert_eq!(opaque(wrong), None, "{wrong}");
        }
        assert_eq!(hex("#0b5cab"), Some([0x0b, 0x5c, 0xab]));
        assert_eq!((hex("#abc"), hex("0b5cab"), hex("#€€")), (None, None, None));
    }
}
