//! `avow headers`: prints the two content security policies for a server that has no gate, for visitors who have
//! granted nothing; they go with the pasted snippet (install form b).
//!
//! Such a server cannot check a seal, so it goes by what the cookie says. Where anything is granted it leaves the
//! headers out, and the snippet's own policy takes over.

use super::site_id;
use crate::config::Database;
use crate::gate::csp;
use crate::gate::rules::Rules;
use crate::policy::Published;
use crate::site_files;
use crate::verdict::Purposes;
use anyhow::Context as _;
use avow_shared::id::SiteId;
use std::sync::Arc;

/// Matches a consent cookie that grants something; the mark of Global Privacy Control is no grant.
const GRANTED: &str = "[.~][a-z][a-z0-9_]*:1([.~]|$)";

/// For which site and server.
#[derive(Clone, Debug, clap::Args)]
#[group(id = "headers")]
pub struct Args {
    /// The site
    #[arg(value_parser = site_id)]
    site: SiteId,
    /// Written for this server
    #[arg(long, value_enum, default_value = "plain")]
    server: Server,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Server {
    /// Headers as they are sent
    Plain,
    Nginx,
    Caddy,
    Apache,
}

/// Prints them.
pub async fn run(database: Database, args: Args) -> anyhow::Result<()> {
    let store = super::open(&database).await?;
    let version = store.current_policy(&args.site).await?;
    let version = version.with_context(|| format!("site {} has no published policy", args.site.as_str()))?;
    let policy = Published::from_document(&version.document, &version.hash).map_err(anyhow::Error::msg)?;
    let snippet = site_files::snippet(&policy)?;
    let necessary = Purposes::necessary(&policy.engine);
    let rules = Rules::of(Arc::new(policy))?;
    anyhow::ensure!(!rules.compatible, "in mode `compatible` there is no content security policy");
    let class = rules.class(necessary);
    let hashes: Vec<String> = inline_scripts(&snippet).map(csp::hash_source).collect();
    // The snippet's scripts in place of the gate's guard.
    let code = class.learned.code.replace(&class.guard, &hashes.join(" "));
    print!("{}", written(args.server, &code, &class.learned.hosts));
    Ok(())
}

fn written(server: Server, code: &str, hosts: &str) -> String {
    match server {
        Server::Plain => format!(
            "Content-Security-Policy: {code}\nContent-Security-Policy: {hosts}\nX-DNS-Prefetch-Control: off\n"
        ),
        Server::Nginx => format!(
            "# In the http block\n\
             map $cookie_avow $avow_code {{ default \"{code}\"; \"~{GRANTED}\" \"\"; }}\n\
             map $cookie_avow $avow_hosts {{ default \"{hosts}\"; \"~{GRANTED}\" \"\"; }}\n\
             # In the server block\n\
             add_header Content-Security-Policy $avow_code always;\n\
             add_header Content-Security-Policy $avow_hosts always;\n"
        ),
        Server::Caddy => format!(
            "@undecided not header_regexp Cookie `avow=[^;]*{GRANTED}`\n\
             header @undecided {{\n    +Content-Security-Policy \"{code}\"\n    \
             +Content-Security-Policy \"{hosts}\"\n}}\n"
        ),
        Server::Apache => format!(
            "SetEnvIf Cookie \"avow=[^;]*{GRANTED}\" avow_granted\n\
             Header always add Content-Security-Policy \"{code}\" env=!avow_granted\n\
             Header always add Content-Security-Policy \"{hosts}\" env=!avow_granted\n"
        ),
    }
}

/// The texts of the script elements without attributes.
fn inline_scripts(snippet: &str) -> impl Iterator<Item = &str> {
    snippet.split("<script>").skip(1).filter_map(|rest| Some(rest.split_once("</script>")?.0))
}
