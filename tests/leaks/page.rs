//! Pages made of vectors: all of them in one document, sent in one write, which is the worst case for look-ahead.

use std::fmt::Write as _;

use avow_tests::hosts::Hosts;

use crate::vectors::Vectors;

/// What the page remembers: what ran, what was tried, what threw, and things that must not be collected.
const MEMORY: &str = "window.page = { ran: {}, tried: {}, failed: {}, kept: [], end: 0 };";
/// The last script: everything before it has been parsed.
const END: &str = "page.end = 1;";

/// A page with all vectors of the file, after `head` of the install form.
pub fn vectors(vectors: &Vectors, hosts: &Hosts, head: &str) -> String {
    let mut html = format!(
        "<!doctype html><html lang=en><head><meta charset=utf-8>{head}<title>vectors</title>\
             <script>{MEMORY}</script>\n"
    );
    for vector in &vectors.head {
        html.push_str(&vector.filled(hosts));
        html.push('\n');
    }
    html.push_str("</head><body><h1>Vectors</h1><div id=painted></div>\n");
    for vector in &vectors.body {
        html.push_str(&vector.filled(hosts));
        html.push('\n');
    }
    for vector in vectors.scripted() {
        let script = format!(
            "(function (id) {{ page.tried[id] = 1; try {{ {} }} catch (error) {{ page.failed[id] = String(error); }} }})({:?});",
            vector.filled(hosts),
            vector.id
        );
        let _ = writeln!(html, "<script>{script}</script>");
    }
    let _ = writeln!(html, "<script>{END}</script></body></html>");
    html
}

/// The inline scripts of a page that its site stands by: all but those which are vectors themselves.
pub fn approved<'a>(vectors: &Vectors, html: &'a str) -> impl Iterator<Item = &'a str> {
    let vectors = vectors.head.iter().chain(&vectors.body).filter(|vector| !vector.is_control());
    let marks: Vec<String> = vectors.map(|vector| format!("{:?}", vector.id)).collect();
    let scripts = html.split("<script>").skip(1).filter_map(|rest| Some(rest.split_once("</script>")?.0));
    scripts.filter(move |code| !marks.iter().any(|mark| code.contains(mark)))
}

/// The page on which a visitor makes the choice: nothing but the install form.
pub fn start(head: &str) -> String {
    format!(
        "<!doctype html><html lang=en><head><meta charset=utf-8>{head}<title>start</title></head>\
         <body><h1>Start</h1></body></html>\n"
    )
}
