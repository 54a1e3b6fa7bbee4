//! Everything that touches the page. Nothing here decides.
//!
//! Read next: `banner` and `dialog` (what visitors see), `tags` (what starts), `storage` (what is kept and
//! cleared), `measure` (what the record says of the screen), `js` (the bindings).

pub mod banner;
pub mod dialog;
pub mod js;
pub mod measure;
pub mod storage;
pub mod tags;

use js::{Node, create, set_text};

/// Makes an element with a class and a text, and puts it at the end of `parent`.
pub fn add(parent: &Node, tag: &str, class: &str, text: &str) -> Node {
    let node = create(tag);
    if !class.is_empty() {
        set_text(&node, "className", class);
    }
    if !text.is_empty() {
        set_text(&node, "textContent", text);
    }
    parent.append(&node);
    node
}

/// A button with an id, which is how clicks are told apart.
pub fn button(parent: &Node, id: &str, class: &str, text: &str) -> Node {
    let node = add(parent, "button", class, text);
    set_text(&node, "type", "button");
    set_text(&node, "id", id);
    node
}

/// A link, left out if the policy names no address.
pub fn link(parent: &Node, href: &str, text: &str) {
    // Only addresses of the web: a policy is data, and data must not become a program.
    if href.starts_with('/') || href.starts_with("https://") || href.starts_with("http://") {
        set_text(&add(parent, "a", "avow-link", text), "href", href);
    }
}
