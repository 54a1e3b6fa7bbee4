//! Checks a policy file against its rules, and finds all faults in one go.
//!
//! Each fault names its rule; the rules about law give the law's reason ([`super::law`]). What passes here
//! compiles ([`super::compile`]) without further questions.

use super::duration::Duration;
use super::fault::Collector;
use super::file::{At, File, Item, Purpose, Service};
use super::hosts;
use super::law::{self, Jurisdiction, LAWFUL_BASES};
use super::texts;
use avow_shared::basis::Basis;
use avow_shared::category::Category;
use avow_shared::id::{PurposeId, SiteId};
use avow_shared::policy::MAX_PURPOSES;
use std::collections::BTreeMap;
use std::ops::RangeInclusive;

const MAX_NAME: usize = 120;
const MAX_TEXT: usize = 1000;
/// What Avow itself keeps on the device.
const OWN_ITEMS: [&str; 3] = ["avow", "avow_outbox", "avow_grant"];

/// Notes every fault of `file`.
pub fn check(file: &File, faults: &mut Collector<'_>) {
    if file.schema.value != 1 {
        faults.add(&file.schema.span, "schema", "this build reads `schema = 1` only");
    }
    if SiteId::parse(&file.site.value).is_none() {
        faults.add(
            &file.site.span,
            "site-id",
            "a site's id is a lower-case letter and up to 31 letters, digits or hyphens",
        );
    }
    check_parties(file, faults);
    check_domains(file, faults);
    let jurisdiction = check_jurisdiction(file, faults);
    check_retention(file, jurisdiction, faults);
    check_look(file, faults);
    check_languages(file, faults);
    check_texts(file, faults);
    check_purposes(file, jurisdiction, faults);
}

fn check_parties(file: &File, faults: &mut Collector<'_>) {
    label(&file.name, faults);
    label(&file.controller.name, faults);
    text(&file.controller.address, faults);
    email(&file.controller.email, faults);
    if let Some(dpo) = &file.dpo {
        label(&dpo.name, faults);
        email(&dpo.email, faults);
    }
    label(&file.regulator.name, faults);
    if !is_https(&file.regulator.url.value) {
        faults.add(&file.regulator.url.span, "url", "the regulator's website is an https address");
    }
    link(&file.notice.cookies, faults);
    link(&file.notice.privacy, faults);
}

fn check_domains(file: &File, faults: &mut Collector<'_>) {
    let domains = &file.domains.value;
    if domains.is_empty() {
        faults.add(&file.domains.span, "domain", "name at least one host that embeds Avow");
    }
    for (at, domain) in domains.iter().enumerate() {
        if let Err(reason) = hosts::check_domain(&domain.value) {
            faults.add(&domain.span, "domain", format!("`{}` {reason}", domain.value));
        } else if domains[..at].iter().any(|earlier| earlier.value == domain.value) {
            faults.add(&domain.span, "duplicate", format!("`{}` is named twice", domain.value));
        }
    }
    let names: Vec<&str> = domains.iter().map(|domain| domain.value.as_str()).collect();
    if let Err(reason) = hosts::check_base(&file.served_from.value, &names) {
        faults.add(&file.served_from.span, "served-from", format!("`{}` {reason}", file.served_from.value));
    }
    within(&file.superseded_days, 1..=30, "days", faults);
}

fn check_jurisdiction(file: &File, faults: &mut Collector<'_>) -> Option<&'static Jurisdiction> {
    let found = Jurisdiction::find(&file.jurisdiction.value);
    if found.is_none() {
        faults.add(
            &file.jurisdiction.span,
            "jurisdiction",
            format!(
                "`{}` is not in the tables: `gb`, `eu`, or the two letters of an EU or EEA country, Switzerland or a \
                 Crown dependency. For others `eu` asks for consent first, which is never too little",
                file.jurisdiction.value
            ),
        );
    }
    found
}

fn check_retention(file: &File, jurisdiction: Option<&Jurisdiction>, faults: &mut Collector<'_>) {
    let retention = &file.retention;
    let (grant, refusal) = (&retention.grant_days, &retention.refusal_days);
    let max = jurisdiction.map_or(730, |jurisdiction| jurisdiction.max_grant_days);
    if !(1..=max).contains(&grant.value) {
        faults.add(&grant.span, "grant-days", format!("consent may be valid for 1 to {max} days here"));
    }
    if !(law::MIN_REFUSAL_DAYS..=730).contains(&refusal.value) {
        faults.add(
            &refusal.span,
            "refusal-days",
            "a refusal is remembered for 180 to 730 days: asking again sooner wears people down (ICO and CNIL: six months)",
        );
    }
    if refusal.value < grant.value {
        faults.add(
            &refusal.span,
            "refusal-shorter",
            "a refusal is remembered at least as long as a consent: refusing must not be the answer that is asked again sooner",
        );
    }
    if !(1..=7300).contains(&retention.record_days.value) {
        faults.add(&retention.record_days.span, "record-days", "records are kept for 1 to 7300 days");
    } else if retention.record_days.value < grant.value {
        faults.add(
            &retention.record_days.span,
            "record-days",
            "the record must last as long as the consent that it proves (UK GDPR Art 7(1))",
        );
    }
    one_of(&retention.refusal_record, &["keep"], "refusal-record", faults);
}

fn check_look(file: &File, faults: &mut Collector<'_>) {
    let look = &file.look;
    if SiteId::parse(&look.theme.value).is_none() {
        faults.add(
            &look.theme.span,
            "theme",
            "a theme's name is a lower-case letter and up to 31 letters, digits or hyphens",
        );
    }
    within(&look.radius, 0..=32, "CSS pixels", faults);
    one_of(&look.scheme, &["auto", "light", "dark"], "scheme", faults);
    let Some(accent) = colour(&look.accent.value) else {
        faults.add(&look.accent.span, "accent", "a colour is written `#rrggbb`");
        return;
    };
    // Text on the accent is black or white, whichever reads better; one of them always does. What may fail is
    // that a button cannot be told from the page.
    let (ground, name) = match look.scheme.value.as_str() {
        "dark" => ([0x1d, 0x1f, 0x23], "dark grey"),
        _ => ([0xff; 3], "white"),
    };
    let ratio = contrast(accent, ground);
    if ratio < 3.0 {
        faults.add(
            &look.accent.span,
            "accent-contrast",
            format!(
                "`{}` on {name} has a contrast of {ratio:.1} to 1: buttons need 3 to 1 (WCAG 1.4.11), for refusing as \
                 for accepting",
                look.accent.value
            ),
        );
    }
}

fn check_languages(file: &File, faults: &mut Collector<'_>) {
    let languages = &file.languages.value;
    if languages.is_empty() {
        faults.add(&file.languages.span, "language", "name at least one language");
    }
    for (at, language) in languages.iter().enumerate() {
        if !is_language(&language.value) {
            faults.add(
                &language.span,
                "language",
                format!("`{}` is no language tag such as `en` or `pt-BR`", language.value),
            );
        } else if languages[..at].iter().any(|earlier| earlier.value.eq_ignore_ascii_case(&language.value)) {
            faults.add(&language.span, "duplicate", format!("`{}` is named twice", language.value));
        }
    }
}

fn check_texts(file: &File, faults: &mut Collector<'_>) {
    for (language, overrides) in &file.texts {
        if !has_language(file, language) {
            faults.add(&overrides.span, "language", format!("`{language}` is not in `languages`"));
        }
        for (key, value) in &overrides.value {
            if texts::keys().all(|known| known != key) {
                faults.add(&value.span, "texts-unknown", format!("there is no text `{key}`"));
            }
            text(value, faults);
            placeholders(key, value, faults);
        }
    }
    for language in &file.languages.value {
        let own = file.texts.get(&language.value).map(|own| &own.value);
        let built_in = texts::Words::built_in(&language.value);
        if built_in.is_none() {
            let missing: Vec<&str> =
                texts::keys().filter(|key| own.is_none_or(|own| !own.contains_key(*key))).collect();
            if !missing.is_empty() {
                faults.add(
                    &language.span,
                    "texts-missing",
                    format!(
                        "only English and Welsh texts are built in: `[texts.{}]` lacks {}",
                        language.value,
                        missing.join(", ")
                    ),
                );
            }
        }
        let say = |key: &str| {
            own.and_then(|own| own.get(key)).map_or_else(
                || built_in.as_ref().map(|words| words.say(key).to_owned()),
                |value| Some(value.value.clone()),
            )
        };
        if let (Some(yes), Some(no)) = (say("accept"), say("reject"))
            && yes.trim() == no.trim()
        {
            faults.add(
                &language.span,
                "texts-same",
                "`accept` and `reject` read the same: nobody could refuse",
            );
        }
    }
}

/// Only what is filled in may stand in braces.
fn placeholders(key: &str, value: &At<String>, faults: &mut Collector<'_>) {
    let allowed = if key.starts_with("duration_") { "{n}" } else { "{site}" };
    if value.value.replace(allowed, "").contains(['{', '}']) {
        faults.add(
            &value.span,
            "texts-placeholder",
            format!("the only placeholder of `{key}` is `{allowed}`"),
        );
    }
}

fn check_purposes(file: &File, jurisdiction: Option<&Jurisdiction>, faults: &mut Collector<'_>) {
    if let Some(purpose) = file.purpose.get(MAX_PURPOSES) {
        faults.add(
            &purpose.id.span,
            "purpose-count",
            format!("a policy has at most {MAX_PURPOSES} purposes"),
        );
    }
    let mut services: Vec<&At<String>> = Vec::new();
    for (at, purpose) in file.purpose.iter().enumerate() {
        id(&purpose.id, "a purpose's id", faults);
        if file.purpose[..at].iter().any(|earlier| earlier.id.value == purpose.id.value) {
            faults.add(
                &purpose.id.span,
                "duplicate",
                format!("there are two purposes `{}`", purpose.id.value),
            );
        }
        let category = check_basis(purpose, jurisdiction, faults);
        in_all_languages(file, &purpose.text, "the purpose", faults);
        for text_of in purpose.text.value.values() {
            label(&text_of.value.name, faults);
            text(&text_of.value.description, faults);
        }
        let gates_nothing =
            purpose.service.iter().all(|service| service.item.is_empty() && service.hosts.is_empty());
        if gates_nothing {
            faults.add(
                &purpose.id.span,
                "purpose-empty",
                "a purpose without items or hosts is a switch that switches nothing: declare what it stores or whom it calls",
            );
        }
        for service in &purpose.service {
            if services.iter().any(|earlier| earlier.value == service.id.value) {
                faults.add(
                    &service.id.span,
                    "duplicate",
                    format!("there are two services `{}`", service.id.value),
                );
            }
            services.push(&service.id);
            check_service(file, purpose, service, category, faults);
        }
    }
    check_overlaps(file, faults);
}

fn check_basis(
    purpose: &Purpose,
    jurisdiction: Option<&Jurisdiction>,
    faults: &mut Collector<'_>,
) -> Option<Category> {
    let category = Category::parse(&purpose.category.value);
    if category.is_none() {
        faults.add(
            &purpose.category.span,
            "category",
            format!("`{}` is none of necessary, functional, analytics, marketing", purpose.category.value),
        );
    }
    let word = &purpose.basis.value;
    let basis = Basis::parse(word);
    let objection = match (basis, category, jurisdiction) {
        (Some(basis), Some(category), Some(jurisdiction)) => law::objection(basis, category, jurisdiction),
        (None, ..) => Some(
            jurisdiction.or_else(|| Jurisdiction::find("eu")).and_then(|law| law::not_a_basis(word, law)).unwrap_or_else(
                || format!("`{word}` is none of consent, communication, strictly_necessary, statistics, appearance"),
            ),
        ),
        _ => None,
    };
    // With a basis that cannot stand, the lawful basis beside it cannot be judged.
    let judged = objection.is_none();
    if let Some(reason) = objection {
        faults.add(&purpose.basis.span, "basis", format!("purpose `{}`: {reason}", purpose.id.value));
    }
    one_of(&purpose.lawful_basis, &LAWFUL_BASES, "lawful-basis", faults);
    if let Some(basis) = basis
        && judged
        && LAWFUL_BASES.contains(&purpose.lawful_basis.value.as_str())
        && let Some(reason) = law::lawful_objection(basis, &purpose.lawful_basis.value)
    {
        faults.add(
            &purpose.lawful_basis.span,
            "lawful-basis",
            format!("purpose `{}`: {reason}", purpose.id.value),
        );
    }
    category
}

fn check_service(
    file: &File,
    purpose: &Purpose,
    service: &Service,
    category: Option<Category>,
    faults: &mut Collector<'_>,
) {
    id(&service.id, "a service's id", faults);
    label(&service.name, faults);
    label(&service.provider, faults);
    one_of(&service.role, &["controller", "joint_controller", "processor"], "role", faults);
    if service.country.value.len() != 2 || !service.country.value.bytes().all(|b| b.is_ascii_uppercase()) {
        faults.add(
            &service.country.span,
            "country",
            "a country is two capital letters, such as `GB` or `IE`",
        );
    }
    link(&service.privacy_url, faults);
    for (at, host) in service.hosts.iter().enumerate() {
        if let Err(reason) = hosts::check_source(&host.value) {
            faults.add(&host.span, "host", format!("`{}` {reason}", host.value));
        } else if service.hosts[..at].iter().any(|earlier| earlier.value == host.value) {
            faults.add(&host.span, "duplicate", format!("`{}` is named twice", host.value));
        }
    }
    let basis = Basis::parse(&purpose.basis.value);
    if basis == Some(Basis::Statistics) && !service.hosts.is_empty() && service.role.value != "processor" {
        faults.add(
            &service.role.span,
            "statistics-shared",
            "statistics without consent may be shared only with someone who helps to make them, as a processor (PECR \
             Sch A1 para 5(1)); with any other role rest the purpose on `consent`",
        );
    }
    for item in &service.item {
        check_item(file, item, category, faults);
    }
}

fn check_item(file: &File, item: &Item, category: Option<Category>, faults: &mut Collector<'_>) {
    one_of(&item.kind, &["cookie", "local", "session", "indexeddb", "cache", "pixel"], "kind", faults);
    one_of(&item.matching, &["exact", "prefix"], "match", faults);
    let name = &item.name.value;
    let in_cookie = |b: u8| b.is_ascii_graphic() && !b"()<>@,;:\\\"/[]?={}".contains(&b);
    let fits = if item.kind.value == "cookie" {
        name.bytes().all(in_cookie)
    } else {
        name.chars().all(|c| !c.is_control())
    };
    if name.is_empty() || name.len() > MAX_NAME || !fits {
        faults.add(
            &item.name.span,
            "item-name",
            "an item is named as browsers name it; a cookie's name is a token (RFC 6265)",
        );
    }
    if Duration::parse(&item.duration.value).is_none() {
        faults.add(
            &item.duration.span,
            "duration",
            format!(
                "`{}` is no duration: write `session`, `persistent`, or a number and a unit up to ten years, such as `13 months`. \
                 Visitors must be told how long (CJEU C-673/17)",
                item.duration.value
            ),
        );
    } else if item.kind.value == "session" && item.duration.value != "session" {
        faults.add(
            &item.duration.span,
            "duration",
            "session storage ends with the session: the duration is `session`",
        );
    } else if matches!(item.kind.value.as_str(), "local" | "indexeddb" | "cache")
        && item.duration.value == "session"
    {
        faults.add(
            &item.duration.span,
            "duration",
            "browsers keep this kind until it is deleted: the duration is `persistent`, or the time after which the site deletes it",
        );
    }
    for party in &item.third_parties {
        label(party, faults);
    }
    in_all_languages(file, &item.text, "the item", faults);
    for value in item.text.value.values() {
        text(value, faults);
    }
    match &item.justification {
        Some(justification) => text(justification, faults),
        None if category == Some(Category::Necessary) => faults.add(
            &item.name.span,
            "justification",
            format!(
                "necessary item `{name}` needs a `justification`: why what the visitor asked for cannot be done without it \
                 (PECR Sch A1 para 4; EDPB cookie banner report, type I)"
            ),
        ),
        None => {}
    }
    if category != Some(Category::Necessary) && OWN_ITEMS.iter().any(|own| matches(item, own)) {
        faults.add(
            &item.name.span,
            "item-reserved",
            "this is what Avow itself keeps: under an optional purpose, refusing would delete the refusal",
        );
    }
}

/// Faults between two purposes: an optional one must be told apart from a necessary one, by host and by name.
fn check_overlaps(file: &File, faults: &mut Collector<'_>) {
    let is_necessary = |purpose: &&Purpose| purpose.category.value == "necessary";
    let necessary: Vec<&Service> =
        file.purpose.iter().filter(is_necessary).flat_map(|p| &p.service).collect();
    let mut seen: Vec<(&str, &Item)> = Vec::new();
    for purpose in &file.purpose {
        for item in purpose.service.iter().flat_map(|service| &service.item) {
            let same = |(_, earlier): &&(&str, &Item)| {
                (&earlier.kind.value, &earlier.name.value) == (&item.kind.value, &item.name.value)
                    && !matches!(item.kind.value.as_str(), "pixel")
            };
            if let Some((owner, _)) = seen.iter().find(same) {
                faults.add(
                    &item.name.span,
                    "duplicate",
                    format!(
                        "`{}` belongs to purpose `{owner}` already: one item, one purpose",
                        item.name.value
                    ),
                );
            }
            seen.push((&purpose.id.value, item));
        }
        if is_necessary(&purpose) {
            continue;
        }
        for service in &purpose.service {
            for host in &service.hosts {
                if necessary
                    .iter()
                    .flat_map(|known| &known.hosts)
                    .any(|known| hosts::covers(&known.value, &host.value))
                {
                    faults.add(
                        &host.span,
                        "host-necessary",
                        format!(
                            "`{}` is let through for a necessary purpose already, so this one would run before anybody agreed",
                            host.value
                        ),
                    );
                }
            }
            for item in &service.item {
                let shadows = |known: &&Item| {
                    known.kind.value == item.kind.value
                        && item.matching.value == "prefix"
                        && known.name.value.starts_with(&item.name.value)
                };
                if let Some(known) = necessary.iter().flat_map(|known| &known.item).find(shadows) {
                    faults.add(
                        &item.name.span,
                        "item-shadow",
                        format!(
                            "`{}*` covers the necessary `{}`, which withdrawing would delete",
                            item.name.value, known.name.value
                        ),
                    );
                }
            }
        }
    }
}

fn matches(item: &Item, name: &str) -> bool {
    if item.matching.value == "prefix" { name.starts_with(&item.name.value) } else { item.name.value == name }
}

fn in_all_languages<T>(file: &File, texts: &At<BTreeMap<String, T>>, of: &str, faults: &mut Collector<'_>) {
    let missing: Vec<&str> = file
        .languages
        .value
        .iter()
        .map(|language| language.value.as_str())
        .filter(|language| !texts.value.contains_key(*language))
        .collect();
    if !missing.is_empty() {
        faults.add(
            &texts.span,
            "text-missing",
            format!("{of} has no text in {}: who is asked must be able to read it", missing.join(", ")),
        );
    }
    for language in texts.value.keys().filter(|language| !has_language(file, language)) {
        faults.add(&texts.span, "language", format!("`{language}` is not in `languages`"));
    }
}

fn has_language(file: &File, language: &str) -> bool {
    file.languages.value.iter().any(|known| known.value == language)
}

fn is_language(tag: &str) -> bool {
    let mut parts = tag.split('-');
    let primary = parts.next().unwrap_or("");
    (2..=3).contains(&primary.len())
        && primary.bytes().all(|b| b.is_ascii_lowercase())
        && parts.all(|part| (2..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric()))
}

fn id(value: &At<String>, what: &str, faults: &mut Collector<'_>) {
    if PurposeId::parse(&value.value).is_none() {
        faults.add(
            &value.span,
            "id",
            format!("{what} is a lower-case letter and up to 31 letters, digits or underscores"),
        );
    }
}

fn one_of(value: &At<String>, words: &[&str], rule: &'static str, faults: &mut Collector<'_>) {
    if !words.contains(&value.value.as_str()) {
        let reason = match words {
            [only] => format!("`{}` is not known here: write `{only}`", value.value),
            _ => format!("`{}` is none of {}", value.value, words.join(", ")),
        };
        faults.add(&value.span, rule, reason);
    }
}

fn within(value: &At<i64>, range: RangeInclusive<i64>, unit: &str, faults: &mut Collector<'_>) {
    if !range.contains(&value.value) {
        faults.add(&value.span, "range", format!("must be {} to {} {unit}", range.start(), range.end()));
    }
}

fn label(value: &At<String>, faults: &mut Collector<'_>) {
    bounded(value, MAX_NAME, faults);
}

fn text(value: &At<String>, faults: &mut Collector<'_>) {
    bounded(value, MAX_TEXT, faults);
}

fn bounded(value: &At<String>, max: usize, faults: &mut Collector<'_>) {
    let text = value.value.trim();
    if text.is_empty() {
        faults.add(&value.span, "empty", "must not be empty");
    } else if value.value.chars().count() > max {
        faults.add(&value.span, "too-long", format!("must not be longer than {max} characters"));
    } else if text.chars().any(|c| c.is_control() && c != '\n') {
        faults.add(&value.span, "control-character", "has a control character in it");
    }
}

fn email(value: &At<String>, faults: &mut Collector<'_>) {
    let fine = value.value.split_once('@').is_some_and(|(user, host)| {
        !user.is_empty()
            && host.contains('.')
            && !host.contains('@')
            && !value.value.contains(char::is_whitespace)
    });
    if !fine {
        faults.add(&value.span, "email", format!("`{}` is no e-mail address", value.value));
    }
}

fn link(value: &At<String>, faults: &mut Collector<'_>) {
    let path =
        value.value.starts_with('/') && !value.value.starts_with("//") && !value.value.starts_with("/\\");
    let clean = value.value.chars().all(|c| !c.is_whitespace() && !c.is_control());
    if !(clean && (path || is_https(&value.value))) {
        faults.add(
            &value.span,
            "url",
            format!("`{}` is neither a path on the site nor an https address", value.value),
        );
    }
}

fn is_https(text: &str) -> bool {
    url::Url::parse(text)
        .is_ok_and(|url| url.scheme() == "https" && url.has_host() && url.username().is_empty())
}

fn colour(text: &str) -> Option<[u8; 3]> {
    let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6)?;
    let bytes = hex::decode(digits).ok()?;
    bytes.try_into().ok()
}

/// The contrast ratio of two colours (WCAG 2.2, "contrast ratio").
fn contrast(a: [u8; 3], b: [u8; 3]) -> f64 {
    let luminance = |colour: [u8; 3]| {
        let [red, green, blue] = colour.map(|part| {
            let part = f64::from(part) / 255.0;
            if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
        });
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    };
    let (a, b) = (luminance(a) + 0.05, luminance(b) + 0.05);
    if a > b { a / b } else { b / a }
}
