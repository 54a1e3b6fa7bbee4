//! Makes the tags of hosts that are not allowed inert, before a browser sees them.
//!
//! **The format of a held tag**, which the widget reads to bring it back as it was:
//!
//! - `data-avow-held` lists, by spaces, the attributes that were taken away.
//! - The value of each, to the letter, stands in `data-avow-` and its name: `data-avow-src`, `data-avow-srcset`.
//! - A held script has `type="text/plain"`, and its list has `type`; it had no `type` where `data-avow-type` is
//!   missing.
//!
//! So a tag is brought back by removing `type` if it is listed, copying each listed value that is there back to
//! its name, and removing the `data-avow-` attributes.
//!
//! Links that only speed something up, refreshes to other hosts and speculation rules are dropped, not held:
//! nothing is lost without them.

use super::scene::Scene;
use crate::gate::headers::refresh_address;
use lol_html::errors::AttributeNameError;
use lol_html::html_content::{ContentType, Element, TextChunk};
use lol_html::{ElementContentHandlers, HandlerResult, Selector, Settings, rewrite_str};
use std::borrow::Cow;
use std::rc::Rc;
use std::sync::LazyLock;

/// Elements that fetch.
const FETCHING: &str = "script, img, source, iframe, frame, embed, object, video, audio, track, input, image, use, \
    feimage, a[ping], area[ping], a[attributionsrc], body[background], table[background], td[background], th[background]";

/// Characters of one `<noscript>`.
const LONGEST_NOSCRIPT: usize = 256 * 1024;

/// Relations that fetch ahead or open a connection.
const AHEAD: [&str; 6] = ["preload", "preconnect", "dns-prefetch", "modulepreload", "prefetch", "prerender"];
/// Relations that fetch something the page shows or uses.
const NEEDED: [&str; 8] = [
    "stylesheet",
    "icon",
    "apple-touch-icon",
    "apple-touch-icon-precomposed",
    "mask-icon",
    "manifest",
    "import",
    "compression-dictionary",
];

/// Read once: reading selectors costs more than rewriting a small page.
static SELECTORS: LazyLock<[Selector; 5]> = LazyLock::new(|| {
    ["noscript", "base[href]", FETCHING, "link[rel]", "meta[http-equiv]"]
        .map(|selector| selector.parse().expect("a selector that the tests use"))
});

/// Adds the handlers.
pub fn handlers(settings: Settings<'static, 'static>, scene: &Rc<Scene>) -> Settings<'static, 'static> {
    let [noscripts, bases, fetchers, links, metas] = &*SELECTORS;
    let [of_noscript, of_base, of_fetching, of_link, of_meta] = std::array::from_fn(|_| scene.clone());
    let mut inside = String::new();
    let on = ElementContentHandlers::default;
    settings
        .append_element_content_handler((
            Cow::Borrowed(noscripts),
            on().text(move |chunk: &mut TextChunk<'_>| noscript(chunk, &mut inside, &of_noscript)),
        ))
        .append_element_content_handler((
            Cow::Borrowed(bases),
            on().element(move |tag: &mut Element<'_, '_>| {
                of_base.set_base(&tag.get_attribute("href").unwrap_or_default());
                Ok(())
            }),
        ))
        .append_element_content_handler((
            Cow::Borrowed(fetchers),
            on().element(move |tag: &mut Element<'_, '_>| fetching(tag, &of_fetching)),
        ))
        .append_element_content_handler((
            Cow::Borrowed(links),
            on().element(move |tag: &mut Element<'_, '_>| link(tag, &of_link)),
        ))
        .append_element_content_handler((
            Cow::Borrowed(metas),
            on().element(move |tag: &mut Element<'_, '_>| {
                meta(tag, &of_meta);
                Ok(())
            }),
        ))
}

fn fetching(tag: &mut Element<'_, '_>, scene: &Scene) -> HandlerResult {
    let name = tag.tag_name();
    let is_script = name == "script";
    if is_script && let Some(kind) = tag.get_attribute("type") {
        if kind.trim().eq_ignore_ascii_case("speculationrules") {
            tag.remove();
            return Ok(());
        }
        if !is_code(&kind) {
            return Ok(());
        }
    }
    let mut held: Vec<String> = Vec::new();
    for attribute in tag.attributes() {
        let key = attribute.name();
        let stranger = match key.as_str() {
            // Where a link leads is the visitor's to follow.
            "href" | "xlink:href" if name == "a" || name == "area" => false,
            "src" | "href" | "xlink:href" | "data" | "poster" | "background" | "lowsrc" => {
                scene.is_stranger(&attribute.value(), &name)
            }
            "srcset" | "ping" | "attributionsrc" => scene.any_stranger(&attribute.value(), &name),
            "srcdoc" => scene.names_stranger(&attribute.value(), &name),
            _ => false,
        };
        if stranger {
            held.push(key);
        }
    }
    if held.is_empty() {
        return Ok(());
    }
    if is_script {
        held.push("type".to_owned());
    }
    hold(tag, &held)?;
    if is_script {
        tag.set_attribute("type", "text/plain")?;
    }
    Ok(())
}

/// What stands in `<noscript>` is text to a parser with scripts, and markup to a browser without: it is
/// rewritten as a page of its own.
fn noscript(chunk: &mut TextChunk<'_>, inside: &mut String, scene: &Rc<Scene>) -> HandlerResult {
    // What goes beyond this is left out: what cannot be looked at does not go through.
    if inside.len() + chunk.as_str().len() <= LONGEST_NOSCRIPT {
        inside.push_str(chunk.as_str());
    }
    if chunk.last_in_text_node() {
        let settings = handlers(Settings::new().with_strict(false), scene);
        chunk.replace(&rewrite_str(&std::mem::take(inside), settings)?, ContentType::Html);
    } else {
        chunk.remove();
    }
    Ok(())
}

fn hold(tag: &mut Element<'_, '_>, names: &[String]) -> Result<(), AttributeNameError> {
    for name in names {
        if let Some(value) = tag.get_attribute(name) {
            tag.set_attribute(&format!("data-avow-{name}"), &value)?;
            tag.remove_attribute(name);
        }
    }
    tag.set_attribute("data-avow-held", &names.join(" "))
}

fn link(tag: &mut Element<'_, '_>, scene: &Scene) -> HandlerResult {
    let relations = tag.get_attribute("rel").unwrap_or_default().to_ascii_lowercase();
    let is = |wanted: &[&str]| relations.split_ascii_whitespace().any(|relation| wanted.contains(&relation));
    let (ahead, needed) = (is(&AHEAD), is(&NEEDED));
    if !ahead && !needed {
        return Ok(());
    }
    let stranger = tag.get_attribute("href").is_some_and(|value| scene.is_stranger(&value, "link"))
        | tag.get_attribute("imagesrcset").is_some_and(|value| scene.any_stranger(&value, "link"));
    if stranger && needed {
        hold(tag, &["href".to_owned()])?;
    } else if stranger {
        tag.remove();
    }
    Ok(())
}

fn meta(tag: &mut Element<'_, '_>, scene: &Scene) {
    let kind = tag.get_attribute("http-equiv").unwrap_or_default();
    let kind = kind.trim();
    if kind.eq_ignore_ascii_case("refresh") {
        let content = tag.get_attribute("content").unwrap_or_default();
        if refresh_address(&super::scene::decoded(&content))
            .is_some_and(|to| scene.is_stranger(to, "refresh"))
        {
            tag.remove();
        }
    } else if kind.eq_ignore_ascii_case("x-dns-prefetch-control") {
        tag.remove();
    }
}

/// Whether a script of that type runs (HTML, section 4.12.1). An import map runs nothing by itself.
pub fn is_code(kind: &str) -> bool {
    let kind = kind.trim().to_ascii_lowercase();
    kind.is_empty()
        || kind == "module"
        || ["javascript", "ecmascript", "jscript", "livescript"].iter().any(|word| kind.contains(word))
}
