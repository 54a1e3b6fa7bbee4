//! The policy that tests without the demo site use.

/// Its site.
pub const SITE: &str = "shop";
/// A page origin that it declares.
pub const ORIGIN: &str = "https://www.shop.example";
/// Its optional purposes, in order.
pub const PURPOSES: [&str; 3] = ["video", "analytics", "marketing"];

/// The policy file, with `extra` at the end: another text makes another version.
pub fn toml(extra: &str) -> String {
    TOML.replace("@THIRD@", "https://third.example") + extra
}

/// The same for pages of a test's own at `*.localhost`, with the third party at `third` (scheme, host, port).
pub fn toml_for(third: &str) -> String {
    TOML.replace("@THIRD@", third)
}

/// [`toml_for`] in a mode, `strict` or `compatible`.
pub fn toml_in(mode: &str, third: &str) -> String {
    toml_for(third).replacen("schema = 1", &format!("schema = 1\nmode = {mode:?}"), 1)
}

const TOML: &str = include_str!("../testdata/shop.toml");
