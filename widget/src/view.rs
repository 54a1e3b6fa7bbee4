//! What visitors see: the banner, the preferences, the corner with the reopen control and the confirmation.
//!
//! Written as templates, whose few rules stand at `draw` in `../js/page.js`: a call costs the browser more
//! bytes than the element it makes. All of it is in the light DOM under fixed ids, so that programs that
//! refuse for a visitor find the controls. Accept, reject and choose have one class and one size.

use crate::page::{draw, focus, has, hide, modal, remove};

const BANNER: &str = "\
0section #avow-banner .avow .avow-banner @role=region @aria-labelledby=avow-title @data-nosnippet=
1div .avow-words
2h2 #avow-title .avow-title =banner_title
2p .avow-text =banner_body
3a .avow-link =cookies_link ^cookies
2p .avow-note =changed_note ?changed
2p .avow-note =gpc_note ?gpc
1div .avow-actions
2button #avow-accept .avow-button @type=button =accept !notice
2button #avow-accept .avow-button @type=button =notice_ok ?notice
2button #avow-reject .avow-button @type=button =reject
2button #avow-choose .avow-button @type=button =choose";

const DIALOG: &str = "\
0dialog #avow-dialog .avow .avow-dialog @aria-labelledby=avow-dialog-title @data-nosnippet=
1div .avow-frame
2div .avow-head
3h2 #avow-dialog-title .avow-title =dialog_title
3button #avow-close .avow-button .avow-quiet @type=button =close
2div .avow-main
3p .avow-text =dialog_body
4a .avow-link =cookies_link ^cookies
3p .avow-note =gpc_note ?gpc
3section .avow-purpose *purposes
4div .avow-row !optional
5h3 .avow-name :{name}
5span .avow-always =always_on
4div .avow-row ?optional
5h3 .avow-name
6label @for=avow-p-{id} :{name}
5span .avow-switch
6input @id=avow-p-{id} @type=checkbox @role=switch @aria-describedby=avow-d-{id} $on
6span .avow-if-on @aria-hidden=true =on
6span .avow-if-off @aria-hidden=true =off
4p .avow-text @id=avow-d-{id} :{description}
4details .avow-details ?services
5summary =items_caption
5div .avow-service *services
6h4 :{name}
6p .avow-line =service_by
7b :{provider}
7span :({country}) ?country
7a .avow-link =privacy_link ^privacy_url
6dl .avow-item *items
7dt =item_name
7dd @dir=ltr :{name}{star}
7dt =item_kind
7dd @dir=ltr :{technical}
7dt =item_duration ?duration
7dd :{duration} ?duration
7dt =item_third_parties ?third_parties
7dd :{third_parties} ?third_parties
7dt =item_description ?description
7dd :{description} ?description
3div .avow-receipt ?code
4p .avow-line =reference_label
5code #avow-reference .avow-code @dir=ltr :{code}
4p .avow-line =reference_note
3button #avow-withdraw .avow-button .avow-quiet @type=button =withdraw ?grants
2div .avow-actions .avow-foot
3button #avow-dialog-accept .avow-button @type=button =accept
3button #avow-dialog-reject .avow-button @type=button =reject
3button #avow-save .avow-button @type=button =save";

const CORNER: &str = "\
0div #avow-corner .avow .avow-corner @data-nosnippet=
1div #avow-status @role=status
1button #avow-reopen .avow-reopen @type=button =reopen";

/// The flag names the text that confirms; one of four lines is made.
const TOAST: &str = "\
0div #avow-toast .avow-toast
1div
2p .avow-said =accepted ?accepted
2p .avow-said =rejected ?rejected
2p .avow-said =saved ?saved
2p .avow-said =withdrawn ?withdrawn
2p .avow-line =reference_label ?code
3code #avow-reference .avow-code @dir=ltr :{code}
1button #avow-hide .avow-button .avow-quiet @type=button =close";

/// Puts the reopen control and the place for confirmations on the page.
pub fn furnish() {
    draw("", CORNER, "", "");
}

/// Shows the first layer, at the start of the body so that it comes first for keyboards and readers.
/// `flags`: `changed`, `gpc`, `notice`.
pub fn ask(flags: &str) {
    if !has("avow-banner") {
        draw("^", BANNER, flags, "");
    }
    hide("avow-reopen", true);
}

/// Takes both layers away; true if the focus was in the first. The browser gives the focus back when the
/// second closes.
pub fn close_all() -> bool {
    close_dialog();
    hide("avow-reopen", false);
    remove("avow-banner")
}

/// Opens the preferences. If they are open, brings the way to refuse into view: without it a grant does not
/// count. `flags`: `gpc`, `grants`.
pub fn open_dialog(flags: &str, code: &str) {
    if has("avow-dialog") {
        focus("avow-dialog-reject");
    } else {
        draw("", DIALOG, flags, code);
        modal("avow-dialog");
    }
}

/// Closes the preferences.
pub fn close_dialog() {
    remove("avow-dialog");
}

/// Says what was decided, with the reference code, until the visitor puts it away.
pub fn confirm(said: &str, code: &str, take_focus: bool) {
    remove("avow-toast");
    draw("avow-status", TOAST, said, code);
    if take_focus {
        focus("avow-hide");
    }
}

/// Puts the confirmation away.
pub fn hush() {
    if remove("avow-toast") {
        focus("avow-reopen");
    }
}
