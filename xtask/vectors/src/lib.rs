//! Exports the runner of the decision vectors to JavaScript, so that the tests can hold the WebAssembly engine
//! to the answers of the native one. Nothing of it is shipped.

use wasm_bindgen::prelude::wasm_bindgen;

/// Answers the cases of `shared/testdata/decisions.json` as canonical JSON; throws what could not be read.
#[wasm_bindgen]
pub fn run(json: &str) -> Result<String, String> {
    avow_shared::vectors::run(json)
}
