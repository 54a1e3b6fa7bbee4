//! The demonstration's own: the start page, where a visitor chooses a site and who to be, and the strip on every page.

use actix_web::http::header;
use actix_web::web::Query;
use actix_web::{HttpRequest, HttpResponse};
use minijinja::{AutoEscape, Environment, Value, context};

use crate::pages::Variant;
use crate::pretend::Pretend;
use crate::sites::Sites;
use crate::third_party::COLLECTOR;

/// Where a site is told who its visitor pretends to be.
pub const PRETEND_PATH: &str = "/demo/be";

/// The places that the start page offers: code, and what it shows of the law.
const PLACES: [(&str, &str); 18] = [
    ("", "not known: the strictest law holds"),
    ("GB", "United Kingdom: statistics without consent, with a way to object"),
    ("FR", "France: six months for yes and no"),
    ("DE", "Germany: consent for everything optional"),
    ("IE", "Ireland"),
    ("NL", "Netherlands"),
    ("SE", "Sweden"),
    ("IT", "Italy"),
    ("GI", "Gibraltar: not the United Kingdom"),
    ("CH", "Switzerland"),
    ("US-CA", "California: twelve months of silence after a no"),
    ("US-CO", "Colorado: the opt-out signal is an answer"),
    ("US-TX", "Texas"),
    ("US-VA", "Virginia"),
    ("JE", "Jersey: not the United Kingdom either"),
    ("CA-QC", "Quebec"),
    ("BR", "Brazil"),
    ("CN", "China: no law of it is known here, so the strictest holds"),
];

/// What each site shows, by its id.
const ABOUT: [(&str, &str, &str); 5] = [
    (
        "careers-enterprise",
        "The Careers & Enterprise Company",
        "Analytics, films and campaigns, each by consent. In English and Welsh.",
    ),
    (
        "southend-connexions",
        "Connexions Southend",
        "For visitors of 13 to 19: plain words, nothing for marketing, most private from the start.",
    ),
    (
        "kent-learning",
        "Kent Community Learning",
        "A newsletter form that asks for two purposes of its own, with record and withdrawal.",
    ),
    (
        "cambridge-education",
        "Cambridge Education Group",
        "One group on two domains, in four languages, with visitors from everywhere.",
    ),
    (
        "seetec",
        "Seetec",
        "A count without consent where the law allows it, and a claim that is refused at publish.",
    ),
];

/// The site for visitors of 13 to 19, and what a child finds there that others do not.
const CHILD: (&str, [&str; 4]) = (
    "southend-connexions",
    [
        "Nothing for marketing is offered, to anybody: the policy declares the audience, and a purpose for marketing is refused when it is published.",
        "The most private settings from the start; nothing is on before an answer.",
        "Plain words in short sentences.",
        "A no is remembered for longer than a yes.",
    ],
);

/// Takes what is pretended for the site that is asked, and goes on to a page of it.
pub async fn pretend(request: HttpRequest, pretend: Query<Pretend>) -> HttpResponse {
    let mut pretend = pretend.into_inner();
    let fields =
        serde_urlencoded::from_str::<Vec<(String, String)>>(request.query_string()).unwrap_or_default();
    let field = |name: &str| fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
    // A code that was written goes before one that was chosen.
    if let Some(code) = field("code").map(str::trim).filter(|code| !code.is_empty()) {
        pretend.place = code.to_ascii_uppercase();
    }
    let to = field("to").unwrap_or("/");
    let is_path =
        to.starts_with('/') && !to.starts_with("//") && to.bytes().all(|byte| byte.is_ascii_graphic());
    if !pretend.is_sound() || !is_path || to.contains('\\') {
        return HttpResponse::BadRequest()
            .content_type("text/plain; charset=utf-8")
            .body("not a place to be\n");
    }
    HttpResponse::SeeOther().cookie(pretend.cookie()).insert_header((header::LOCATION, to)).finish()
}

/// The page.
pub fn page(sites: &Sites, request: &HttpRequest) -> HttpResponse {
    let port = port(request);
    let known: Vec<Value> = ABOUT
        .iter()
        .filter_map(|(id, name, about)| {
            let site = sites.every.iter().find(|site| site.id == *id)?;
            // Made of host names of our own and a port, so an escaped slash would only be harder to read.
            let hosts: Vec<Value> = site
                .file
                .hosts
                .iter()
                .map(|host| Value::from_safe_string(format!("http://{host}{port}")))
                .collect();
            Some(context! { id => *id, name => *name, about => *about, hosts => hosts, languages => site.file.languages.clone() })
        })
        .collect();
    let places: Vec<Value> =
        PLACES.iter().map(|(code, about)| context! { code => *code, about => *about }).collect();
    let (child, differs) = CHILD;
    let values = context! {
        child => known.iter().find(|site| site.get_attr("id").is_ok_and(|id| id.as_str() == Some(child))),
        differs => differs,
        sites => known,
        places => places,
        live => format!("http://{COLLECTOR}:{}/live", sites.third_party_port),
    };
    let mut templates = Environment::new();
    templates.set_auto_escape_callback(|_| AutoEscape::Html);
    match templates.render_named_str("start.html", include_str!("../start/start.html"), values) {
        Ok(html) => HttpResponse::Ok()
            .content_type("text/html; charset=utf-8")
            .insert_header((header::CACHE_CONTROL, "no-cache"))
            // Its form sends a visitor to the sites, each on a host of its own.
            .insert_header((
                header::CONTENT_SECURITY_POLICY,
                "default-src 'none'; style-src 'self'; form-action 'self' http://*.localhost:*; base-uri 'none'; frame-ancestors 'none'",
            ))
            .body(html),
        Err(error) => {
            eprintln!("{error:#}");
            HttpResponse::InternalServerError().finish()
        }
    }
}

/// The port that the visitor has in their addresses, with its colon; a number, whatever a header says.
pub fn port(request: &HttpRequest) -> String {
    let info = request.connection_info();
    let port = info.host().rsplit_once(':').and_then(|(_, port)| port.parse::<u16>().ok());
    port.map(|port| format!(":{port}")).unwrap_or_default()
}

/// The style of the start page and of the strip.
pub async fn css() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/css; charset=utf-8")
        .insert_header((header::CACHE_CONTROL, "max-age=60"))
        .body(include_str!("../start/demo.css"))
}

/// What makes a page believe that the browser sends the signal: before all other scripts.
pub fn signal(pretend: &Pretend) -> &'static str {
    if pretend.gpc() {
        "<script>Object.defineProperty(navigator, \"globalPrivacyControl\", { value: true });</script>"
    } else {
        ""
    }
}

/// The strip on top of every page. Made of constants and of what has been checked.
pub fn note(variant: Variant, path: &str, pretend: &Pretend, port: &str) -> String {
    let values = context! {
        variant => match variant {
            Variant::External => "a",
            Variant::Snippet => "b",
            Variant::Plain => "plain",
        },
        path => path,
        place => pretend.place.as_str(),
        gpc => pretend.gpc(),
        no_script => pretend.no_script(),
        start => format!("http://demo.localhost{port}/"),
    };
    let mut templates = Environment::new();
    templates.set_auto_escape_callback(|_| AutoEscape::Html);
    templates.render_named_str("note.html", include_str!("../start/note.html"), values).unwrap_or_default()
}
