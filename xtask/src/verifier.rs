//! Builds the verifiers: the small module that checks receipts in the dialog of receipts, and `verifier.html`, one
//! document that checks receipts and bundles from a disk, with module, script and style inside.

use crate::npm;
use crate::shell::capture;
use crate::toolchain::Toolchain;
use crate::widget::{compile, optimize_plain};
use anyhow::{Context, Result, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};
use std::fs;
use std::path::{Path, PathBuf};

/// What was built.
pub struct Verifier {
    /// The whole document.
    pub html: String,
    /// The module, for the dialog of receipts.
    pub module: Vec<u8>,
    /// Its glue.
    pub glue: PathBuf,
}

pub fn build(toolchain: &Toolchain, workspace: &Path, target_dir: &Path) -> Result<Verifier> {
    let bound = compile(toolchain, workspace, target_dir, "avow-verifier", "web")?;
    let module = optimize_plain(&bound.join("avow_verifier_bg.wasm"))?;
    let html = document(toolchain, workspace, target_dir)?;
    Ok(Verifier { html, module, glue: bound.join("avow_verifier.js") })
}

/// The document, with a module of its own that checks all that `avow verify` checks without a network.
fn document(toolchain: &Toolchain, workspace: &Path, target_dir: &Path) -> Result<String> {
    let bound = compile(toolchain, workspace, target_dir, "avow-checker", "web")?;
    let module = optimize_plain(&bound.join("avow_checker_bg.wasm"))?;
    let page = workspace.join("widget/checker/page");
    let mut esbuild = npm::tool("esbuild");
    esbuild.arg(page.join("verifier.js")).args([
        "--bundle",
        "--minify",
        "--format=iife",
        "--target=es2020",
        "--charset=utf8",
        "--legal-comments=none",
        // The generated loader names it; nothing here calls that loader.
        "--define:import.meta.url=\"\"",
        "--log-level=warning",
    ]);
    esbuild.arg(format!("--alias:avow-checker={}", bound.join("avow_checker.js").display()));
    let script = capture(&mut esbuild)?.trim_end().replace("__AVOW_WASM__", &STANDARD.encode(&module));
    let mut style = npm::tool("esbuild");
    let style = capture(style.arg(page.join("verifier.css")).args(["--minify", "--charset=utf8"]))?;
    let style = style.trim_end();
    if script.contains("</") || script.contains("<!--") || style.contains("</") {
        bail!("the verifier's script or style holds `</` or `<!--`, which would end its element early");
    }
    let policy = format!(
        "default-src 'none'; script-src 'wasm-unsafe-eval' 'sha256-{}'; style-src 'sha256-{}'; base-uri 'none'; form-action 'none'",
        hash(&script),
        hash(style)
    );
    let html = fs::read_to_string(page.join("verifier.html")).context("read verifier.html")?;
    Ok(html.replace("__AVOW_CSP__", &policy).replace("__AVOW_CSS__", style).replace("__AVOW_JS__", &script))
}

fn hash(text: &str) -> String {
    STANDARD.encode(Sha256::digest(text))
}
