//! Embeds the built widget: writes `widget_dist.rs`, which `server/src/assets` includes.
//!
//! Without a built widget the server still builds, and says so when it is started.

use std::collections::BTreeMap;
use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

fn main() {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets the manifest directory"));
    let dist = env::var_os("AVOW_WIDGET_DIST").map_or_else(|| root.join("../widget/dist"), PathBuf::from);
    println!("cargo::rerun-if-env-changed=AVOW_WIDGET_DIST");
    println!("cargo::rerun-if-changed={}", dist.display());
    if !dist.exists() {
        // Cargo looks at a missing path again at every build only if its parent is watched instead.
        println!("cargo::rerun-if-changed={}", dist.parent().unwrap_or(&root).display());
    }
    let code = embed(&dist).unwrap_or_else(|| "static WIDGET: Option<Widget> = None;\n".to_owned());
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets the output directory"));
    fs::write(out.join("widget_dist.rs"), code).expect("the output directory can be written");
}

/// The Rust text of the widget; nothing if a part of it is missing.
fn embed(dist: &Path) -> Option<String> {
    let dist = dist.canonicalize().ok()?;
    let names: BTreeMap<String, String> = fs::read_dir(&dist)
        .ok()?
        .filter_map(Result::ok)
        .filter_map(|entry| {
            Some((entry.file_name().into_string().ok()?, entry.path().into_os_string().into_string().ok()?))
        })
        .collect();
    let text = |name: &str| names.get(name).map(|path| format!("include_str!({path:?})"));
    let bytes = |name: &str| match names.get(name) {
        Some(path) => format!("Some(include_bytes!({path:?}))"),
        None => "None".to_owned(),
    };
    let mut files = String::new();
    for name in names.keys().filter(|name| is_asset(name)) {
        let path = &names[name];
        writeln!(
            files,
            "        EmbeddedFile {{ name: {name:?}, raw: include_bytes!({path:?}), br: {}, gz: {} }},",
            bytes(&format!("{name}.br")),
            bytes(&format!("{name}.gz")),
        )
        .expect("a string takes every text");
    }
    let manifest = fs::read_to_string(names.get("manifest.json")?).ok()?;
    let named =
        |part: &str| member(&manifest, part).filter(|name| is_asset(name) && names.contains_key(name));
    let (js, preferences, late, wasm) = (named("js")?, named("preferences")?, named("late")?, named("wasm")?);
    let (guard, compatible) = (member(&manifest, "guard")?, member(&manifest, "guard_compatible")?);
    let (guard_js, compatible_js, boot_js) =
        (text("guard.js")?, text("guard-compatible.js")?, text("boot.js")?);
    let verifier = text("verifier.html")?;
    Some(format!(
        "static WIDGET: Option<Widget> = Some(Widget {{\n    build: Build {{\n        js: {js:?},\n        \
         preferences: {preferences:?},\n        late: {late:?},\n        wasm: {wasm:?},\n        \
         guard: {guard:?},\n        guard_js: {guard_js},\n        guard_compatible: {compatible:?},\n        \
         guard_compatible_js: {compatible_js},\n        boot_js: {boot_js},\n    }},\n    \
         verifier_html: {verifier},\n    files: &[\n{files}    ],\n}});\n"
    ))
}

/// The string member of that name in flat JSON; the manifest's hashes need no unescaping.
fn member(json: &str, name: &str) -> Option<String> {
    let (_, rest) = json.split_once(&format!("\"{name}\""))?;
    let (_, rest) = rest.trim_start().strip_prefix(':')?.split_once('"')?;
    rest.split_once('"').map(|(value, _)| value.to_owned())
}

/// `avow-<16 hex>.js` or `.wasm`.
fn is_asset(name: &str) -> bool {
    name.strip_prefix("avow-").and_then(|rest| rest.split_once('.')).is_some_and(|(hash, end)| {
        hash.len() == 16 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()) && matches!(end, "js" | "wasm")
    })
}
