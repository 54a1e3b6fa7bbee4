//! The JSON Schema of policy files, for editors: made from [`super::file`], kept in `docs/policy.schema.json`.

use super::file::File;

/// The schema (2020-12), as it stands in the file.
pub fn schema() -> String {
    let mut schema = schemars::schema_for!(File);
    schema.insert("title".to_owned(), "Avow policy, schema 1".into());
    let mut text = serde_json::to_string_pretty(&schema).expect("a schema is plain JSON");
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_in_the_docs_is_this_one() {
        let kept = include_str!("../../../docs/policy.schema.json");
        assert_eq!(kept, schema(), "run `cargo run -- policy-schema > docs/policy.schema.json`");
    }
}
