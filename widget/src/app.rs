//! The widget on one page: hears events, asks `machine` and `gate`, and has the page do the rest.
//!
//! Borrows of the machine are short: what runs on the page in between may call back in.

#![expect(clippy::single_char_add_str, reason = "in the browser a character weighs more than a text of one")]

use crate::gate::{self, Change};
use crate::look;
use crate::machine::{How, Machine, Said, Wish};
use crate::page::{
    self, bake, close, confirm, dismiss, emit, enforced, flush, forget, furnish, hush, live, marked, measure,
    moment, ours, prefer, reload, revive, said, send, settle, switches,
};
use crate::policy::Facts;
use avow_shared::act::{Control, Input, Surface};
use avow_shared::category::Category;
use avow_shared::cookie::encode;
use avow_shared::engine::{Ask, Reason};
use avow_shared::fields::Fields;
use avow_shared::id::RecordId;
use avow_shared::reference;
use avow_shared::signals::CONSENT_MODE;
use std::cell::{Cell, RefCell};

/// What one of our controls does.
#[derive(Clone, Copy)]
enum Act {
    /// Answers, on this surface; `None` is the dialog.
    Answer(Control, Option<Surface>),
    Open,
    Close,
    Hush,
}

/// The controls by the ids of their elements, then by the names of the page's own calls.
const ACTS: [(&str, Act); 15] = [
    ("avow-accept", Act::Answer(Control::AcceptAll, Some(Surface::Banner))),
    ("avow-reject", Act::Answer(Control::RejectAll, Some(Surface::Banner))),
    ("avow-dialog-accept", Act::Answer(Control::AcceptAll, None)),
    ("avow-dialog-reject", Act::Answer(Control::RejectAll, None)),
    ("avow-withdraw", Act::Answer(Control::Withdraw, None)),
    ("avow-save", Act::Answer(Control::Save, None)),
    ("avow-choose", Act::Open),
    ("avow-reopen", Act::Open),
    ("avow-close", Act::Close),
    ("avow-dialog", Act::Close),
    ("avow-hide", Act::Hush),
    ("acceptAll", Act::Answer(Control::AcceptAll, Some(Surface::Page))),
    ("rejectAll", Act::Answer(Control::RejectAll, Some(Surface::Page))),
    ("withdraw", Act::Answer(Control::Withdraw, Some(Surface::Page))),
    ("open", Act::Open),
];

/// The widget of this page.
#[derive(Debug)]
pub struct App {
    facts: Facts<'static>,
    machine: RefCell<Machine>,
    /// The page is about to be loaded anew.
    leaving: Cell<bool>,
    /// The device kept the last answer given here; if not, it holds for this page only.
    kept: Cell<bool>,
}

impl App {
    /// Reads the device.
    pub fn new(facts: Facts<'static>) -> Self {
        let machine = Machine::new(&facts.policy, facts.signals, &ours(), moment());
        Self { facts, machine: RefCell::new(machine), leaving: Cell::new(false), kept: Cell::new(true) }
    }

    /// Starts what may run, clears what may not.
    pub fn start(&self) {
        if !self.machine.borrow().grants_any() {
            forget();
        }
        self.fit();
    }

    /// Shows what must be shown, and sends what waits.
    fn show(&self) {
        furnish();
        // An answer that had the page loaded anew is confirmed here.
        let said = said();
        if !said.is_empty() {
            confirm(&said, &code(), false);
        }
        self.ask();
        flush();
    }

    /// Hears an event: `click` on one of our elements, `call` of `window.avow`, and those without an id.
    pub fn hear(&self, event: &str, id: &str, input: Input) {
        match event {
            "click" | "call" => self.touch(id, input),
            // The dialog's own Escape: closed without an answer.
            "close" => close(),
            "revive" => revive(&self.allowed()),
            "show" => self.show(),
            _ => self.follow(),
        }
    }

    fn touch(&self, id: &str, input: Input) {
        let Some((_, act)) = ACTS.iter().find(|(known, _)| *known == id) else { return };
        let (control, surface) = match *act {
            Act::Answer(control, surface) => (control, surface),
            Act::Open => return self.open(),
            Act::Close => return close(),
            Act::Hush => return hush(),
        };
        let wish = match control {
            Control::AcceptAll => Wish::AcceptAll,
            Control::RejectAll => Wish::RejectAll,
            Control::Save => Wish::Save(self.switches()),
            Control::Withdraw => Wish::Withdraw,
        };
        let answered = self.machine.borrow().stored.is_some();
        let dialog = if answered { Surface::Reopen } else { Surface::Preferences };
        self.wish(wish, surface.unwrap_or(dialog), input);
    }

    fn switches(&self) -> Vec<bool> {
        let on = switches();
        let mut granted = Vec::new();
        for optional in self.facts.policy.optional() {
            granted.push(Fields::new(&on, b' ').any(|id| id == optional.purpose.id.as_str()));
        }
        granted
    }

    fn open(&self) {
        let (gpc, grants) = {
            let machine = self.machine.borrow();
            (machine.signals.gpc, machine.grants_any())
        };
        prefer(gpc, grants, &code());
    }

    fn wish(&self, wish: Wish, surface: Surface, input: Input) {
        let how = How { surface, input, reject: look::reject_button(&measure()) };
        let before = self.machine.borrow().evaluation.allowed.clone();
        let answer = self.machine.borrow_mut().answer(&self.facts.policy, wish, &how, moment());
        let Some(answer) = answer else { return self.open() };
        // The device first: what follows must find the answer there, whatever happens to this page.
        let cookie = encode(&answer.decision, None);
        let kept = bake(&cookie);
        // Who left everything on has answered nothing that could be recorded.
        if !answer.decision.choices.is_empty() {
            send(&cookie, surface.as_str(), answer.control.as_str(), input.as_str());
        }
        self.kept.set(kept);
        let said = match answer.said {
            Said::Accepted => "accepted",
            Said::Rejected => "rejected",
            Said::Saved => "saved",
            Said::Withdrawn => "withdrawn",
        };
        let focused = dismiss();
        self.apply(&before, said, kept);
        emit(true);
        if !self.leaving.get() {
            confirm(said, &code(), focused);
        }
    }

    /// Takes over what another tab has decided, and what time has ended.
    fn follow(&self) {
        if !self.kept.get() {
            return;
        }
        let before = self.machine.borrow().evaluation.allowed.clone();
        let differs = self.machine.borrow_mut().follow(&self.facts.policy, &ours(), moment());
        if differs {
            self.apply(&before, "", true);
            emit(false);
            self.ask();
        }
        flush();
    }

    /// Shows the first layer if an answer is missing, and takes both away if not.
    fn ask(&self) {
        let machine = self.machine.borrow();
        let (ask, gpc) = (machine.evaluation.ask, machine.signals.gpc);
        drop(machine);
        let why = match ask {
            Ask::No => {
                dismiss();
                return;
            }
            Ask::Notice => "notice",
            Ask::Choice(Reason::Changed) => "changed",
            Ask::Choice(_) => "",
        };
        page::ask(why, gpc);
    }

    /// The purposes that may run, by spaces.
    fn allowed(&self) -> String {
        let machine = self.machine.borrow();
        let mut ids = String::new();
        for (purpose, allowed) in self.facts.policy.purposes().iter().zip(&machine.evaluation.allowed) {
            if *allowed {
                ids.push_str(purpose.id.as_str());
                ids.push_str(" ");
            }
        }
        ids
    }

    /// Makes the page fit the new standing. `before` is what might run until now; `said` is the text that
    /// confirms an answer given here, empty for one of another tab.
    fn apply(&self, before: &[bool], said: &str, kept: bool) {
        let after = self.machine.borrow().evaluation.allowed.clone();
        let mut changes = Vec::new();
        for (at, purpose) in self.facts.policy.purposes().iter().enumerate() {
            changes.push(Change {
                purpose: purpose.id.as_str(),
                hosts: self.facts.hosts[at],
                before: before[at],
                after: after[at],
            });
        }
        let (enforced, marked) = (enforced(), marked());
        let mut lines = Fields::new(&enforced, b'\n');
        let enforced = lines.next().zip(lines.next());
        let page = gate::Page { enforced, marked: &marked, own: !said.is_empty(), kept };
        self.leaving.set(gate::reloads(&changes, &page));
        self.fit();
        if self.leaving.get() {
            reload(said);
        }
    }

    /// Tells the page what may run, clears what may not, and starts what may, unless the page goes.
    fn fit(&self) {
        let machine = self.machine.borrow();
        let decision = match &machine.stored {
            Some(stored) => encode(stored, None),
            None => String::new(),
        };
        // The default is "denied", so there is nothing to tell while nothing else holds.
        let tells = machine.stored.is_some() || self.allows_optional(&machine);
        let states = if tells { self.states(&machine) } else { String::new() };
        drop(machine);
        settle(&self.allowed(), &states, &decision, !self.leaving.get());
    }

    fn allows_optional(&self, machine: &Machine) -> bool {
        let mut purposes = self.facts.policy.purposes().iter().zip(&machine.evaluation.allowed);
        purposes.any(|(purpose, allowed)| *allowed && purpose.category != Category::Necessary)
    }

    /// Google's consent states, as words. A category is granted when every one of its purposes may run: a tag
    /// that reads these does not know of purposes.
    fn states(&self, machine: &Machine) -> String {
        let mut words = String::new();
        for (state, category) in CONSENT_MODE {
            let (mut any, mut all) = (category == Category::Necessary, true);
            for (purpose, allowed) in self.facts.policy.purposes().iter().zip(&machine.evaluation.allowed) {
                if purpose.category == category {
                    any = true;
                    all &= *allowed;
                }
            }
            for part in [state, if any && all { ":granted " } else { ":denied " }] {
                words.push_str(part);
            }
        }
        words
    }
}

/// The reference code of the record that the visitor can name now, or empty.
fn code() -> String {
    RecordId::parse(&live()).map(|id| reference::code(&id)).unwrap_or_default()
}
