//! The Kantara view of a receipt (Consent Receipt v1.1.0): of a grant only, for that form knows no refusal.
//!
//! Times are seconds there. The master is our own record; what this form asks for and a record does not hold comes
//! from the policy that was shown.

use crate::consent::receipt::Receipt;
use crate::error::{Error, Kind};
use crate::policy::document::{Document, Purpose, Service};
use crate::state::AppState;
use avow_shared::id::SiteId;
use serde::Deserialize;
use serde_json::{Value, json};

/// What is read of a record.
#[derive(Debug, Deserialize)]
struct Record {
    decisions: Vec<Answer>,
    notice: Notice,
}

#[derive(Debug, Deserialize)]
struct Answer {
    granted: bool,
    purpose: String,
    until: i64,
}

#[derive(Debug, Deserialize)]
struct Notice {
    locale: String,
    policy_sha256: String,
}

/// The receipt in that form; `Invalid` if nothing was granted by it.
pub async fn view(state: &AppState, site: &SiteId, receipt: &Receipt) -> Result<Value, Error> {
    let record: Record = serde_json::from_str(&receipt.stored.record).map_err(Error::internal)?;
    if record.decisions.iter().all(|answer| !answer.granted) {
        return Err(Error::new(Kind::Invalid, "a Kantara receipt has no place for a refusal"));
    }
    let row = receipt.policy(state, site, &record.notice.policy_sha256).await?;
    let document: Document = serde_json::from_str(&row.document).map_err(Error::internal)?;
    let language = record.notice.locale.split('-').next().unwrap_or_default().to_owned();
    let granted = |purpose: &&Purpose| {
        record.decisions.iter().find(|answer| answer.granted && answer.purpose == purpose.id)
    };
    let services: Vec<Value> = document
        .purposes
        .iter()
        .filter(|purpose| granted(purpose).is_some())
        .flat_map(|purpose| {
            let until = granted(&purpose).map_or(0, |answer| answer.until);
            let locale = record.notice.locale.clone();
            purpose.services.iter().map(move |service| service_of(purpose, service, until, &locale))
        })
        .collect();
    let controller = &document.controller;
    let contact = document.dpo.as_ref().map_or(&controller.name, |dpo| &dpo.name);
    Ok(json!({
        "version": "KI-CR-v1.1.0",
        "jurisdiction": document.jurisdiction.to_ascii_uppercase(),
        "consentTimestamp": receipt.stored.server_time.0 / 1000,
        "collectionMethod": "web banner",
        "consentReceiptID": receipt.stored.id.to_text(),
        "language": language,
        // No visitor is known: what stands for one is the record itself.
        "piiPrincipalId": receipt.stored.id.to_text(),
        "piiControllers": [{
            "piiController": controller.name,
            "contact": contact,
            "address": { "streetAddress": controller.address },
            "email": controller.email,
            "phone": "",
        }],
        "policyUrl": document.notice.privacy,
        "services": services,
        "sensitive": false,
        "spiCat": [],
    }))
}

fn service_of(purpose: &Purpose, service: &Service, until: i64, locale: &str) -> Value {
    let text = purpose.text.get(locale);
    let mut view = json!({
        "purpose": text.map_or(purpose.id.as_str(), |text| text.description.as_str()),
        "purposeCategory": [category(&purpose.category)],
        "consentType": "EXPLICIT",
        "piiCategory": ["device and usage data"],
        "primaryPurpose": false,
        "termination": crate::clock::rfc3339(avow_shared::id::Millis(until)),
        "thirdPartyDisclosure": service.role != "processor",
    });
    if service.role != "processor" {
        view["thirdPartyName"] = json!(service.provider);
    }
    json!({ "service": service.name, "purposes": [view] })
}

/// The nearest of Kantara's categories: "n - Name".
fn category(category: &str) -> &'static str {
    match category {
        "analytics" => "8 - Personalized Experience",
        "marketing" => "9 - Marketing",
        _ => "1 - Core Function",
    }
}
