//! What all visitors with the same purposes get: content security policies, the guard, and which hosts are theirs.
//!
//! Pages differ by class and by nothing else, so a cache may keep one copy for each.

use super::csp;
use super::hosts::Sources;
use super::rules::Rules;
use crate::site_files;
use crate::verdict::Purposes;
use actix_web::http::header::HeaderValue;
use actix_web::web::Bytes;
use avow_shared::id::hex;
use sha2::{Digest as _, Sha256};

/// A class.
#[derive(Debug)]
pub struct Class {
    /// `none`, `all`, or the ids of what is allowed: the value of `Avow-Class`.
    pub name: HeaderValue,
    /// Everything is allowed, so nothing is held back.
    pub everything: bool,
    /// Names the class and the policy's version in validators.
    pub tag: String,
    /// Content security policies; none where everything is allowed, or in mode `compatible`.
    pub policies: Option<Policies>,
    /// The same, whatever the mode and even where everything is allowed: what `learn` only reports.
    pub learned: Policies,
    /// The hash of the guard, for the site's own policies; empty where there is no guard.
    pub guard: String,
    /// What is put first into a page's head.
    pub insert: Bytes,
    /// Hosts that this class may reach.
    pub hosts: Sources,
}

/// Both policies.
#[derive(Clone, Debug)]
pub struct Policies {
    /// Which code may run.
    pub code: String,
    /// Which hosts may be reached.
    pub hosts: String,
}

impl Class {
    /// Makes it.
    pub fn new(rules: &Rules, allowed: Purposes) -> Self {
        let may = |at: usize| allowed.contains(at);
        let granted: Vec<String> = rules
            .purposes
            .iter()
            .enumerate()
            .filter(|(at, purpose)| may(*at) && !purpose.necessary)
            .map(|(_, purpose)| purpose.id.clone())
            .collect();
        let everything = rules.policy.is_some() && (0..rules.purposes.len()).all(may);
        let name = match granted.as_slice() {
            _ if everything => "all".to_owned(),
            [] => "none".to_owned(),
            granted => granted.join(","),
        };
        let inserted = rules.policy.as_ref().and_then(|policy| {
            // Without a guard the policies still hold; the cause is in the log.
            site_files::inserted(policy, granted).ok()
        });
        let guard = inserted.as_ref().map(|inserted| csp::hash_source(&inserted.guard)).unwrap_or_default();
        let approved: Vec<_> =
            rules.inline.iter().filter(|approval| approval.purpose.is_none_or(may)).collect();
        let mut hashes: Vec<String> = approved.iter().map(|approval| approval.source.clone()).collect();
        hashes.extend((!guard.is_empty()).then(|| guard.clone()));
        let handlers = approved.iter().any(|approval| approval.handler);
        let (hosts, policies) = fitting(rules, may, &hashes, handlers);
        let insert = inserted.map(|inserted| Bytes::from(inserted.markup)).unwrap_or_default();
        let hash = rules.policy.as_ref().map_or("", |policy| &policy.engine.hash);
        let tag = Sha256::new_with_prefix(hash).chain_update(&name).chain_update(&insert).finalize();
        Self {
            name: HeaderValue::from_str(&name).unwrap_or(HeaderValue::from_static("none")),
            everything,
            tag: hex(&tag[..6]),
            policies: (!everything && !rules.compatible).then(|| policies.clone()),
            learned: policies,
            guard,
            insert,
            hosts: Sources::new(hosts.iter().map(String::as_str)),
        }
    }
}

/// The hosts of a class, and its policies; fewer hosts where the headers would grow too long, for what is not
/// named is denied.
fn fitting(
    rules: &Rules,
    may: impl Fn(usize) -> bool,
    hashes: &[String],
    handlers: bool,
) -> (Vec<String>, Policies) {
    let with =
        |hosts: &[String]| Policies { code: csp::code(hashes, handlers, hosts), hosts: csp::hosts(hosts) };
    let of = |wanted: &dyn Fn(usize) -> bool| {
        let mut hosts: Vec<String> = (0..rules.purposes.len())
            .filter(|at| wanted(*at))
            .flat_map(|at| rules.purposes[at].hosts.clone())
            .collect();
        hosts.extend(site_files::origin(&rules.base).map(str::to_owned));
        hosts.sort();
        hosts.dedup();
        hosts
    };
    let necessary = |at: usize| rules.purposes[at].necessary;
    for hosts in [of(&may), of(&necessary)] {
        let policies = with(&hosts);
        if policies.code.len() + policies.hosts.len() <= csp::MOST_BYTES {
            return (hosts, policies);
        }
        tracing::warn!(hosts = hosts.len(), "too many hosts for a content security policy: some stay denied");
        metrics::counter!("avow_gate_hosts_left_out_total").increment(1);
    }
    (Vec::new(), with(&[]))
}
