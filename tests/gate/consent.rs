//! What reaches a browser before, with and after consent.

use anyhow::Result;
use avow_tests::database::Kind;
use avow_tests::server::Reply;
use avow_tests::{geo, policy};
use reqwest::Method;

use crate::gate::{Gate, HOST};
use crate::site::{Answer, Site, response};

const PAGE: &str = "<!doctype html><html><head><title>x</title>\
    <script src=https://third.example/t.js></script></head><body>\
    <img src=https://other.example/p.gif></body></html>";

/// A page that a stranger's tag stands in, with cookies of every kind.
async fn site() -> Result<Site> {
    let site = Site::start().await?;
    site.page(
        "/",
        &[
            "content-type: text/html; charset=utf-8",
            "set-cookie: basket=1; Path=/; HttpOnly",
            "set-cookie: _count.x=1; Path=/; HttpOnly",
            "set-cookie: ad=1; Path=/; HttpOnly",
            "set-cookie: stray=1; Path=/",
            "link: <https://third.example/a.css>; rel=preload; as=style, </b.css>; rel=preload; as=style",
            "report-to: {\"group\":\"x\",\"endpoints\":[{\"url\":\"https://third.example/r\"}]}",
            "refresh: 9; url=https://third.example/",
        ],
        PAGE,
    );
    Ok(site)
}

fn cookies(reply: &Reply) -> Vec<String> {
    let all = reply.headers.get_all("set-cookie").iter();
    all.map(|line| line.to_str().unwrap_or_default().split('=').next().unwrap_or_default().to_owned())
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_optional_reaches_a_browser_before_a_choice() -> Result<()> {
    let site = site().await?;
    let gate = Gate::before(&site).await?;
    let reply = gate.page("/", "").await?;
    assert_eq!(reply.status, 200);
    let policies: Vec<_> = reply.headers.get_all("content-security-policy").iter().collect();
    assert_eq!(policies.len(), 2, "{:?}", reply.headers);
    assert_eq!(cookies(&reply), ["basket"], "the necessary one alone");
    assert_eq!(reply.header("link"), "</b.css>; rel=preload; as=style");
    assert_eq!((reply.header("report-to"), reply.header("refresh")), ("", ""));
    assert_eq!(reply.header("avow-class"), "none");
    let page = reply.text();
    assert!(page.starts_with("<!doctype html><html><head><script>"), "{page}");
    assert!(page.contains("<script data-avow-src=\"https://third.example/t.js\""), "{page}");
    assert!(page.contains("<img data-avow-src=\"https://other.example/p.gif\""), "{page}");
    // The guard's own hash is in the policy, or it would stop the guard.
    let guard = page.split("<script>").nth(1).and_then(|rest| rest.split("</script>").next()).unwrap_or("");
    assert!(guard.contains("__avow"), "the guard is the first script: {guard}");
    assert!(policies[0].to_str()?.contains(&hash(guard)), "{policies:?}");
    assert_eq!(site.last().header("x-forwarded-host"), HOST);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sealed_grant_opens_what_it_grants_and_nothing_else() -> Result<()> {
    let site = site().await?;
    let gate = Gate::before(&site).await?;
    let some = gate.decide(&["analytics"]).await?;
    let reply = gate.page("/", &some.cookie).await?;
    assert_eq!(reply.header("avow-class"), "analytics");
    assert_eq!(cookies(&reply), ["basket", "_count.x"]);
    let policies: Vec<_> = reply.headers.get_all("content-security-policy").iter().collect();
    assert!(policies.iter().all(|policy| policy.to_str().is_ok_and(|p| p.contains("https://third.example"))));
    assert!(reply.text().contains("<script src=https://third.example/t.js>"));
    assert!(reply.text().contains("<img data-avow-src="), "a host of no purpose stays out");

    let all = gate.decide(&["video", "analytics", "marketing"]).await?;
    let reply = gate.page("/", &all.cookie).await?;
    assert_eq!(reply.header("avow-class"), "all");
    assert_eq!(cookies(&reply), ["basket", "_count.x", "ad", "stray"]);
    assert_eq!(reply.headers.get_all("content-security-policy").iter().count(), 0);
    assert!(reply.text().ends_with(&PAGE[31..]), "as the site sent it, behind the guard");
    assert!(reply.header("link").contains("third.example"));

    // The same cookie without its seal, or with another one, is worth nothing.
    for worthless in
        [all.unsealed.clone(), all.cookie.replace("analytics:1", "analytics:0"), flipped(&all.cookie)]
    {
        assert_eq!(gate.page("/", &worthless).await?.header("avow-class"), "none", "{worthless}");
    }
    assert_eq!(
        gate.page("/", &format!("{}; {}", all.cookie, some.cookie)).await?.header("avow-class"),
        "none"
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn global_privacy_control_is_heard_on_every_request() -> Result<()> {
    let site = site().await?;
    let gate = Gate::before(&site).await?;
    let all = gate.decide(&["video", "analytics", "marketing"]).await?;
    assert_eq!(gate.page("/", &all.cookie).await?.header("avow-class"), "all");
    let signal = [("cookie", all.cookie.as_str()), ("sec-gpc", "1"), ("sec-fetch-dest", "document")];
    let reply = gate.get("/", &signal).await?;
    assert_eq!(reply.header("avow-class"), "video,analytics");
    assert!(reply.header("vary").contains("Sec-GPC"));
    let other = [("cookie", all.cookie.as_str()), ("sec-gpc", "0"), ("sec-fetch-dest", "document")];
    assert_eq!(gate.get("/", &other).await?.header("avow-class"), "all");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn exempt_statistics_run_from_page_one_where_the_law_says_so() -> Result<()> {
    let site = site().await?;
    let policy = policy::following(&policy::toml(""));
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("geo.mmdb");
    std::fs::write(&file, geo::file(&[("203.0.113.0/24", "GB", None), ("198.51.100.0/24", "FR", None)])?)?;
    let flags = ["--geo", &file.display().to_string(), "--trusted-proxy", "loopback"];
    let gate = Gate::start(Kind::Sqlite, &policy, &site, &flags).await?;
    let class = async |address: &str, cookie: &str| -> Result<(String, String)> {
        let page = gate.ask(Method::GET, "/").header("x-forwarded-for", address).header("cookie", cookie);
        let page = page.header("accept", "text/html").header("sec-fetch-dest", "document");
        let page = Reply::read(page.send().await?).await?;
        Ok((page.header("avow-class").to_owned(), page.header("cache-control").to_owned()))
    };
    let (name, cached) = class("203.0.113.9", "").await?;
    assert_eq!(name, "analytics");
    assert!(cached.starts_with("private"), "no shared cache gives it to who is elsewhere: {cached}");
    for elsewhere in ["198.51.100.9", "8.8.8.8", "nowhere"] {
        assert_eq!(class(elsewhere, "").await?.0, "none", "{elsewhere}");
    }
    let no = gate.decide(&[]).await?;
    assert_eq!(class("203.0.113.9", &no.unsealed).await?.0, "none", "a refusal needs no seal");
    Ok(())
}

/// In the strict mode, too: the gate knows where a visitor is before it sends the page.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_runs_until_an_opt_out_runs_from_page_one_and_ends_with_it() -> Result<()> {
    let site = site().await?;
    let flags = ["--country-header", "x-country", "--trusted-proxy", "loopback"];
    let gate = Gate::start(Kind::Sqlite, &policy::opting_out(&policy::toml("")), &site, &flags).await?;
    let class = async |country: &str, cookie: &str, signal: &str| -> Result<String> {
        let page = gate.ask(Method::GET, "/").header("x-country", country).header("sec-gpc", signal);
        let page =
            page.header("cookie", cookie).header("accept", "text/html").header("sec-fetch-dest", "document");
        Ok(Reply::read(page.send().await?).await?.header("avow-class").to_owned())
    };
    for (country, signal, name) in [
        ("US-CA", "0", "all"),
        ("US-CA", "1", "video,analytics"),
        ("CA-ON", "0", "all"),
        ("CH", "0", "video,analytics"),
        ("GB", "0", "analytics"),
        ("FR", "0", "none"),
        ("", "0", "none"),
    ] {
        assert_eq!(class(country, "", signal).await?, name, "{country} {signal}");
    }
    let no = gate.decide(&[]).await?;
    let twice = format!("{}; {}x", no.cookie, no.cookie);
    for cookie in [no.cookie.as_str(), no.unsealed.as_str(), "avow=1.x", twice.as_str()] {
        assert_eq!(class("US-CA", cookie, "0").await?, "none", "{cookie}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_consent_cookie_comes_by_http_too() -> Result<()> {
    let site = site().await?;
    let gate = Gate::before(&site).await?;
    let sealed = gate.decide(&["analytics"]).await?;
    let set = sealed.reply.header("set-cookie");
    assert!(set.starts_with(&format!("{}; Path=/; Max-Age=", sealed.cookie)), "{set}");
    assert!(set.contains("SameSite=Lax") && !set.contains("HttpOnly"), "the guard reads it: {set}");
    // A browser that holds another decision keeps it.
    let body = gate.draft().await?.grant();
    let reply = gate
        .ask(Method::POST, "/.avow/v1/consents")
        .header("origin", format!("http://{HOST}"))
        .header("sec-fetch-site", "same-origin")
        .header("content-type", "application/json")
        .header("cookie", &sealed.cookie)
        .body(body.to_string())
        .send()
        .await?;
    assert_eq!(reply.status(), 201);
    assert!(!reply.headers().contains_key("set-cookie"));
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cookies_of_what_is_not_allowed_are_ended() -> Result<()> {
    let site = site().await?;
    site.page("/shop/a", &["content-type: text/html"], PAGE);
    let gate = Gate::before(&site).await?;
    let some = gate.decide(&["analytics"]).await?;
    let sent = format!("{}; basket=1; _count.x=1; ad=1; stray=1", some.cookie);
    let reply = gate.page("/shop/a", &sent).await?;
    let ended: Vec<_> =
        reply.headers.get_all("set-cookie").iter().filter_map(|line| line.to_str().ok()).collect();
    assert!(ended.iter().all(|line| line.starts_with("ad=; Max-Age=0")), "{ended:?}");
    for path in ["/", "/shop", "/shop/", "/shop/a"] {
        assert!(ended.contains(&format!("ad=; Max-Age=0; Path={path}").as_str()), "{path}: {ended:?}");
    }
    assert!(reply.headers.get("clear-site-data").is_none());
    assert_eq!(site.last().header("cookie"), sent.replace("; ad=1", ""), "nor does the site read it");
    // A grant whose record is still on its way keeps what it granted.
    let reply = gate.page("/shop/a", &format!("{}; _count.x=1", some.unsealed)).await?;
    assert_eq!(cookies(&reply).len(), 0);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sites_own_policy_stays_and_lets_the_guard_run() -> Result<()> {
    let site = Site::start().await?;
    let own = "content-security-policy: script-src 'self' 'nonce-x'; report-uri https://third.example/r";
    site.page("/", &["content-type: text/html", own], PAGE);
    let gate = Gate::before(&site).await?;
    let reply = gate.page("/", "").await?;
    let policies: Vec<_> = reply.headers.get_all("content-security-policy").iter().collect();
    assert_eq!(policies.len(), 3);
    let own = policies[0].to_str()?;
    assert!(own.starts_with("script-src 'self' 'nonce-x' 'sha256-") && !own.contains("third"), "{own}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_workers_file_has_a_policy_of_its_own() -> Result<()> {
    let site = Site::start().await?;
    site.page("/w.js", &["content-type: text/javascript"], "fetch('https://third.example')");
    let gate = Gate::before(&site).await?;
    for (dest, policies) in [("worker", 1), ("serviceworker", 1), ("script", 0)] {
        let reply = gate.get("/w.js", &[("sec-fetch-dest", dest)]).await?;
        assert_eq!(reply.headers.get_all("content-security-policy").iter().count(), policies, "{dest}");
        assert!(reply.headers.get_all("vary").iter().any(|line| line == "Sec-Fetch-Dest"), "{dest}");
    }
    Ok(())
}

/// The name of the guard's build in a page.
fn guard(page: &str) -> Option<String> {
    let (_, rest) = page.split_once("\"guard\":\"")?;
    Some(rest.split('"').next()?.to_owned()).filter(|name| name.len() == 16)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_mode_compatible_tags_are_inert_without_a_policy() -> Result<()> {
    let site = site().await?;
    let policy = policy::toml("").replacen("site = ", "mode = \"compatible\"\nsite = ", 1);
    let gate = Gate::start(Kind::Sqlite, &policy, &site, &[]).await?;
    let reply = gate.page("/", "").await?;
    assert_eq!(reply.headers.get_all("content-security-policy").iter().count(), 0);
    // Its guard is another one, which holds tags itself.
    let strict = Gate::before(&site).await?.page("/", "").await?;
    assert!(guard(&reply.text()).is_some_and(|name| Some(name) != guard(&strict.text())));
    assert!(reply.text().contains("<script data-avow-src=\"https://third.example/t.js\""));
    assert_eq!(cookies(&reply), ["basket"]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn approved_inline_code_runs_with_its_purpose() -> Result<()> {
    let site = site().await?;
    let hash = |code: &str| hash(code).replace("sha256-", "");
    let approve = |code: &str, kind: &str, purpose: &str| {
        format!(
            "\n[[inline]]\nsha256 = \"{}\"\nkind = \"{kind}\"\npurpose = \"{purpose}\"\nnote = \"x\"\n",
            hash(code)
        )
    };
    let policy = policy::toml(&format!(
        "{}{}{}",
        approve("start()", "script", "necessary"),
        approve("count()", "script", "analytics"),
        approve("go()", "handler", "necessary")
    ));
    let gate = Gate::start(Kind::Sqlite, &policy, &site, &[]).await?;
    let code = |reply: &Reply| reply.header("content-security-policy").to_owned();
    let none = code(&gate.page("/", "").await?);
    assert!(
        none.contains(&hash("start()")) && none.contains(&hash("go()")) && none.contains("'unsafe-hashes'")
    );
    assert!(!none.contains(&hash("count()")));
    let some = gate.decide(&["analytics"]).await?;
    assert!(code(&gate.page("/", &some.cookie).await?).contains(&hash("count()")));
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn early_hints_do_not_get_through() -> Result<()> {
    let site = Site::start().await?;
    let mut hints =
        b"HTTP/1.1 103 Early Hints\r\nlink: <https://third.example/a.js>; rel=preload\r\n\r\n".to_vec();
    hints.extend(response("200 OK", &["content-type: text/html"], PAGE.as_bytes()));
    site.on("/", Answer::Bytes(hints));
    let gate = Gate::before(&site).await?;
    let request = format!("GET / HTTP/1.1\r\nhost: {HOST}\r\nconnection: close\r\n\r\n");
    let answer = gate.raw(request.as_bytes(), |_| false).await?;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(!answer.contains("103"), "{answer}");
    Ok(())
}

/// `sha256-…` of a text, as a policy has it.
fn hash(code: &str) -> String {
    use base64::Engine as _;
    use sha2::Digest as _;
    format!("sha256-{}", base64::engine::general_purpose::STANDARD.encode(sha2::Sha256::digest(code)))
}

/// The cookie with another last character in its seal.
fn flipped(cookie: &str) -> String {
    // The character before the last carries six whole bits.
    let at = cookie.len() - 2;
    let other = if &cookie[at..=at] == "A" { "B" } else { "A" };
    format!("{}{other}{}", &cookie[..at], &cookie[at + 1..])
}
