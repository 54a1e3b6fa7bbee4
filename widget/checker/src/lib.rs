//! Checks receipts and bundles in a browser: what `avow verify` runs, compiled to WebAssembly.
//!
//! What this is *not*: it draws nothing and fetches nothing; the page gives it bytes, and shows the report. The dialog
//! of receipts has a smaller module of its own (`widget/verifier`).

use avow_shared::note::Verifier;
use avow_verify::{Finding, Report, bundle, receipt};
use std::io::Cursor;
use wasm_bindgen::prelude::wasm_bindgen;

/// Checks a receipt against public keys, one `name+id+key` on each line; without any, against its own.
///
/// Answers the report as JSON (`docs/verify.md`, "For scripts").
#[wasm_bindgen(js_name = receipt)]
pub fn check_receipt(text: &str, keys: &str) -> String {
    report("receipt", keys, |keys| receipt::check(text, keys))
}

/// Checks a bundle in the same way.
#[wasm_bindgen(js_name = bundle)]
#[expect(clippy::needless_pass_by_value, reason = "the bytes are copied into the module's memory for this")]
pub fn check_bundle(zip: Vec<u8>, keys: &str) -> String {
    report("bundle", keys, |keys| bundle::check(Cursor::new(&zip), keys, None))
}

fn report(subject: &'static str, keys: &str, check: impl Fn(&[Verifier]) -> Report) -> String {
    let lines = keys.lines().map(str::trim).filter(|line| !line.is_empty());
    let report = if let Some(keys) = lines.map(Verifier::parse).collect::<Option<Vec<_>>>() {
        check(&keys)
    } else {
        let fault = Finding::new("key", "this is not a public key of the form name+id+key");
        Report::new(subject).end(Err(fault))
    };
    report.to_json()
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "log.example/shop+b1b45202+AW56HN0psLeP0Tr0xVmP7/TvKpcWbjym8uT7/M2AUFvx";
    const ZIP: &[u8] = include_bytes!("../../../verify/testdata/whole-1.zip");

    #[test]
    fn a_bundle_is_checked_and_what_is_none_is_refused() {
        let good = check_bundle(ZIP.to_vec(), &format!("\n {KEY} \n"));
        assert!(good.contains(r#""verified":true,"key_is_given":true"#), "{good}");
        let own = check_bundle(ZIP.to_vec(), "");
        assert!(own.contains(r#""verified":true,"key_is_given":false"#), "{own}");
        for (report, step) in [
            (check_bundle(ZIP[1..].to_vec(), KEY), "container"),
            (check_bundle(ZIP.to_vec(), "nonsense"), "key"),
            (check_receipt("{}", KEY), "envelope"),
        ] {
            assert!(report.contains(r#""verified":false"#), "{report}");
            assert!(report.contains(&format!(r#""fault":{{"step":"{step}""#)), "{report}");
        }
    }
}
