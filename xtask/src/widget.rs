//! Builds the widget: Rust to WebAssembly, bound, shrunk, compressed, named by its hash, held to its budget.
//!
//! Same sources and toolchain give the same bytes, wherever the workspace lies. Read next: `toolchain.rs`, `size.rs`.

use crate::shell::{capture, cargo, feed, root, step, target_dir};
use crate::size::{FirstLayer, Packed};
use crate::toolchain::{self, TARGET, Toolchain};
use crate::verifier::{self, Verifier};
use crate::{glue, npm};
use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};
use std::fs;
use std::path::{Path, PathBuf};

/// The guard's configuration goes here when a site script is made.
const CONFIG: &str = "__AVOW_CONFIG__";

/// What the compiler may have used; wasm-opt assumes none of them by itself. All are in browsers since 2021 or
/// are encodings of older ones.
const WASM_FEATURES: [&str; 8] = [
    "--enable-bulk-memory",
    "--enable-bulk-memory-opt",
    "--enable-call-indirect-overlong",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
];

/// Whether a widget that is too large stops the command.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Budget {
    Fails,
    /// To look at it or to measure it, size is no reason not to.
    Warns,
}

pub fn run(budget: Budget) -> Result<()> {
    step("npm tools", || npm::install("widget"))?;
    let toolchain = step("WebAssembly toolchain", toolchain::find_or_install)?;
    println!(
        "    {}, std {}",
        toolchain.version()?,
        if toolchain.rebuilds_std() { "rebuilt" } else { "as shipped" }
    );
    let layer = build(&toolchain, &root(), &target_dir().join("widget"), &root().join("widget/dist"))?;
    layer.print();
    match (layer.check(toolchain.rebuilds_std()), budget) {
        (Err(error), Budget::Warns) => println!("    warning: {error}"),
        (checked, _) => checked?,
    }
    Ok(())
}

/// Builds the widget of `workspace` into `dist`; its size is the caller's to judge.
pub fn build(toolchain: &Toolchain, workspace: &Path, target_dir: &Path, dist: &Path) -> Result<FirstLayer> {
    let bound =
        step("compile the widget", || compile(toolchain, workspace, target_dir, "avow-widget", "web"))?;
    let (wasm, names) = step("optimize the module", || optimize(&bound.join("avow_widget_bg.wasm")))?;
    let verifier = step("the verifier", || verifier::build(toolchain, workspace, target_dir))?;
    step("minify and pack", || {
        let glue = minimize_glue(workspace, &bound, &names)?;
        pack(workspace, glue, wasm, verifier, dist)
    })
}

/// Compiles one package to WebAssembly and binds it; returns the folder with module and glue.
pub fn compile(
    toolchain: &Toolchain,
    workspace: &Path,
    target_dir: &Path,
    package: &str,
    bindgen_target: &str,
) -> Result<PathBuf> {
    crate::shell::run(toolchain.build(workspace, target_dir)?.args(["--package", package]))?;
    let name = package.replace('-', "_");
    let module = target_dir.join(TARGET).join("widget").join(format!("{name}.wasm"));
    let out = target_dir.join("bound").join(&name);
    let mut bindgen = cargo();
    bindgen.args(["run", "--quiet", "--package", "avow-bindgen", "--", bindgen_target]);
    crate::shell::run(bindgen.arg(&module).arg(&out).arg(&name))?;
    Ok(out)
}

/// The shrunk module, and the short names it has now, as JSON.
fn optimize(module: &Path) -> Result<(Vec<u8>, String)> {
    const SHRINK: [&str; 5] =
        ["--gufa", "-Oz", "--converge", "--one-caller-inline-max-function-size=20", "--strip-debug"];
    // A pass of its own: until it converges, the first one runs several times.
    const RENAME: [&str; 2] = ["--strip-producers", "--minify-imports-and-exports-and-modules"];
    wasm_opt(module, &[&SHRINK, &RENAME])
}

/// The shrunk module, for glue that keeps its names.
pub fn optimize_plain(module: &Path) -> Result<Vec<u8>> {
    const SHRINK: [&str; 6] = [
        "--gufa",
        "-Oz",
        "--converge",
        "--one-caller-inline-max-function-size=100",
        "--strip-debug",
        "--strip-producers",
    ];
    Ok(wasm_opt(module, &[&SHRINK])?.0)
}

/// Runs wasm-opt with each set of switches; the module, and what the last run said. Done once for the same module.
fn wasm_opt(module: &Path, passes: &[&[&str]]) -> Result<(Vec<u8>, String)> {
    let out = module.with_extension("opt.wasm");
    let (said, mark) = (module.with_extension("said"), module.with_extension("made-from"));
    let input = fs::read(module).with_context(|| format!("read {}", module.display()))?;
    let made_from = format!("{} {passes:?} {WASM_FEATURES:?}\n", short_hash(&input));
    if fs::read_to_string(&mark).ok().as_ref() != Some(&made_from) {
        let (mut from, mut last) = (module, String::new());
        for switches in passes {
            let mut run = npm::tool("wasm-opt");
            last = capture(run.arg(from).args(*switches).args(WASM_FEATURES).arg("-o").arg(&out))?;
            from = &out;
        }
        fs::write(&said, last)?;
        fs::write(&mark, made_from)?;
    }
    let optimized = fs::read(&out).with_context(|| format!("read {}", out.display()))?;
    Ok((optimized, fs::read_to_string(&said)?))
}

fn pack(
    workspace: &Path,
    glue: String,
    wasm: Vec<u8>,
    verifier: Verifier,
    dist: &Path,
) -> Result<FirstLayer> {
    let js = workspace.join("widget/js");
    let guard = guard(&js, "false")?;
    let compatible = self::guard(&js, "true")?;
    // An old browser stops at `import(`, in a script of its own or not: the guard's work is done by then.
    let boot = minify(&js.join("boot.js"), &["--target=es2015", "--supported:dynamic-import=true"])?;
    let boot = squeeze(&boot, &SCRIPT)?;
    for (name, text) in [("guard.js", &guard), ("hold.js", &compatible), ("boot.js", &boot)] {
        if text.contains("</") || text.contains("<!--") {
            bail!("{name} holds `</` or `<!--`, which would end a script element early");
        }
    }

    let preferences = squeeze(&bundle(workspace, "preferences", &["--minify"])?, &MODULE)?;
    let module = Packed::new(&format!("avow-{}.wasm", short_hash(&verifier.module)), verifier.module)?;
    let alias = format!("--alias:avow-verifier={}", verifier.glue.display());
    // The generated loader names its own address; it is always told another.
    let receipts = bundle(workspace, "receipts", &["--minify", &alias, "--define:import.meta.url=\"\""])?;
    let receipts = squeeze(&named(&receipts, "VERIFIER_WASM", &module.name)?, &MODULE)?;
    let receipts =
        Packed::new(&format!("avow-{}.js", short_hash(receipts.as_bytes())), receipts.into_bytes())?;
    // Named there and not in the site script: most visitors never ask for it.
    let late = bundle(workspace, "late", &["--minify"])?;
    let late = squeeze(&named(&late, "RECEIPTS_JS", &receipts.name)?, &MODULE)?;
    // As the server joins them for the demo site.
    let config = testdata(workspace, "careers-enterprise.config.json")?;
    let site_script = format!("{};\n{boot}", guard.trim_end_matches(';').replace(CONFIG, config.trim()));

    let guard = Packed::new("guard.js", guard.into_bytes())?;
    let compatible = Packed::new("guard-compatible.js", compatible.into_bytes())?;
    let boot = Packed::new("boot.js", boot.into_bytes())?;
    let site_script = Packed::new("site script (guard, demo's config, boot)", site_script.into_bytes())?;
    let glue = Packed::new(&format!("avow-{}.js", short_hash(glue.as_bytes())), glue.into_bytes())?;
    let preferences =
        Packed::new(&format!("avow-{}.js", short_hash(preferences.as_bytes())), preferences.into_bytes())?;
    let late = Packed::new(&format!("avow-{}.js", short_hash(late.as_bytes())), late.into_bytes())?;
    let verifier = Packed::new("verifier.html", verifier.html.into_bytes())?;
    let wasm = Packed::new(&format!("avow-{}.wasm", short_hash(&wasm)), wasm)?;
    let policy = testdata(workspace, "careers-enterprise.banner.json")?;
    let policy = Packed::new("policy (the demo's, in English)", policy.into_bytes())?;

    // Built beside and moved into place: whoever reads meanwhile sees the old one or the new one.
    let fresh = dist.with_extension("new");
    if fresh.exists() {
        fs::remove_dir_all(&fresh)?;
    }
    fs::create_dir_all(&fresh)?;
    let mut sizes = serde_json::Map::new();
    for part in [&guard, &compatible, &boot, &glue, &wasm, &preferences, &late, &receipts, &module, &verifier]
    {
        fs::write(fresh.join(&part.name), &part.raw)?;
        sizes.insert(part.name.clone(), part.sizes());
    }
    for part in [&glue, &wasm, &preferences, &late, &receipts, &module, &verifier] {
        fs::write(fresh.join(format!("{}.br", part.name)), &part.brotli)?;
        fs::write(fresh.join(format!("{}.gz", part.name)), &part.gzip)?;
    }
    let manifest = serde_json::json!({
        "js": glue.name,
        "preferences": preferences.name,
        "late": late.name,
        "wasm": wasm.name,
        "guard": short_hash(&guard.raw),
        "guard_compatible": short_hash(&compatible.raw),
        "widget": short_hash(&wasm.raw),
        "sizes": sizes,
    });
    fs::write(fresh.join("manifest.json"), format!("{manifest:#}\n"))?;
    if same_files(&fresh, dist) {
        // Untouched, so that nothing that embeds it is compiled again.
        fs::remove_dir_all(&fresh)?;
    } else {
        if dist.exists() {
            fs::remove_dir_all(dist)?;
        }
        fs::rename(&fresh, dist)?;
    }
    Ok(FirstLayer { guard, site_script, glue, wasm, policy, preferences, receipts, module })
}

/// The guard with its modules in one: as it is, or with what the mode `compatible` adds.
fn guard(js: &Path, compatible: &str) -> Result<String> {
    let define = format!("--define:__AVOW_COMPATIBLE__={compatible}");
    let guard = minify(&js.join("guard.js"), &["--bundle", "--format=iife", "--target=es5", &define])?;
    let guard = squeeze(&guard, &SCRIPT)?;
    if guard.matches(CONFIG).count() != 1 {
        bail!("guard.js must hold {CONFIG} exactly once after minifying");
    }
    Ok(guard)
}

/// For `squeeze`: what old browsers read, too.
const SCRIPT: [&str; 3] = ["--compress", "passes=3", "--ecma=5"];
/// For `squeeze`: a module, whose own names nobody else sees, and none of whose functions is a constructor.
const MODULE: [&str; 4] = ["--compress", "passes=3,unsafe_arrows=true", "--module", "--ecma=2020"];

/// Rewrites minified text into fewer bytes: esbuild renames and joins, but does not fold one function into another.
fn squeeze(text: &str, options: &[&str]) -> Result<String> {
    let mut terser = npm::tool("terser");
    terser.args(["--mangle", "--comments=false"]).args(options);
    Ok(feed(&mut terser, text)?.trim_end().to_owned())
}

fn minify(file: &Path, options: &[&str]) -> Result<String> {
    let mut esbuild = npm::tool("esbuild");
    esbuild.arg(file).args(["--minify", "--charset=utf8", "--legal-comments=none", "--log-level=warning"]);
    Ok(capture(esbuild.args(options))?.trim_end().to_owned())
}

/// The glue with the initializer and what the engine exports, and nothing that nobody calls.
fn minimize_glue(workspace: &Path, bound: &Path, names: &str) -> Result<String> {
    let file = bound.join("avow_widget.js");
    let text = fs::read_to_string(&file).with_context(|| format!("read {}", file.display()))?;
    // The generator copies the one module that the engine names; the others come into it here.
    let page = glue::page_module(&text).context("find the page's functions in the glue")?;
    fs::write(bound.join(page), bundle(workspace, "page", &[])?)?;
    let short = bound.join("short.js");
    fs::write(&short, glue::shorten(&glue::with_own_runtime(&text)?, names)?)?;
    squeeze(&minify(&short, &["--bundle", "--format=esm", "--target=es2020"])?, &MODULE)
}

/// A module of ours with all that it imports, and its style sheet in the place of its name.
fn bundle(workspace: &Path, name: &str, options: &[&str]) -> Result<String> {
    let (js, css) = (workspace.join("widget/js").join(name), workspace.join("widget/css"));
    let mut esbuild = npm::tool("esbuild");
    esbuild.arg(js.with_extension("js")).args([
        "--bundle",
        "--format=esm",
        "--target=es2020",
        "--charset=utf8",
    ]);
    let mut text = capture(esbuild.args(["--legal-comments=none", "--log-level=warning"]).args(options))?;
    for sheet in ["banner", "preferences", "late", "receipts"] {
        let token = format!("\"__AVOW_{}_CSS__\"", sheet.to_uppercase());
        if text.contains(&token) {
            let sheet = minify(&css.join(sheet).with_extension("css"), &[])?;
            text = text.replace(&token, &serde_json::to_string(&sheet)?);
        }
    }
    if text.contains("_CSS__") {
        bail!("{name}.js names a style sheet that is not there");
    }
    Ok(text.trim_end().to_owned())
}

/// The module with another asset's name in the place that is kept for it.
fn named(text: &str, place: &str, name: &str) -> Result<String> {
    let token = format!("__AVOW_{place}__");
    if text.matches(&token).count() != 1 {
        bail!("{token} must stand exactly once in a module that fetches {name}");
    }
    Ok(text.replace(&token, name))
}

/// What the server makes for the demo site; a test of the server holds it to that.
fn testdata(workspace: &Path, name: &str) -> Result<String> {
    let file = workspace.join("widget/testdata").join(name);
    fs::read_to_string(&file).with_context(|| format!("read {}", file.display()))
}

/// The first 16 hex digits of SHA-256.
fn short_hash(bytes: &[u8]) -> String {
    hex::encode(&Sha256::digest(bytes)[..8])
}

/// Whether two folders hold the same files with the same bytes; neither has folders inside.
pub fn same_files(one: &Path, other: &Path) -> bool {
    let list = |dir: &Path| -> Option<Vec<(std::ffi::OsString, Vec<u8>)>> {
        let mut files = Vec::new();
        for entry in fs::read_dir(dir).ok()? {
            let entry = entry.ok()?;
            files.push((entry.file_name(), fs::read(entry.path()).ok()?));
        }
        files.sort();
        Some(files)
    };
    match (list(one), list(other)) {
        (Some(one), Some(other)) => one == other,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_files_are_recognized() {
        let (one, other) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
        fs::write(one.path().join("a"), "1").expect("written");
        assert!(!same_files(one.path(), other.path()));
        fs::write(other.path().join("a"), "2").expect("written");
        assert!(!same_files(one.path(), other.path()));
        fs::write(other.path().join("a"), "1").expect("written");
        assert!(same_files(one.path(), other.path()));
    }

    #[test]
    fn names_are_the_start_of_the_hash() {
        assert_eq!(short_hash(b""), "e3b0c44298fc1c14");
    }
}
