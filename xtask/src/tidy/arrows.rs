//! Who may name what: the arrows of `ARCHITECTURE.md`, as one table.

use super::{File, Finding};

/// A name, where the rule holds, and the only places there that may use it.
struct Arrow {
    name: &'static str,
    within: &'static [&'static str],
    allowed: &'static [&'static str],
    why: &'static str,
}

const ARROWS: &[Arrow] = &[
    Arrow {
        name: "sqlx",
        within: &["server/src/", "shared/", "widget/", "demo-site/", "xtask/src/"],
        allowed: &["server/src/store.rs", "server/src/store/"],
        why: "only the store names SQL",
    },
    Arrow {
        name: "redis",
        within: &["server/src/"],
        allowed: &["server/src/cache.rs", "server/src/cache/", "server/src/limits.rs", "server/src/limits/"],
        why: "Redis is an implementation of cache and limits",
    },
    Arrow {
        name: "actix_web",
        within: &[
            "server/src/access",
            "server/src/consent",
            "server/src/log",
            "server/src/policy",
            "server/src/site_files",
            "server/src/store",
            "server/src/cache",
            "server/src/witness",
            "shared/",
            "widget/",
        ],
        allowed: &["server/src/witness/serve.rs"],
        why: "HTTP ends at the edge",
    },
    Arrow {
        name: "wasm_bindgen",
        within: &["widget/src/"],
        allowed: &["widget/src/lib.rs", "widget/src/page.rs"],
        why: "the browser is behind page",
    },
    Arrow { name: "web_sys", within: &["widget/"], allowed: &[], why: "the widget's hands are in page.js" },
    Arrow {
        name: "serde",
        within: &["widget/"],
        allowed: &[],
        why: "a serde derive costs more than the engine",
    },
    Arrow { name: "serde_json", within: &["widget/"], allowed: &[], why: "the browser parses JSON itself" },
    Arrow {
        name: "crate::api",
        within: SERVER_INNER,
        allowed: &[],
        why: "the inside does not know its doors",
    },
    Arrow {
        name: "crate::consent",
        within: &["server/src/store", "server/src/log"],
        allowed: &[],
        why: "store and log do not decide",
    },
    Arrow {
        name: "crate",
        within: &["server/src/witness/judge.rs"],
        allowed: &[],
        why: "the judge of a witness judges by what it is given",
    },
    Arrow {
        name: "avow_letter",
        within: &["server/src/"],
        allowed: &["server/src/consent/letter.rs"],
        why: "one use case prints letters",
    },
    Arrow {
        name: "avow_shared",
        within: &["letter/"],
        allowed: &[],
        why: "paper and type know nothing of consent",
    },
    Arrow {
        name: "crate::shown",
        within: SERVER_INNER,
        allowed: &[],
        why: "what is shown again stands outside",
    },
    Arrow { name: "std::fs", within: PURE, allowed: &[], why: "it has no I/O" },
    Arrow { name: "std::net", within: PURE, allowed: &[], why: "it has no I/O" },
    Arrow { name: "std::time", within: PURE, allowed: &[], why: "it has no clock" },
    Arrow { name: "rand", within: PURE, allowed: &[], why: "it has no rng" },
];

const PURE: &[&str] = &["shared/src/", "letter/src/"];
const SERVER_INNER: &[&str] =
    &["server/src/consent", "server/src/log", "server/src/store", "server/src/policy"];

pub fn check(file: &File) -> Vec<Finding> {
    let is_rust = file.is_a("rs");
    let is_manifest = file.path.ends_with("/Cargo.toml");
    if !is_rust && !is_manifest {
        return Vec::new();
    }
    let applies = |arrow: &&Arrow| {
        arrow.within.iter().any(|place| file.path.starts_with(place))
            && !arrow.allowed.iter().any(|place| file.path.starts_with(place))
    };
    let mut findings = Vec::new();
    for arrow in ARROWS.iter().filter(applies) {
        for (line, text) in code(&file.text, is_rust) {
            let named = if is_rust { names(text, arrow.name) } else { depends(text, arrow.name) };
            if named {
                findings.push(Finding::new(file, line, format!("names {}: {}", arrow.name, arrow.why)));
            }
        }
    }
    findings
}

/// The numbered lines without their comments, up to the tests that close a Rust file.
fn code(text: &str, is_rust: bool) -> impl Iterator<Item = (usize, &str)> {
    let comment = if is_rust { "//" } else { "#" };
    let lines = text.lines().take_while(move |line| !is_rust || *line != "#[cfg(test)]");
    lines.enumerate().map(move |(at, line)| (at + 1, line.split(comment).next().unwrap_or_default()))
}

/// Whether a path of that crate or module is written: `name::`, `use name;`, `name!`.
fn names(line: &str, name: &str) -> bool {
    line.match_indices(name).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = &line[at + name.len()..];
        // A field, variable, module or string of that name is something else.
        let starts =
            before.is_none_or(|c| !c.is_alphanumeric() && !matches!(c, '_' | '.' | '"' | ':' | '/' | '-'));
        starts
            && (after.starts_with("::")
                || line.trim_start().starts_with("use ") && after.starts_with([';', ' ']))
    })
}

/// Whether a manifest's line is a dependency of that name.
fn depends(line: &str, name: &str) -> bool {
    let dashed = name.replace('_', "-");
    let Some((key, _)) = line.split_once(['=', '.']) else { return false };
    let key = key.trim();
    key == dashed && !name.contains("::")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, text: &str) -> usize {
        check(&File { path: path.to_owned(), text: text.to_owned() }).len()
    }

    #[test]
    fn sql_stays_in_the_store() {
        assert_eq!(found("server/src/api/consents.rs", "use sqlx::Row;\n"), 1);
        assert_eq!(found("server/src/api/consents.rs", "let pool: sqlx::SqlitePool;\n"), 1);
        assert_eq!(found("server/src/store/records.rs", "use sqlx::Row;\n"), 0);
        assert_eq!(found("server/src/api/consents.rs", "// sqlx::Row would be wrong here\n"), 0);
        assert_eq!(found("server/src/api/consents.rs", "let url = config.redis;\n"), 0);
        assert_eq!(found("server/src/cli/serve.rs", "limits::redis::connect(url)\n"), 0);
    }

    #[test]
    fn tests_at_the_end_may_name_more() {
        assert_eq!(found("shared/src/id.rs", "//! Ids.\n#[cfg(test)]\nmod tests {\n use rand::Rng;\n}\n"), 0);
    }

    #[test]
    fn the_widget_has_no_serde() {
        assert_eq!(found("widget/Cargo.toml", "serde = { workspace = true }\n"), 1);
        assert_eq!(found("widget/Cargo.toml", "serde-json-like = \"1\"\n# serde = 1\n"), 0);
        assert_eq!(found("server/Cargo.toml", "serde = { workspace = true }\n"), 0);
    }
}
