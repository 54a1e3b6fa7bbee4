//! Two sites whose pages would see one consent cookie, on both databases.

use super::*;
use crate::cache::Policies;
use crate::testing::{NOW, databases};
use std::path::PathBuf;

const POLICY: &str = include_str!("../../testing/site.toml");

fn policy(site: &str, host: &str) -> String {
    let text = POLICY.replacen("site = \"site\"", &format!("site = {site:?}"), 1).replacen(
        "domains = [\"site.example\"]",
        &format!("domains = [{host:?}]"),
        1,
    );
    assert!(text.contains(site) && text.contains(host), "the policy names both");
    text
}

fn clock() -> Clock {
    Clock::from_fn(|| NOW)
}

/// Publishes as it was done before anybody looked at the other sites.
async fn publish_unseen(store: &Store, text: &str) {
    let document = compile(&read(text, "avow.toml").unwrap_or_else(|faults| panic!("{faults}")), &[]);
    let site = SiteId::parse(&document.site).expect("a name");
    let (canonical, origin) = (document.to_canonical(), document.log_origin());
    let hash = Document::hash(&canonical);
    let new = NewPolicy { hash: &hash, source: text, document: &canonical, origin: &origin };
    let revision = store.policies_revision().await.expect("a read");
    store.publish_version(&site, 0, revision, &new, NOW).await.expect("the store does not judge");
}

#[tokio::test]
async fn a_host_whose_cookie_another_site_sees_is_refused_until_that_one_lets_go() {
    for database in databases().await {
        let store = &database.store;
        let path: PathBuf = database.directory.path().join("avow.toml");
        let submit = async |text: String| {
            std::fs::write(&path, text).expect("a file");
            publish(store, &clock(), &path).await
        };
        submit(policy("main", "www.council.example")).await.expect("the first site");
        submit(policy("far", "www.elsewhere.example")).await.expect("a site elsewhere");
        let error = submit(policy("jobs", "jobs.council.example")).await.expect_err("one cookie for two");
        let said = error.to_string();
        for part in [
            "avow.toml:5:12: [domain-taken]",
            "`jobs.council.example`",
            "council.example, with site main (`www.council.example`)",
        ] {
            assert!(said.contains(part), "{}: {part} in {said}", store.name());
        }
        assert_eq!(store.list_sites().await.expect("a read").len(), 2, "nothing was stored");
        submit(policy("main", "www.main.example")).await.expect("its own next version is no neighbor of it");
        submit(policy("jobs", "jobs.council.example")).await.expect("the host is free");
    }
}

#[tokio::test]
async fn a_pair_of_before_is_served_and_refused_at_its_next_version() {
    for database in databases().await {
        let store = &database.store;
        let (main, jobs) = (policy("main", "www.council.example"), policy("jobs", "jobs.council.example"));
        publish_unseen(store, &main).await;
        publish_unseen(store, &jobs).await;
        let path = database.directory.path().join("avow.toml");

        std::fs::write(&path, &jobs).expect("a file");
        publish(store, &clock(), &path).await.expect("what is published already is no fault");
        let error = {
            std::fs::write(&path, jobs.replacen("grant_days = 180", "grant_days = 90", 1)).expect("a file");
            publish(store, &clock(), &path).await.expect_err("the next version is")
        };
        assert!(error.to_string().contains("[domain-taken]"), "{error}");
        let documents = documents(store).await.expect("both");
        let site = SiteId::parse("main").expect("a name");
        assert_eq!(neighbors::sharing(&site, &documents), ["jobs"]);

        let policies = Policies::new(store.clone());
        for name in ["main", "jobs"] {
            let site = SiteId::parse(name).expect("a name");
            let served = policies.site(&site).await.expect("the database answers").expect("it is served");
            assert_eq!(served.current.engine.version, 1, "{name}");
        }
    }
}
