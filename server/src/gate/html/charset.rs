//! Which encoding a page is in, as a browser finds it: the header, a byte order mark, a `<meta>` near the start.
//!
//! The gate writes ASCII only, so it can rewrite every encoding that keeps ASCII as it is. UTF-16 is not among
//! them: such a page gets its headers and stays as it is.

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252, X_USER_DEFINED};

/// How far browsers look for a `<meta>` (HTML, section 13.2.3.2).
pub const LOOK: usize = 1024;

/// The encoding in a `Content-Type`.
pub fn of_header(content_type: &str) -> Option<&'static Encoding> {
    content_type.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        if !name.trim().eq_ignore_ascii_case("charset") {
            return None;
        }
        Encoding::for_label(value.trim().trim_matches(['"', '\'']).as_bytes())
    })
}

/// What the start of a page says of its encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    /// A byte order mark, which wins over everything.
    Mark(&'static Encoding),
    /// A `<meta>`.
    Meta(&'static Encoding),
    /// Nothing.
    Nothing,
}

/// Reads the start of a page.
pub fn of_start(page: &[u8]) -> Said {
    if let Some((encoding, _)) = Encoding::for_bom(page) {
        return Said::Mark(encoding);
    }
    meta(&page[..page.len().min(LOOK)]).map_or(Said::Nothing, Said::Meta)
}

/// The encoding to rewrite in where nobody says one: every byte is a character there, so nothing is lost.
pub fn undeclared() -> &'static Encoding {
    WINDOWS_1252
}

fn meta(start: &[u8]) -> Option<&'static Encoding> {
    let lower = start.to_ascii_lowercase();
    let mut at = 0;
    while let Some(found) = lower[at..].iter().position(|byte| *byte == b'<') {
        at += found;
        let rest = &lower[at..];
        if rest.starts_with(b"<!--") {
            let end = rest.windows(3).skip(2).position(|window| window == b"-->")?;
            at += end + 5;
        } else if rest.starts_with(b"<meta")
            && rest.get(5).is_some_and(|b| b.is_ascii_whitespace() || *b == b'/')
        {
            let end = rest.iter().position(|byte| *byte == b'>').unwrap_or(rest.len());
            if let Some(encoding) = label(&rest[..end]) {
                return Some(encoding);
            }
            at += end;
        } else {
            at += 1;
        }
    }
    None
}

/// The label after `charset=` in a tag: of the attribute, or inside `content`.
fn label(tag: &[u8]) -> Option<&'static Encoding> {
    let at = tag.windows(7).position(|window| window == b"charset")? + 7;
    let rest = tag[at..].trim_ascii_start().strip_prefix(b"=")?.trim_ascii_start();
    let rest = rest.strip_prefix(b"\"").or_else(|| rest.strip_prefix(b"'")).unwrap_or(rest);
    let end = rest.iter().position(|b| b.is_ascii_whitespace() || b"\"';/".contains(b)).unwrap_or(rest.len());
    let encoding = Encoding::for_label(&rest[..end])?;
    // A `<meta>` that could be read is not in UTF-16, whatever it says.
    if encoding == UTF_16LE || encoding == UTF_16BE {
        return Some(UTF_8);
    }
    Some(if encoding == X_USER_DEFINED { WINDOWS_1252 } else { encoding })
}

#[cfg(test)]
mod tests {
    use super::*;
    use encoding_rs::{KOI8_R, SHIFT_JIS};

    #[test]
    fn an_encoding_is_found_as_a_browser_finds_it() {
        assert_eq!(of_header("text/html; charset=utf-8"), Some(UTF_8));
        assert_eq!(of_header("text/html; x=y; Charset=\"koi8-r\""), Some(KOI8_R));
        assert_eq!(of_header("text/html"), None);
        for (page, said) in [
            ("<meta charset=shift_jis>", Said::Meta(SHIFT_JIS)),
            ("<!-- <meta charset=koi8-r> --><META CHARSET='utf-8'/>", Said::Meta(UTF_8)),
            ("<meta http-equiv=Content-Type content=\"text/html; charset = koi8-r\">", Said::Meta(KOI8_R)),
            ("<meta name=x><meta charset=utf-16>", Said::Meta(UTF_8)),
            ("<metal charset=koi8-r>", Said::Nothing),
            ("\u{feff}<meta charset=koi8-r>", Said::Mark(UTF_8)),
            ("<p>", Said::Nothing),
            ("<!-- <meta charset=koi8-r>", Said::Nothing),
        ] {
            assert_eq!(of_start(page.as_bytes()), said, "{page}");
        }
        assert_eq!(of_start(b"\xff\xfe<\0"), Said::Mark(UTF_16LE));
    }
}
