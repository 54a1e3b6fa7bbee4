//! The view of a receipt after ISO/IEC TS 27560, as JSON-LD with the terms of the Data Privacy Vocabulary (DPV 2.3).
//!
//! The fields are those that the vocabulary's guide names for that standard; what a record does not hold comes from the
//! policy that was shown. The context is inlined, so that nobody needs a network to read it. Only answers whose basis
//! is consent are in it: for an objection to what needs none the vocabulary has no status of a consent.

use crate::clock::rfc3339;
use crate::consent::receipt::Receipt;
use crate::error::{Error, Kind};
use crate::policy::document::{Document, Purpose, Service};
use crate::policy::duration::Duration;
use crate::state::AppState;
use avow_shared::act::Event;
use avow_shared::basis::Basis;
use avow_shared::id::SiteId;
use avow_shared::record::{PurposeDecision, Record};
use avow_shared::reference;
use serde_json::{Value, json};

/// The view; `Invalid` if no answer of the record is one of consent.
pub async fn view(state: &AppState, site: &SiteId, receipt: &Receipt) -> Result<Value, Error> {
    let record = Record::from_canonical(&receipt.stored.record).map_err(Error::internal)?;
    let row = receipt.policy(state, site, &record.policy_sha256).await?;
    let document: Document = serde_json::from_str(&row.document).map_err(Error::internal)?;
    let answers: Vec<Value> = record
        .decisions
        .iter()
        .filter(|answer| answer.basis == Basis::Consent)
        .map(|answer| process(answer, &record, &document))
        .collect();
    if answers.is_empty() {
        return Err(Error::new(Kind::Invalid, "this record has no answer whose basis is consent"));
    }
    let code = reference::code(&receipt.stored.id);
    Ok(json!({
        "@context": {
            "dct": "http://purl.org/dc/terms/",
            "dpv": "https://w3id.org/dpv#",
            "eu-gdpr": "https://w3id.org/dpv/legal/eu/gdpr#",
            "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
            "schema": "https://schema.org/",
        },
        "@id": format!("urn:uuid:{}", record.id),
        "dct:conformsTo": { "@id": "https://w3id.org/dpv/schema/dpv-27560#receipt" },
        "dct:identifier": record.id,
        "dct:created": rfc3339(record.server_time),
        "dpv:hasIdentifier": code,
        "dpv:hasRecordOfActivity": { "dct:identifier": receipt.stored.id.to_text(), "dpv:hasIdentifier": avow_shared::id::hex(&receipt.stored.commitment) },
        // No visitor is known: what stands for one is the record itself.
        "dpv:hasDataSubject": { "@type": "dpv:DataSubject", "dpv:hasIdentifier": code },
        "dpv:hasDataController": controller(&document),
        "dpv:hasJurisdiction": document.jurisdiction.to_ascii_uppercase(),
        "dpv:hasAuthority": { "dpv:hasName": document.regulator.name, "schema:url": document.regulator.url },
        "dpv:hasNotice": {
            "@type": "dpv:ConsentNotice",
            "dct:identifier": format!("{} {}", record.policy_version, record.policy_sha256),
            "dct:language": record.locale,
            "schema:url": document.notice.privacy,
        },
        "dpv:hasConsentControl": { "@type": "dpv:WithdrawConsent", "dpv:isExercisedAt": document.notice.cookies },
        "dpv:hasProcess": answers,
    }))
}

fn controller(document: &Document) -> Value {
    let controller = &document.controller;
    let mut view = json!({
        "@type": "dpv:DataController",
        "dpv:hasIdentifier": document.site,
        "dpv:hasName": controller.name,
        "schema:address": controller.address,
        "schema:email": controller.email,
    });
    if let Some(dpo) = &document.dpo {
        view["schema:contactPoint"] = json!({ "dpv:hasName": dpo.name, "schema:email": dpo.email });
    }
    view
}

/// One purpose, with what was said of it.
fn process(answer: &PurposeDecision, record: &Record, document: &Document) -> Value {
    let purpose = document.purposes.iter().find(|purpose| purpose.id == answer.purpose);
    let services = purpose.map(|purpose| purpose.services.as_slice()).unwrap_or_default();
    json!({
        "@type": "dpv:Process",
        "dpv:hasPurpose": {
            "@type": "dpv:Purpose",
            "dct:identifier": answer.purpose,
            "dct:description": purpose.map_or("", |purpose| description(purpose, &record.locale)),
        },
        "dpv:hasPersonalData": { "@type": "dpv:PersonalData", "dct:description": "device and usage data" },
        "dpv:hasLegalBasis": [{ "@id": "dpv:ExpressedConsent" }, { "@id": "eu-gdpr:A6-1-a" }],
        "dpv:hasConsentStatus": { "@id": status(answer, record.event) },
        "dpv:isIndicatedBy": { "@type": "dpv:DataSubject" },
        "dpv:isIndicatedAtTime": rfc3339(record.server_time),
        "dpv:hasIndicationMethod": format!("{}: {}", record.surface.as_str(), record.control.as_str()),
        "dpv:hasDuration": { "@type": "dpv:UntilTimeDuration", "rdf:value": rfc3339(answer.until) },
        "dpv:hasService": services.iter().map(|service| json!({ "dct:identifier": service.id, "dpv:hasName": service.name })).collect::<Vec<_>>(),
        "dpv:hasRecipient": services.iter().map(recipient).collect::<Vec<_>>(),
        "dpv:hasStorageCondition": services.iter().flat_map(storage).collect::<Vec<_>>(),
    })
}

fn description<'a>(purpose: &'a Purpose, locale: &str) -> &'a str {
    purpose.text.get(locale).map_or(purpose.id.as_str(), |text| text.description.as_str())
}

/// What the answer is as a state of consent.
fn status(answer: &PurposeDecision, event: Event) -> &'static str {
    match (answer.granted, event) {
        (true, Event::Renewed) => "dpv:RenewedConsentGiven",
        (true, _) => "dpv:ConsentGiven",
        (false, Event::Withdrawn) => "dpv:ConsentWithdrawn",
        (false, _) => "dpv:ConsentRefused",
    }
}

fn recipient(service: &Service) -> Value {
    let role = if service.role == "processor" { "dpv:DataProcessor" } else { "dpv:ThirdParty" };
    json!({
        "@type": role,
        "dpv:hasName": service.provider,
        "dpv:hasLocation": service.country,
        "schema:url": service.privacy_url,
    })
}

/// Where it is kept and for how long: with who receives it, and on the device.
fn storage(service: &Service) -> Vec<Value> {
    let mut places = vec![json!({ "@type": "dpv:StorageLocation", "dpv:hasLocation": service.country })];
    places.extend(service.items.iter().map(|item| {
        let mut kept = json!({ "@type": "dpv:StorageDuration", "dct:identifier": item.name });
        match Duration::parse(&item.duration).and_then(Duration::iso8601) {
            Some(period) => {
                kept["dpv:hasDuration"] = json!({ "@type": "dpv:TemporalDuration", "rdf:value": period });
            }
            // A session, or for as long as nobody deletes it: no period of time.
            None => kept["dct:description"] = json!(item.duration),
        }
        kept
    }));
    places
}
