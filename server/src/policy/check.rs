//! Checks a policy file against its rules, and finds all faults in one go.
//!
//! Each fault names its rule; the rules about law give the law's reason ([`super::law`]). What passes here
//! compiles ([`super::compile`]) without further questions.

use self::inline::{check_inline, check_mode};
use self::purposes::check_purposes;
use self::values::{email, has_language, is_https, is_language, label, one_of, text, within};
use self::witness::check_witnesses;
use super::fault::Collector;
use super::file::{At, File};
use super::hosts;
use super::looks;
use super::notice;
use super::texts;
use avow_shared::basis::Basis;
use avow_shared::id::SiteId;
use avow_shared::law::Rule;

mod inline;
mod purposes;
pub(super) mod values;
mod witness;

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
    notice::check::check(file, faults);
    check_domains(file, faults);
    let jurisdiction = check_jurisdiction(file, faults);
    check_opt_out(file, faults);
    check_retention(file, jurisdiction, faults);
    check_look(file, faults);
    check_languages(file, faults);
    check_texts(file, faults);
    check_purposes(file, jurisdiction, faults);
    check_mode(file, faults);
    check_inline(file, faults);
    check_witnesses(file, faults);
}

fn check_parties(file: &File, faults: &mut Collector<'_>) {
    label(&file.name, faults);
    if let Some(audience) = &file.audience {
        one_of(audience, &["everyone", "children"], "audience", faults);
    }
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

fn check_jurisdiction(file: &File, faults: &mut Collector<'_>) -> Option<&'static Rule> {
    let found = Rule::find(&file.jurisdiction.value);
    if found.is_none() {
        faults.add(
            &file.jurisdiction.span,
            "jurisdiction",
            format!(
                "`{}` is not in the tables: docs/regimes.md lists them, such as `gb`, `fr` or `us-ca`. For a place that is \
                 not there `eu` asks for consent first, which is never too little",
                file.jurisdiction.value
            ),
        );
    }
    found
}

fn check_opt_out(file: &File, faults: &mut Collector<'_>) {
    let Some(allowed) = file.allow_opt_out.as_ref().filter(|allowed| allowed.value) else { return };
    if !file.follow_visitor {
        faults.add(
            &allowed.span,
            "opt-out",
            "`allow_opt_out` needs `follow_visitor = true`: only where it is known that a visitor is under a law that lets \
             things run until they opt out, may they",
        );
    }
    if file.is_for_children() {
        faults.add(
            &allowed.span,
            "opt-out",
            "a site for children asks first everywhere: most private from the start (ICO Children's Code, standard 7), and \
             opting in below 16 (Cal. Civ. Code 1798.120(c))",
        );
    }
}

fn check_retention(file: &File, jurisdiction: Option<&Rule>, faults: &mut Collector<'_>) {
    let retention = &file.retention;
    let (grant, refusal) = (&retention.grant_days, &retention.refusal_days);
    let max = jurisdiction.map_or(730, |jurisdiction| i64::from(jurisdiction.max_grant_days));
    let min = jurisdiction.map_or(180, |jurisdiction| i64::from(jurisdiction.min_refusal_days));
    if !(1..=max).contains(&grant.value) {
        faults.add(&grant.span, "grant-days", format!("consent may be valid for 1 to {max} days here"));
    }
    if !(min..=730).contains(&refusal.value) {
        faults.add(
            &refusal.span,
            "refusal-days",
            format!(
                "a refusal is remembered for {min} to 730 days: asking again sooner wears people down (ICO and CNIL: six \
                 months; California: twelve)"
            ),
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
    one_of(&retention.refusal_record, &["keep", "full", "count", "none"], "refusal-record", faults);
    if let Some(end) = &retention.record_end {
        one_of(end, &["delete", "count"], "record-end", faults);
    }
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
    for (value, words, rule) in [
        (&look.layout, &looks::LAYOUTS[..], "layout"),
        (&look.font, &looks::FONTS[..], "font"),
        (&look.spacing, &looks::SPACINGS[..], "spacing"),
    ] {
        if let Some(value) = value {
            one_of(value, words, rule, faults);
        }
    }
    let Some(accent) = looks::colour(&look.accent.value) else {
        faults.add(&look.accent.span, "accent", "a colour is written `#rrggbb`");
        return;
    };
    // Text on the accent is black or white, whichever reads better; one of them always does. What may fail is
    // that a button cannot be told from what it stands on.
    let layout = look.layout.as_ref().map(|layout| layout.value.as_str());
    let measured = looks::grounds(&look.scheme.value, layout)
        .map(|(ground, name)| (looks::contrast(accent, ground), name))
        .min_by(|one, other| one.0.total_cmp(&other.0));
    let Some((ratio, name)) = measured.filter(|(ratio, _)| *ratio < 3.0) else { return };
    // Cut and not rounded, so that what is too little never reads as enough.
    let ratio = (ratio * 100.0).floor() / 100.0;
    faults.add(
        &look.accent.span,
        "accent-contrast",
        format!(
            "`{}` on {name} has a contrast of {ratio} to 1: buttons need 3 to 1 (WCAG 1.4.11), for refusing as for \
             accepting",
            look.accent.value
        ),
    );
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

/// Texts whose built-in words hold only where nothing optional runs before an answer.
const NOT_TRUE_EVERYWHERE: [&str; 2] = ["banner_body", "dialog_body"];

/// Whether something optional may be on before an answer, for some visitors.
fn something_is_on(file: &File) -> bool {
    let exempt = || {
        file.purpose.iter().any(|purpose| Basis::parse(&purpose.basis.value).is_some_and(Basis::is_exemption))
    };
    file.follow_visitor && (file.allows_opt_out() || exempt())
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
            let missing: Vec<&str> = texts::said(file.allows_opt_out())
                .filter(|key| own.is_none_or(|own| !own.contains_key(*key)))
                .collect();
            if !missing.is_empty() {
                faults.add(
                    &language.span,
                    "texts-missing",
                    format!(
                        "no texts are built in for `{0}`: `[texts.{0}]` lacks {1}",
                        language.value,
                        missing.join(", ")
                    ),
                );
            }
        }
        for key in NOT_TRUE_EVERYWHERE.into_iter().filter(|_| something_is_on(file)) {
            if own.is_none_or(|own| !own.contains_key(key)) {
                faults.add(
                    &language.span,
                    "texts-following",
                    format!(
                        "the built-in `{key}` says that nothing optional is on before an answer, which is not so everywhere with \
                         `allow_opt_out` or with a purpose on `statistics` or `appearance`: write `[texts.{}] {key}`",
                        language.value
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
    let allowed: &[&str] = match key {
        "embed_off" => &["{provider}", "{purpose}"],
        "left" => &["{items}"],
        "receipt_holds" => &["{n}", "{size}"],
        "changed_basis" | "changed_duration" | "changed_purpose" => &["{name}"],
        "changed_service" | "changed_third_party" => &["{name}", "{provider}"],
        "page_complain" => &["{regulator}"],
        "page_version" => &["{n}"],
        _ if key.starts_with("duration_") => &["{n}"],
        _ => &["{site}"],
    };
    let rest = allowed.iter().fold(value.value.clone(), |rest, word| rest.replace(word, ""));
    if rest.contains(['{', '}']) {
        let allowed = allowed.join("` and `");
        faults.add(
            &value.span,
            "texts-placeholder",
            format!("the only placeholder of `{key}` is `{allowed}`"),
        );
    }
}
