//! Runs the decision vectors of `testdata/decisions.json`.
//!
//! Input: an array of cases `{policy, signals, cookie, now, act}`. Output: canonical JSON with, for each
//! case, whether to ask, what may run, and the cookie and commitment that follow from the act.

use crate::basis::Basis;
use crate::category::Category;
use crate::commitment::commitment;
use crate::cookie;
use crate::decision::{Decision, decide};
use crate::engine::{Ask, Reason, evaluate};
use crate::id::{Millis, PurposeId, SiteId, hex};
use crate::json::Writer;
use crate::policy::{Asked, Policy, Purpose};
use crate::regime::{Behaviour, Regime};
use crate::signals::Signals;
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    policy: CasePolicy,
    gpc: bool,
    cookie: Option<String>,
    now: i64,
    /// The purposes granted by the act that follows.
    grant: Vec<String>,
    /// Those that it leaves on as they are.
    #[serde(default)]
    leave: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CasePolicy {
    version: u32,
    behaviour: String,
    exemptions: bool,
    grant_days: u16,
    refusal_days: u16,
    purposes: Vec<(String, String, String, u32)>,
    /// Those of them that a form asks for.
    #[serde(default)]
    by_form: Vec<String>,
}

impl CasePolicy {
    fn build(&self) -> Option<Policy> {
        let (behaviour, marketing_asks) = Behaviour::parse_both(&self.behaviour)?;
        let regime = Regime {
            id: "vector".to_owned(),
            behaviour,
            marketing_asks,
            exemptions: self.exemptions,
            grant_days: self.grant_days,
            refusal_days: self.refusal_days,
        };
        let purposes = self.purposes.iter().map(|(id, category, basis, since)| {
            Some(Purpose {
                id: PurposeId::parse(id)?,
                category: Category::parse(category)?,
                basis: Basis::parse(basis)?,
                since: *since,
                asked: if self.by_form.contains(id) { Asked::ByForm } else { Asked::ByBanner },
            })
        });
        Policy::new(
            SiteId::parse("vectors")?,
            self.version,
            String::new(),
            regime,
            purposes.collect::<Option<_>>()?,
        )
        .ok()
    }
}

/// Answers every case; `Err` says which input could not be read.
pub fn run(json: &str) -> Result<String, String> {
    let cases: Vec<Case> = serde_json::from_str(json).map_err(|error| error.to_string())?;
    let mut out = Writer::new();
    let mut failed = None;
    out.array(|out| {
        for case in &cases {
            match case.policy.build() {
                Some(policy) => out.object(|out| answer(case, &policy, out)),
                None => failed = Some(case.name.clone()),
            }
        }
    });
    match failed {
        None => Ok(out.finish()),
        Some(name) => Err(format!("{name}: not a policy")),
    }
}

fn answer(case: &Case, policy: &Policy, out: &mut Writer) {
    let signals = Signals { gpc: case.gpc, dnt: false };
    let stored: Option<Decision> =
        case.cookie.as_deref().and_then(cookie::parse).map(|stored| stored.decision);
    let evaluation = evaluate(policy, signals, stored.as_ref(), Millis(case.now));
    let next = decide(policy, signals, Millis(case.now), |optional| {
        let is = |id: &String| id == optional.purpose.id.as_str();
        (!case.leave.iter().any(is)).then(|| case.grant.iter().any(is))
    });
    let value = cookie::encode(&next, None);
    out.key("allowed").array(|out| evaluation.allowed.iter().for_each(|allowed| out.bool(*allowed)));
    out.key("ask").string(match evaluation.ask {
        Ask::No => "no",
        Ask::Notice => "notice",
        Ask::Choice(Reason::First) => "first",
        Ask::Choice(Reason::Expired) => "expired",
        Ask::Choice(Reason::Changed) => "changed",
    });
    out.key("commitment").string(&hex(&commitment(&[9; 32], value.as_bytes())));
    out.key("cookie").string(&value);
    out.key("name").string(&case.name);
}
