//! The widget on one page: hears events, asks `machine` and `gate`, and has `dom` and `net` do the rest.
//!
//! Borrows of the machine are short: what runs on the page in between may call back in.

use crate::dom::js::window;
use crate::dom::js::{
    Node, Page, document, each, flag, get, keys, moment, object, set, set_text, text, texts, whole,
};
use crate::dom::{Words, banner, concat, decimal, dialog, measure};
use crate::gate::{self, Unit};
use crate::look;
use crate::machine::{How, Machine, Said, Wish};
use crate::net;
use avow_shared::act::{Input, Surface};
use avow_shared::category::Category;
use avow_shared::cookie::{encode, find_in};
use avow_shared::decision::Decision;
use avow_shared::id::{Millis, RecordId};
use avow_shared::json::Writer;
use avow_shared::policy::Policy;
use avow_shared::reference;
use avow_shared::signals::{CONSENT_MODE, Signals};
use std::cell::{Cell, RefCell};
use wasm_bindgen::prelude::*;

const CSS: &str = include_str!(concat!(env!("OUT_DIR"), "/avow.css"));

/// The widget of this page.
#[derive(Debug)]
pub struct App {
    /// `window.__avow`.
    pub page: Page,
    /// The site's configuration.
    pub config: JsValue,
    /// Texts and look.
    pub words: Words,
    /// The policy that is shown.
    pub policy: Policy,
    /// The visitor's standing.
    pub machine: RefCell<Machine>,
    units: Vec<Unit>,
    /// Hears every event.
    handler: JsValue,
    /// A revived script is loading, and those behind it wait.
    reviving: Cell<bool>,
    /// The page is about to be loaded anew.
    leaving: Cell<bool>,
}

impl App {
    /// Reads policy and device; `None` if the policy does not read as one.
    pub fn new(compiled: JsValue, page: Page, config: JsValue, handler: JsValue) -> Option<Self> {
        let (policy, units) = crate::policy::read(&compiled)?;
        let navigator = get(&window(), "navigator");
        let signals = Signals {
            gpc: flag(&navigator, "globalPrivacyControl"),
            dnt: text(&navigator, "doNotTrack") == "1",
        };
        let look = get(&compiled, "look");
        let mut style = String::new();
        if let Some(accent) = look::hex(&text(&look, "accent")) {
            style =
                concat(&["--avow-accent:", &text(&look, "accent"), ";--avow-ink-on:", look::ink_on(accent)]);
        }
        let radius = decimal(i64::from(whole(&look, "radius")));
        let style = concat(&[&style, ";--avow-radius:", &radius, "px"]);
        let class = match text(&look, "scheme").as_str() {
            "light" => "avow avow-light",
            "dark" => "avow avow-dark",
            _ => "avow",
        };
        let texts = get(&compiled, "texts");
        let words = Words { compiled, texts, style, class: class.to_owned() };
        let machine = Machine::new(&policy, signals, &text(&document(), "cookie"), moment());
        Some(Self {
            page,
            config,
            words,
            policy,
            machine: RefCell::new(machine),
            units,
            handler,
            reviving: Cell::new(false),
            leaving: Cell::new(false),
        })
    }

    /// Shows what must be shown, starts what may run, clears what may not.
    pub fn start(&self) {
        self.page.style(CSS);
        banner::furnish(&self.words);
        self.page.listen(&self.handler);
        let allowed = self.allowed();
        let machine = self.standing();
        if !machine.grants_any() {
            net::forget_grant(self);
        }
        self.settle(&allowed);
        // An answer that had the page loaded anew is confirmed here.
        let said = text(&self.page, "said");
        if !said.is_empty() {
            banner::confirm(&self.words, &said, &self.reference(), false);
        }
        self.ask();
        net::flush(self);
    }

    /// Hears an event of the page, of another tab, of the server or of the clock.
    pub fn hear(&self, event: &JsValue) {
        match text(event, "type").as_str() {
            "click" => self.click(event),
            // The dialog's own Escape: closed without an answer.
            "close" => dialog::close(),
            "load" | "error" => {
                self.reviving.set(false);
                self.revive();
            }
            "DOMContentLoaded" => self.revive(),
            "avow-reply" => net::book(self, event),
            "message" | "visibilitychange" | "pageshow" => {
                self.follow();
                net::flush(self);
            }
            // The clock, and `online`.
            _ => net::flush(self),
        }
    }

    /// A call of `window.avow`.
    pub fn call(&self, name: &str) {
        let event = measure::current_event();
        let input = match text(&event, "type").as_str() {
            "click" | "mouseup" | "pointerup" | "touchend" | "keydown" | "keyup" | "submit" => {
                measure::input(&event)
            }
            _ => Input::Script,
        };
        let wish = match name {
            "acceptAll" => Wish::AcceptAll,
            "rejectAll" => Wish::RejectAll,
            "withdraw" => Wish::Withdraw,
            _ => return self.open(),
        };
        self.wish(wish, Surface::Page, input);
    }

    /// The stored decision as JSON, or empty.
    pub fn decision(&self) -> String {
        self.machine.borrow().stored.as_ref().map(to_json).unwrap_or_default()
    }

    /// `document.cookie`; empty where cookies are off.
    pub fn cookies(&self) -> String {
        text(&document(), "cookie")
    }

    /// Keeps our cookie until `expires`; true if it can be read back.
    pub fn keep(&self, value: &str, expires: Millis) -> bool {
        let by_host = get(&self.words.compiled, "cookie_domain");
        let host = text(&get(&window(), "location"), "hostname");
        let seconds = expires.seconds() - moment().seconds();
        // A domain that the browser refuses leaves this host alone.
        for domain in [gate::domain_for(&host, |name| get(&by_host, name).as_string()), String::new()] {
            #[expect(clippy::cast_precision_loss, reason = "at most two years")]
            self.page.cookie(value, seconds as f64, &domain);
            if find_in(&self.cookies()) == Some(value) {
                return true;
            }
        }
        false
    }

    fn click(&self, event: &JsValue) {
        let Ok(target) = get(event, "target").dyn_into::<Node>() else { return };
        let Some(ours) = target.closest("[id^=avow-]") else { return };
        let input = measure::input(event);
        let in_dialog =
            if self.machine.borrow().stored.is_some() { Surface::Reopen } else { Surface::Preferences };
        match text(&ours, "id").as_str() {
            "avow-accept" => self.wish(Wish::AcceptAll, Surface::Banner, input),
            "avow-reject" => self.wish(Wish::RejectAll, Surface::Banner, input),
            "avow-dialog-accept" => self.wish(Wish::AcceptAll, in_dialog, input),
            "avow-dialog-reject" => self.wish(Wish::RejectAll, in_dialog, input),
            "avow-withdraw" => self.wish(Wish::Withdraw, in_dialog, input),
            "avow-save" => {
                let choices = dialog::choices(&self.policy);
                self.wish(Wish::Save(choices), in_dialog, input);
            }
            "avow-choose" | "avow-reopen" => self.open(),
            "avow-close" => dialog::close(),
            // The dialog itself is hit only beside its frame.
            "avow-dialog" if ours == target => dialog::close(),
            "avow-hide" => banner::hush(),
            _ => {}
        }
    }

    fn open(&self) {
        let reference = self.reference();
        let machine = self.standing();
        dialog::open(
            &self.words,
            &self.policy,
            dialog::Standing {
                on: &machine.evaluation.allowed,
                grants: machine.grants_any(),
                reference: &reference,
                gpc: machine.signals.gpc,
            },
        );
    }

    fn wish(&self, wish: Wish, surface: Surface, input: Input) {
        if self.leaving.get() {
            return;
        }
        let how = How { surface, input, reject: measure::reject_button() };
        let before = self.allowed();
        let answer = self.machine.borrow_mut().answer(&self.policy, wish, &how, moment());
        let Some(answer) = answer else { return self.open() };
        // The device first: what follows must find the answer there, whatever happens to this page.
        let decision = &answer.decision;
        let kept = self.keep(&encode(decision, None), decision.expires);
        let id = net::send(self, &answer, &how);
        let focus = banner::hide();
        dialog::close();
        self.apply(&before, Some(key(answer.said)), kept);
        self.page.emit(&to_json(decision), true);
        if !self.leaving.get() {
            banner::confirm(&self.words, key(answer.said), &reference::code(&id), focus);
            banner::show_reopen(true);
        }
    }

    /// Takes over what another tab has decided.
    fn follow(&self) {
        let before = self.allowed();
        let differs = self.machine.borrow_mut().follow(&self.policy, &self.cookies(), moment());
        if !differs || self.leaving.get() {
            return;
        }
        self.apply(&before, None, true);
        let decision = self.decision();
        if !decision.is_empty() {
            self.page.emit(&decision, false);
        }
        self.ask();
    }

    /// Shows the first layer if an answer is missing, and takes it away if not.
    fn ask(&self) {
        let machine = self.standing();
        if machine.asks() {
            banner::show(&self.words, machine.evaluation.ask, machine.signals.gpc);
        } else {
            banner::hide();
            if dialog::is_open() {
                dialog::close();
            }
        }
        banner::show_reopen(!machine.asks());
    }

    /// A copy: no borrow may be open while the page's own code could run.
    fn standing(&self) -> Machine {
        self.machine.borrow().clone()
    }

    fn allowed(&self) -> Vec<bool> {
        self.standing().evaluation.allowed
    }

    /// Makes the page fit the new standing; `before` is what might run until now, `said` the text that confirms
    /// an answer given here.
    fn apply(&self, before: &[bool], said: Option<&str>, kept: bool) {
        let after = self.allowed();
        let marked = self.marked();
        let hosts = get(&self.page, "hosts");
        let page = gate::Page {
            hosts: hosts.is_object().then(|| texts(&hosts)),
            blocked: whole(&self.page, "blocked"),
            origins: texts(&keys(&get(&self.page, "origins"))),
            marked,
            own: said.is_some(),
            kept,
        };
        if gate::reloads(&self.units, before, &after, &page) {
            self.leaving.set(true);
            self.clear(&after);
            net::release(self);
            self.page.reload(said.unwrap_or_default());
        } else {
            self.settle(&after);
        }
    }

    /// Tells the page, clears what may not run, starts what may.
    fn settle(&self, allowed: &[bool]) {
        let grants = get(&self.page, "grants");
        for (purpose, allowed) in self.policy.purposes().iter().zip(allowed) {
            set(&grants, purpose.id.as_str(), &JsValue::from_f64(f64::from(u8::from(*allowed))));
        }
        if self.standing().stored.is_some() {
            self.page.gtag("consent", "update", &consent_mode(&self.policy, allowed));
        }
        self.clear(allowed);
        self.revive();
    }

    fn revive(&self) {
        if self.reviving.get() || self.leaving.get() {
            return;
        }
        for tag in each(&self.page.marked()) {
            let allowed = self.allowed();
            let mark = text(&tag, "mark");
            let may = |name: &str| {
                let mut purposes = self.policy.purposes().iter().zip(&allowed);
                purposes.any(|(purpose, allowed)| *allowed && purpose.id.as_str() == name)
            };
            if mark.split(' ').all(may) && self.page.revive(&get(&tag, "tag")) {
                self.reviving.set(true);
                return;
            }
        }
    }

    /// For each purpose, whether the page has a tag marked with it that has not started.
    fn marked(&self) -> Vec<bool> {
        let marks: Vec<String> = each(&self.page.marked()).map(|tag| text(&tag, "mark")).collect();
        let names = |purpose: &str| marks.iter().any(|mark| mark.split(' ').any(|name| name == purpose));
        self.policy.purposes().iter().map(|purpose| names(purpose.id.as_str())).collect()
    }

    fn clear(&self, allowed: &[bool]) {
        for item in gate::to_clear(&self.units, allowed) {
            self.page.clear(&item.kind, &item.name, item.prefix);
        }
    }

    /// The reference code of the live grant's record, or of the decision that waits; empty if there is none.
    fn reference(&self) -> String {
        net::live(self)
            .and_then(|link| RecordId::parse(&link.id))
            .map(|id| reference::code(&id))
            .unwrap_or_default()
    }
}

/// The key of the text that confirms.
fn key(said: Said) -> &'static str {
    match said {
        Said::Accepted => "accepted",
        Said::Rejected => "rejected",
        Said::Saved => "saved",
        Said::Withdrawn => "withdrawn",
    }
}

/// Google's consent states. A category is granted when every one of its purposes may run: a tag that reads
/// these does not know of purposes.
fn consent_mode(policy: &Policy, allowed: &[bool]) -> JsValue {
    let states = object();
    for (state, category) in CONSENT_MODE {
        let mut of_category = policy
            .purposes()
            .iter()
            .zip(allowed)
            .filter(|(purpose, _)| purpose.category == category)
            .peekable();
        let granted = category == Category::Necessary
            || of_category.peek().is_some() && of_category.all(|(_, allowed)| *allowed);
        set_text(&states, state, if granted { "granted" } else { "denied" });
    }
    states
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
