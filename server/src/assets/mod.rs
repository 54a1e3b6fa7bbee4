//! Static answers: the widget's files, embedded when the server is built, and the one way to send bytes that
//! are stored in several encodings.

mod encoding;

use actix_web::http::header::HeaderValue;
use actix_web::http::{StatusCode, header};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse};

pub use self::encoding::{Encoding, negotiate};

/// The longest a cache may keep a file whose name changes with its bytes.
pub const IMMUTABLE: &str = "public, max-age=31536000, immutable";

/// What the guard is called among the files of a build.
pub const GUARD: &str = "guard.js";
/// The guard of the mode `compatible`.
pub const GUARD_COMPATIBLE: &str = "guard-compatible.js";
/// The boot script.
pub const BOOT: &str = "boot.js";

const CROSS_ORIGIN: HeaderValue = HeaderValue::from_static("cross-origin");
const ANYONE: HeaderValue = HeaderValue::from_static("*");
const VARY: HeaderValue = HeaderValue::from_static("Accept-Encoding");

/// One file of the widget.
#[derive(Debug)]
pub struct EmbeddedFile {
    /// File name, with a hash of the bytes in it.
    pub name: &'static str,
    /// Its bytes.
    pub raw: &'static [u8],
    /// The same in brotli.
    pub br: Option<&'static [u8]>,
    /// The same in gzip.
    pub gz: Option<&'static [u8]>,
}

/// One build of the widget, as far as pages load it.
#[derive(Clone, Copy, Debug)]
pub struct Build<'a> {
    /// Name of the engine's glue script.
    pub js: &'a str,
    /// Name of the second layer's script.
    pub preferences: &'a str,
    /// Name of the script that starts what was held.
    pub late: &'a str,
    /// Name of the engine.
    pub wasm: &'a str,
    /// First 16 hexadecimal characters of the SHA-256 of `guard_js`.
    pub guard: &'a str,
    /// The guard's source with the token `__AVOW_CONFIG__` in it.
    pub guard_js: &'a str,
    /// The same for `guard_compatible_js`.
    pub guard_compatible: &'a str,
    /// The guard of the mode `compatible`, with the same token.
    pub guard_compatible_js: &'a str,
    /// The boot script's source.
    pub boot_js: &'a str,
}

impl<'a> Build<'a> {
    /// As records name it: by the engine's hash.
    pub fn name(&self) -> Option<&'a str> {
        self.wasm.strip_prefix("avow-")?.strip_suffix(".wasm")
    }
}

/// The widget as `cargo xtask widget` built it.
#[derive(Debug)]
pub struct Widget {
    /// What pages load.
    pub build: Build<'static>,
    /// The document that checks receipts and bundles without a network.
    pub verifier_html: &'static str,
    /// What `/assets/` serves.
    pub files: &'static [EmbeddedFile],
}

impl Widget {
    /// Every file that a visitor's browser gets, by the name that the log has for it.
    pub fn shown(&self) -> impl Iterator<Item = (&'static str, &'static [u8])> {
        let Build { guard_js, guard_compatible_js, boot_js, .. } = self.build;
        let scripts = [(GUARD, guard_js), (GUARD_COMPATIBLE, guard_compatible_js), (BOOT, boot_js)];
        let files = self.files.iter().map(|file| (file.name, file.raw));
        scripts.into_iter().map(|(name, text)| (name, text.as_bytes())).chain(files)
    }
}

include!(concat!(env!("OUT_DIR"), "/widget_dist.rs"));

/// The embedded widget; nothing if the server was built before `cargo xtask widget` ran.
pub const fn widget() -> Option<&'static Widget> {
    WIDGET.as_ref()
}

/// The sentence for whoever starts a server that has no widget.
pub const WITHOUT_WIDGET: &str = "built without the widget: run `cargo xtask widget`, then build again";

/// Bytes in the encodings they are stored in, with what a cache must know of them.
#[derive(Debug, Clone)]
pub struct Static<'a> {
    /// `Content-Type`.
    pub media_type: &'static str,
    /// `Cache-Control`.
    pub cache: &'static str,
    /// Names these bytes: the same tag, the same bytes. Without quotes.
    pub tag: &'a str,
    /// The bytes.
    pub raw: Bytes,
    /// The same in brotli.
    pub br: Option<Bytes>,
    /// The same in gzip.
    pub gz: Option<Bytes>,
}

impl Static<'_> {
    /// The answer to a GET or HEAD: the best encoding, or 304 if the client has it.
    pub fn respond(&self, request: &HttpRequest) -> HttpResponse {
        let headers = request.headers();
        let accept = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or("");
        let encoding = negotiate(accept, self.br.is_some(), self.gz.is_some());
        let body = match encoding {
            Encoding::Identity => &self.raw,
            Encoding::Gzip => self.gz.as_ref().unwrap_or(&self.raw),
            Encoding::Brotli => self.br.as_ref().unwrap_or(&self.raw),
        };
        let tag = match encoding.token() {
            Some(token) => format!("\"{}-{token}\"", self.tag),
            None => format!("\"{}\"", self.tag),
        };
        let is_known = headers
            .get_all(header::IF_NONE_MATCH)
            .filter_map(|value| value.to_str().ok())
            .any(|value| value.trim() == "*" || value.split(',').any(|known| same_tag(known, &tag)));
        let mut answer =
            HttpResponse::build(if is_known { StatusCode::NOT_MODIFIED } else { StatusCode::OK });
        answer
            .insert_header((header::ETAG, tag))
            .insert_header((header::CACHE_CONTROL, HeaderValue::from_static(self.cache)))
            .insert_header((header::VARY, VARY))
            .insert_header((header::ACCESS_CONTROL_ALLOW_ORIGIN, ANYONE))
            .insert_header((header::CROSS_ORIGIN_RESOURCE_POLICY, CROSS_ORIGIN));
        if is_known {
            return answer.finish();
        }
        answer.insert_header((header::CONTENT_TYPE, HeaderValue::from_static(self.media_type)));
        if let Some(token) = encoding.token() {
            answer.insert_header((header::CONTENT_ENCODING, HeaderValue::from_static(token)));
        }
        answer.body(body.clone())
    }
}

/// Weak comparison (RFC 9110 §8.8.3.2): a proxy that recompresses makes our tag weak.
fn same_tag(known: &str, tag: &str) -> bool {
    let known = known.trim();
    known.strip_prefix("W/").unwrap_or(known) == tag
}

/// The media type by a file name's end.
pub fn media_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, end)| end) {
        Some("js") => "text/javascript; charset=utf-8",
        Some("wasm") => "application/wasm",
        Some("css") => "text/css; charset=utf-8",
        Some("json") => "application/json",
        _ => "application/octet-stream",
    }
}
