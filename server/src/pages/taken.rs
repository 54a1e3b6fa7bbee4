//! What whoever has sent the form reads: the answer, the code of its record, and the way back.

use super::Ground;
use maud::{Markup, html};

/// The page's part. `said` is the key of the text that confirms; `code` is empty where no record is kept.
pub fn part(ground: &Ground<'_>, said: &str, code: &str) -> Markup {
    html! {
        p class="avow-said" role="status" { (ground.say(said)) }
        @if !code.is_empty() {
            p { (ground.say("reference_label")) ": " code dir="ltr" { (code) } }
            p class="avow-note" { (ground.say("reference_note")) }
        }
        p { a href=(ground.document.notice.cookies) { (ground.say("cookies_link")) } }
    }
}
