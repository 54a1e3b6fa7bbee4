//! Looks at a page without changing it: which hosts, inline scripts and event handlers it has that no policy names.

use super::held::is_code;
use super::scene::{Scene, decoded};
use crate::seen::Kind;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lol_html::html_content::{Element, TextChunk};
use lol_html::{Settings, element, text};
use sha2::{Digest as _, Sha256};
use std::cell::{Cell, RefCell};
use std::rc::Rc;

/// Longest inline script that is looked at whole.
const LONGEST: usize = 1024 * 1024;

/// Adds the handlers.
pub fn handlers(settings: Settings<'static, 'static>, scene: &Rc<Scene>) -> Settings<'static, 'static> {
    let (of_tags, of_scripts) = (scene.clone(), scene.clone());
    let script = Rc::new(RefCell::new(String::new()));
    let runs = Rc::new(Cell::new(false));
    let opened = runs.clone();
    settings
        .append_element_content_handler(element!("*", move |tag| {
            look(tag, &of_tags);
            opened.set(is_code(&tag.get_attribute("type").unwrap_or_default()));
            Ok(())
        }))
        .append_element_content_handler(text!("script:not([src])", move |chunk| {
            if runs.get() {
                script_text(chunk, &mut script.borrow_mut(), &of_scripts);
            }
            Ok(())
        }))
}

fn look(tag: &Element<'_, '_>, scene: &Scene) {
    let name = tag.tag_name();
    if name == "base" {
        scene.set_base(&tag.get_attribute("href").unwrap_or_default());
        return;
    }
    for attribute in tag.attributes() {
        let (key, value) = (attribute.name(), attribute.value());
        match key.as_str() {
            "href" if matches!(name.as_str(), "a" | "area") => {}
            "src" | "href" | "xlink:href" | "data" | "poster" | "background" => {
                scene.is_stranger(&value, &name);
            }
            "srcset" | "ping" | "imagesrcset" => {
                scene.any_stranger(&value, &name);
            }
            "srcdoc" => {
                scene.names_stranger(&value, &name);
            }
            handler if handler.starts_with("on") && handler.len() > 2 => {
                let code = decoded(&value);
                scene.seen().note_code(Kind::Handler, &hash(&code), handler, &code);
            }
            _ => {}
        }
    }
}

fn script_text(chunk: &TextChunk<'_>, text: &mut String, scene: &Scene) {
    if text.len() < LONGEST {
        text.push_str(chunk.as_str());
    }
    if chunk.last_in_text_node() {
        if !text.trim().is_empty() && text.len() < LONGEST {
            scene.seen().note_code(Kind::Script, &hash(text), "script", text);
        }
        text.clear();
    }
}

/// As browsers hash it: line ends are made one kind before the code is read (HTML, section 13.2.3.5).
fn hash(code: &str) -> String {
    STANDARD.encode(Sha256::digest(code.replace("\r\n", "\n").replace('\r', "\n")))
}
