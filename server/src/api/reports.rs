//! `POST /v1/reports`: what browsers say the gate's policies stopped, and what the widget says of old snippets.
//!
//! Of a report only the blocked host and the directive are read. The page's address, which is in it too, is not.

use super::problem::{Kind as Problems, Problem, ProblemBody};
use super::{resource, site_policies, whole};
use crate::seen::Kind;
use crate::state::AppState;
use actix_web::HttpResponse;
use actix_web::web::{Bytes, Data, PayloadConfig, Query, ServiceConfig, post};
use serde::Deserialize;
use url::Url;

/// The largest body. Browsers may bundle reports.
const MAX_BODY: usize = 32 * 1024;
/// Reports that are read of one body.
const MOST: usize = 32;

/// Registers the path.
pub fn configure(config: &mut ServiceConfig) {
    config.service(resource("/v1/reports").app_data(PayloadConfig::new(MAX_BODY)).route(post().to(create)));
}

/// Whose page it was.
#[derive(Debug, Deserialize)]
pub struct SiteQuery {
    site: String,
}

/// A body in one of its forms: a report (CSP 2), a list of them (Reporting API), or the widget's own.
#[derive(Deserialize)]
#[serde(untagged)]
enum Body {
    One {
        #[serde(rename = "csp-report")]
        report: Report,
    },
    Many(Vec<Entry>),
    Snippet {
        snippet: Pasted,
    },
}

/// The snippet of a page, where it is older than the policy. The widget tells of it.
#[derive(Deserialize)]
struct Pasted {
    version: u32,
}

#[derive(Deserialize)]
struct Entry {
    body: Option<Report>,
}

#[derive(Deserialize)]
struct Report {
    #[serde(alias = "blocked-uri", alias = "blockedURL")]
    blocked: Option<String>,
    #[serde(alias = "effective-directive", alias = "effectiveDirective")]
    directive: Option<String>,
}

/// Counts what a browser's content security policy stopped: the host and the directive, nothing else.
#[utoipa::path(
    post, path = "/v1/reports", tag = "gate",
    params(("site" = String, Query, description = "the site")),
    request_body(content = Object, description = "a browser's report, or `{\"snippet\":{\"version\":1}}` of the widget; at most 32 kB", content_type = "application/csp-report"),
    responses(
        (status = 204, description = "counted, or not worth it"),
        (status = 400, description = "malformed", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "unknown-site", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "too-large", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "rate-limited, with Retry-After", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "unavailable", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn create(
    state: Data<AppState>,
    query: Result<Query<SiteQuery>, actix_web::Error>,
    body: Result<Bytes, actix_web::Error>,
) -> Result<HttpResponse, Problem> {
    let query = query.map_err(|_| Problem::new(Problems::Malformed).detail("site is missing"))?;
    let (site, policies) = site_policies(&state, &query.site).await?;
    let body = whole(body)?;
    let seen = state.ledger.of(site);
    let reports: Vec<Report> = match serde_json::from_slice(&body).map_err(|_| Problems::Malformed)? {
        Body::One { report } => vec![report],
        Body::Many(entries) => entries.into_iter().filter_map(|entry| entry.body).collect(),
        Body::Snippet { snippet: Pasted { version } } => {
            // A version that never was is not worth a row.
            if (1..policies.current.engine.version).contains(&version) {
                seen.note(Kind::Snippet, &version.to_string(), "page");
            }
            Vec::new()
        }
    };
    for report in reports.into_iter().take(MOST) {
        if let Some((origin, directive)) = read(&report) {
            seen.note(Kind::Host, &origin, directive);
        }
    }
    Ok(HttpResponse::NoContent().finish())
}

/// The blocked origin and the directive, if both are what they should be.
fn read(report: &Report) -> Option<(String, &str)> {
    let url = Url::parse(report.blocked.as_deref()?).ok()?;
    let known = matches!(url.scheme(), "http" | "https" | "ws" | "wss");
    let directive = report.directive.as_deref()?;
    let is_name = directive.len() <= 40 && directive.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
    (known && is_name).then(|| (url.origin().ascii_serialization(), directive))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(blocked: &str, directive: &str) -> Report {
        Report { blocked: Some(blocked.to_owned()), directive: Some(directive.to_owned()) }
    }

    #[test]
    fn of_a_report_only_host_and_directive_are_read() {
        let good = report("https://t.example/path?user=1", "img-src");
        assert_eq!(read(&good), Some(("https://t.example".to_owned(), "img-src")));
        for bad in [
            report("inline", "script-src-elem"),
            report("data", "img-src"),
            report("https://t.example", "IMG <b>"),
            report("file:///etc", "img-src"),
        ] {
            assert_eq!(read(&bad), None);
        }
        let text = r#"{"csp-report":{"document-uri":"https://a.example/x","blocked-uri":"https://t.example/","effective-directive":"img-src"}}"#;
        assert!(matches!(serde_json::from_str(text), Ok(Body::One { .. })));
        let text = r#"[{"type":"csp-violation","url":"https://a.example/x","body":{"blockedURL":"https://t.example/","effectiveDirective":"img-src"}}]"#;
        assert!(matches!(serde_json::from_str(text), Ok(Body::Many(all)) if all.len() == 1));
    }
}
