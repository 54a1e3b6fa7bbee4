//! Everything that touches the page. Nothing here decides.
//!
//! Markup is written as short templates (see [`draw`]) and not as calls: a call costs the browser more bytes
//! than the element it makes. Read next: `banner` and `dialog` (what visitors see), `measure` (what the record
//! says of the screen), `js` (the bindings).

pub mod banner;
pub mod dialog;
pub mod js;
pub mod measure;

use js::{Node, create, get, set, text};
use wasm_bindgen::{JsCast, JsValue};

/// What a surface needs to know of the policy's words and look.
#[derive(Debug)]
pub struct Words {
    /// The compiled policy.
    pub compiled: JsValue,
    /// Its `texts`.
    pub texts: JsValue,
    /// Classes and inline style of every root: the look.
    pub class: String,
    /// See `class`.
    pub style: String,
}

/// Draws a template at the end of `parent` and returns the first element made.
///
/// One line makes one element: a digit for its depth under `parent`, the tag, then, each after a space:
/// `#id`, `.class`, `=key` a text of the policy, `:key` a text of `data`, `@name=value` an attribute,
/// `@name:key` one with a value of `data`, `^key` the address in `data` to link to, and `?key`: no element
/// unless `data` has a text of that key. What stands at depth 0 and has an id is dressed as a root of ours.
pub fn draw(parent: &Node, words: &Words, data: &JsValue, template: &str) -> Node {
    let mut open = vec![parent.clone()];
    'line: for line in template.split('\n') {
        let mut tokens = line.split(' ');
        let Some(head) = tokens.next().filter(|head| head.len() > 1) else { continue };
        let depth = usize::from(head.as_bytes()[0] - b'0');
        let node = create(&head[1..]);
        for token in tokens {
            let (mark, rest) = token.split_at(1);
            match mark {
                "#" => {
                    node.set_attribute("id", rest);
                    if depth == 0 {
                        dress(&node, words);
                    }
                }
                "." => node.set_attribute("class", &concat(&[&text(&node, "className"), " ", rest])),
                "=" => _ = set(&node, "textContent", &get(&words.texts, rest)),
                ":" => _ = set(&node, "textContent", &get(data, rest)),
                "?" if text(data, rest).is_empty() => continue 'line,
                "^" => {
                    let address = text(data, rest);
                    // Only addresses of the web: a policy is data, and data must not become a program.
                    if !address.starts_with('/') && !address.starts_with("http") {
                        continue 'line;
                    }
                    node.set_attribute("href", &address);
                }
                "@" => {
                    if let Some((name, value)) = rest.split_once('=') {
                        node.set_attribute(name, value);
                    } else if let Some((name, key)) = rest.split_once(':') {
                        node.set_attribute(name, &text(data, key));
                    }
                }
                _ => {}
            }
        }
        open.truncate(depth + 1);
        open[open.len() - 1].append(&node);
        open.push(node);
    }
    open.swap_remove(1.min(open.len() - 1))
}

/// Language, direction and look of a root.
fn dress(node: &Node, words: &Words) {
    node.set_attribute("class", &words.class);
    for name in ["lang", "dir"] {
        node.set_attribute(name, &text(&words.compiled, name));
    }
    // Through the object model: a strict policy of the page forbids the attribute.
    js::set_text(&get(node, "style"), "cssText", &words.style);
}

/// The body of the page.
pub fn body() -> Node {
    get(&js::document(), "body").unchecked_into()
}

/// One text of several; the library's own is generic over everything and costs a kilobyte.
pub fn concat(parts: &[&str]) -> String {
    let mut text = String::new();
    for part in parts {
        text.push_str(part);
    }
    text
}

/// A whole number as text.
pub fn decimal(number: i64) -> String {
    let mut json = avow_shared::json::Writer::new();
    json.int(number);
    json.finish()
}
