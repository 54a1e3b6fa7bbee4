//! Makes a checked policy file the canonical document of its next version.

use super::changes::{self, Change};
use super::check::check;
use super::document::{
    Contact, Controller, Document, Inline, Item, Links, Log, Look, Purpose, PurposeText, Regime, Regulator,
    Retention, SCHEMA, Service, Witness,
};
use super::fault::{Collector, Faults};
use super::file::{self, At, File};
use super::hosts::cookie_domain;
use super::notice;
use super::shape;
use super::texts::Words;
use avow_shared::law::RULES;
use avow_shared::regime::{Behaviour, Regime as Chosen};
use std::collections::BTreeMap;

/// Reads and checks a policy file. `name` is what faults call it.
pub fn read(source: &str, name: &str) -> Result<File, Faults> {
    let mut faults = Collector::new(source);
    match toml::from_str::<File>(source) {
        Ok(file) => {
            check(&file, &mut faults);
            faults.finish(name).map(|()| file)
        }
        Err(error) => {
            shape::check(source, &mut faults);
            if faults.is_empty() {
                let start = error.span().unwrap_or(0..0);
                faults.add(&start, "toml", error.message().trim().replace('\n', "; "));
            }
            Err(faults.finish(name).expect_err("a fault was added"))
        }
    }
}

/// Compiles a checked file as the version after `history` (any order; empty for the first).
///
/// A purpose keeps its `since` while an older grant still covers it: while nothing [changed](super::changes) that matters.
pub fn compile(file: &File, history: &[Document]) -> Document {
    let last = history.iter().max_by_key(|document| document.version);
    let version = last.map_or(1, |document| document.version + 1);
    let retention = &file.retention;
    let (grant_days, refusal_days) = (small(&retention.grant_days), small(&retention.refusal_days));
    // For whoever is not known to be elsewhere: never less than asking first.
    let default = Chosen::strictest(grant_days, refusal_days);
    let (default, regimes) = if file.follow_visitor {
        // What a law allows until the visitor opts out is asked for all the same, unless the owner says otherwise
        // (ADR 0023).
        let all = RULES.iter().map(|rule| rule.regime(grant_days, refusal_days)).map(|regime| {
            if file.allows_opt_out() {
                regime
            } else {
                Chosen { behaviour: Behaviour::ConsentFirst, marketing_asks: false, ..regime }
            }
        });
        (default, all.map(|regime| (regime.id.clone(), compile_regime(regime))).collect())
    } else {
        (Chosen { id: file.jurisdiction.value.clone(), ..default }, BTreeMap::new())
    };
    let domains = plain(&file.domains.value);
    let mut document = Document {
        audience: other_than("everyone", file.audience.as_ref()),
        changes: Vec::new(),
        controller: Controller {
            address: file.controller.address.value.clone(),
            email: file.controller.email.value.clone(),
            name: file.controller.name.value.clone(),
        },
        cookie_domain: domains.iter().map(|domain| (domain.clone(), cookie_domain(domain))).collect(),
        domains,
        dpo: file
            .dpo
            .as_ref()
            .map(|dpo| Contact { email: dpo.email.value.clone(), name: dpo.name.value.clone() }),
        inline: file.inline.iter().map(compile_inline).collect(),
        jurisdiction: file.jurisdiction.value.clone(),
        languages: plain(&file.languages.value),
        look: Look {
            accent: file.look.accent.value.to_ascii_lowercase(),
            font: other_than("system", file.look.font.as_ref()),
            layout: other_than("card", file.look.layout.as_ref()),
            radius: u8::try_from(file.look.radius.value).expect("checked: 0 to 32"),
            scheme: file.look.scheme.value.clone(),
            spacing: other_than("normal", file.look.spacing.as_ref()),
            theme: file.look.theme.value.clone(),
        },
        log: file.log.as_ref().map(compile_log),
        mode: other_than("strict", file.mode.as_ref()),
        name: file.name.value.clone(),
        notice: Links {
            cookies: file.notice.cookies.value.clone(),
            privacy: file.notice.privacy.value.clone(),
        },
        privacy_notice: notice::compile::compile(&file.notice),
        purposes: file.purpose.iter().map(|purpose| compile_purpose(purpose, version)).collect(),
        regime: compile_regime(default),
        regimes,
        regulator: Regulator {
            name: file.regulator.name.value.clone(),
            url: file.regulator.url.value.clone(),
        },
        retention: Retention {
            record_days: small(&retention.record_days),
            record_end: other_than("delete", retention.record_end.as_ref()),
            refusal_record: retention.refusal_record.value.clone(),
        },
        schema: SCHEMA,
        served_from: file.served_from.value.clone(),
        site: file.site.value.clone(),
        superseded_days: small(&file.superseded_days),
        texts: file
            .languages
            .value
            .iter()
            .map(|lang| (lang.value.clone(), words(file, &lang.value)))
            .collect(),
        texts_sha256: BTreeMap::new(),
        version,
    };
    if let Some(last) = last {
        // Of a purpose that is gone nobody is told any more.
        let told = |change: &&Change| document.purposes.iter().any(|purpose| purpose.id == change.purpose);
        document.changes = last.changes.iter().filter(told).cloned().collect();
        for purpose in &mut document.purposes {
            let before = last.purposes.iter().find(|before| before.id == purpose.id);
            let changes = changes::between(before, purpose, version);
            match before {
                Some(before) if changes.is_empty() => purpose.since = before.since,
                _ => document.changes.extend(changes),
            }
        }
    }
    document.texts_sha256 = document
        .languages
        .iter()
        .map(|lang| {
            (lang.clone(), document.texts_hash(lang).expect("checked: every language has every text"))
        })
        .collect();
    document
}

fn compile_purpose(purpose: &file::Purpose, version: u32) -> Purpose {
    let mut hosts: Vec<String> = Vec::new();
    for host in purpose.service.iter().flat_map(|service| &service.hosts) {
        if !hosts.contains(&host.value) {
            hosts.push(host.value.clone());
        }
    }
    Purpose {
        asked: other_than("banner", purpose.asked.as_ref()),
        basis: purpose.basis.value.clone(),
        category: purpose.category.value.clone(),
        hosts,
        id: purpose.id.value.clone(),
        lawful_basis: purpose.lawful_basis.value.clone(),
        services: purpose.service.iter().map(compile_service).collect(),
        since: version,
        text: purpose
            .text
            .value
            .iter()
            .map(|(lang, text)| {
                let text = PurposeText {
                    description: text.value.description.value.clone(),
                    name: text.value.name.value.clone(),
                };
                (lang.clone(), text)
            })
            .collect(),
    }
}

fn compile_regime(regime: Chosen) -> Regime {
    Regime {
        behaviour: regime.behaviours(),
        exemptions: regime.exemptions,
        grant_days: regime.grant_days,
        id: regime.id,
        refusal_days: regime.refusal_days,
    }
}

fn compile_log(log: &file::Log) -> Log {
    let witnesses = log
        .witness
        .iter()
        .map(|witness| Witness { key: witness.key.value.clone(), url: witness.url.value.clone() })
        .collect();
    Log { public: log.public, witnesses }
}

fn compile_inline(inline: &file::Inline) -> Inline {
    Inline {
        kind: inline.kind.value.clone(),
        note: inline.note.value.clone(),
        purpose: inline.purpose.value.clone(),
        sha256: inline.sha256.value.clone(),
    }
}

fn compile_service(service: &file::Service) -> Service {
    Service {
        country: service.country.value.clone(),
        hosts: plain(&service.hosts),
        id: service.id.value.clone(),
        items: service.item.iter().map(compile_item).collect(),
        name: service.name.value.clone(),
        privacy_url: service.privacy_url.value.clone(),
        provider: service.provider.value.clone(),
        role: service.role.value.clone(),
    }
}

fn compile_item(item: &file::Item) -> Item {
    Item {
        duration: item.duration.value.clone(),
        justification: item.justification.as_ref().map(|reason| reason.value.clone()),
        kind: item.kind.value.clone(),
        name: item.name.value.clone(),
        prefix: item.matching.value == "prefix",
        text: item.text.value.iter().map(|(lang, text)| (lang.clone(), text.value.clone())).collect(),
        third_parties: plain(&item.third_parties),
    }
}

/// The built-in texts with the file's own in their places.
fn words(file: &File, lang: &str) -> BTreeMap<String, String> {
    let mut words = Words::built_in(lang).unwrap_or_else(|| Words::new(lang, BTreeMap::new()));
    for (key, text) in file.texts.get(lang).iter().flat_map(|own| &own.value) {
        words.replace(key, &text.value);
    }
    words.as_map().clone()
}

/// A word that is written only where it is not the usual one, so that older documents stay as they are.
fn other_than(usual: &str, word: Option<&At<String>>) -> Option<String> {
    word.map(|word| word.value.clone()).filter(|word| word != usual)
}

fn plain(list: &[At<String>]) -> Vec<String> {
    list.iter().map(|entry| entry.value.clone()).collect()
}

fn small(days: &At<i64>) -> u16 {
    u16::try_from(days.value).expect("checked: at most 7300")
}
