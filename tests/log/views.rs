//! A receipt in the forms of others: a signed statement (JWS), Kantara's for a grant, and that of ISO/IEC TS 27560.

use crate::receipts::path;
use anyhow::{Context, Result, ensure};
use avow_shared::jws::{self, Key};
use avow_tests::database::Kind;
use avow_tests::server::TestServer;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

async fn the_statement_is_signed_with_a_key_of_its_own(kind: Kind) -> Result<()> {
    let server = TestServer::on(kind).await?;
    let body = server.draft().await?.refusal();
    server.post(&body).await?;
    let url = format!("{}&format=jws", path(body.id()));
    let token = server.get_as(&url, "avow-secret", body.secret()).await?;
    ensure!(token.header("content-type") == "application/jose", "{}", token.text());
    let jwks = server.get("/.well-known/jwks.json").await?.json();
    let key = &jwks["keys"][0];
    let public =
        URL_SAFE_NO_PAD.decode(key["x"].as_str().context("x")?)?.try_into().ok().context("32 bytes")?;
    let known = [Key::from_public(public).context("a key")?];
    let verified = jws::verify(&token.text(), &known)?;
    ensure!(key["kid"] == verified.kid.as_str(), "found by its kid");
    let payload: Value = serde_json::from_slice(&verified.payload)?;
    let receipt = server.get_as(&path(body.id()), "avow-secret", body.secret()).await?.json();
    ensure!(payload == receipt, "it states the receipt");
    let log = server.get("/v1/sites/shop/log").await?.json();
    let log_key = avow_shared::note::Verifier::parse(log["keys"][0].as_str().context("a key")?);
    ensure!(log_key.context("a key")?.public() != public, "heads are signed with another key");
    Ok(())
}

async fn kantara_knows_grants_only_and_counts_seconds(kind: Kind) -> Result<()> {
    let server = TestServer::on(kind).await?;
    let draft = server.draft().await?;
    let (grant, refusal) = (draft.grant(), draft.refusal());
    let answer = server.post(&grant).await?.json();
    server.post(&refusal).await?;
    let get = |body: &avow_tests::decision::Body| {
        (format!("{}&format=kantara", path(body.id())), body.secret().to_owned())
    };
    let (url, secret) = get(&refusal);
    ensure!(server.get_as(&url, "avow-secret", &secret).await?.status == 422);
    let (url, secret) = get(&grant);
    let view = server.get_as(&url, "avow-secret", &secret).await?.json();
    let millis = answer["server_time"].as_i64().context("a time")?;
    ensure!(view["consentTimestamp"] == millis / 1000, "{view}");
    for name in
        ["version", "jurisdiction", "collectionMethod", "consentReceiptID", "piiPrincipalId", "policyUrl"]
    {
        ensure!(view[name].as_str().is_some_and(|text| !text.is_empty()), "{name} in {view}");
    }
    for controller in view["piiControllers"].as_array().context("controllers")? {
        for name in ["piiController", "contact", "email", "phone"] {
            ensure!(controller[name].is_string(), "{name} in {controller}");
        }
        ensure!(controller["address"].is_object());
    }
    let services = view["services"].as_array().context("services")?;
    ensure!(!services.is_empty());
    for purpose in services.iter().flat_map(|service| service["purposes"].as_array().into_iter().flatten()) {
        for name in ["purposeCategory", "piiCategory"] {
            ensure!(
                purpose[name].as_array().is_some_and(|list| list.iter().all(Value::is_string)),
                "{purpose}"
            );
        }
        ensure!(purpose["consentType"] == "EXPLICIT" && purpose["termination"].is_string());
        let disclosed = purpose["thirdPartyDisclosure"].as_bool().context("a word on third parties")?;
        ensure!(!disclosed || purpose["thirdPartyName"].is_string(), "{purpose}");
    }
    ensure!(view["sensitive"] == false && view["spiCat"].as_array().is_some_and(Vec::is_empty));
    Ok(())
}

/// Every term that the view may use, from the vocabulary's guide to that standard.
const TERMS: &[&str] = &[
    "dct:conformsTo",
    "dct:created",
    "dct:description",
    "dct:identifier",
    "dct:language",
    "dpv:ConsentGiven",
    "dpv:ConsentNotice",
    "dpv:ConsentRefused",
    "dpv:DataController",
    "dpv:DataProcessor",
    "dpv:DataSubject",
    "dpv:ExpressedConsent",
    "dpv:PersonalData",
    "dpv:Process",
    "dpv:Purpose",
    "dpv:StorageDuration",
    "dpv:StorageLocation",
    "dpv:TemporalDuration",
    "dpv:ThirdParty",
    "dpv:UntilTimeDuration",
    "dpv:WithdrawConsent",
    "dpv:hasAuthority",
    "dpv:hasConsentControl",
    "dpv:hasConsentStatus",
    "dpv:hasDataController",
    "dpv:hasDataSubject",
    "dpv:hasDuration",
    "dpv:hasIdentifier",
    "dpv:hasIndicationMethod",
    "dpv:hasJurisdiction",
    "dpv:hasLegalBasis",
    "dpv:hasLocation",
    "dpv:hasName",
    "dpv:hasNotice",
    "dpv:hasPersonalData",
    "dpv:hasProcess",
    "dpv:hasPurpose",
    "dpv:hasRecipient",
    "dpv:hasRecordOfActivity",
    "dpv:hasService",
    "dpv:hasStorageCondition",
    "dpv:isExercisedAt",
    "dpv:isIndicatedAtTime",
    "dpv:isIndicatedBy",
];

/// Keys, types and identifiers of a JSON-LD document.
fn terms<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members.iter().filter(|(name, _)| *name != "@context") {
                match (name.as_str(), value) {
                    ("@type" | "@id", Value::String(term)) => found.push(term),
                    (name, value) => {
                        found.push(name);
                        terms(value, found);
                    }
                }
            }
        }
        Value::Array(values) => values.iter().for_each(|value| terms(value, found)),
        _ => {}
    }
}

async fn the_view_of_iso_27560_says_yes_and_no(kind: Kind) -> Result<()> {
    let server = TestServer::on(kind).await?;
    let draft = server.draft().await?;
    for (body, status) in [(draft.grant(), "dpv:ConsentGiven"), (draft.refusal(), "dpv:ConsentRefused")] {
        server.post(&body).await?;
        let url = format!("{}&format=iso27560", path(body.id()));
        let answer = server.get_as(&url, "avow-secret", body.secret()).await?;
        ensure!(answer.header("content-type") == "application/ld+json", "{}", answer.text());
        let view = answer.json();
        ensure!(view["@id"] == format!("urn:uuid:{}", body.id()) && view["@context"].is_object());
        // The fields that the standard demands of a receipt.
        for name in [
            "dct:identifier",
            "dpv:hasIdentifier",
            "dpv:hasDataSubject",
            "dpv:hasNotice",
            "dpv:hasDataController",
            "dpv:hasJurisdiction",
            "dpv:hasConsentControl",
        ] {
            ensure!(!view[name].is_null() && view[name] != "", "{name} in {view}");
        }
        for name in ["dpv:hasIdentifier", "dpv:hasName", "schema:address", "schema:email"] {
            ensure!(view["dpv:hasDataController"][name].is_string(), "{name} in {view}");
        }
        let processes = view["dpv:hasProcess"].as_array().context("processes")?;
        ensure!(!processes.is_empty());
        for process in processes {
            for name in [
                "dpv:hasPurpose",
                "dpv:hasPersonalData",
                "dpv:hasLegalBasis",
                "dpv:isIndicatedAtTime",
                "dpv:isIndicatedBy",
                "dpv:hasDuration",
                "dpv:hasRecipient",
                "dpv:hasStorageCondition",
            ] {
                ensure!(!process[name].is_null(), "{name} in {process}");
            }
            ensure!(process["dpv:hasConsentStatus"]["@id"] == status, "{process}");
        }
        let mut used = Vec::new();
        terms(&view, &mut used);
        for term in used.into_iter().filter(|term| term.starts_with("dpv:") || term.starts_with("dct:")) {
            ensure!(TERMS.contains(&term), "{term} is not known to exist");
        }
    }
    Ok(())
}

avow_tests::on_both!(
    the_statement_is_signed_with_a_key_of_its_own,
    kantara_knows_grants_only_and_counts_seconds,
    the_view_of_iso_27560_says_yes_and_no,
);
