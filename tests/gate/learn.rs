//! Learning: a site is watched before the gate is closed, and what no policy names is listed.

use anyhow::Result;
use avow_tests::database::Kind;
use avow_tests::policy;
use avow_tests::time::until;
use reqwest::Method;

use crate::gate::Gate;
use crate::site::Site;

const PAGE: &str = "<!doctype html><html><head><script>start('everything')</script></head>\
    <body onload=\"go()\"><img src=https://stray.example/p><img src=https://third.example/p></body></html>";

/// What `avow site …` prints, once it has this in it.
async fn printed(gate: &Gate, command: &str, wanted: &str) -> Result<String> {
    until(&format!("{wanted} in the list"), || async {
        let done = gate.avow(&["site", command, policy::SITE])?;
        let text = String::from_utf8(done.stdout)?;
        Ok(text.contains(wanted).then_some(text))
    })
    .await
}

async fn learns(kind: Kind) -> Result<()> {
    let site = Site::start().await?;
    let headers = ["content-type: text/html", "set-cookie: stray=1; Path=/", "set-cookie: basket=1"];
    site.page("/", &headers, PAGE);
    let mut gate = Gate::start(kind, &policy::toml(""), &site, &["--learn"]).await?;
    let reply = gate.page("/", "").await?;
    assert_eq!(reply.text(), PAGE, "nothing is changed");
    assert_eq!(reply.headers.get_all("set-cookie").iter().count(), 2);
    assert_eq!(reply.headers.get_all("content-security-policy").iter().count(), 0);
    let reported: Vec<_> = reply.headers.get_all("content-security-policy-report-only").iter().collect();
    assert_eq!(reported.len(), 2);
    let address = format!("report-uri /.avow/v1/reports?site={}", policy::SITE);
    assert!(reported.iter().all(|policy| policy.to_str().is_ok_and(|policy| policy.ends_with(&address))));
    // A browser reports; the page's address in it goes nowhere.
    let report = r#"{"csp-report":{"document-uri":"http://shop.localhost/secret?name=x","blocked-uri":"https://late.example/a?user=1","effective-directive":"connect-src"}}"#;
    let answer = gate
        .ask(Method::POST, &format!("/.avow/v1/reports?site={}", policy::SITE))
        .header("content-type", "application/csp-report")
        .body(report)
        .send()
        .await?;
    assert_eq!(answer.status(), 204);
    // Written when the gate ends, at the latest.
    assert!(gate.process().stop().await?.success());
    let unknown = printed(&gate, "unknown", "late.example").await?;
    for found in [
        "host\thttps://stray.example\timg",
        "host\thttps://late.example\tconnect-src",
        "cookie\tstray\tset-cookie",
    ] {
        assert!(unknown.contains(found), "{found}: {unknown}");
    }
    assert!(unknown.contains("start('everything')") && unknown.contains("\tonload\t"), "{unknown}");
    for declared in ["third.example", "basket", "secret", "user=1"] {
        assert!(!unknown.contains(declared), "{declared}: {unknown}");
    }
    let draft = printed(&gate, "learn", "[[inline]]").await?;
    assert_eq!(draft.matches("[[inline]]").count(), 2, "{draft}");
    assert!(
        draft.contains("#   \"https://stray.example\"") && draft.contains("# name = \"stray\""),
        "{draft}"
    );

    // With a purpose put in, the draft is part of a policy, and what it names is unknown no more.
    let filled = draft.replace("purpose = \"\"", "purpose = \"necessary\"");
    gate.publish(&policy::toml(&format!("\n{filled}")))?;
    let rest = printed(&gate, "unknown", "stray.example").await?;
    assert!(!rest.contains("start("), "{rest}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_site_is_learned_before_the_gate_is_closed_on_sqlite() -> Result<()> {
    learns(Kind::Sqlite).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_site_is_learned_before_the_gate_is_closed_on_postgres() -> Result<()> {
    if Kind::Postgres.is_here()? { learns(Kind::Postgres).await } else { Ok(()) }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_draft_is_no_policy_before_somebody_has_looked() -> Result<()> {
    let site = Site::start().await?;
    site.page("/", &["content-type: text/html"], PAGE);
    let mut gate = Gate::start(Kind::Sqlite, &policy::toml(""), &site, &["--learn"]).await?;
    gate.page("/", "").await?;
    assert!(gate.process().stop().await?.success());
    let draft = printed(&gate, "learn", "[[inline]]").await?;
    let refused = gate.publish(&policy::toml(&format!("\n{draft}"))).expect_err("no purpose is named");
    assert!(refused.to_string().contains("[inline-purpose]"), "{refused}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_closed_gate_counts_what_it_stops() -> Result<()> {
    let site = Site::start().await?;
    site.page("/", &["content-type: text/html", "set-cookie: stray=1"], PAGE);
    let mut gate = Gate::before(&site).await?;
    let mut asking = 0;
    for _ in 0..32 {
        let reply = gate.page("/", "").await?;
        asking += usize::from(reply.header("content-security-policy").contains("report-uri"));
    }
    assert_eq!(asking, 2, "one page of sixteen asks its browser for reports");
    assert!(gate.process().stop().await?.success());
    let unknown = printed(&gate, "unknown", "stray.example").await?;
    assert!(unknown.contains("cookie\tstray\tset-cookie\t32"), "{unknown}");
    assert!(!unknown.contains("third.example"), "{unknown}");
    Ok(())
}
