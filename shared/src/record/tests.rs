//! Schema version 1 is frozen: these bytes and this commitment must never change.

use super::*;
use crate::commitment::commitment;
use crate::id::hex;

fn sample() -> Record {
    Record {
        id: "019aa2f5-1c00-7abc-8def-0123456789ab".to_owned(),
        site: "careers-enterprise".to_owned(),
        event: Event::PartiallyGiven,
        server_time: Millis(1_763_764_801_234),
        client_time: Millis(1_763_764_800_000),
        chain: 1,
        previous: Some("ab".repeat(32)),
        decisions: vec![
            PurposeDecision {
                purpose: "analytics".to_owned(),
                granted: true,
                basis: Basis::Consent,
                until: Millis(1_779_489_600_000),
            },
            PurposeDecision {
                purpose: "video".to_owned(),
                granted: false,
                basis: Basis::Consent,
                until: Millis(1_779_489_600_000),
            },
        ],
        policy_version: 3,
        policy_sha256: "cd".repeat(32),
        locale: "en-GB".to_owned(),
        texts_sha256: "ef".repeat(32),
        regime: "strictest".to_owned(),
        regime_source: "default".to_owned(),
        signals: SignalsRef { gpc: false, dnt: true },
        surface: Surface::Preferences,
        control: Control::Save,
        input: Input::Keyboard,
        form: Form::Snippet,
        theme: "block".to_owned(),
        viewport: Viewport::Narrow,
        widget: "0123456789abcdef".to_owned(),
        guard: "fedcba9876543210".to_owned(),
        reject: Some(RejectButton { width: 120, height: 44, contrast: 1234, visible: true }),
    }
}

const FROZEN: &str = include_str!("../../testdata/record-1.json");
const FROZEN_COMMITMENT: &str = include_str!("../../testdata/record-1.commitment");

#[test]
fn schema_1_is_frozen_byte_for_byte() {
    assert_eq!(sample().to_canonical(), FROZEN.trim_end());
    assert_eq!(hex(&commitment(&[7; 32], FROZEN.trim_end().as_bytes())), FROZEN_COMMITMENT.trim_end());
}

#[test]
fn an_independent_canonicalizer_agrees() {
    let mut odd = sample();
    odd.theme = "quotes \" \\ tab\t line\n bell\u{7} delete\u{7f} é 漢 😀 \u{2028}".to_owned();
    odd.previous = None;
    odd.reject = None;
    for record in [sample(), odd] {
        let ours = record.to_canonical();
        let value: serde_json::Value = serde_json::from_str(&ours).unwrap();
        assert_eq!(serde_json_canonicalizer::to_string(&value).unwrap(), ours);
    }
}

#[test]
fn the_commitment_is_salted_and_domain_separated() {
    use sha2::{Digest, Sha256};
    let bytes = sample().to_canonical().into_bytes();
    assert_ne!(commitment(&[0; 32], &bytes), commitment(&[1; 32], &bytes));
    let bare: [u8; 32] = Sha256::new().chain_update([0; 32]).chain_update(&bytes).finalize().into();
    assert_ne!(commitment(&[0; 32], &bytes), bare);
}
