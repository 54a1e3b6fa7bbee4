//! Finds every field of a policy file that is unknown, missing or of the wrong type.
//!
//! Reading into [`super::file`] stops at the first such field. This walk holds the file against the schema made
//! from the same types, so it knows what they know and names all of them.

use super::fault::Collector;
use super::file::File;
use serde_json::Value as Schema;
use std::ops::Range;
use toml::de::{DeTable, DeValue};

/// Notes every field that does not fit; nothing if the text is no TOML.
pub fn check(source: &str, faults: &mut Collector<'_>) {
    let Ok(table) = DeTable::parse(source) else { return };
    let root = Schema::from(schemars::schema_for!(File));
    let mut walk = Walk { root: &root, faults };
    walk.table(&root, table.get_ref(), &(0..0));
}

struct Walk<'s, 'f, 'c> {
    root: &'s Schema,
    faults: &'f mut Collector<'c>,
}

impl<'s> Walk<'s, '_, '_> {
    fn table(&mut self, schema: &'s Schema, table: &DeTable<'_>, span: &Range<usize>) {
        let properties = &schema["properties"];
        // A map of free keys has the schema of its values here, a fixed table has `false`.
        let others = schema.get("additionalProperties").filter(|others| others.is_object());
        for (key, value) in table {
            let name: &str = key.get_ref();
            match properties.get(name).or(others) {
                Some(inner) => self.value(inner, value.get_ref(), &value.span()),
                None => self.faults.add(&key.span(), "toml", format!("there is no field `{name}` here")),
            }
        }
        for name in schema["required"].as_array().into_iter().flatten().filter_map(Schema::as_str) {
            if !table.keys().any(|key| key.get_ref() == name) {
                self.faults.add(span, "toml", format!("the field `{name}` is missing here"));
            }
        }
    }

    fn value(&mut self, schema: &'s Schema, value: &DeValue<'_>, span: &Range<usize>) {
        let schema = self.resolve(schema);
        let wanted = schema["type"].as_str().or_else(|| schema["type"][0].as_str()).unwrap_or_default();
        match (wanted, value) {
            ("object", DeValue::Table(table)) => self.table(schema, table, span),
            ("array", DeValue::Array(array)) => {
                for element in array {
                    self.value(&schema["items"], element.get_ref(), &element.span());
                }
            }
            ("string", DeValue::String(_)) | ("integer", DeValue::Integer(_)) => {}
            (wanted, found) => {
                let found = found.type_str();
                self.faults.add(
                    span,
                    "toml",
                    format!("this must be of type {}, not {found}", toml_name(wanted)),
                );
            }
        }
    }

    /// Follows references, and for an optional value the alternative that is not null.
    fn resolve(&self, mut schema: &'s Schema) -> &'s Schema {
        loop {
            if let Some(alternatives) = schema["anyOf"].as_array() {
                match alternatives.iter().find(|one| one["type"] != "null") {
                    Some(one) => schema = one,
                    None => return schema,
                }
            } else if let Some(reference) = schema["$ref"].as_str() {
                match self.root.pointer(reference.trim_start_matches('#')) {
                    Some(one) => schema = one,
                    None => return schema,
                }
            } else {
                return schema;
            }
        }
    }
}

fn toml_name(json: &str) -> &str {
    if json == "object" { "table" } else { json }
}
