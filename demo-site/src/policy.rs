//! The published policy as the cookie page shows it, fetched from Avow.
//!
//! The page keeps no list of its own: what is published is what it says.

use std::time::Duration;

use anyhow::Context;
use serde::{Deserialize, Serialize};

/// The part of a compiled policy that the cookie page shows.
#[derive(Debug, Deserialize, Serialize)]
pub struct Policy {
    version: u32,
    purposes: Vec<Purpose>,
}

#[derive(Debug, Deserialize, Serialize)]
struct Purpose {
    id: String,
    category: String,
    name: String,
    description: String,
    services: Vec<Service>,
}

#[derive(Debug, Deserialize, Serialize)]
struct Service {
    name: String,
    provider: String,
    #[serde(default)]
    country: String,
    items: Vec<Item>,
}

#[derive(Debug, Deserialize, Serialize)]
struct Item {
    name: String,
    kind: String,
    #[serde(default)]
    prefix: bool,
    duration: String,
    #[serde(default)]
    third_parties: Vec<String>,
    description: String,
}

/// Which policy is current.
#[derive(Deserialize)]
struct Current {
    hash: String,
}

/// Fetches the policy that is published for `site` now, in English.
pub async fn fetch(client: &reqwest::Client, avow_url: &str, site: &str) -> anyhow::Result<Policy> {
    let current: Current = get(client, &format!("{avow_url}/v1/sites/{site}/policy")).await?;
    get(client, &format!("{avow_url}/site/{site}/{}/en.json", current.hash)).await
}

async fn get<T: for<'de> Deserialize<'de>>(client: &reqwest::Client, url: &str) -> anyhow::Result<T> {
    client
        .get(url)
        .timeout(Duration::from_secs(3))
        .send()
        .await
        .and_then(reqwest::Response::error_for_status)
        .context("ask Avow for the policy")?
        .json()
        .await
        .context("read the policy")
}
