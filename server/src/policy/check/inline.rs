//! Checks what a policy says to the guard and the gate: the mode, and the inline code that may run.

use super::values::{label, one_of};
use crate::policy::document::NECESSARY;
use crate::policy::fault::Collector;
use crate::policy::file::{File, Inline};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

pub(super) fn check_mode(file: &File, faults: &mut Collector<'_>) {
    if let Some(mode) = &file.mode {
        one_of(mode, &["strict", "compatible"], "mode", faults);
    }
}

/// Their hashes stand in a header of every page.
const MOST_INLINE: usize = 200;

pub(super) fn check_inline(file: &File, faults: &mut Collector<'_>) {
    if let Some(inline) = file.inline.get(MOST_INLINE) {
        faults.add(
            &inline.sha256.span,
            "inline-count",
            format!(
                "a policy approves at most {MOST_INLINE} pieces of inline code: move the rest into files"
            ),
        );
    }
    for (at, inline) in file.inline.iter().enumerate() {
        let hash = &inline.sha256;
        if !STANDARD.decode(&hash.value).is_ok_and(|bytes| bytes.len() == 32) {
            faults.add(
                &hash.span,
                "inline-hash",
                "a SHA-256 in base64 has 44 characters, the last one `=`; the word `sha256-` before it is left out",
            );
        }
        one_of(&inline.kind, &["script", "handler"], "inline-kind", faults);
        label(&inline.note, faults);
        let purpose = &inline.purpose.value;
        if purpose != NECESSARY && file.purpose.iter().all(|known| known.id.value != *purpose) {
            faults.add(
                &inline.purpose.span,
                "inline-purpose",
                format!("there is no purpose `{purpose}`: name one of the file's, or `{NECESSARY}`"),
            );
        }
        let same =
            |earlier: &Inline| earlier.sha256.value == hash.value && earlier.kind.value == inline.kind.value;
        if file.inline[..at].iter().any(same) {
            faults.add(&hash.span, "duplicate", "this inline code is approved already");
        }
    }
}
