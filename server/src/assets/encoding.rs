//! Content negotiation: which of the stored encodings a client wants.

/// An encoding that a file is stored in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// As it is.
    Identity,
    /// `gzip`.
    Gzip,
    /// `br`.
    Brotli,
}

impl Encoding {
    /// The `Content-Encoding` value; identity has none.
    pub const fn token(self) -> Option<&'static str> {
        match self {
            Self::Identity => None,
            Self::Gzip => Some("gzip"),
            Self::Brotli => Some("br"),
        }
    }
}

/// The best encoding by an `Accept-Encoding` value: the highest weight, then brotli before gzip before none.
/// A client that refuses even identity gets identity, as RFC 9110 §12.5.3 allows.
pub fn negotiate(accept: &str, has_brotli: bool, has_gzip: bool) -> Encoding {
    let weight_of = |token: &str| {
        let mut any = None;
        for entry in accept.split(',') {
            let mut parts = entry.split(';').map(str::trim);
            let name = parts.next().unwrap_or_default();
            let weight = parts.find_map(|part| part.strip_prefix("q=")).map_or(1000, thousandths);
            if name.eq_ignore_ascii_case(token) {
                return Some(weight);
            }
            if name == "*" {
                any = Some(weight);
            }
        }
        any
    };
    let brotli = if has_brotli { weight_of("br").unwrap_or(0) } else { 0 };
    let gzip = if has_gzip { weight_of("gzip").or_else(|| weight_of("x-gzip")).unwrap_or(0) } else { 0 };
    // Identity is always acceptable unless named; it only wins over an encoding of lower weight if named.
    let identity = weight_of("identity").unwrap_or(0);
    if brotli > 0 && brotli >= gzip && brotli >= identity {
        Encoding::Brotli
    } else if gzip > 0 && gzip >= identity {
        Encoding::Gzip
    } else {
        Encoding::Identity
    }
}

/// A weight `0.###` as thousandths; what does not parse counts as a refusal.
fn thousandths(text: &str) -> u32 {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    match (whole, fraction.len()) {
        ("1", _) => 1000,
        ("0", length @ 1..=3) => {
            let digits: u32 = fraction.parse().unwrap_or(0);
            digits * 10_u32.pow(3 - u32::try_from(length).unwrap_or(3))
        }
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_stored_encoding_wins() {
        for (accept, expected) in [
            ("gzip, deflate, br, zstd", Encoding::Brotli),
            ("gzip", Encoding::Gzip),
            ("GZIP", Encoding::Gzip),
            ("br;q=0.5, gzip;q=0.9", Encoding::Gzip),
            ("br;q=0, gzip;q=0", Encoding::Identity),
            ("br; q=1.0", Encoding::Brotli),
            ("*", Encoding::Brotli),
            ("*;q=0", Encoding::Identity),
            ("*;q=0.1, br;q=0", Encoding::Gzip),
            ("identity", Encoding::Identity),
            ("identity;q=1, gzip;q=0.5", Encoding::Identity),
            ("", Encoding::Identity),
            ("br;q=x", Encoding::Identity),
            ("br;q=0.001", Encoding::Brotli),
        ] {
            assert_eq!(negotiate(accept, true, true), expected, "{accept}");
        }
        assert_eq!(negotiate("br, gzip", false, true), Encoding::Gzip);
        assert_eq!(negotiate("br, gzip", false, false), Encoding::Identity);
    }
}
