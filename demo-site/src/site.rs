//! The website `careers.localhost`: its routes, its form and the headers of its answers.
//!
//! What a page says is in the templates; how it is rendered in `pages`; Avow's own path in `proxy`.

use std::path::PathBuf;

use actix_web::cookie::{Cookie, SameSite};
use actix_web::http::header::{self, ContentType};
use actix_web::middleware::DefaultHeaders;
use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use anyhow::Context;
use minijinja::value::Serde;
use minijinja::{Value, context};
use serde::Deserialize;

use crate::pages::{Page, Pages, Variant};
use crate::source::Source;
use crate::third_party::{ADS, COLLECTOR, SOCIAL, VIDEO};
use crate::{policy, proxy};

/// The site's host name.
pub const HOST: &str = "careers.localhost";

/// The one cookie of the site itself: ties a form to the browser that opened it.
const FORM_COOKIE: &str = "ce_form";

/// Longest body of the web form.
const FORM_LIMIT: usize = 16 * 1024;

/// What the site is opened with.
pub struct Options {
    pub site_dir: PathBuf,
    pub avow_url: String,
    pub snippet: Option<PathBuf>,
    pub third_party_port: u16,
    pub source: Source,
}

/// The website.
pub struct Site {
    /// Talks to Avow.
    pub client: reqwest::Client,
    /// Where Avow listens, without a slash at the end.
    pub avow_url: String,
    id: String,
    pages: Pages,
    snippet: Option<PathBuf>,
    css: String,
    script: String,
    icon: String,
    source: Source,
}

impl Site {
    /// Reads the site's folder.
    pub fn open(options: &Options) -> anyhow::Result<Self> {
        let id = options
            .site_dir
            .file_name()
            .and_then(|name| name.to_str())
            .context("read the site's id from its folder")?
            .to_owned();
        let read = |name: &str| {
            std::fs::read_to_string(options.site_dir.join("static").join(name))
                .with_context(|| format!("read static/{name}"))
        };
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .connect_timeout(std::time::Duration::from_secs(2))
            .read_timeout(std::time::Duration::from_secs(30))
            .build()
            .context("make the client for Avow")?;
        Ok(Self {
            client,
            avow_url: options.avow_url.trim_end_matches('/').to_owned(),
            pages: Pages::read(&options.site_dir.join("templates"), id.clone(), options.third_party_port)?,
            id,
            snippet: options.snippet.clone(),
            css: read("site.css")?,
            script: read("site.js")?,
            icon: read("icon.svg")?,
            source: options.source.clone(),
        })
    }

    fn page(&self, page: Page, variant: Variant, extra: Value) -> HttpResponse {
        let snippet = match (variant, &self.snippet) {
            (Variant::Snippet, None) => {
                return failure("The pages under /b/ need --snippet FILE with what `avow snippet` printed.");
            }
            // Read anew for each page: pasting a new snippet needs no restart.
            (Variant::Snippet, Some(path)) => match std::fs::read_to_string(path) {
                Ok(snippet) => snippet,
                Err(error) => return failure(&format!("The snippet cannot be read: {error}.")),
            },
            _ => String::new(),
        };
        match self.pages.render(page, variant, &snippet, extra) {
            Ok(html) => {
                let mut response = HttpResponse::Ok();
                if page == Page::NotFound {
                    response = HttpResponse::NotFound();
                }
                response
                    .content_type(ContentType::html())
                    .insert_header((header::CACHE_CONTROL, "no-cache"))
                    .body(html)
            }
            Err(error) => {
                eprintln!("{error:#}");
                failure("The page cannot be shown.")
            }
        }
    }
}

/// Every route of the site.
pub fn routes(config: &mut ServiceConfig) {
    config
        .route(&format!("{}/{{rest:.*}}", proxy::PREFIX), web::route().to(proxy::forward))
        .route("/site.css", web::get().to(css))
        .route("/site.js", web::get().to(script))
        .route("/icon.svg", web::get().to(icon))
        .route("/favicon.ico", web::get().to(icon))
        .app_data(web::FormConfig::default().limit(FORM_LIMIT).error_handler(|error, _| {
            let answer =
                HttpResponse::BadRequest().content_type("text/plain; charset=utf-8").body("not a form\n");
            actix_web::error::InternalError::from_response(error, answer).into()
        }));
    for variant in Variant::ALL {
        if !variant.prefix().is_empty() {
            config.route(variant.prefix(), web::get().to(move || async move { to_folder(variant) }));
        }
        for page in Page::LINKED {
            let path = format!("{}{}", variant.prefix(), page.path());
            config.route(
                &path,
                web::get().to(move |site: web::Data<Site>, request: HttpRequest| async move {
                    get(&site, &request, page, variant).await
                }),
            );
        }
        let path = format!("{}{}", variant.prefix(), Page::Contact.path());
        config.route(
            &path,
            web::post().to(
                move |site: web::Data<Site>, request: HttpRequest, form: web::Form<Enquiry>| async move {
                    post_contact(&site, &request, variant, &form)
                },
            ),
        );
    }
    config.default_service(web::to(|site: web::Data<Site>| async move {
        site.page(Page::NotFound, Variant::External, Value::UNDEFINED)
    }));
}

/// The headers of every answer. Which hosts a page may talk to is Avow's to narrow: this names all that
/// the site knows of.
pub fn security_headers(third_party_port: u16) -> DefaultHeaders {
    let hosts =
        [COLLECTOR, VIDEO, ADS, SOCIAL].map(|host| format!("http://{host}:{third_party_port}")).join(" ");
    let policy = format!(
        "default-src 'self'; script-src 'self' 'unsafe-inline' 'wasm-unsafe-eval' {hosts}; \
         style-src 'self' 'unsafe-inline'; img-src 'self' data: {hosts}; connect-src 'self' {hosts}; \
         frame-src {hosts}; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
    );
    DefaultHeaders::new()
        .add((header::CONTENT_SECURITY_POLICY, policy))
        .add((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .add((header::X_FRAME_OPTIONS, "DENY"))
        .add((header::REFERRER_POLICY, "strict-origin-when-cross-origin"))
        .add((header::PERMISSIONS_POLICY, "camera=(), geolocation=(), microphone=(), payment=()"))
        .add(("Cross-Origin-Opener-Policy", "same-origin"))
        .add(("X-Robots-Tag", "noindex"))
}

async fn get(site: &Site, request: &HttpRequest, page: Page, variant: Variant) -> HttpResponse {
    match page {
        Page::Contact => {
            let token = form_token(request).unwrap_or_else(|| site.source.identifier());
            let mut response = site.page(page, variant, context! { token => token.as_str(), error => "" });
            set_form_cookie(&mut response, &token);
            response
        }
        Page::Cookies => {
            let policy = policy::fetch(&site.client, &site.avow_url, &site.id).await;
            if let Err(error) = &policy {
                eprintln!("{error:#}");
            }
            site.page(page, variant, context! { policy => policy.ok().map(Serde) })
        }
        _ => site.page(page, variant, Value::UNDEFINED),
    }
}

/// What the web form sends. None of it is kept.
#[derive(Deserialize)]
struct Enquiry {
    token: String,
    name: String,
    email: String,
    message: String,
}

fn post_contact(site: &Site, request: &HttpRequest, variant: Variant, enquiry: &Enquiry) -> HttpResponse {
    let expected = form_token(request);
    let filled = [&enquiry.name, &enquiry.email, &enquiry.message].iter().all(|text| !text.trim().is_empty());
    let error = if expected.as_deref() != Some(enquiry.token.as_str()) {
        "Your form was open for too long, or in another browser. Please send it again."
    } else if !filled || !enquiry.email.contains('@') {
        "Please tell us your name, an email address that we can answer, and what it is about."
    } else {
        return site.page(Page::Thanks, variant, context! { name => enquiry.name.trim() });
    };
    let token = expected.unwrap_or_else(|| site.source.identifier());
    let mut response =
        site.page(Page::Contact, variant, context! { token => token.as_str(), error => error });
    set_form_cookie(&mut response, &token);
    *response.status_mut() = actix_web::http::StatusCode::UNPROCESSABLE_ENTITY;
    response
}

/// The form's token as this browser holds it.
fn form_token(request: &HttpRequest) -> Option<String> {
    let token = request.cookie(FORM_COOKIE)?.value().to_owned();
    (token.len() == 32 && token.bytes().all(|byte| byte.is_ascii_hexdigit())).then_some(token)
}

fn set_form_cookie(response: &mut HttpResponse, token: &str) {
    let cookie =
        Cookie::build(FORM_COOKIE, token).path("/").http_only(true).same_site(SameSite::Lax).finish();
    // A session cookie made of hexadecimal characters always fits a header.
    if let Err(error) = response.add_cookie(&cookie) {
        eprintln!("{error}");
    }
}

fn to_folder(variant: Variant) -> HttpResponse {
    HttpResponse::PermanentRedirect()
        .insert_header((header::LOCATION, format!("{}/", variant.prefix())))
        .finish()
}

fn failure(sentence: &str) -> HttpResponse {
    HttpResponse::ServiceUnavailable().content_type("text/plain; charset=utf-8").body(format!("{sentence}\n"))
}

async fn css(site: web::Data<Site>) -> HttpResponse {
    file("text/css; charset=utf-8", site.css.clone())
}

async fn script(site: web::Data<Site>) -> HttpResponse {
    file("text/javascript; charset=utf-8", site.script.clone())
}

async fn icon(site: web::Data<Site>) -> HttpResponse {
    file("image/svg+xml", site.icon.clone())
}

fn file(kind: &'static str, text: String) -> HttpResponse {
    HttpResponse::Ok().content_type(kind).insert_header((header::CACHE_CONTROL, "max-age=60")).body(text)
}
