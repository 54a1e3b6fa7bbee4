//! Measures the reject button as the visitor has it in front of them, and by what means they act.

use super::js::{Node, by_id, computed_style, element_at, get, number, text, whole, window};
use crate::look::{contrast, opaque};
use avow_shared::act::{Input, RejectButton};
use wasm_bindgen::{JsCast, JsValue};

/// The reject button of the topmost surface, or `None` if there is none on the page.
pub fn reject_button() -> Option<RejectButton> {
    let button = by_id("avow-dialog-reject").or_else(|| by_id("avow-reject"))?;
    let rect = button.rect();
    let (width, height) = (number(&rect, "width"), number(&rect, "height"));
    let middle = element_at(number(&rect, "left") + width / 2.0, number(&rect, "top") + height / 2.0);
    let mut visible = middle.is_some_and(|middle| button.contains(&middle));
    let style = computed_style(&button);
    visible &= text(&style, "visibility") == "visible";
    let ink = opaque(&text(&style, "color"));
    let mut ground = None;
    let mut at = Some(button);
    while let Some(node) = at {
        let style = computed_style(&node);
        visible &= text(&style, "opacity") == "1";
        ground = ground.or_else(|| opaque(&text(&style, "backgroundColor")));
        at = get(&node, "parentElement").dyn_into::<Node>().ok().filter(|node| !node.is_null());
    }
    let contrast = ink.map_or(0, |ink| contrast(ink, ground.unwrap_or([255; 3])));
    Some(RejectButton { width: side(width), height: side(height), contrast, visible })
}

/// By what means an event was made; a program's own events, and none at all, are `Script`.
pub fn input(event: &JsValue) -> Input {
    if !event.is_object() || get(event, "isTrusted") != JsValue::TRUE {
        return Input::Script;
    }
    match text(event, "pointerType").as_str() {
        "touch" => Input::Touch,
        // A click that a key made has no count.
        "" if whole(event, "detail") == 0 => Input::Keyboard,
        _ => Input::Pointer,
    }
}

/// The event that runs now, if one does.
pub fn current_event() -> JsValue {
    get(&window(), "event")
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the cast saturates")]
fn side(pixels: f64) -> u16 {
    pixels as u16
}
