//! Pages as browsers get them: what is a stranger's is inert and can be brought back to the letter, the rest is
//! as it was.

use super::*;
use crate::gate::class::Class;
use crate::gate::hosts::Origin;
use crate::gate::rules::Rules;
use crate::policy::{Published, compile};
use crate::seen::Ledger;
use crate::store::seen::Sighting;
use crate::testing::HASH;
use crate::verdict::Purposes;
use std::sync::Arc;

/// A policy with `https://pay.example` for what is necessary, `https://counter.example` for analytics and
/// `https://campaign.example` for marketing.
fn rules() -> Arc<Rules> {
    let text = include_str!("../../testing/site.toml").replacen(
        "hosts = []",
        "hosts = [\"https://pay.example\"]",
        1,
    );
    let file = compile::read(&text, "site.toml").unwrap_or_else(|faults| panic!("{faults}"));
    let document = compile::compile(&file, &[]).to_canonical();
    let policy = Published::from_document(&document, HASH).expect("the document can be read");
    Arc::new(Rules::of(Arc::new(policy)).expect("rules"))
}

fn class(rules: &Rules, allowed: impl Fn(&str) -> bool) -> Arc<Class> {
    let set = rules.purposes.iter().map(|purpose| purpose.necessary || allowed(&purpose.id));
    rules.class(Purposes::of(set))
}

struct Run {
    page: String,
    seen: Vec<Sighting>,
    insert: String,
}

fn run(work: Work, header: Option<&str>, pieces: &[&[u8]], allowed: impl Fn(&str) -> bool) -> Run {
    let rules = rules();
    let class = class(&rules, allowed);
    let ledger = Ledger::default();
    let origin = Origin::new("www.shop.example", "/").expect("a host");
    let insert = String::from_utf8(class.insert.to_vec()).expect("ASCII");
    let scene = Scene::new(origin, rules, class, ledger.of(crate::testing::site()));
    let mut page = Page::new(work, scene, header.and_then(of_header));
    let mut all = Vec::new();
    for piece in pieces {
        page.write(piece).expect("a page");
        all.extend(page.take());
    }
    page.end().expect("a page");
    all.extend(page.take());
    Run { page: String::from_utf8_lossy(&all).into_owned(), seen: ledger.drain(), insert }
}

const UTF_8: Option<&str> = Some("text/html; charset=utf-8");

/// The page as nobody's consent leaves it, without the guard.
fn denied(page: &str) -> String {
    let run = run(Work::Gate, UTF_8, &[page.as_bytes()], |_| false);
    run.page.replacen(&run.insert, "", 1)
}

#[test]
fn the_tags_of_strangers_are_inert() {
    for (tag, inert) in [
        (
            "<script async src='//counter.example/a.js'></script>",
            "<script async data-avow-src=\"//counter.example/a.js\" data-avow-held=\"src type\" type=\"text/plain\"></script>",
        ),
        (
            "<script type=module src=https://x.example/a.js></script>",
            "<script data-avow-src=\"https://x.example/a.js\" data-avow-type=\"module\" data-avow-held=\"src type\" type=\"text/plain\"></script>",
        ),
        (
            "<img src=//x.example/p alt=x>",
            "<img alt=x data-avow-src=\"//x.example/p\" data-avow-held=\"src\">",
        ),
        (
            "<img src=/a.png srcset='/a.png 1x, https://x.example/b.png 2x'>",
            "<img src=/a.png data-avow-srcset=\"/a.png 1x, https://x.example/b.png 2x\" data-avow-held=\"srcset\">",
        ),
        (
            "<iframe src=\"https://x.example/?a=1&amp;b='2'\"></iframe>",
            "<iframe data-avow-src=\"https://x.example/?a=1&amp;b='2'\" data-avow-held=\"src\"></iframe>",
        ),
        (
            "<iframe srcdoc='<img src=//x.example/p>'></iframe>",
            "<iframe data-avow-srcdoc=\"<img src=//x.example/p>\" data-avow-held=\"srcdoc\"></iframe>",
        ),
        (
            "<video poster=//x.example/p></video>",
            "<video data-avow-poster=\"//x.example/p\" data-avow-held=\"poster\"></video>",
        ),
        (
            "<object data=//x.example/p></object>",
            "<object data-avow-data=\"//x.example/p\" data-avow-held=\"data\"></object>",
        ),
        (
            "<svg><image xlink:href=//x.example/p /></svg>",
            "<svg><image data-avow-xlink:href=\"//x.example/p\" data-avow-held=\"xlink:href\" /></svg>",
        ),
        (
            "<link rel=stylesheet href=//x.example/s.css>",
            "<link rel=stylesheet data-avow-href=\"//x.example/s.css\" data-avow-held=\"href\">",
        ),
        (
            "<a href=//x.example ping='/p //x.example'>x</a>",
            "<a href=//x.example data-avow-ping=\"/p //x.example\" data-avow-held=\"ping\">x</a>",
        ),
        (
            "<noscript><img src=//x.example/p><p>&amp;</noscript>",
            "<noscript><img data-avow-src=\"//x.example/p\" data-avow-held=\"src\"><p>&amp;</noscript>",
        ),
        ("<img src=&#47;/x.example/p>", "<img data-avow-src=\"&#47;/x.example/p\" data-avow-held=\"src\">"),
        (
            "<base href=//x.example/><img src=p>",
            "<base href=//x.example/><img data-avow-src=\"p\" data-avow-held=\"src\">",
        ),
    ] {
        assert_eq!(denied(tag), inert, "{tag}");
    }
}

#[test]
fn what_only_hurries_is_dropped() {
    for tag in [
        "<link rel=preconnect href=https://x.example>",
        "<link rel='dns-prefetch' href=//x.example>",
        "<link rel=preload as=image imagesrcset='//x.example/a 1x'>",
        "<link rel=modulepreload href=https://counter.example/a.js>",
        "<meta http-equiv=refresh content='0; url=https://x.example/'>",
        "<meta http-equiv='X-DNS-Prefetch-Control' content=on>",
        "<script type=speculationrules>{\"prefetch\":[]}</script>",
    ] {
        assert_eq!(denied(tag), "", "{tag}");
    }
}

#[test]
fn everything_else_stays_as_it_was() {
    for tag in [
        "<script src=/a.js></script>",
        "<script src=https://www.shop.example/a.js></script>",
        "<script src=https://pay.example/a.js></script>",
        "<script type='text/plain' data-avow=analytics src=https://counter.example/a.js></script>",
        "<script type=application/json src=//x.example/a></script>",
        "<img src=data:,x srcset='/a 1x'>",
        "<a href=https://x.example>x</a>",
        "<link rel=canonical href=https://x.example/>",
        "<link rel=preconnect href=https://pay.example>",
        "<meta http-equiv=refresh content='5; url=/next'>",
        "<iframe srcdoc='<p>// not a host</p>'></iframe>",
        "<p onclick=x()>&amp;<br/>\r\n",
    ] {
        assert_eq!(denied(tag), tag, "{tag}");
    }
}

#[test]
fn a_granted_purpose_reaches_its_hosts() {
    let tags = "<script src=https://counter.example/a.js></script><img src=https://campaign.example/p>";
    let some = run(Work::Gate, UTF_8, &[tags.as_bytes()], |id| id == "analytics").page;
    assert!(some.contains("<script src=https://counter.example/a.js>"), "{some}");
    assert!(some.contains("<img data-avow-src="), "{some}");
    let all = run(Work::Gate, UTF_8, &[tags.as_bytes()], |_| true);
    assert_eq!(all.page, format!("{}{tags}", all.insert));
}

#[test]
fn the_guard_comes_first_however_the_page_is_cut() {
    let page = "<!doctype html><html><head><meta charset=utf-8><script src=//x.example/a.js></script>";
    let whole = run(Work::Gate, UTF_8, &[page.as_bytes()], |_| false);
    let expected =
        format!("<!doctype html><html><head>{}<meta charset=utf-8><script data-avow-src", whole.insert);
    assert!(whole.page.starts_with(&expected), "{}", whole.page);
    for cut in 1..page.len() {
        let (start, rest) = page.as_bytes().split_at(cut);
        assert_eq!(run(Work::Gate, UTF_8, &[start, rest], |_| false).page, whole.page, "cut at {cut}");
    }
}

#[test]
fn a_fragment_that_a_script_fetches_is_left_alone() {
    let fragment = "<li><img src=//x.example/p>";
    assert_eq!(run(Work::GateIfWhole, UTF_8, &[fragment.as_bytes()], |_| false).page, fragment);
    let whole = "<!doctype html><img src=//x.example/p>";
    let run = run(Work::GateIfWhole, UTF_8, &[whole.as_bytes()], |_| false);
    assert!(run.page.contains("data-avow-src"), "{}", run.page);
}

#[test]
fn the_encoding_of_a_page_is_kept() {
    // KOI8-R, said in the page only: the guard would push it further than browsers look.
    let mut page = b"<html><head><meta charset=koi8-r><title>".to_vec();
    page.extend([0xf0, 0xd2, 0xc9]);
    page.extend(b"</title><img alt='\xf0' src=//x.example/p>");
    let rules = rules();
    let class = class(&rules, |_| false);
    let insert = class.insert.clone();
    let scene = Scene::new(
        Origin::new("a.example", "/").expect("a host"),
        rules,
        class,
        Ledger::default().of(crate::testing::site()),
    );
    let mut rewritten = Page::new(Work::Gate, scene, None);
    rewritten.write(&page).expect("a page");
    rewritten.end().expect("a page");
    let all = rewritten.take();
    let mut expected = b"<html><head><meta charset=\"KOI8-R\">".to_vec();
    expected.extend(&insert);
    expected.extend(b"<meta charset=koi8-r><title>\xf0\xd2\xc9</title><img alt='\xf0' data-avow-src=");
    assert!(all.starts_with(&expected), "{}", String::from_utf8_lossy(&all));

    let wide: Vec<u8> = std::iter::once(0xfeff)
        .chain("<script src=//x.example></script>".encode_utf16())
        .flat_map(u16::to_le_bytes)
        .collect();
    let scene = |header| {
        let rules = self::rules();
        let class = self::class(&rules, |_| false);
        let origin = Origin::new("a.example", "/").expect("a host");
        let mut page = Page::new(
            Work::Gate,
            Scene::new(origin, rules, class, Ledger::default().of(crate::testing::site())),
            header,
        );
        page.write(&wide).expect("a page");
        page.end().expect("a page");
        page.take()
    };
    assert_eq!(scene(None), wide);
    assert_eq!(scene(of_header("text/html; charset=utf-16le")), wide);
}

#[test]
fn learning_changes_nothing_and_notes_what_no_policy_names() {
    let page = "<html><head><script>\r\nstart()\r\n</script><script type=application/json>{}</script>\
        <body onload=\"go(&quot;x&quot;)\"><img src=https://x.example/p><img src=https://counter.example/p>";
    let run = run(Work::Learn, UTF_8, &[page.as_bytes()], |_| false);
    assert_eq!(run.page, page);
    let found = |kind: &str| {
        let mut all: Vec<_> = run.seen.iter().filter(|seen| seen.kind == kind).collect();
        assert_eq!(all.len(), 1, "{:?}", run.seen);
        all.remove(0).clone()
    };
    assert_eq!(found("host").value, "https://x.example");
    assert_eq!(found("script").sample, "start()");
    let hash = |code: &str| crate::gate::csp::hash_source(code).replace("'sha256-", "").replace('\'', "");
    assert_eq!(found("script").value, hash("\nstart()\n"), "line ends as browsers hash them");
    assert_eq!(found("handler").value, hash("go(\"x\")"));
    assert_eq!(found("handler").place, "onload");
}

#[test]
fn malformed_pages_go_through() {
    for page in [
        "<<<<>><script",
        "<head><head><head>",
        "</html></body>x",
        "<select><xmp><script src=//x.example>",
        "<img src=//x.example",
        "\0<p>",
        "<script>//",
        "<a <b <c>",
        "<!doctype",
        "<plaintext><script src=//x.example>",
    ] {
        let run = run(Work::Gate, UTF_8, &[page.as_bytes()], |_| false);
        assert!(run.page.contains(&run.insert), "{page}");
    }
}
