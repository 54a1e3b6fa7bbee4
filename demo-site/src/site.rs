//! One of the websites: its pages, its forms, its files.
//!
//! What a page says is in the templates; how it is rendered in `pages`; which site answers a request in `sites`.

use std::path::{Path, PathBuf};

use actix_web::cookie::{Cookie, SameSite};
use actix_web::http::header::{self, ContentType};
use actix_web::http::{Method, StatusCode};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse};
use anyhow::Context;
use minijinja::value::Serde;
use minijinja::{Value, context};

use crate::avow::Avow;
use crate::pages::{Pages, Variant, View};
use crate::pretend::Pretend;
use crate::site_file::{Form, Page, SiteFile};
use crate::source::Source;
use crate::{sites, start};

/// What every site is opened with.
pub struct Options {
    pub client: reqwest::Client,
    /// Where Avow listens, without a slash at the end.
    pub avow_url: String,
    /// The folder in which `SITE.html` is what `avow snippet SITE` printed.
    pub snippets: Option<PathBuf>,
    pub third_party_port: u16,
    pub source: Source,
}

/// A website.
pub struct Site {
    pub id: String,
    pub file: SiteFile,
    avow: Avow,
    pages: Pages,
    snippet: Option<PathBuf>,
    css: String,
    script: String,
    icon: String,
    /// The content security policy of its pages.
    policy: String,
    source: Source,
}

impl Site {
    /// Reads the site's folder.
    pub fn open(dir: &Path, options: &Options) -> anyhow::Result<Self> {
        let id =
            dir.file_name().and_then(|name| name.to_str()).context("read the site's id from its folder")?;
        let read = |name: &str| {
            let path = dir.join("static").join(name);
            std::fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))
        };
        Ok(Self {
            file: SiteFile::read(dir)?,
            avow: Avow::new(options.client.clone(), options.avow_url.clone(), id.to_owned()),
            pages: Pages::read(&dir.join("templates"), options.third_party_port)?,
            snippet: options.snippets.as_ref().map(|dir| dir.join(format!("{id}.html"))),
            css: read("site.css")?,
            script: read("site.js")?,
            icon: read("icon.svg")?,
            policy: sites::content_security_policy(options.third_party_port),
            source: options.source.clone(),
            id: id.to_owned(),
        })
    }

    /// Answers a request for anything but Avow's own path.
    pub async fn answer(&self, request: &HttpRequest, body: &Bytes) -> HttpResponse {
        match request.path() {
            "/site.css" => return file("text/css; charset=utf-8", &self.css),
            "/site.js" => return file("text/javascript; charset=utf-8", &self.script),
            "/icon.svg" | "/favicon.ico" => return file("image/svg+xml", &self.icon),
            "/b" | "/plain" => {
                return HttpResponse::PermanentRedirect()
                    .insert_header((header::LOCATION, format!("{}/", request.path())))
                    .finish();
            }
            _ => {}
        }
        let (variant, path) = Variant::of(request.path());
        let Some(page) = self.file.page(path) else {
            return self.show(
                "not_found.html",
                variant,
                // Of an address that is nobody's nothing is repeated.
                "/",
                request,
                Value::UNDEFINED,
                StatusCode::NOT_FOUND,
            );
        };
        match (request.method(), page.form) {
            (&Method::GET | &Method::HEAD, _) => self.get(page, variant, request).await,
            (&Method::POST, Some(form)) => self.post(page, form, variant, request, body).await,
            _ => HttpResponse::MethodNotAllowed().finish(),
        }
    }

    async fn get(&self, page: &Page, variant: Variant, request: &HttpRequest) -> HttpResponse {
        if let Some(part) = page.avow {
            let part = self.avow.part(part, self.language(request), request).await;
            let part = part.inspect_err(|error| eprintln!("{error:#}")).unwrap_or_default();
            let extra = context! { part => Value::from_safe_string(part) };
            return self.show(&page.template, variant, &page.path, request, extra, StatusCode::OK);
        }
        if page.form.is_some() {
            return self.ask(page, variant, request, "", StatusCode::OK);
        }
        self.show(&page.template, variant, &page.path, request, Value::UNDEFINED, StatusCode::OK)
    }

    /// Shows a form, under a token that ties it to this browser.
    fn ask(
        &self,
        page: &Page,
        variant: Variant,
        request: &HttpRequest,
        error: &str,
        status: StatusCode,
    ) -> HttpResponse {
        let token = self.form_token(request).unwrap_or_else(|| self.source.identifier());
        let extra = context! { token => token.as_str(), error => error };
        let mut response = self.show(&page.template, variant, &page.path, request, extra, status);
        let name = self.file.form_cookie.clone().unwrap_or_default();
        let cookie = Cookie::build(name, token).path("/").http_only(true).same_site(SameSite::Lax).finish();
        // A session cookie made of hexadecimal characters always fits a header.
        if let Err(error) = response.add_cookie(&cookie) {
            eprintln!("{error}");
        }
        response
    }

    async fn post(
        &self,
        page: &Page,
        form: Form,
        variant: Variant,
        request: &HttpRequest,
        body: &Bytes,
    ) -> HttpResponse {
        // None of it is kept.
        let Ok(fields) = serde_urlencoded::from_bytes::<Vec<(String, String)>>(body) else {
            return HttpResponse::BadRequest().content_type("text/plain; charset=utf-8").body("not a form\n");
        };
        let field =
            |name: &str| fields.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value.trim());
        let again = |error| self.ask(page, variant, request, error, StatusCode::UNPROCESSABLE_ENTITY);
        if self.form_token(request).is_none_or(|token| token != field("token")) {
            return again("Your form was open for too long, or in another browser. Please send it again.");
        }
        let thanks = page.thanks.as_deref().unwrap_or("not_found.html");
        let show = |extra| self.show(thanks, variant, &page.path, request, extra, StatusCode::OK);
        let email = field("email");
        match form {
            Form::Enquiry => {
                if field("name").is_empty() || field("message").is_empty() || !email.contains('@') {
                    return again(
                        "Please tell us your name, an email address that we can answer, and what it is about.",
                    );
                }
                show(context! { name => field("name") })
            }
            Form::Newsletter => {
                if !email.contains('@') {
                    return again("Please tell us an email address to which the newsletter can go.");
                }
                let asked = ["newsletter", "email_beacons"].map(str::to_owned);
                let ticked: Vec<String> =
                    fields.iter().filter(|(name, _)| name == "purpose").map(|(_, id)| id.clone()).collect();
                match self.avow.answer(&asked, &ticked, self.language(request), request).await {
                    Ok(taken) => {
                        let granted: Vec<String> =
                            taken.granted.into_iter().filter(|id| asked.contains(id)).collect();
                        let mut response = show(context! { email => email, granted => granted });
                        if let Some(line) =
                            taken.cookie.and_then(|line| header::HeaderValue::from_str(&line).ok())
                        {
                            response.headers_mut().append(header::SET_COOKIE, line);
                        }
                        response
                    }
                    Err(error) => {
                        eprintln!("{error:#}");
                        again(
                            "Your answer could not be recorded just now, so nothing was agreed. Please try again.",
                        )
                    }
                }
            }
        }
    }

    fn show(
        &self,
        template: &str,
        variant: Variant,
        path: &str,
        request: &HttpRequest,
        extra: Value,
        status: StatusCode,
    ) -> HttpResponse {
        let pretend = Pretend::of(request);
        let avow = match self.avow_markup(variant) {
            Ok(markup) => markup,
            Err(error) => return failure(&format!("{error:#}")),
        };
        let port = start::port(request);
        let view = View {
            variant,
            path,
            lang: self.language(request),
            head: format!("{}{avow}<link rel=\"stylesheet\" href=\"/demo.css\">", start::signal(&pretend)),
            note: start::note(variant, path, &pretend, &port),
            own: self.file.hosts.iter().map(|host| format!("http://{host}{port}")).collect(),
        };
        let context = context! { pages => Serde(self.file.links()), ..extra };
        match self.pages.render(template, &view, context) {
            Ok(html) => {
                let mut response = HttpResponse::build(status);
                response.content_type(ContentType::html()).insert_header((header::CACHE_CONTROL, "no-cache"));
                if pretend.no_script() {
                    // A browser in which scripts are switched off, for this page.
                    response.append_header((header::CONTENT_SECURITY_POLICY, self.policy.as_str()));
                    response.append_header((
                        header::CONTENT_SECURITY_POLICY,
                        "sandbox allow-forms allow-same-origin allow-top-navigation allow-popups",
                    ));
                }
                response.body(html)
            }
            Err(error) => {
                eprintln!("{error:#}");
                failure("The page cannot be shown.")
            }
        }
    }

    fn avow_markup(&self, variant: Variant) -> anyhow::Result<String> {
        Ok(match (variant, &self.snippet) {
            (Variant::External, _) => format!(r#"<script src="/.avow/site/{}.js"></script>"#, self.id),
            (Variant::Plain, _) => String::new(),
            // Read anew for each page: pasting a new snippet needs no restart.
            (Variant::Snippet, Some(path)) => std::fs::read_to_string(path)
                .with_context(|| format!("the snippet {} cannot be read", path.display()))?,
            (Variant::Snippet, None) => {
                anyhow::bail!("the pages under /b/ need --snippets DIR with what `avow snippet` printed")
            }
        })
    }

    fn language(&self, request: &HttpRequest) -> &str {
        let pretended = Pretend::of(request).lang;
        let asked = serde_urlencoded::from_str::<Vec<(String, String)>>(request.query_string())
            .ok()
            .and_then(|fields| fields.into_iter().find(|(name, _)| name == "lang"))
            .map_or(pretended, |(_, lang)| lang);
        let known = self.file.languages.iter().find(|known| **known == asked);
        known.or(self.file.languages.first()).map_or("en", String::as_str)
    }

    /// The form's token as this browser holds it.
    fn form_token(&self, request: &HttpRequest) -> Option<String> {
        let token = request.cookie(self.file.form_cookie.as_deref()?)?.value().to_owned();
        (token.len() == 32 && token.bytes().all(|byte| byte.is_ascii_hexdigit())).then_some(token)
    }
}

fn failure(sentence: &str) -> HttpResponse {
    HttpResponse::ServiceUnavailable().content_type("text/plain; charset=utf-8").body(format!("{sentence}\n"))
}

fn file(kind: &'static str, text: &str) -> HttpResponse {
    HttpResponse::Ok()
        .content_type(kind)
        .insert_header((header::CACHE_CONTROL, "max-age=60"))
        .body(text.to_owned())
}
