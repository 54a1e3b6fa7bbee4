//! Exports the runners of the vectors to JavaScript, so that the tests can hold WebAssembly to the answers of the
//! native code. Nothing of it is shipped.

use wasm_bindgen::prelude::wasm_bindgen;

/// Answers the cases of `shared/testdata/decisions.json` as canonical JSON; throws what could not be read.
#[wasm_bindgen]
pub fn decisions(json: &str) -> Result<String, String> {
    avow_shared::vectors::decisions::run(json)
}

/// The same for `shared/testdata/log.json`.
#[wasm_bindgen]
pub fn log(json: &str) -> Result<String, String> {
    avow_shared::vectors::log::run(json)
}
