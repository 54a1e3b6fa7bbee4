//! Load: several visitors at once, and a list of what was acknowledged to them.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use anyhow::{Result, ensure};
use avow_tests::decision::{Body, Draft};
use avow_tests::policy::{ORIGIN, SITE};
use avow_tests::server::TestServer;
use reqwest::Client;
use tokio::task::JoinHandle;

/// Visitors who decide one after another until they are stopped or the server is gone.
pub struct Load {
    acknowledged: Arc<Mutex<Vec<(Body, String)>>>,
    sent: Arc<AtomicUsize>,
    visitors: Vec<JoinHandle<()>>,
}

impl Load {
    pub fn on(server: &TestServer, draft: &Draft, visitors: usize) -> Self {
        let acknowledged: Arc<Mutex<Vec<(Body, String)>>> = Arc::default();
        let sent = Arc::<AtomicUsize>::default();
        let url = format!("{}/v1/consents", server.base());
        let visitors = (0..visitors)
            .map(|_| {
                let (acknowledged, sent) = (Arc::clone(&acknowledged), Arc::clone(&sent));
                let (draft, url) = (draft.clone(), url.clone());
                tokio::spawn(async move {
                    let client = Client::builder().no_proxy().build().expect("a client can be made");
                    loop {
                        let body = draft.grant();
                        sent.fetch_add(1, Ordering::Relaxed);
                        let request = client
                            .post(&url)
                            .header("content-type", "application/json")
                            .header("origin", ORIGIN)
                            .body(body.to_string());
                        // No answer: not acknowledged, whatever became of it.
                        let Ok(answer) = request.send().await else { return };
                        if answer.status() != 201 {
                            return;
                        }
                        let Ok(text) = answer.text().await else { return };
                        acknowledged.lock().expect("no holder panics").push((body, text));
                    }
                })
            })
            .collect();
        Self { acknowledged, sent, visitors }
    }

    /// How many were acknowledged so far.
    pub fn count(&self) -> usize {
        self.acknowledged.lock().expect("no holder panics").len()
    }

    /// Waits for the visitors to notice that the server is gone; what was acknowledged, and how many were sent.
    pub async fn end(self) -> (Vec<(Body, String)>, usize) {
        for visitor in self.visitors {
            drop(visitor.await);
        }
        let acknowledged = std::mem::take(&mut *self.acknowledged.lock().expect("no holder panics"));
        (acknowledged, self.sent.load(Ordering::Relaxed))
    }
}

/// Every acknowledged record is there, as it was acknowledged, and once.
pub async fn all_there(server: &TestServer, acknowledged: &[(Body, String)]) -> Result<()> {
    let records = server.records()?;
    for (body, answer) in acknowledged {
        let path = format!("/v1/consents/{}?site={SITE}", body.id());
        let found = server.get_as(&path, "avow-secret", body.secret()).await?;
        ensure!(found.status == 200, "{} was acknowledged and is lost: {}", body.id(), found.text());
        let told: serde_json::Value = serde_json::from_str(answer)?;
        ensure!(found.json()["record"] == told["record"], "{} is another record now", body.id());
    }
    let mut ids: Vec<String> = records.iter().map(|record| record["id"].to_string()).collect();
    ensure!(ids.iter().all(|id| id.len() > 30), "exported lines name their record: {:?}", ids.first());
    let all = ids.len();
    ids.sort_unstable();
    ids.dedup();
    ensure!(ids.len() == all, "no record twice");
    ensure!(all >= acknowledged.len(), "{all} records for {} acknowledgements", acknowledged.len());
    Ok(())
}
