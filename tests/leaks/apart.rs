//! Ways to leak beside the frozen 86, each with its own expected cells; some are not covered, and say so.
//!
//! Those that stand still share a page; those that move the page away or need a history have a journey each.

use std::time::Duration;

use anyhow::{Context, Result};
use avow_tests::hosts::{CLEAN, COOKIELESS, Document, Hosts, PRECONNECTED, TRACKER, WORKER};

use crate::cells::{Cell, Cells};
use crate::run::{Form, State};
use crate::site::Site;
use crate::visit::AT_MOST;
use crate::visitor::{Engines, Visitor};

/// Nothing may arrive for so long before the cells are read.
const QUIET: Duration = Duration::from_secs(2);

/// One of them.
pub struct Apart {
    pub id: &'static str,
    /// In words, for the docs.
    pub what: &'static str,
    /// Whether and by what it is stopped, or why not.
    pub answer: &'static str,
}

/// All, in the order of the docs.
pub const APART: [Apart; 17] = [
    Apart {
        id: "n_preconnect_markup",
        what: "`rel=preconnect` in the markup: a connection without a request",
        answer: "No directive of a Content-Security-Policy covers it. Take such links out of the page.",
    },
    Apart {
        id: "n_preconnect_script",
        what: "`rel=preconnect` made by a script",
        answer: "Not covered by a policy; a guard that wraps the attribute can stop it.",
    },
    Apart {
        id: "n_link_header",
        what: "`Link: …; rel=preload` header of the page",
        answer: "It is read before the markup. A policy in the response's header stops it, one in the markup does not.",
    },
    Apart {
        id: "n_speculation_markup",
        what: "speculation rules in the markup, for a page of the tracker",
        answer: "A policy by hosts does not stop them. The gate takes them out of the markup.",
    },
    Apart {
        id: "n_prerender",
        what: "a page of the site that is prerendered, with an image of the tracker",
        answer: "The prerendered page has Avow, too, and is held as any page is; so with form (a) its image may leave ahead.",
    },
    Apart {
        id: "n_frame_own",
        what: "a frame with a page of the site on which Avow is missing, with an image of the tracker",
        answer: "A policy in markup holds for its own document. Every page of the site needs Avow, frames too.",
    },
    Apart { id: "n_icon", what: "icon of another host", answer: "Covered by the policy." },
    Apart {
        id: "n_shared_worker",
        what: "`fetch` in a shared worker whose file is the site's own",
        answer: "The worker has the policy of its own file, which only a server can set; a guard can wrap the constructor.",
    },
    Apart {
        id: "n_route_change",
        what: "a route change in a single-page app, which loads the tracker's script",
        answer: "The document stays, and so does its policy.",
    },
    Apart {
        id: "n_form",
        what: "a form that a script sends to the tracker, in the page's own window",
        answer: "Covered by `form-action`.",
    },
    Apart {
        id: "n_location",
        what: "`location` set to an address of the tracker, with data in it",
        answer: "Not covered: no directive stops a page from leaving. The visitor sees it.",
    },
    Apart {
        id: "n_link_click",
        what: "a link to the tracker with data in it, clicked by a script",
        answer: "Not covered: as above.",
    },
    Apart {
        id: "n_meta_refresh",
        what: "`<meta http-equiv=refresh>` to the tracker",
        answer: "Not covered by a policy: as above.",
    },
    Apart {
        id: "n_worker_installed",
        what: "a service worker from before Avow, which asks the tracker at every page",
        answer: "It runs outside of the page, with the policy of its own file. Unregister it, or serve its file with a policy.",
    },
    Apart {
        id: "n_back",
        what: "a page kept whole by the browser, come back to after the choice was withdrawn elsewhere",
        answer: "It comes back as it was, hears of the new choice, and loads anew.",
    },
    Apart {
        id: "n_withdrawal",
        what: "a running tag, after the choice is withdrawn on the page",
        answer: "The page loads anew, and its policy is in force.",
    },
    Apart {
        id: "n_late_markup",
        what: "markup before Avow's own",
        answer: "Not covered: Avow must come first.",
    },
];

/// The pages of all of them by path, with `head` of the install form.
pub fn pages(hosts: &Hosts, head: &str) -> Vec<(String, Document)> {
    let mut pages = Vec::new();
    let mut put = |path: &str, document: Document| pages.push((path.to_owned(), document));
    let at = |kind: &str, id: &str| format!("{}/{kind}?v={id}", hosts.origin(TRACKER));
    let preconnected = PRECONNECTED.map(|host| hosts.origin(host));
    let page = |markup: &str, code: &str| {
        Document::html(format!(
            "<!doctype html><html lang=en><head><meta charset=utf-8>{head}<title>apart</title></head>\
             <body><h1>Apart</h1>{markup}<script>{code}</script></body></html>"
        ))
    };
    let still = page(
        &format!(
            "<link rel=preconnect href='{}'><link rel=icon href='{}'>\
             <iframe src='/apart/frame'></iframe>\
             <script type=speculationrules>{{\"prefetch\":[{{\"source\":\"list\",\"urls\":[\"{}/html?v=n_speculation_markup\"],\"eagerness\":\"immediate\"}}],\
             \"prerender\":[{{\"source\":\"list\",\"urls\":[\"/apart/prerendered\"],\"eagerness\":\"immediate\"}}]}}</script>",
            preconnected[0],
            at("img", "n_icon"),
            hosts.origin(COOKIELESS),
        ),
        &format!(
            "const link = document.createElement('link'); link.rel = 'preconnect'; link.href = '{}'; \
             document.head.append(link); \
             if (window.SharedWorker) window.kept = new SharedWorker('/worker.js?to=' + encodeURIComponent('{}'));",
            preconnected[1],
            at("any", "n_shared_worker"),
        ),
    );
    let preload = format!("<{}>; rel=preload; as=script", at("js", "n_link_header"));
    put("/apart/still", still.with("link", preload));
    let image = |id| format!("<img src='{}' alt=''>", at("img", id));
    put("/apart/frame", Document::html(format!("<!doctype html>{}", image("n_frame_own"))));
    put("/apart/prerendered", page(&image("n_prerender"), ""));
    put(
        "/apart/late",
        Document::html(format!(
            "<!doctype html><html lang=en><head><meta charset=utf-8><script src='{}'></script>{head}<title>late</title>",
            at("js", "n_late_markup")
        )),
    );
    let refresh = format!("<meta http-equiv=refresh content='0;url={}'>", at("html", "n_meta_refresh"));
    put("/apart/n_meta_refresh", page(&refresh, ""));
    let scripts = [
        ("n_location", format!("location.href = '{}&data=1';", at("html", "n_location"))),
        (
            "n_link_click",
            format!(
                "const link = document.createElement('a'); link.href = '{}&data=1'; document.body.append(link); link.click();",
                at("html", "n_link_click")
            ),
        ),
        (
            "n_form",
            format!(
                "const form = document.createElement('form'); form.method = 'post'; form.action = '{}'; document.body.append(form); form.submit();",
                at("html", "n_form")
            ),
        ),
        (
            "n_route_change",
            format!(
                "addEventListener('load', () => {{ history.pushState(null, '', '/apart/next'); const script = document.createElement('script'); script.src = '{}'; document.head.append(script); }});",
                at("js", "n_route_change")
            ),
        ),
        ("n_worker_installed", String::new()),
        (
            "n_back",
            format!(
                "addEventListener('pageshow', (event) => {{ if (event.persisted) new Image().src = '{}'; }});",
                at("img", "n_back")
            ),
        ),
        (
            "n_withdrawal",
            format!("setInterval(() => {{ new Image().src = '{}' }}, 100);", at("img", "n_withdrawal")),
        ),
    ];
    for (id, code) in scripts {
        put(&format!("/apart/{id}"), page("", &code));
    }
    let worker = format!(
        "addEventListener('install', () => skipWaiting()); addEventListener('activate', (event) => event.waitUntil(clients.claim())); \
         addEventListener('fetch', () => {{ fetch('{}', {{ mode: 'no-cors' }}).catch(() => {{}}) }});",
        at("any", "n_worker_installed")
    );
    put(WORKER, Document::script(worker));
    pages
}

/// Runs all of them, each for a visitor of its own, and reads the cells.
pub async fn visit(site: &Site, form: Form, engines: &Engines) -> Result<Cells> {
    let mut sent = Vec::new();
    for path in ["still", "late", "n_route_change", "n_form", "n_location", "n_link_click", "n_meta_refresh"]
    {
        let visitor = engines.visitor().await?.0;
        let done = arrive(site, &visitor, path).await;
        visitor.close().await?;
        done.with_context(|| path.to_owned())?;
        sent.extend(heard(site));
    }
    for journey in [Journey::Installed, Journey::Back, Journey::Withdrawal] {
        let visitor = engines.visitor().await?.0;
        let done = journey.travel(site, form, &visitor).await;
        visitor.close().await?;
        done.with_context(|| format!("{journey:?}"))?;
        sent.extend(heard(site));
    }
    let cell = |id: &str| Cell { requested: sent.iter().any(|found| found == id), ..Cell::default() };
    Ok(APART.iter().map(|apart| (apart.id.to_owned(), cell(apart.id))).collect())
}

/// One page load without a choice.
async fn arrive(site: &Site, visitor: &Visitor, path: &str) -> Result<()> {
    visitor.go(&site.url(CLEAN)).await?;
    site.hosts.forget();
    visitor.leave_for(&site.url(&format!("/apart/{path}"))).await?;
    site.hosts.quiet(QUIET, AT_MOST).await
}

#[derive(Clone, Copy, Debug)]
enum Journey {
    Installed,
    Back,
    Withdrawal,
}

impl Journey {
    async fn travel(self, site: &Site, form: Form, visitor: &Visitor) -> Result<()> {
        match self {
            Self::Installed => {
                // Before Avow was there: the worker comes from a page that has none.
                visitor.go(&site.url(CLEAN)).await?;
                visitor
                    .wait(&format!("(await navigator.serviceWorker.register('{WORKER}')).active !== null"))
                    .await
                    .context("the worker starts")?;
                site.hosts.forget();
                visitor.go(&site.url("/apart/n_worker_installed")).await?;
            }
            Self::Back => {
                let avow = form != Form::Bare;
                site.decide(visitor, if avow { State::All } else { State::None }).await?;
                visitor.go(&site.url("/apart/n_back")).await?;
                visitor.go(&site.url(if avow { "/start" } else { CLEAN })).await?;
                if avow {
                    site.withdraw(visitor).await?;
                }
                site.hosts.forget();
                visitor.eval("void setTimeout(() => history.back(), 50)").await?;
                visitor
                    .wait("location.pathname === '/apart/n_back' && document.readyState === 'complete'")
                    .await?;
            }
            Self::Withdrawal => {
                let avow = form != Form::Bare;
                site.decide(visitor, if avow { State::All } else { State::None }).await?;
                visitor.go(&site.url("/apart/n_withdrawal")).await?;
                if avow {
                    site.withdraw(visitor).await?;
                }
                site.hosts.forget();
                // The control never comes to rest, and need not.
                drop(site.hosts.quiet(QUIET, 2 * QUIET).await);
                return Ok(());
            }
        }
        site.hosts.quiet(QUIET, AT_MOST).await
    }
}

/// The ids of what the tracker heard since the last look.
fn heard(site: &Site) -> Vec<String> {
    let arrivals = site.hosts.arrivals();
    let contacts = ["n_preconnect_markup", "n_preconnect_script"].into_iter().zip(PRECONNECTED);
    let contacts = contacts.filter(|(_, host)| arrivals.iter().any(|arrival| arrival.host == *host));
    let requests = arrivals.iter().filter_map(|arrival| arrival.vector());
    contacts.map(|(id, _)| id).chain(requests).map(str::to_owned).collect()
}
