//! Shrinks the JavaScript between page and module: short names on both sides, and a runtime for our few types.
//!
//! The shape of the text is that of the pinned wasm-bindgen; what is not found where expected is an error.

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// What the glue of our few types needs, in place of the generator's, which serves every type and engine: strings
/// go in and out, nothing else does. The boot script hands over the fetched module; it is compiled from its bytes,
/// whatever type the server gave them.
const RUNTIME: &str = r"
let wasm, WASM_VECTOR_LEN;
const decoder = new TextDecoder(), encoder = new TextEncoder();
const memory = () => new Uint8Array(wasm.memory.buffer);
const getDataViewMemory0 = () => new DataView(wasm.memory.buffer);
const getStringFromWasm0 = (at, size) => decoder.decode(memory().subarray(at >>> 0, (at >>> 0) + size));
const passStringToWasm0 = (text, malloc) => {
    const bytes = encoder.encode(text), at = malloc(WASM_VECTOR_LEN = bytes.length, 1) >>> 0;
    memory().set(bytes, at);
    return at;
};
export default async function (answer) {
    const { instance } = await WebAssembly.instantiate(await answer.arrayBuffer(), __wbg_get_imports());
    wasm = instance.exports;
    wasm.__wbindgen_start();
}
export const run = (...given) => (open(...given), start(read()));
export { plain };
";

/// Replaces the names that wasm-opt shortened in the module; `names` is what it printed about that.
pub fn shorten(glue: &str, names: &str) -> Result<String> {
    let names: Value = serde_json::from_str(names).context("read the names that wasm-opt printed")?;
    // Lines of the modules that the engine imports from: their functions join the one object below.
    let mut glue = glue.to_owned();
    let mut direct = String::new();
    for import in triples(&names["imports"]) {
        let [module, long, short] = import.as_slice() else {
            bail!("an import has module, name and short name")
        };
        // The object of a module is named once, its functions each once.
        glue = glue.replace(&format!("\"{module}\": import0"), "\"a\": import0");
        let key = format!("        {long}: ");
        if let Some(object) = object_of(&glue, module).filter(|_| !glue.contains(&key)) {
            direct.extend([short, ": ", &object, ".", long, ", "]);
            continue;
        }
        if glue.matches(&key).count() != 1 {
            bail!("the glue does not define {long} once");
        }
        glue = glue.replace(&key, &format!("        {short}: "));
    }
    if !direct.is_empty() {
        glue = glue.replace("\"a\": import0", &format!("\"a\": Object.assign(import0, {{ {direct}}})"));
        let lines = glue.lines().filter(|line| !line.starts_with("        \"./snippets/"));
        glue = lines.fold(String::new(), |text, line| text + line + "\n");
    }
    for export in triples(&names["exports"]) {
        let [long, short] = export.as_slice() else { bail!("an export has name and short name") };
        glue = replace_word(&glue, &format!("wasm.{long}"), &format!("wasm.{short}"));
    }
    Ok(glue)
}

/// The glue with our runtime in place of the generated one. `snippet` is where the page's own functions lie.
pub fn with_own_runtime(glue: &str) -> Result<String> {
    let imports = glue.find("function __wbg_get_imports(").context("find the imports in the glue")?;
    let end = imports + glue[imports..].find("\n}\n").context("find the end of the imports")? + 3;
    let (kept, dropped) = glue.split_at(end);
    for line in dropped.lines().filter_map(|line| line.strip_prefix("function ")) {
        let name = line.split('(').next().unwrap_or_default();
        if kept.contains(&format!("{name}(")) && !RUNTIME.contains(name) {
            bail!("the engine passes more than strings: the glue needs {name}");
        }
    }
    let page = page_module(glue).context("find the page's functions in the glue")?;
    Ok(format!("import {{ open, plain, read }} from {page:?};\n{kept}{RUNTIME}"))
}

/// Where the glue imports the page's own functions from.
pub fn page_module(glue: &str) -> Option<&str> {
    let (_, rest) = glue.split_once("} from '")?;
    rest.split('\'').next()
}

/// The name under which the glue has a module of ours as a whole.
fn object_of(glue: &str, module: &str) -> Option<String> {
    let (_, rest) = glue.split_once(&format!("\"{module}\": "))?;
    rest.split([',', '\n']).next().map(str::to_owned)
}

fn triples(list: &Value) -> Vec<Vec<&str>> {
    let rows = list.as_array().into_iter().flatten().filter_map(Value::as_array);
    rows.map(|row| row.iter().filter_map(Value::as_str).collect()).collect()
}

/// Replaces a word where no longer one begins with it.
fn replace_word(text: &str, word: &str, by: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(word) {
        let (before, after) = (&rest[..at], &rest[at + word.len()..]);
        let longer = after.starts_with(|next: char| next.is_alphanumeric() || next == '_' || next == '$');
        out.push_str(before);
        out.push_str(if longer { word } else { by });
        rest = after;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const GLUE: &str = "export function start(a) {\n    wasm.start(a); wasm.start_now();\n}\n\
        const import0 = {\n        __wbg_now_1: function() {},\n    };\n    return {\n        \"./x_bg.js\": import0,\n    };\n\
        async function __wbg_load(module, imports) {}\nexport { initSync, __wbg_init as default };\n";

    #[test]
    fn names_are_shortened_on_both_sides() {
        let names = r#"{"imports": [["./x_bg.js", "__wbg_now_1", "b"]], "exports": [["start", "c"]]}"#;
        let short = shorten(GLUE, names).expect("the names are there");
        assert!(short.contains("wasm.c(a); wasm.start_now();"));
        assert!(short.contains("        b: function"));
        assert!(short.contains("\"a\": import0"));
        assert!(short.contains("export function start"));
    }

    #[test]
    fn functions_of_our_own_modules_join_the_one_object() {
        let glue = GLUE.replace("    };\n};", "").replace(
            "        \"./x_bg.js\": import0,\n",
            "        \"./x_bg.js\": import0,\n        \"./snippets/page.js\": import1,\n",
        );
        let names = r#"{"imports": [["./snippets/page.js", "open", "b"], ["./x_bg.js", "__wbg_now_1", "c"]], "exports": []}"#;
        let short = shorten(&glue, names).expect("the names are there");
        assert!(short.contains("\"a\": Object.assign(import0, { b: import1.open, })"), "{short}");
        assert!(!short.contains("./snippets/page.js\": import1"));
    }

    #[test]
    fn a_name_that_the_glue_lacks_is_an_error() {
        let names = r#"{"imports": [["./x_bg.js", "__wbg_other_1", "b"]], "exports": []}"#;
        assert!(shorten(GLUE, names).is_err());
    }

    #[test]
    fn the_runtime_is_ours_and_knows_strings_alone() {
        let glue = "import { now } from './snippets/x/page.js';\nfunction __wbg_get_imports() {\n    now(getStringFromWasm0(a, b));\n}\n\
            function getStringFromWasm0(ptr, len) {}\nfunction getArrayU16FromWasm0(ptr, len) {}\nfunction initSync() {}\n";
        let own = with_own_runtime(glue).expect("strings are known");
        assert!(own.contains("export default async function") && !own.contains("initSync"), "{own}");
        assert!(own.starts_with("import { open, plain, read } from \"./snippets/x/page.js\";"), "{own}");
        assert!(
            with_own_runtime(&glue.replace("now(getString", "now(getArrayU16FromWasm0(a), getString"))
                .is_err()
        );
        assert!(with_own_runtime("").is_err());
    }
}
