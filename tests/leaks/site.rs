//! A site with Avow installed in one of its forms, and a visitor's way to a consent state on it.

use anyhow::Result;
use avow_tests::database::Kind;
use avow_tests::hosts::{ALLOWED, CLEAN, COOKIELESS, Document, GRANTED, Hosts, Route, SITE, TRACKER};
use avow_tests::server::{Setup, TestServer};

use crate::page;
use crate::run::{Form, State};
use crate::vectors::Vectors;
use crate::visitor::Visitor;

const POLICY: &str = include_str!("../testdata/leaks/policy.toml");
/// The site's name in its policy.
const NAME: &str = "leaks";
/// The sealed cookie is there, and nothing waits to be sent.
const SEALED: &str = r"/avow=1\.\d+\.\w+\.\w+\.[a-z0-9_~:]+\.[\w-]{22}(;|$)/.test(document.cookie) && !localStorage.avow_outbox";

/// A running site.
pub struct Site {
    pub hosts: Hosts,
    _avow: Option<TestServer>,
}

impl Site {
    /// Starts it with the page of all vectors.
    pub async fn start(form: Form) -> Result<Self> {
        let hosts = Hosts::start().await?;
        let (head, avow) = match form {
            Form::Bare => (String::new(), None),
            Form::External | Form::Snippet => {
                let policy = policy(&hosts);
                let avow =
                    TestServer::start(Setup { policies: vec![policy], ..Setup::on(Kind::Sqlite) }).await?;
                let head = if form == Form::External {
                    format!("<script src=\"/.avow/site/{NAME}.js\"></script>")
                } else {
                    avow.avow_ok(&["snippet", NAME])?
                };
                hosts.route(Route::Avow(avow.base().to_owned()));
                (head, Some(avow))
            }
        };
        hosts.put(SITE, "/vectors", Document::html(page::vectors(Vectors::of_the_file(), &hosts, &head)));
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
        visitor.wait(SEALED).await
    }
}

fn policy(hosts: &Hosts) -> String {
    POLICY
        .replace("@ALLOWED@", &hosts.origin(ALLOWED))
        .replace("@GRANTED@", &hosts.origin(GRANTED))
        .replace("@TRACKER@", &hosts.origin(TRACKER))
        .replace("@COOKIELESS@", &hosts.origin(COOKIELESS))
        .replace("@TRACKER_SOCKET@", &hosts.origin(TRACKER).replacen("https", "wss", 1))
}
