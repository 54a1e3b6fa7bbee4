//! The browser's functions that the widget uses, bound by hand.
//!
//! Typed bindings would cost a function in the glue for every property; here every property goes through
//! `Reflect`. [`Page`] is the state that `guard.js` opened and `boot.js` gave its hands to: storage, promises
//! and events, where JavaScript is smaller than a binding of it.

use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// An element, the document, the window: anything with properties.
    #[derive(Clone, Debug, PartialEq)]
    pub type Node;

    #[wasm_bindgen(thread_local_v2, js_name = document)]
    pub static DOCUMENT: Node;
    #[wasm_bindgen(thread_local_v2, js_name = window)]
    pub static WINDOW: Node;

    #[wasm_bindgen(js_namespace = Reflect, js_name = get)]
    fn reflect_get(of: &JsValue, key: &str) -> JsValue;
    #[wasm_bindgen(js_namespace = Reflect, js_name = get)]
    pub fn get_at(of: &JsValue, at: u32) -> JsValue;
    #[wasm_bindgen(js_namespace = Reflect, js_name = set)]
    pub fn set(of: &JsValue, key: &str, value: &JsValue) -> bool;
    #[wasm_bindgen(js_namespace = Reflect, js_name = set)]
    pub fn set_text(of: &JsValue, key: &str, value: &str) -> bool;
    #[wasm_bindgen(js_namespace = Object, js_name = create)]
    fn create_object(prototype: &JsValue) -> JsValue;
    #[wasm_bindgen(js_namespace = Object, js_name = keys)]
    pub fn keys(of: &JsValue) -> JsValue;
    #[wasm_bindgen(js_namespace = Date, js_name = now)]
    pub fn now() -> f64;

    #[wasm_bindgen(js_namespace = document, js_name = createElement)]
    pub fn create(tag: &str) -> Node;
    #[wasm_bindgen(js_namespace = document, js_name = getElementById)]
    pub fn by_id(id: &str) -> Option<Node>;
    #[wasm_bindgen(js_namespace = document, js_name = elementFromPoint)]
    pub fn element_at(x: f64, y: f64) -> Option<Node>;
    #[wasm_bindgen(js_name = getComputedStyle)]
    pub fn computed_style(of: &Node) -> JsValue;
    #[wasm_bindgen(js_namespace = crypto, js_name = getRandomValues)]
    pub fn random(bytes: &mut [u8]);

    #[wasm_bindgen(method)]
    pub fn append(this: &Node, child: &Node);
    #[wasm_bindgen(method)]
    pub fn prepend(this: &Node, child: &Node);
    #[wasm_bindgen(method)]
    pub fn remove(this: &Node);
    #[wasm_bindgen(method)]
    pub fn focus(this: &Node);
    #[wasm_bindgen(method)]
    pub fn contains(this: &Node, other: &JsValue) -> bool;
    #[wasm_bindgen(method, js_name = closest)]
    pub fn closest(this: &Node, selector: &str) -> Option<Node>;
    #[wasm_bindgen(method, js_name = setAttribute)]
    pub fn set_attribute(this: &Node, name: &str, value: &str);
    #[wasm_bindgen(method, js_name = getBoundingClientRect)]
    pub fn rect(this: &Node) -> JsValue;
    #[wasm_bindgen(method, js_name = showModal)]
    pub fn show_modal(this: &Node);
    #[wasm_bindgen(method)]
    pub fn close(this: &Node);

    /// `window.__avow`, with the hands of `boot.js`.
    #[derive(Clone, Debug)]
    pub type Page;

    #[wasm_bindgen(method)]
    pub fn gtag(this: &Page, command: &str, action: &str, states: &JsValue);
    /// Adds a style sheet to the document.
    #[wasm_bindgen(method)]
    pub fn style(this: &Page, css: &str);
    /// Lets the engine hear the page's events: [`Page`] calls `hear` with each.
    #[wasm_bindgen(method)]
    pub fn listen(this: &Page, hear: &JsValue);
    /// Reads local storage; empty if there is none.
    #[wasm_bindgen(method)]
    pub fn kept(this: &Page, key: &str) -> String;
    /// Writes local storage; an empty value removes the key.
    #[wasm_bindgen(method)]
    pub fn keep(this: &Page, key: &str, value: &str);
    /// Sets our cookie for a domain, or for this host alone; where it was set before, it goes.
    #[wasm_bindgen(method)]
    pub fn cookie(this: &Page, value: &str, seconds: f64, domain: &str);
    /// Deletes what is stored under a name, or under every name that starts so.
    #[wasm_bindgen(method)]
    pub fn clear(this: &Page, kind: &str, name: &str, prefix: bool);
    /// The marked tags that have not started; each has its `data-avow` as `mark`.
    #[wasm_bindgen(method)]
    pub fn marked(this: &Page) -> JsValue;
    /// Starts a marked tag; true if those behind it must wait until the engine hears of its `load` or `error`.
    #[wasm_bindgen(method)]
    pub fn revive(this: &Page, tag: &JsValue) -> bool;
    /// Lets the engine hear the clock after a while; an earlier wish of that kind is dropped.
    #[wasm_bindgen(method)]
    pub fn wake(this: &Page, ms: f64);
    /// Loads the page anew, where `said` names the text that confirms.
    #[wasm_bindgen(method)]
    pub fn reload(this: &Page, said: &str);
    /// Posts JSON; then calls the handler with `{type: "avow-reply", id, status, seal, retry}`.
    #[wasm_bindgen(method)]
    pub fn post(this: &Page, url: &str, id: &str, body: &str);
    /// Tells page and other tabs of a decision.
    #[wasm_bindgen(method)]
    pub fn emit(this: &Page, decision: &str, others: bool);
}

/// An object without properties.
pub fn object() -> JsValue {
    create_object(&JsValue::NULL)
}

/// A property; undefined where there is no object to have one.
pub fn get(of: &JsValue, key: &str) -> JsValue {
    if of.is_object() { reflect_get(of, key) } else { JsValue::UNDEFINED }
}

/// A property as text; empty if it is none.
pub fn text(of: &JsValue, key: &str) -> String {
    get(of, key).as_string().unwrap_or_default()
}

/// A property as a number; 0 if it is none.
pub fn number(of: &JsValue, key: &str) -> f64 {
    get(of, key).as_f64().unwrap_or_default()
}

/// A property as a whole number from 0 up.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the cast saturates")]
pub fn whole(of: &JsValue, key: &str) -> u32 {
    number(of, key) as u32
}

/// True only for `true`.
pub fn flag(of: &JsValue, key: &str) -> bool {
    get(of, key) == JsValue::TRUE
}

/// The elements of a list-like property or value.
pub fn each(list: &JsValue) -> impl Iterator<Item = JsValue> + '_ {
    let len = if list.is_object() { whole(list, "length") } else { 0 };
    (0..len).map(|at| get_at(list, at))
}

/// Reads a property that is itself text, for every element.
pub fn texts(list: &JsValue) -> Vec<String> {
    each(list).filter_map(|value| value.as_string()).collect()
}

/// The document.
pub fn document() -> Node {
    DOCUMENT.with(Node::clone)
}

/// The window.
pub fn window() -> Node {
    WINDOW.with(Node::clone)
}

/// The moment, by the browser's clock.
#[expect(clippy::cast_possible_truncation, reason = "milliseconds of any real clock fit")]
pub fn moment() -> avow_shared::id::Millis {
    avow_shared::id::Millis(now() as i64)
}
