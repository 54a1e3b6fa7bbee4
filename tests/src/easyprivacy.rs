//! EasyPrivacy as a judge: what lists of others call tracking, by the rules that blockers in browsers use.
//!
//! The list is not ours to hand on (GPL-3 or CC BY-SA-3): it is read where it lies, by `AVOW_EASYPRIVACY` or at one of
//! the places where Debian's package of uBlock Origin has it. `cargo xtask setup` unpacks that package into the target
//! folder and installs it nowhere: installed, it would block in the browsers that are tested.

use std::path::PathBuf;
use std::sync::OnceLock;

use adblock::lists::{FilterSet, ParseOptions, RuleTypes};
use adblock::request::Request;
use adblock::url_parser::{ResolvesDomain, set_domain_resolver};
use anyhow::{Context, Result};

use crate::tools::{root, skip};

/// The list, compiled.
pub struct EasyPrivacy(adblock::Engine);

/// Kinds of request that a rule may be for; what a request is for is not known where it arrives.
const KINDS: [&str; 6] = ["script", "image", "xmlhttprequest", "ping", "subdocument", "other"];

impl EasyPrivacy {
    /// The list, or nothing, said aloud, where it is not here.
    pub fn here() -> Result<Option<&'static Self>> {
        static LIST: OnceLock<EasyPrivacy> = OnceLock::new();
        let Some(path) = places().into_iter().find(|path| path.is_file()) else {
            skip("EasyPrivacy (cargo xtask setup, or AVOW_EASYPRIVACY)")?;
            return Ok(None);
        };
        let text = std::fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))?;
        Ok(Some(LIST.get_or_init(|| {
            // Whoever was first has set the same one.
            drop(set_domain_resolver(Box::new(LastTwo)));
            let mut rules = FilterSet::new(true);
            rules.add_filter_list(
                text,
                ParseOptions { rule_types: RuleTypes::NetworkOnly, ..ParseOptions::default() },
            );
            Self(adblock::Engine::new_with_filter_set(rules))
        })))
    }

    /// The rule by which a blocker would stop a request to `url` from a page at `page`, whatever it is for.
    pub fn rule_against(&self, url: &str, page: &str) -> Result<Option<String>> {
        for kind in KINDS {
            let request = Request::new(url, page, kind, "GET").with_context(|| format!("judge {url}"))?;
            let judged = self.0.check_network_request(&request);
            if judged.should_block() {
                let rule = judged.filter.and_then(|rule| rule.raw_line).unwrap_or_default();
                return Ok(Some(rule));
            }
        }
        Ok(None)
    }
}

/// Where the list may be.
fn places() -> Vec<PathBuf> {
    const PACKAGED: &str =
        "share/chromium/extensions/ublock-origin/assets/thirdparties/easylist/easyprivacy.txt";
    let named = std::env::var_os("AVOW_EASYPRIVACY").filter(|path| !path.is_empty()).map(PathBuf::from);
    let unpacked = root().join("target/ublock-origin/usr").join(PACKAGED);
    named.into_iter().chain([unpacked, PathBuf::from("/usr").join(PACKAGED)]).collect()
}

/// Where a host's own domain begins: at the last two labels, which is right for every host of these tests.
struct LastTwo;

impl ResolvesDomain for LastTwo {
    fn get_host_domain(&self, host: &str) -> (usize, usize) {
        let start = host.rmatch_indices('.').nth(1).map_or(0, |(at, _)| at + 1);
        (start, host.len())
    }
}
