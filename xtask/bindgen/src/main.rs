//! Turns a compiled WebAssembly library into a module and its JavaScript glue.
//!
//! `avow-bindgen (web|nodejs) IN.wasm OUT_DIR NAME`. A package of its own, because its dependencies take longer to
//! compile than all of `xtask`, which starts it.

use anyhow::{Context, Result, bail};
use wasm_bindgen_cli_support::Bindgen;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [target, input, out_dir, name] = arguments.as_slice() else {
        bail!("usage: avow-bindgen (web|nodejs) IN.wasm OUT_DIR NAME");
    };
    let mut bindgen = Bindgen::new();
    match target.as_str() {
        "web" => bindgen.web(true)?,
        "nodejs" => bindgen.nodejs(true)?,
        _ => bail!("the target is web or nodejs, not {target}"),
    };
    bindgen
        .input_path(input)
        .out_name(name)
        .typescript(false)
        .omit_default_module_path(true)
        .remove_name_section(true)
        .remove_producers_section(true)
        .generate(out_dir)
        .with_context(|| format!("bind {input}"))
}
