//! A site with Avow installed in one of its forms, and a visitor's way to a consent state on it.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use anyhow::Result;
use avow_tests::database::Kind;
use avow_tests::gate::Gate;
use avow_tests::hosts::{ALLOWED, CLEAN, COOKIELESS, Document, GRANTED, Hosts, Route, SITE, TRACKER};
use avow_tests::server::{Setup, TestServer};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use crate::apart;
use crate::page;
use crate::run::{Form, State};
use crate::vectors::Vectors;
use crate::visitor::Visitor;

const POLICY: &str = include_str!("../testdata/leaks/policy.toml");
/// The site's name in its policy.
const NAME: &str = "leaks";
/// The sealed cookie is there, and nothing waits to be sent.
const SEALED: &str = r"/avow=1\.\d+\.\w+\.\w+\.[a-z0-9_~:]+\.[\w-]{22}(;|$)/.test(document.cookie) && !localStorage.avow_outbox";
/// The engine runs, nothing is granted, and nothing waits to be sent.
const WITHDRAWN: &str = "!!window.avow && (await avow.ready) && !localStorage.avow_outbox && \
    !/:1/.test((document.cookie.match(/avow=[^;]*/) || [':1'])[0])";

/// The pages of a site by path, with `head` of the install form.
pub type Pages = fn(Form, &Hosts, &str) -> Vec<(String, Document)>;

/// A running site.
pub struct Site {
    pub hosts: Hosts,
    _avow: Avow,
}

/// What runs beside it.
enum Avow {
    Nothing,
    Server { _server: TestServer },
    Gate { _gate: Gate },
}

impl Site {
    /// Starts it with these pages.
    pub async fn start(form: Form, pages: Pages) -> Result<Self> {
        let hosts = Hosts::start().await?;
        let (head, avow) = match form {
            Form::Bare => (String::new(), Avow::Nothing),
            Form::External | Form::Snippet => {
                let policies = vec![policy(&hosts, &pages(form, &hosts, ""))];
                let server = TestServer::start(Setup { policies, ..Setup::on(Kind::Sqlite) }).await?;
                let head = if form == Form::External {
                    format!("<script src=\"/.avow/site/{NAME}.js\"></script>")
                } else {
                    server.avow_ok(&["snippet", NAME])?
                };
                hosts.route(Route::Avow(server.base().to_owned()));
                (head, Avow::Server { _server: server })
            }
            Form::Gate => {
                let gate =
                    Gate::start(&policy(&hosts, &pages(form, &hosts, "")), NAME, &hosts.upstream()).await?;
                hosts.route(Route::Gate(gate.base().to_owned()));
                (String::new(), Avow::Gate { _gate: gate })
            }
        };
        for (path, document) in pages(form, &hosts, &head) {
            hosts.put(SITE, &path, document);
        }
        hosts.put(SITE, "/start", Document::html(page::start(&head)));
        hosts.put(SITE, CLEAN, Document::html("<!doctype html><title>clean</title>"));
        Ok(Self { hosts, _avow: avow })
    }

    /// The address of a page.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.hosts.origin(SITE))
    }

    /// Brings a new visitor into a state: by the banner, until the server has acknowledged.
    pub async fn decide(&self, visitor: &Visitor, state: State) -> Result<()> {
        if state == State::None {
            // Nothing of Avow is in the browser's cache yet. The window has been to the site all the same: WebKit's
            // driver loses track of a window's first page when that moves on.
            return visitor.go(&self.url(CLEAN)).await;
        }
        visitor.go(&self.url("/start")).await?;
        match state {
            State::None => {}
            State::Partial => {
                visitor.click("#avow-choose").await?;
                visitor.click("#avow-p-analytics").await?;
                visitor.click("#avow-save").await?;
            }
            State::All => visitor.click("#avow-accept").await?,
        }
        self.sealed(visitor).await
    }

    /// Waits until the server has acknowledged.
    pub async fn sealed(&self, visitor: &Visitor) -> Result<()> {
        visitor.wait(SEALED).await
    }

    /// Takes every grant back on the present page, by the banner's own button, until the server knows.
    pub async fn withdraw(&self, visitor: &Visitor) -> Result<()> {
        visitor.click("#avow-reopen").await?;
        visitor.click("#avow-withdraw").await?;
        visitor.wait(WITHDRAWN).await
    }
}

/// The pages of all vectors, the frozen and the others.
pub fn pages(_: Form, hosts: &Hosts, head: &str) -> Vec<(String, Document)> {
    let mut pages = apart::pages(hosts, head);
    let vectors = page::vectors(Vectors::of_the_file(), hosts, head);
    pages.push(("/vectors".to_owned(), Document::html(vectors)));
    pages
}

/// The policy, with the inline code of the pages that the site stands by.
fn policy(hosts: &Hosts, pages: &[(String, Document)]) -> String {
    let mut policy = POLICY
        .replace("@ALLOWED@", &hosts.origin(ALLOWED))
        .replace("@GRANTED@", &hosts.origin(GRANTED))
        .replace("@TRACKER@", &hosts.origin(TRACKER))
        .replace("@COOKIELESS@", &hosts.origin(COOKIELESS))
        .replace("@TRACKER_SOCKET@", &hosts.origin(TRACKER).replacen("https", "wss", 1));
    let vectors = Vectors::of_the_file();
    let mut approved = BTreeSet::new();
    for (_, page) in pages {
        let html = String::from_utf8_lossy(&page.body);
        approved.extend(page::approved(vectors, &html).map(|code| STANDARD.encode(Sha256::digest(code))));
    }
    for hash in approved {
        let _ = write!(
            policy,
            "\n[[inline]]\nsha256 = \"{hash}\"\nkind = \"script\"\npurpose = \"necessary\"\nnote = \"The page's own\"\n"
        );
    }
    policy
}
