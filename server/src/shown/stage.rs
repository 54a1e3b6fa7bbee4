//! The page on which a scene is shown: an empty one, in an origin of its own, with the script of the kept build.
//!
//! The stage is sandboxed: no cookie, no storage, nothing that is answered there leaves it. Around it stands a frame
//! that says what is seen.

use super::scene::{Layer, Scene};
use crate::assets::Build;
use crate::clock::second;
use crate::error::Error;
use crate::policy::Published;
use crate::site_files;
use avow_shared::id::Millis;
use html_escape::{encode_double_quoted_attribute as attribute, encode_text as text};
use std::borrow::Cow;
use std::fmt::Write as _;

/// The stage's own script: no cookies, the record's signals, and the layer that is wanted.
pub const SCRIPT: &str = include_str!("stage/stage.js");
/// The look of the empty page.
pub const STYLE: &str = include_str!("stage/stage.css");
/// The look of the frame.
pub const FRAME_STYLE: &str = include_str!("stage/frame.css");

/// Of the stage: an origin of its own; only what lies beside it.
pub const POLICY: &str = "sandbox allow-scripts; default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; \
    connect-src 'self'; style-src 'self' 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'";
/// Of the frame: no script at all.
pub const FRAME_POLICY: &str = "default-src 'none'; style-src 'self'; frame-src 'self'; base-uri 'none'; \
    form-action 'none'; frame-ancestors 'self'; require-trusted-types-for 'script'; trusted-types 'none'";

/// Stands in the site script for the address that only the page itself knows.
const BASE: &str = "__AVOW_STAGE__";
/// That address: the page's own without its last part.
const HERE: &str = "location.href.replace(/\\/[^\\/]*$/, \"\")";

/// The site script of the kept build.
pub fn script(published: &Published, build: &Build<'_>) -> Result<String, Error> {
    Ok(site_files::script_of(published, build, BASE)?.replacen(&format!("\"{BASE}\""), HERE, 1))
}

/// The stage.
pub fn stage(scene: &Scene) -> String {
    let Scene { site, language, gpc, layer, .. } = scene;
    let layer = match layer {
        Layer::Banner => "banner",
        Layer::Dialog => "dialog",
    };
    let (site, lang) = (text(site), attribute(language));
    format!(
        "<!doctype html>\n<html lang=\"{lang}\" data-gpc=\"{gpc}\" data-layer=\"{layer}\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>{site}</title>\
         <link rel=\"stylesheet\" href=\"stage.css\"><script src=\"stage.js\"></script><script src=\"site.js\"></script></head>\n\
         <body><main class=\"stage\" lang=\"en\" dir=\"ltr\"><p class=\"mark\">Illustration</p><h1>{site}</h1>\
         <p>Language {}. Not a picture of a visitor’s screen: the published texts and code, \
         drawn anew.</p>{}</main></body></html>\n",
        text(language),
        "<div class=\"lines\"><i></i><i></i><i></i><i></i></div>".repeat(3),
    )
}

/// The frame around the stage.
pub fn frame(scene: &Scene, published: &Published, published_at: Millis) -> String {
    let (width, height) = (scene.width, scene.height);
    let layer = match scene.layer {
        Layer::Banner => "the banner",
        Layer::Dialog => "the preferences",
    };
    let signal = if scene.gpc { "sent" } else { "not sent" };
    let mut facts: Vec<(&str, Cow<'_, str>)> = Vec::new();
    if let Some(code) = &scene.reference {
        facts.push(("Record", code.into()));
    }
    facts.extend([
        ("Site", scene.site.as_str().into()),
        (
            "Policy",
            format!("version {}, published {}", published.engine.version, second(published_at)).into(),
        ),
        ("Language", scene.language.as_str().into()),
        ("Answered on", layer.into()),
        ("Screen", format!("of the class that is drawn here with {width} pixels").into()),
        ("Global Privacy Control", signal.into()),
        ("Code", format!("widget {}, guard {}", scene.widget, scene.guard).into()),
    ]);
    let mut list = String::new();
    for (name, value) in &facts {
        // A string takes every text.
        let _ = write!(list, "<div><dt>{}</dt><dd>{}</dd></div>", text(name), text(value));
    }
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>What was shown</title>\
         <link rel=\"stylesheet\" href=\"frame.css\"></head>\n<body><header><h1>What was shown</h1><dl>{list}</dl>\
         <p>The texts and the code are those that were published, and the log holds their hashes. The page around them \
         is empty, this browser draws them in its own way and in the colours that you prefer, and an answer given here \
         goes nowhere. It is an illustration of a record, not a part of its proof.</p></header>\n<main>\
         <iframe src=\"stage\" sandbox=\"allow-scripts\" title=\"The banner as it was published\" width=\"{width}\" \
         height=\"{height}\"></iframe></main></body></html>\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::fake_build;

    /// A change of the guard that gives the base other words must not leave the stage without an address.
    #[test]
    fn the_script_asks_the_page_where_it_is() {
        let published = site_files::tests::published();
        let guard_js = "(function (C) {})(__AVOW_CONFIG__)";
        let build = Build { guard_js, ..fake_build() };
        let script = script(&published, &build).expect("a script");
        assert!(script.contains(&format!("\"base\":{HERE}")), "{script}");
        assert!(!script.contains(BASE), "{script}");
    }

    #[test]
    fn a_scene_cannot_write_markup() {
        let scene = Scene {
            site: "<script>".to_owned(),
            policy: String::new(),
            widget: "<i>".to_owned(),
            guard: "\"'&".to_owned(),
            before: 1,
            regime: "gb".into(),
            language: "en\" onload=\"x".to_owned(),
            layer: Layer::Banner,
            width: 412,
            height: 780,
            gpc: false,
            reference: Some("<b>".to_owned()),
        };
        let published = site_files::tests::published();
        let frame = frame(&scene, &published, Millis(0));
        for page in [stage(&scene), frame.clone()] {
            assert!(page.contains("&lt;script&gt;") && !page.contains("<script>"), "{page}");
            assert!(!page.contains("<b>") && !page.contains("onload=\"x\""), "{page}");
        }
        assert!(frame.contains("widget &lt;i&gt;, guard"), "{frame}");
    }
}
