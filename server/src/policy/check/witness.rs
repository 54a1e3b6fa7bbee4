//! Checks the witnesses that a policy names: an address, and a key that can cosign.

use crate::policy::fault::Collector;
use crate::policy::file::{File, Witness};
use avow_shared::note::{Algorithm, Verifier};
use url::Url;

/// Each published head waits for them.
const MOST: usize = 8;

pub(super) fn check_witnesses(file: &File, faults: &mut Collector<'_>) {
    let Some(log) = &file.log else { return };
    if let Some(witness) = log.witness.get(MOST) {
        faults.add(&witness.url.span, "witness", format!("a log has at most {MOST} witnesses"));
    }
    for (at, Witness { url, key }) in log.witness.iter().enumerate() {
        let usable = Url::parse(&url.value).is_ok_and(|parsed| {
            parsed.scheme() == "http"
                && parsed.host_str().is_some()
                && parsed.username().is_empty()
                && parsed.password().is_none()
                && parsed.query().is_none()
                && parsed.fragment().is_none()
                && !url.value.ends_with('/')
        });
        if !usable {
            faults.add(&url.span, "witness", "a witness is an http address without a slash at its end");
        }
        let cosigns =
            Verifier::parse(&key.value).is_some_and(|key| key.algorithm() == Algorithm::Cosignature);
        if !cosigns {
            faults.add(
                &key.span,
                "witness",
                "a witness's key is `name+id+key` of the kind that `avow witness` prints",
            );
        }
        if log.witness[..at].iter().any(|earlier| earlier.key.value == key.value) {
            faults.add(&key.span, "duplicate", "this witness is named already");
        }
    }
}
