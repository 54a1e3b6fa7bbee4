//! Makes the style sheet small: the engine carries it inside.

use std::{env, fs, path::Path};

fn main() {
    println!("cargo::rerun-if-changed=css/avow.css");
    let css = fs::read_to_string("css/avow.css").expect("css/avow.css is part of the source");
    let out = env::var_os("OUT_DIR").expect("cargo sets it");
    fs::write(Path::new(&out).join("avow.css"), minify(&css)).expect("the output folder can be written");
}

/// Drops comments, line ends and needless spaces. Not for strings with spaces in them, which we have none of.
fn minify(css: &str) -> String {
    let mut text = String::new();
    let mut rest = css;
    while let Some((before, comment)) = rest.split_once("/*") {
        text.push_str(before);
        rest = comment.split_once("*/").map_or("", |(_, after)| after);
    }
    text.push_str(rest);
    let mut text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for mark in ["{", "}", ";", ","] {
        text = text.replace(&[" ", mark].concat(), mark).replace(&[mark, " "].concat(), mark);
    }
    // A space before a colon starts a descendant selector, so only the one after it goes.
    text.replace(": ", ":").replace(";}", "}")
}
