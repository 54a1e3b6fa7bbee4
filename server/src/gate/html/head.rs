//! Finds the place of the guard in a page that arrives in pieces: right after `<head>`, or before the first thing
//! that could be markup of the page, whichever comes first.
//!
//! Reads only what a browser reads before the head: space, comments, the doctype, `<html>` and `<head>`. So the
//! guard comes after the doctype (before it, the page would be in quirks mode) and before everything else.

/// A start of a page that is longer than this and still has no place is taken as it is.
const LONGEST: usize = 64 * 1024;

/// Where the guard goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Bytes before it.
    pub at: usize,
    /// Whether a doctype, `<html>` or `<head>` was there: a whole page, not a fragment.
    pub whole: bool,
}

/// The place, or `None` while more of the page is needed. `ended`: there is no more.
pub fn find(page: &[u8], ended: bool) -> Option<Place> {
    let mut at = if page.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
    if !ended && page.len() < 3 && b"\xef\xbb\xbf".starts_with(page) {
        return None;
    }
    let (mut whole, mut safe) = (false, at);
    loop {
        at += page[at..].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        let rest = &page[at..];
        let end = match token(rest) {
            Token::Skipped(length) => at + length,
            Token::Doctype(length) | Token::Html(length) => {
                whole = true;
                at + length
            }
            Token::Head(length) => return Some(Place { at: at + length, whole: true }),
            Token::Other => return Some(Place { at, whole }),
            Token::Open if ended || page.len() > LONGEST => return Some(Place { at: safe, whole }),
            Token::Open => return None,
        };
        at = end;
        safe = end;
    }
}

enum Token {
    /// A comment, or what browsers take for one.
    Skipped(usize),
    Doctype(usize),
    Html(usize),
    Head(usize),
    /// Anything else.
    Other,
    /// Its end has not come yet.
    Open,
}

fn token(rest: &[u8]) -> Token {
    let could_be = |word: &[u8]| rest.len() < word.len() && starts(word, rest);
    if rest.is_empty()
        || could_be(b"<!--")
        || could_be(b"<!doctype")
        || could_be(b"<html>")
        || could_be(b"<head>")
    {
        return Token::Open;
    }
    if starts(rest, b"<!--") {
        return comment(rest).map_or(Token::Open, Token::Skipped);
    }
    let until_close = || rest.iter().position(|byte| *byte == b'>').map(|at| at + 1);
    if starts(rest, b"<!doctype") {
        return until_close().map_or(Token::Open, Token::Doctype);
    }
    if rest.starts_with(b"<!") || rest.starts_with(b"<?") {
        return until_close().map_or(Token::Open, Token::Skipped);
    }
    if is_tag(rest, b"<html") {
        return tag_end(rest).map_or(Token::Open, Token::Html);
    }
    if is_tag(rest, b"<head") {
        return tag_end(rest).map_or(Token::Open, Token::Head);
    }
    Token::Other
}

/// Letters of either case.
fn starts(text: &[u8], word: &[u8]) -> bool {
    text.len() >= word.len() && text[..word.len()].eq_ignore_ascii_case(word)
}

/// `<head` is a tag, `<header` another one.
fn is_tag(rest: &[u8], word: &[u8]) -> bool {
    starts(rest, word)
        && rest.get(word.len()).is_some_and(|byte| byte.is_ascii_whitespace() || matches!(byte, b'>' | b'/'))
}

/// The length of a comment (HTML, section 13.2.5.42 and after): `-->`, `--!>`, and at once `<!-->` and `<!--->`.
fn comment(rest: &[u8]) -> Option<usize> {
    for early in [&b"<!-->"[..], b"<!--->"] {
        if rest.starts_with(early) {
            return Some(early.len());
        }
    }
    let inside = &rest[4..];
    let end = |mark: &[u8]| {
        inside.windows(mark.len()).position(|window| window == mark).map(|at| 4 + at + mark.len())
    };
    match (end(b"-->"), end(b"--!>")) {
        (Some(plain), Some(odd)) => Some(plain.min(odd)),
        (plain, odd) => plain.or(odd),
    }
}

/// The length of a tag, whose quoted values may hold a `>`.
fn tag_end(rest: &[u8]) -> Option<usize> {
    let (mut quote, mut value) = (None, false);
    for (at, byte) in rest.iter().enumerate() {
        match (quote, byte) {
            (Some(open), byte) if open == *byte => quote = None,
            // A quote opens a value only right after `=`.
            (None, b'"' | b'\'') if value => quote = Some(*byte),
            (None, b'>') => return Some(at + 1),
            _ => {}
        }
        value = *byte == b'=' || (value && byte.is_ascii_whitespace());
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(page: &str) -> (String, String) {
        let place = find(page.as_bytes(), true).expect("a page that has ended has a place");
        let (before, after) = page.split_at(place.at);
        (before.to_owned(), after.to_owned())
    }

    #[test]
    fn the_guard_is_first_in_the_head() {
        for (before, after) in [
            ("<!doctype html><html lang=en><head>", "<meta charset=utf-8>"),
            ("<!DOCTYPE html>\n<!-- a > b -->\n<HTML>\n<HEAD data-x='>'>", "\n<title>"),
            ("<!doctype html><html title=\"a>b\">\n", "<title>x"),
            ("<!doctype html>", "<p>x"),
            ("<!doctype html>\n", "text"),
            ("", "<script src=//t.example></script>"),
            ("\u{feff}<!-- --!>", "<header>"),
            ("<!-->", "<p>"),
            ("<html a='b'c=\"d\" e>", "<body>"),
            ("<?xml version='1.0'?><!x>", "</head>"),
            ("<html x=>", "\"><head>"),
            ("", ""),
            ("", "<!-- never closed"),
            ("<html>", "<head never=closed"),
        ] {
            let page = format!("{before}{after}");
            assert_eq!(split(&page), (before.to_owned(), after.to_owned()), "{page}");
        }
    }

    #[test]
    fn the_place_is_the_same_however_the_page_is_cut() {
        let page = "\u{feff} <!-- x --><!doctype html>\n<html lang=en>\n<head>\n<meta charset=utf-8>";
        let whole = find(page.as_bytes(), true);
        for cut in 0..page.len() {
            if let Some(place) = find(&page.as_bytes()[..cut], false) {
                assert_eq!(Some(place), whole, "cut at {cut}");
            }
        }
        assert_eq!(find(page.as_bytes(), false), whole);
    }

    #[test]
    fn a_fragment_is_told_from_a_page() {
        let whole = |page: &str| find(page.as_bytes(), true).expect("a place").whole;
        assert!(whole("<!doctype html><p>x"));
        assert!(whole("<head><title>"));
        assert!(!whole("<li>one<li>two"));
        assert!(!whole("<!-- x --> text"));
    }

    #[test]
    fn a_start_that_never_ends_is_not_kept_for_good() {
        let page = format!("<!doctype html><!-- {}", "x".repeat(LONGEST));
        assert_eq!(find(page.as_bytes(), false), Some(Place { at: 15, whole: true }));
    }
}
