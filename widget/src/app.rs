//! The widget on one page: hears events, asks `machine` and `gate`, and has the page do the rest.
//!
//! Borrows of the machine are short: what runs on the page in between may call back in.

use crate::gate::{self, Change};
use crate::look;
use crate::machine::{How, Machine, Said, Wish};
use crate::page::{cookies, emit, fact, marked, measure, moment, reload, revive, settle, style, switches};
use crate::policy::{self, Hosts};
use crate::{net, view};
use avow_shared::act::{Input, Surface};
use avow_shared::category::Category;
use avow_shared::decision::Decision;
use avow_shared::engine::{Ask, Reason};
use avow_shared::json::Writer;
use avow_shared::policy::Policy;
use avow_shared::signals::{CONSENT_MODE, Signals};
use std::cell::{Cell, RefCell};

const CSS: &str = include_str!(concat!(env!("OUT_DIR"), "/avow.css"));

/// The widget of this page.
#[derive(Debug)]
pub struct App {
    /// The policy that is shown.
    pub policy: Policy,
    hosts: Hosts,
    machine: RefCell<Machine>,
    /// The page is about to be loaded anew.
    leaving: Cell<bool>,
}

impl App {
    /// Reads policy and device; `None` if the policy does not read as one.
    pub fn new() -> Option<Self> {
        let (policy, hosts) = policy::read(fact)?;
        let signals = Signals {
            gpc: fact("window.navigator.globalPrivacyControl") == "true",
            dnt: fact("window.navigator.doNotTrack") == "1",
        };
        let machine = RefCell::new(Machine::new(&policy, signals, &cookies(), moment()));
        Some(Self { policy, hosts, machine, leaving: Cell::new(false) })
    }

    /// Shows what must be shown, starts what may run, clears what may not.
    pub fn start(&self) {
        let accent = fact("policy.look.accent");
        let mut root = String::new();
        if let Some(color) = look::hex(&accent) {
            for part in ["--avow-accent:", &accent, ";--avow-ink-on:", look::ink_on(color), ";"] {
                root.push_str(part);
            }
        }
        for part in ["--avow-radius:", &fact("policy.look.radius"), "px"] {
            root.push_str(part);
        }
        style(CSS, &root);
        view::furnish();
        if !self.machine.borrow().grants_any() {
            net::forget_grant();
        }
        self.fit();
        // An answer that had the page loaded anew is confirmed here.
        let said = fact("said");
        if !said.is_empty() {
            view::confirm(&said, &net::code(), false);
        }
        self.ask();
        net::flush();
    }

    /// Hears an event: `click` on one of our elements, `call` of `window.avow`, and those without an id.
    pub fn hear(&self, event: &str, id: &str, input: Input) {
        // A page on its way out takes nothing more: what it sent would have nobody to hear the answer.
        if self.leaving.get() {
            return;
        }
        match event {
            "click" | "call" => self.touch(id, input),
            // The dialog's own Escape: closed without an answer.
            "close" => view::close_dialog(),
            "revive" => revive(&self.allowed()),
            "follow" => self.follow(),
            _ => net::flush(),
        }
    }

    /// Hears the server.
    pub fn reply(&self, id: &str, status: u32, seal: &str, retry_after: u32) {
        // A page on its way out cuts its own requests short: that is no answer to book.
        if status != 0 || !self.leaving.get() {
            net::book(id, status, seal, retry_after);
        }
    }

    /// The stored decision as JSON, or empty.
    pub fn decision(&self) -> String {
        self.machine.borrow().stored.as_ref().map(to_json).unwrap_or_default()
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
        for optional in self.policy.optional() {
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
            &net::code(),
        );
    }

    fn wish(&self, wish: Wish, surface: Surface, input: Input) {
        let how = How { surface, input, reject: look::reject_button(&measure()) };
        let before = self.machine.borrow().evaluation.allowed.clone();
        let answer = self.machine.borrow_mut().answer(&self.policy, wish, &how, moment());
        let Some(answer) = answer else { return self.open() };
        let signals = self.machine.borrow().signals;
        // The device first: what follows must find the answer there, whatever happens to this page.
        let kept = net::store(&answer.decision, None);
        net::send(self, &answer.decision, answer.control, &how, signals);
        let said = match answer.said {
            Said::Accepted => "accepted",
            Said::Rejected => "rejected",
            Said::Saved => "saved",
            Said::Withdrawn => "withdrawn",
        };
        let focused = view::close_all();
        self.apply(&before, said, kept);
        emit(&to_json(&answer.decision), true);
        if !self.leaving.get() {
            view::confirm(said, &net::code(), focused);
        }
    }

    /// Takes over what another tab has decided, and what time has ended.
    fn follow(&self) {
        let before = self.machine.borrow().evaluation.allowed.clone();
        let differs = self.machine.borrow_mut().follow(&self.policy, &cookies(), moment());
        if differs {
            self.apply(&before, "", true);
            let decision = self.decision();
            if !decision.is_empty() {
                emit(&decision, false);
            }
            self.ask();
        }
        net::flush();
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
        for (purpose, allowed) in self.policy.purposes().iter().zip(&machine.evaluation.allowed) {
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
        for (at, purpose) in self.policy.purposes().iter().enumerate() {
            changes.push(Change {
                purpose: purpose.id.as_str(),
                hosts: &self.hosts[at],
                before: before[at],
                after: after[at],
            });
        }
        let page = gate::Page {
            // An empty list is a policy too.
            hosts: (!fact("guard.hosts.length").is_empty()).then(|| fact("guard.hosts")),
            blocked: fact("guard.origins"),
            marked: marked(),
            own: !said.is_empty(),
            kept,
        };
        self.leaving.set(gate::reloads(&changes, &page));
        self.fit();
        if self.leaving.get() {
            net::release();
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
            for (purpose, allowed) in self.policy.purposes().iter().zip(&machine.evaluation.allowed) {
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

fn to_json(decision: &Decision) -> String {
    let mut json = Writer::new();
    json.object(|json| {
        json.key("choices").object(|json| {
            for choice in &decision.choices {
                json.key(choice.purpose.as_str()).bool(choice.granted);
            }
        });
        json.key("decidedAt").int(decision.decided.0);
        json.key("expiresAt").int(decision.expires.0);
        json.key("version").int(i64::from(decision.version));
    });
    json.finish()
}
