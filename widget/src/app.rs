//! The widget on one page: hears events, asks `machine` and `gate`, and has the page do the rest.
//!
//! Borrows of the machine are short: what runs on the page in between may call back in.

use crate::gate::{self, Change};
use crate::look;
use crate::machine::{Answer, How, Machine, Said, Wish};
use crate::page::{
    bake, emit, enforced, flush, forget, live, marked, measure, moment, ours, reload, revive, said, send,
    settle, style, switches,
};
use crate::policy::Facts;
use crate::view;
use avow_shared::act::{Input, Surface};
use avow_shared::category::Category;
use avow_shared::cookie::encode;
use avow_shared::engine::{Ask, Reason};
use avow_shared::id::RecordId;
use avow_shared::reference;
use avow_shared::signals::CONSENT_MODE;
use std::cell::{Cell, RefCell};

const CSS: &str = include_str!(concat!(env!("OUT_DIR"), "/avow.css"));

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

    /// Shows what must be shown, starts what may run, clears what may not.
    pub fn start(&self) {
        let mut root = String::new();
        let accent = self.facts.accent;
        if let Some(color) = look::hex(accent) {
            for part in ["--avow-accent:", accent, ";--avow-ink-on:", look::ink_on(color), ";"] {
                root.push_str(part);
            }
        }
        for part in ["--avow-radius:", self.facts.radius, "px"] {
            root.push_str(part);
        }
        style(CSS, &root);
        view::furnish();
        if !self.machine.borrow().grants_any() {
            forget();
        }
        self.fit();
        // An answer that had the page loaded anew is confirmed here.
        let said = said();
        if !said.is_empty() {
            view::confirm(&said, &code(), false);
        }
        self.ask();
        flush();
    }

    /// Hears an event: `click` on one of our elements, `call` of `window.avow`, and those without an id.
    pub fn hear(&self, event: &str, id: &str, input: Input) {
        match event {
            "click" | "call" => self.touch(id, input),
            // The dialog's own Escape: closed without an answer.
            "close" => view::close_dialog(),
            "revive" => revive(&self.allowed()),
            _ => self.follow(),
        }
    }

    /// The decision in force in the form of the cookie, or empty.
    pub fn decision(&self) -> String {
        self.machine.borrow().stored.as_ref().map(|stored| encode(stored, None)).unwrap_or_default()
    }

    fn touch(&self, id: &str, input: Input) {
        let answered = self.machine.borrow().stored.is_some();
        let dialog = if answered { Surface::Reopen } else { Surface::Preferences };
        let (wish, surface) = match id {
            "avow-accept" => (Wish::AcceptAll, Surface::Banner),
            "avow-reject" => (Wish::RejectAll, Surface::Banner),
            "avow-dialog-accept" => (Wish::AcceptAll, dialog),
            "avow-dialog-reject" => (Wish::RejectAll, dialog),
            "avow-withdraw" => (Wish::Withdraw, dialog),
            "avow-save" => (Wish::Save(self.switches()), dialog),
            "acceptAll" => (Wish::AcceptAll, Surface::Page),
            "rejectAll" => (Wish::RejectAll, Surface::Page),
            "withdraw" => (Wish::Withdraw, Surface::Page),
            "avow-choose" | "avow-reopen" | "open" => return self.open(),
            "avow-close" | "avow-dialog" => return view::close_dialog(),
            "avow-hide" => return view::hush(),
            _ => return,
        };
        self.wish(wish, surface, input);
    }

    fn switches(&self) -> Vec<bool> {
        let on = switches();
        let mut granted = Vec::new();
        for optional in self.facts.policy.optional() {
            granted.push(on.split(' ').any(|id| id == optional.purpose.id.as_str()));
        }
        granted
    }

    fn open(&self) {
        let (gpc, grants) = {
            let machine = self.machine.borrow();
            (machine.signals.gpc, machine.grants_any())
        };
        view::open_dialog(
            match (gpc, grants) {
                (true, true) => "gpc grants",
                (true, false) => "gpc",
                (false, true) => "grants",
                (false, false) => "",
            },
            &code(),
        );
    }

    fn wish(&self, wish: Wish, surface: Surface, input: Input) {
        let how = How { surface, input, reject: look::reject_button(&measure()) };
        let before = self.machine.borrow().evaluation.allowed.clone();
        let answer = self.machine.borrow_mut().answer(&self.facts.policy, wish, &how, moment());
        let Some(answer) = answer else { return self.open() };
        // The device first: what follows must find the answer there, whatever happens to this page.
        let cookie = encode(&answer.decision, None);
        let kept = keep(&answer, &cookie, &how);
        self.kept.set(kept);
        let said = match answer.said {
            Said::Accepted => "accepted",
            Said::Rejected => "rejected",
            Said::Saved => "saved",
            Said::Withdrawn => "withdrawn",
        };
        let focused = view::close_all();
        self.apply(&before, said, kept);
        emit(&cookie, true);
        if !self.leaving.get() {
            view::confirm(said, &code(), focused);
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
            let decision = self.decision();
            if !decision.is_empty() {
                emit(&decision, false);
            }
            self.ask();
        }
        flush();
    }

    /// Shows the first layer if an answer is missing, and takes both away if not.
    fn ask(&self) {
        let machine = self.machine.borrow();
        let (ask, gpc) = (machine.evaluation.ask, machine.signals.gpc);
        drop(machine);
        let flag = match ask {
            Ask::No => {
                view::close_all();
                return;
            }
            Ask::Notice => "notice",
            Ask::Choice(Reason::Changed) => "changed",
            Ask::Choice(_) => "",
        };
        let mut flags = String::from(flag);
        if gpc {
            flags.push_str(" gpc");
        }
        view::ask(&flags);
    }

    /// The purposes that may run, by spaces.
    fn allowed(&self) -> String {
        let machine = self.machine.borrow();
        let mut ids = String::new();
        for (purpose, allowed) in self.facts.policy.purposes().iter().zip(&machine.evaluation.allowed) {
            if *allowed {
                ids.push_str(purpose.id.as_str());
                ids.push(' ');
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
        let page =
            gate::Page { enforced: enforced.split_once('\n'), marked: &marked, own: !said.is_empty(), kept };
        self.leaving.set(gate::reloads(&changes, &page));
        self.fit();
        if self.leaving.get() {
            reload(said);
        }
    }

    /// Tells the page what may run, clears what may not, and starts what may, unless the page goes.
    fn fit(&self) {
        let allowed = self.allowed();
        let decided = self.machine.borrow().stored.is_some();
        settle(&allowed, &if decided { self.states() } else { String::new() }, self.leaving.get());
    }

    /// Google's consent states, as words. A category is granted when every one of its purposes may run: a tag
    /// that reads these does not know of purposes.
    fn states(&self) -> String {
        let machine = self.machine.borrow();
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

/// Keeps an answer on the device and puts it on its way; true if the device kept it.
fn keep(answer: &Answer, cookie: &str, how: &How) -> bool {
    let decision = &answer.decision;
    let seconds = decision.expires.seconds() - moment().seconds();
    #[expect(clippy::cast_precision_loss, reason = "at most two years")]
    let kept = bake(cookie, seconds as f64);
    let reject =
        how.reject.map(|reject| [reject.width, reject.height, reject.contrast, u16::from(reject.visible)]);
    send(
        cookie,
        how.surface.as_str(),
        answer.control.as_str(),
        how.input.as_str(),
        reject.as_ref().map_or(&[], |reject| reject),
    );
    kept
}

/// The reference code of the record that the visitor can name now, or empty.
fn code() -> String {
    RecordId::parse(&live()).map(|id| reference::code(&id)).unwrap_or_default()
}
