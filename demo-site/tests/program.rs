//! Runs the program and fetches what it serves: every page, the way to Avow, the third party.
//!
//! The Avow behind it is a server of this file that says what reached it: the real one is driven by the
//! browser tests of the package `avow-tests`.

use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use reqwest::{Client, Response, StatusCode};

const SITES: [&str; 5] =
    ["cambridge-education", "careers-enterprise", "kent-learning", "seetec", "southend-connexions"];
const HOSTS: [&str; 8] = [
    "demo.localhost",
    "careers.localhost",
    "ceg.localhost",
    "oncampus.localhost",
    "kent.localhost",
    "seetec.localhost",
    "connexions.localhost",
    "collector.localhost",
];

struct Demo {
    process: Child,
    client: Client,
    port: String,
    site: String,
    third_party: String,
}

impl Demo {
    /// Starts the program in front of an Avow that echoes; none where the analytics library is not installed.
    fn start() -> Option<Self> {
        let library = Path::new(env!("CARGO_MANIFEST_DIR")).join("node_modules/@snowplow/browser-tracker");
        if !library.exists() {
            assert!(std::env::var_os("CI").is_none(), "run `npm ci --ignore-scripts` in demo-site first");
            eprintln!("skipped: run `npm ci --ignore-scripts` in demo-site first");
            return None;
        }
        let avow = echoing_avow();
        let dir = tempfile::tempdir().expect("a temporary folder");
        for site in SITES {
            std::fs::write(dir.path().join(format!("{site}.html")), "<script>/* pasted */</script>")
                .expect("writes the snippet");
        }
        let mut process = Command::new(env!("CARGO_BIN_EXE_avow-demo"))
            .args(["--site-port", "0", "--third-party-port", "0", "--avow-url", &format!("http://{avow}")])
            .arg("--snippets")
            // Read anew with each page, so they have to outlive this function.
            .arg(dir.keep())
            .stdout(Stdio::piped())
            .spawn()
            .expect("starts the program");
        let mut lines = BufReader::new(process.stdout.take().expect("a pipe")).lines();
        let mut address = |prefix: &str| {
            let line = lines.next().expect("a line").expect("text");
            line.strip_prefix(prefix).expect("the promised line").to_owned()
        };
        let port = address("sites ");
        let site = format!("http://careers.localhost:{port}");
        let third_party = address("third party ");
        let mut client = Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
        for host in HOSTS {
            client = client.resolve(host, SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
        }
        Some(Self { process, client: client.build().expect("a client"), port, site, third_party })
    }

    async fn get(&self, path: &str) -> Response {
        self.client.get(format!("{}{path}", self.site)).send().await.expect("an answer")
    }

    async fn get_at(&self, host: &str, path: &str) -> Response {
        self.client.get(format!("http://{host}:{}{path}", self.port)).send().await.expect("an answer")
    }

    async fn arrivals(&self) -> serde_json::Value {
        let answer = self.client.get(format!("{}/live.json", self.third_party)).send().await;
        answer.expect("an answer").json().await.expect("JSON")
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        // Nothing is left to do for a process that is gone already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A server that answers with what reached it; in place of a part of a page, with the address that was asked.
fn echoing_avow() -> SocketAddr {
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || {
        actix_web::rt::System::new().block_on(async move {
            let server = HttpServer::new(|| {
                App::new()
                    .app_data(web::PayloadConfig::new(4 << 20))
                    .route("/page/{site}/{name}", web::get().to(part))
                    .default_service(web::to(echo))
            })
            .workers(1)
            .bind((Ipv4Addr::LOCALHOST, 0))
            .expect("a free port");
            tell.send(server.addrs()[0]).expect("the test waits");
            server.run().await.expect("runs until the test ends");
        });
    });
    told.recv().expect("an address")
}

async fn part(request: HttpRequest) -> HttpResponse {
    let place =
        request.headers().get("x-demo-place").and_then(|value| value.to_str().ok()).unwrap_or("nowhere");
    HttpResponse::Ok().content_type("text/html").body(format!("<p id=part>{} {place}</p>", request.uri()))
}

async fn echo(request: HttpRequest, body: web::Bytes) -> HttpResponse {
    let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
    HttpResponse::Created().insert_header(("X-Own", "kept")).json(serde_json::json!({
        "path": request.uri().to_string(), "length": body.len(), "host": header("host"),
        "origin": header("origin"), "fetch_site": header("sec-fetch-site"),
        "forwarded_for": header("x-forwarded-for"), "forwarded": header("forwarded"), "te": header("te"),
        "place": header("x-demo-place"), "gpc": header("sec-gpc"),
    }))
}

/// Every page of every site, as its `site.toml` lists them.
fn pages() -> Vec<(String, String, bool)> {
    let mut pages = Vec::new();
    for site in SITES {
        let text =
            std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(site).join("site.toml"));
        let file: toml::Table = text.expect("a site file").parse().expect("TOML");
        for host in file["hosts"].as_array().expect("hosts") {
            for page in file["page"].as_array().expect("pages") {
                let path = page["path"].as_str().expect("a path").to_owned();
                pages.push((host.as_str().expect("a host").to_owned(), path, page.get("form").is_some()));
            }
        }
    }
    pages
}

#[actix_web::test]
async fn every_page_of_every_site_is_there_in_every_variant_with_security_headers() {
    let Some(demo) = Demo::start() else { return };
    let pages = pages();
    assert!(pages.len() > 35, "{}", pages.len());
    for (host, page, has_form) in &pages {
        for variant in ["", "/b", "/plain"] {
            let path = format!("{variant}{page}");
            let answer = demo.get_at(host, &path).await;
            assert_eq!(answer.status(), StatusCode::OK, "{host}{path}");
            for header in ["content-security-policy", "x-content-type-options", "referrer-policy"] {
                assert!(answer.headers().contains_key(header), "{host}{path} {header}");
            }
            let cookie = answer.headers().get("set-cookie");
            assert_eq!(cookie.is_some(), *has_form, "{host}{path}: only a form needs a cookie");
            let html = answer.text().await.expect("text");
            assert_eq!(html.matches("<h1").count(), 1, "{host}{path}");
            assert_eq!(html.contains("/* pasted */"), variant == "/b", "{host}{path}");
            let first = &html[html.find("<script").expect("a script")..];
            assert_eq!(first.starts_with(r#"<script src="/.avow/site/"#), variant.is_empty(), "{host}{path}");
            let marked = html.contains(r#"type="text/plain" data-avow="#);
            assert_eq!(marked, variant != "/plain", "{host}{path}: tags wait where Avow is");
            for handler in [" onclick", " onload", " onerror", " onsubmit", " onchange", " style="] {
                assert!(!html.contains(handler), "{host}{path} has{handler}");
            }
        }
    }
    assert_eq!(demo.get("/nothing").await.status(), StatusCode::NOT_FOUND);
    assert_eq!(demo.get("/b").await.headers()["location"], "/b/");
}

#[actix_web::test]
async fn the_start_page_lists_every_site_and_lets_a_visitor_be_anyone() {
    let Some(demo) = Demo::start() else { return };
    let start = demo.get_at("demo.localhost", "/").await.text().await.expect("text");
    for host in &HOSTS[1..7] {
        assert!(start.contains(&format!("http://{host}:{}/", demo.port)), "{host}");
    }
    let went = demo.get("/demo/be?place=US-CA&lang=cy&gpc=1&nojs=1&to=/cookies").await;
    assert_eq!(
        (went.status(), &went.headers()["location"]),
        (StatusCode::SEE_OTHER, &"/cookies".parse().unwrap())
    );
    let cookie =
        went.headers()["set-cookie"].to_str().expect("text").split(';').next().expect("a pair").to_owned();
    let as_them =
        |path: &str| demo.client.get(format!("{}{path}", demo.site)).header("cookie", &cookie).send();
    let page = as_them("/cookies").await.expect("an answer");
    let policies: Vec<_> = page.headers().get_all("content-security-policy").iter().cloned().collect();
    let starts = |start: &str| {
        policies.iter().any(|policy| policy.to_str().is_ok_and(|policy| policy.starts_with(start)))
    };
    assert!(starts("sandbox ") && starts("default-src 'self';"), "{policies:?}");
    let html = page.text().await.expect("text");
    assert!(html.contains("<html lang=\"cy\">") && html.contains("globalPrivacyControl"));
    assert!(
        html.contains("<p id=part>/page/careers-enterprise/cookies?part=main&lang=cy US-CA</p>"),
        "{html}"
    );
    let seen: serde_json::Value =
        as_them("/.avow/anything").await.expect("an answer").json().await.expect("JSON");
    assert_eq!((seen["place"].as_str(), seen["gpc"].as_str()), (Some("US-CA"), Some("1")));
    // A code that was written goes before what was chosen.
    let written = demo.get("/demo/be?place=FR&code=+us-va+").await;
    assert_eq!(written.status(), StatusCode::SEE_OTHER);
    let cookie = written.headers()["set-cookie"].to_str().expect("text");
    assert!(cookie.starts_with("demo_as=US-VA~"), "{cookie}");
    assert!(start.contains("id=\"as-a-child\"") && start.contains("name=\"code\""), "{start}");
    for wrong in [
        "code=US~VA",
        "code=US%0AVA",
        "code=%3Cb%3E",
        "code=ABCDEFGHIJKLM",
        "place=U%0AS",
        "to=//elsewhere.example/",
        "to=https://elsewhere.example/",
        "lang=%22%3E",
    ] {
        assert_eq!(demo.get(&format!("/demo/be?{wrong}")).await.status(), StatusCode::BAD_REQUEST, "{wrong}");
    }
    // Nobody else says where a visitor is.
    let lied = demo.client.get(format!("{}/.avow/x", demo.site)).header("x-demo-place", "GB").send().await;
    let seen: serde_json::Value = lied.expect("an answer").json().await.expect("JSON");
    assert_eq!(seen["place"], serde_json::Value::Null);
}

#[actix_web::test]
async fn every_site_says_what_avow_says_of_the_opt_out_signal() {
    let Some(demo) = Demo::start() else { return };
    for (host, site) in [
        ("careers.localhost", "careers-enterprise"),
        ("ceg.localhost", "cambridge-education"),
        ("oncampus.localhost", "cambridge-education"),
        ("connexions.localhost", "southend-connexions"),
    ] {
        let said = demo.get_at(host, "/.well-known/gpc.json").await;
        let seen: serde_json::Value = said.json().await.expect("JSON");
        assert_eq!(seen["path"], format!("/site/{site}/gpc.json"), "{host}");
    }
    assert_eq!(demo.get_at("demo.localhost", "/.well-known/gpc.json").await.status(), StatusCode::NOT_FOUND);
    let posted = demo.client.post(format!("{}/.well-known/gpc.json", demo.site)).send().await;
    assert_eq!(posted.expect("an answer").status(), StatusCode::METHOD_NOT_ALLOWED);
}

#[actix_web::test]
async fn the_form_thanks_only_the_browser_that_opened_it() {
    let Some(demo) = Demo::start() else { return };
    let opened = demo.get("/contact").await;
    let cookie = opened.headers()["set-cookie"].to_str().expect("text").to_owned();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax") && !cookie.contains("Max-Age"));
    let token = &cookie["ce_form=".len()..][..32];
    let body = format!("token={token}&name=%3Ci%3EAda&email=ada%40example.org&message=Hello");
    let post = |cookie: &str| {
        demo.client
            .post(format!("{}/contact", demo.site))
            .header("cookie", cookie)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body.clone())
            .send()
    };
    let thanked = post(&format!("ce_form={token}")).await.expect("an answer");
    assert_eq!(thanked.status(), StatusCode::OK);
    assert!(thanked.text().await.expect("text").contains("Thank you, &lt;i&gt;Ada."));
    let strange = post("ce_form=00000000000000000000000000000000").await.expect("an answer");
    assert_eq!(strange.status(), StatusCode::UNPROCESSABLE_ENTITY);
}

#[actix_web::test]
async fn requests_reach_avow_with_their_origin_and_the_true_address() {
    let Some(demo) = Demo::start() else { return };
    let answer = demo
        .client
        .post(format!("{}/.avow/v1/consents?x=1", demo.site))
        .header("origin", "http://careers.localhost")
        .header("sec-fetch-site", "same-origin")
        .header("x-forwarded-for", "203.0.113.9")
        .header("forwarded", "for=203.0.113.9")
        .header("te", "trailers")
        .body(vec![b'x'; 1 << 20])
        .send()
        .await
        .expect("an answer");
    assert_eq!(answer.status(), StatusCode::CREATED);
    assert_eq!(answer.headers()["x-own"], "kept");
    let seen: serde_json::Value = answer.json().await.expect("JSON");
    assert_eq!(seen["path"], "/v1/consents?x=1");
    assert_eq!(seen["length"], 1 << 20);
    assert_eq!(seen["origin"], "http://careers.localhost");
    assert_eq!(seen["fetch_site"], "same-origin");
    assert_eq!(seen["forwarded_for"], "127.0.0.1");
    assert_eq!(seen["forwarded"], serde_json::Value::Null);
    assert_eq!(seen["te"], serde_json::Value::Null);
    assert_eq!(format!("http://{}", seen["host"].as_str().expect("text")), demo.site);
    assert_eq!(demo.get("/.avow/metrics").await.status(), StatusCode::NOT_FOUND);
}

#[actix_web::test]
async fn the_third_party_serves_the_library_and_logs_what_arrives_until_reset() {
    let Some(demo) = Demo::start() else { return };
    assert_eq!(demo.arrivals().await["total"], 0);
    let at = |path: &str| format!("{}{path}", demo.third_party);
    let library =
        demo.client.get(at("/tracker.js")).send().await.expect("an answer").bytes().await.expect("bytes");
    let installed = std::fs::read(
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("node_modules/@snowplow/browser-tracker/dist/index.umd.min.js"),
    )
    .expect("installed");
    assert_eq!(library, installed, "the library is the one from npm, unmodified");
    let sent = demo
        .client
        .post(at("/com.snowplowanalytics.snowplow/tp2"))
        .header("origin", &demo.site)
        .body(r#"{"data":[{"e":"pv","page":"Home"}]}"#)
        .send()
        .await
        .expect("an answer");
    assert_eq!(sent.headers()["access-control-allow-origin"], demo.site.as_str());
    assert!(sent.headers()["set-cookie"].to_str().expect("text").starts_with("nuid="));
    let arrivals = demo.arrivals().await;
    assert_eq!(arrivals["total"], 2);
    assert_eq!(arrivals["arrivals"][0]["kind"], "library");
    assert_eq!(arrivals["arrivals"][1]["kind"], "measurement");
    assert_eq!(arrivals["arrivals"][1]["purpose"], "analytics");
    demo.client.post(at("/live/reset")).send().await.expect("an answer");
    assert_eq!(demo.arrivals().await["total"], 0);
}
