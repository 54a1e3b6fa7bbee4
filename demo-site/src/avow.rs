//! What the server of a site asks Avow for: parts of pages, and to take the answer that one of its own forms was given.

use std::time::Duration;

use actix_web::HttpRequest;
use anyhow::Context;
use serde::Deserialize;

use crate::pretend::Pretend;
use crate::site_file::Part;

/// The headers of a visitor's request that Avow judges a form by.
const HANDED_ON: [&str; 6] =
    ["cookie", "origin", "sec-fetch-mode", "sec-fetch-site", "sec-fetch-user", "sec-gpc"];

/// What came of a form.
#[derive(Debug, Deserialize)]
pub struct Taken {
    /// The purposes that may run now.
    pub granted: Vec<String>,
    /// The `Set-Cookie` line to hand to the visitor.
    #[serde(skip)]
    pub cookie: Option<String>,
}

/// The way to Avow for one site.
pub struct Avow {
    client: reqwest::Client,
    url: String,
    site: String,
}

impl Avow {
    pub fn new(client: reqwest::Client, url: String, site: String) -> Self {
        Self { client, url, site }
    }

    /// A part of a page, as HTML.
    pub async fn part(&self, part: Part, lang: &str, request: &HttpRequest) -> anyhow::Result<String> {
        let name = match part {
            Part::Cookies => "cookies",
            Part::Notice => "notice",
        };
        let url = format!("{}/page/{}/{name}?part=main&lang={lang}", self.url, self.site);
        let answer = on_behalf(self.client.get(url), request).send().await;
        answer
            .and_then(reqwest::Response::error_for_status)
            .context("ask Avow for a part of the page")?
            .text()
            .await
            .context("read the part")
    }

    /// Hands on what a form of the site was answered about these purposes.
    pub async fn answer(
        &self,
        asked: &[String],
        granted: &[String],
        lang: &str,
        request: &HttpRequest,
    ) -> anyhow::Result<Taken> {
        let mut fields = vec![("button".to_owned(), "save"), ("language".to_owned(), lang)];
        for id in asked {
            fields.push((format!("purpose.{id}"), if granted.contains(id) { "on" } else { "off" }));
        }
        let body = serde_urlencoded::to_string(fields).context("write the form")?;
        let post = self
            .client
            .post(format!("{}/page/{}/answer", self.url, self.site))
            .header("content-type", "application/x-www-form-urlencoded")
            .header("accept", "application/json")
            .body(body);
        let answer = on_behalf(post, request)
            .send()
            .await
            .and_then(reqwest::Response::error_for_status)
            .context("hand the answer to Avow")?;
        let cookie =
            answer.headers().get("set-cookie").and_then(|line| line.to_str().ok()).map(str::to_owned);
        let taken: Taken = answer.json().await.context("read what Avow took")?;
        Ok(Taken { cookie, ..taken })
    }
}

/// With what Avow must know of the visitor for whom the site asks.
fn on_behalf(onward: reqwest::RequestBuilder, request: &HttpRequest) -> reqwest::RequestBuilder {
    let mut onward = onward.timeout(Duration::from_secs(3));
    for name in HANDED_ON {
        if let Some(value) = request.headers().get(name) {
            onward = onward.header(name, value.as_bytes());
        }
    }
    Pretend::of(request).tell(onward, request)
}
