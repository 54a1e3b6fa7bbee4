//! What of the reject button the page measured.
//!
//! Pure.

use avow_shared::act::RejectButton;
use avow_shared::fields::Fields;
use avow_shared::radix;

/// The reject button from what the page measured: width, height, contrast times 100, 1 if visible, by spaces. What
/// is no number could not be read.
pub fn reject_button(measured: &str) -> Option<RejectButton> {
    let mut fields = Fields::new(measured, b' ').map(|field| radix::parse(field, 10));
    let mut next = || Some(fields.next()?.and_then(|number| u16::try_from(number).ok()).unwrap_or_default());
    Some(RejectButton { width: next()?, height: next()?, contrast: next()?, visible: next()? == 1 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_button_that_was_not_measured_or_cannot_be_read_is_not_fair() {
        let button = reject_button("200 44 707 1").expect("measured");
        assert_eq!(button, RejectButton { width: 200, height: 44, contrast: 707, visible: true });
        assert!(button.is_fair());
        assert_eq!(reject_button(""), None);
        for unfair in
            ["200 44 707 0", "200 44 0 1", "200 44 -1 1", "12 44 707 1", "200 -4 707 1", "200 NaN 707 1"]
        {
            assert!(!reject_button(unfair).expect("measured").is_fair(), "{unfair}");
        }
    }
}
