//! The decision vectors, natively. The same runner and files are run in WebAssembly by `cargo xtask test`.

const CASES: &str = include_str!("../testdata/decisions.json");
const ANSWERS: &str = include_str!("../testdata/decisions.answers.json");

#[test]
fn native_answers_are_the_recorded_ones() {
    let answers = avow_shared::vectors::run(CASES).unwrap();
    let answers: serde_json::Value = serde_json::from_str(&answers).unwrap();
    let recorded: serde_json::Value = serde_json::from_str(ANSWERS).unwrap();
    assert_eq!(answers, recorded, "\n{}", serde_json::to_string_pretty(&answers).unwrap());
}
