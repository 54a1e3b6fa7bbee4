//! The policy that tests without the demo site use.

use anyhow::Result;
use toml::Value;

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

/// That policy for a site that follows its visitors, and whose statistics need no consent where the law says so.
pub fn following(policy: &str) -> String {
    let policy = policy.replacen("schema = 1\n", "schema = 1\nfollow_visitor = true\n", 1);
    let (before, rest) = policy.split_at(policy.find("id = \"analytics\"").expect("the shop has statistics"));
    let (own, after) = rest.split_at(rest.find("[[purpose]]").expect("another purpose follows"));
    let own = own
        .replace(
            "basis = \"consent\"\nlawful_basis = \"consent\"",
            "basis = \"statistics\"\nlawful_basis = \"legitimate_interests\"",
        )
        // PECR Sch A1 para 5: nobody but the site itself has them.
        .replace("role = \"controller\"", "role = \"processor\"");
    let body = "We use some essential cookies and would also like to use others.";
    let choose = "Choose what this website may use.";
    let texts = |lang: &str| format!("[texts.{lang}]\nbanner_body = {body:?}\ndialog_body = {choose:?}\n");
    format!("{before}{own}{after}{}", texts("en"))
}

/// That policy for a site that lets run until an opt-out what the law lets.
pub fn opting_out(policy: &str) -> String {
    following(policy).replacen("follow_visitor = true\n", "follow_visitor = true\nallow_opt_out = true\n", 1)
}

/// A policy in those languages; the words of its purposes are the English ones in each.
pub fn in_languages(policy: &str, tags: &[&str]) -> Result<String> {
    fn add(value: &mut Value, tags: &[&str]) {
        match value {
            Value::Array(list) => list.iter_mut().for_each(|value| add(value, tags)),
            Value::Table(table) => {
                if let Some(Value::Table(text)) = table.get_mut("text")
                    && let Some(english) = text.get("en").cloned()
                {
                    for tag in tags {
                        text.entry((*tag).to_owned()).or_insert_with(|| english.clone());
                    }
                    text.retain(|tag, _| tags.contains(&tag));
                }
                table.iter_mut().for_each(|(_, value)| add(value, tags));
            }
            _ => {}
        }
    }
    let mut policy: toml::Table = policy.parse()?;
    // The built-in words, and not the shop's own.
    policy.remove("texts");
    policy.insert("languages".to_owned(), tags.to_vec().into());
    let mut policy = Value::Table(policy);
    add(&mut policy, tags);
    Ok(toml::to_string(&policy)?)
}

const TOML: &str = include_str!("../testdata/shop.toml");
