//! Checks purposes with their services and items, each alone and against the others.

use super::values::{MAX_NAME, country, id, in_all_languages, label, link, one_of, text, turning};
use crate::policy::document::BY_FORM;
use crate::policy::duration::Duration;
use crate::policy::fault::Collector;
use crate::policy::file::{At, File, Item, Purpose, Service};
use crate::policy::hosts;
use crate::policy::law::{self, LAWFUL_BASES};
use avow_shared::basis::Basis;
use avow_shared::category::Category;
use avow_shared::law::Rule;
use avow_shared::policy::MAX_PURPOSES;

/// What Avow itself keeps on the device.
const OWN_ITEMS: [&str; 6] = ["avow", "avow_form", "avow_grant", "avow_outbox", "avow_receipts", "avow_said"];

pub(super) fn check_purposes(file: &File, jurisdiction: Option<&Rule>, faults: &mut Collector<'_>) {
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
        let category = check_basis(purpose, (jurisdiction, file.follow_visitor), faults);
        in_all_languages(file, &purpose.text, "the purpose", faults);
        for text_of in purpose.text.value.values() {
            label(&text_of.value.name, faults);
            text(&text_of.value.description, faults);
        }
        check_audience(file, purpose, faults);
        let by_form = check_asked(purpose, faults);
        let gates_nothing = !by_form
            && purpose.service.iter().all(|service| service.item.is_empty() && service.hosts.is_empty());
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

/// A site for children offers nothing for marketing (ICO Children's Code, standards 5, 7 and 12; UK GDPR Art 25).
fn check_audience(file: &File, purpose: &Purpose, faults: &mut Collector<'_>) {
    if file.is_for_children() && purpose.category.value == "marketing" {
        faults.add(
            &purpose.category.span,
            "audience",
            format!(
                "purpose `{}`: with `audience = \"children\"` nothing is offered for marketing (ICO Children's Code, standards \
                 5, 7 and 12)",
                purpose.id.value
            ),
        );
    }
}

/// Whether a form of the site asks for it. What no banner asks for can rest on nothing but consent.
fn check_asked(purpose: &Purpose, faults: &mut Collector<'_>) -> bool {
    let Some(asked) = &purpose.asked else { return false };
    one_of(asked, &["banner", BY_FORM], "asked", faults);
    let by_form = asked.value == BY_FORM;
    if by_form && purpose.basis.value != "consent" {
        faults.add(
            &asked.span,
            "asked",
            format!("purpose `{}`: what a form asks for rests on `consent`", purpose.id.value),
        );
    }
    by_form
}

fn check_basis(
    purpose: &Purpose,
    (jurisdiction, follows): (Option<&Rule>, bool),
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
        (Some(basis), Some(category), Some(jurisdiction)) => law::objection(basis, category, jurisdiction, follows),
        (None, ..) => Some(
            jurisdiction.or_else(|| Rule::find("eu")).and_then(|law| law::not_a_basis(word, law)).unwrap_or_else(
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
    country(&service.country, faults);
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
        name.chars().all(|c| !c.is_control()) && turning(name).is_none()
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
