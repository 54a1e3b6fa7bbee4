//! Validators and cache keys: nobody gets a page that was made for another class.

use anyhow::Result;
use avow_tests::time::until;

use crate::gate::Gate;
use crate::site::{Answer, Site};

const PAGE: &str = "<!doctype html><head><img src=https://third.example/p>";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_validator_is_good_for_its_class_and_policy_only() -> Result<()> {
    let site = Site::start().await?;
    let headers = ["content-type: text/html", "etag: \"v1\"", "last-modified: Thu, 01 Jan 2026 00:00:00 GMT"];
    site.page("/", &headers, PAGE);
    let gate = Gate::before(&site).await?;
    let none = gate.page("/", "").await?;
    let tag = none.header("etag").to_owned();
    assert!(tag.starts_with("W/\"v1~s."), "{tag}");
    assert_eq!((none.header("last-modified"), none.header("accept-ranges")), ("", ""));
    let again = |cookie: String, tag: String| {
        let gate = &gate;
        async move {
            let mut headers = vec![("sec-fetch-dest", "document"), ("if-none-match", tag.as_str())];
            if !cookie.is_empty() {
                headers.push(("cookie", cookie.as_str()));
            }
            gate.get("/", &headers).await
        }
    };
    again(String::new(), tag.clone()).await?;
    assert_eq!(site.last().header("if-none-match"), "\"v1\"", "the site is asked about its own");
    let some = gate.decide(&["analytics"]).await?;
    let granted = again(some.cookie.clone(), tag.clone()).await?;
    assert_eq!(site.last().header("if-none-match"), "", "another class has nothing to show");
    assert_ne!(granted.header("etag"), tag);
    again(String::new(), "\"v1\"".to_owned()).await?;
    assert_eq!(site.last().header("if-none-match"), "", "a page from before the gate");
    // The answer 304 speaks of the page as the visitor has it.
    site.on("/", Answer::Bytes(b"HTTP/1.1 304 Not Modified\r\netag: \"v1\"\r\n\r\n".to_vec()));
    let unchanged = again(String::new(), tag.clone()).await?;
    assert_eq!((unchanged.status.as_u16(), unchanged.header("etag")), (304, tag.as_str()));
    assert_eq!(unchanged.headers.get_all("content-security-policy").iter().count(), 2);
    // A new policy makes every page another one.
    site.page("/", &headers, PAGE);
    gate.publish(&avow_tests::policy::toml("\n# x\n").replacen("name = \"The Shop\"", "name = \"Shop\"", 1))?;
    until("the new policy", || async {
        let now = gate.page("/", "").await?;
        Ok((now.header("etag") != tag).then_some(()))
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_somebody_allowed_is_not_for_shared_caches() -> Result<()> {
    let site = Site::start().await?;
    site.page("/", &["content-type: text/html", "cache-control: public, max-age=60, s-maxage=600"], PAGE);
    let gate = Gate::before(&site).await?;
    let none = gate.page("/", "").await?;
    assert_eq!(none.header("cache-control"), "public, max-age=60, s-maxage=600");
    assert_eq!(none.header("vary"), "Cookie, Sec-GPC");
    let some = gate.decide(&["analytics"]).await?;
    let granted = gate.page("/", &some.cookie).await?;
    assert_eq!(granted.header("cache-control"), "private, max-age=60");
    assert_eq!(granted.header("vary"), "Cookie, Sec-GPC");
    // Two visitors of one class get the same bytes.
    assert!(gate.page("/", "other=1").await?.body == none.body);
    Ok(())
}
