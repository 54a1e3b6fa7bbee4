//! `avow site` publishes, checks and shows policies; `avow policy-schema` prints their schema.

use crate::cache::{Link, RECHECK};
use crate::clock::{Clock, rfc3339};
use crate::config::Database;
use crate::policy::changes::Change;
use crate::policy::compile::{compile, read};
use crate::policy::document::Document;
use crate::policy::fault::Collector;
use crate::policy::file::File;
use crate::policy::texts::Words;
use crate::policy::{languages, neighbors};
use crate::store::policies::NewPolicy;
use crate::store::{Store, StoreError};
use anyhow::Context as _;
use avow_shared::id::{Millis, SiteId};
use std::path::{Path, PathBuf};

/// Commands.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum Command {
    /// Publish a policy file as the site's next version
    Publish {
        /// The policy file (TOML)
        file: PathBuf,
        /// Tell the servers that share this Redis at once; without it they notice within two seconds
        #[arg(long = "redis", env = "AVOW_REDIS_URL", value_name = "URL", hide_env_values = true)]
        redis: Option<String>,
    },
    /// Say what is wrong with a policy file, or that nothing is
    Check {
        /// The policy file (TOML)
        file: PathBuf,
    },
    /// List the sites
    List,
    /// Draft what is missing in a site's policy, from what a gate has seen
    Learn {
        /// The site
        #[arg(value_parser = super::site_id)]
        site: SiteId,
    },
    /// List what a gate has seen and the policy does not name
    Unknown {
        /// The site
        #[arg(value_parser = super::site_id)]
        site: SiteId,
    },
    /// Show a site's versions
    Show {
        /// The site
        #[arg(value_parser = super::site_id)]
        site: SiteId,
        /// Print the policy file of the current version instead
        #[arg(long)]
        source: bool,
    },
}

/// Runs a command.
pub async fn run(database: Database, command: Command) -> anyhow::Result<()> {
    match command {
        Command::Publish { file, redis } => {
            let store = super::open(&database).await?;
            publish(&store, &Clock::system(), &file).await?;
            store.close().await;
            if let Some(url) = redis {
                // The URL may hold a password, so the error's own text stays out.
                let told = Link::publish_once(&url)
                    .await
                    .map_err(|_| anyhow::anyhow!("--redis: not a Redis URL"))?;
                if !told {
                    eprintln!("Redis does not answer: the servers notice within {} s", RECHECK.as_secs());
                }
            }
        }
        Command::Check { file } => {
            let source = load(&file)?;
            let policy = read(&source, &file.display().to_string())?;
            println!("{}: a policy for site {}, nothing wrong", file.display(), policy.site.value);
            name_unreviewed(&policy);
        }
        Command::List => {
            let store = super::open(&database).await?;
            for site in store.list_sites().await? {
                println!("{}\tversion {}", site.site, site.current_version);
            }
        }
        Command::Learn { site } => {
            let store = super::open(&database).await?;
            print!("{}", super::seen::draft(&store, &site).await?);
        }
        Command::Unknown { site } => {
            let store = super::open(&database).await?;
            print!("{}", super::seen::table(&store, &site).await?);
        }
        Command::Show { site, source } => {
            let store = super::open(&database).await?;
            show(&store, &site, source).await?;
        }
    }
    Ok(())
}

/// Publishes a file, unless it says just what the current version says.
async fn publish(store: &Store, clock: &Clock, path: &Path) -> anyhow::Result<()> {
    let source = load(path)?;
    let name = path.display().to_string();
    let file = read(&source, &name)?;
    let site = SiteId::parse(&file.site.value).context("checked: the site has an id")?;
    loop {
        // Before anything is looked at: what is published after this is told as a conflict.
        let revision = store.policies_revision().await?;
        let current = match store.current_policy(&site).await? {
            None => None,
            Some(row) => Some((document_of(&row.document)?, row.hash)),
        };
        let others = documents(store).await?;
        let history: Vec<Document> = current.iter().map(|(document, _)| document.clone()).collect();
        let document = compile(&file, &history);
        if let Some((before, hash)) = &current
            && document.says_the_same_as(before)
        {
            println!(
                "{site}: version {} says the same already, nothing published (sha256 {hash})",
                before.version
            );
            // Published before this was refused: it goes on, and is not passed over in silence.
            for other in neighbors::sharing(&site, &others) {
                eprintln!(
                    "{site}: site {other} shares its consent cookie, so that their pages take each other's answers: \
                     the next version of either will be refused (docs/policy.md, `domain-taken`)"
                );
            }
            return Ok(());
        }
        let mut faults = Collector::new(&source);
        neighbors::check(&file, &others, &mut faults);
        faults.finish(&name)?;
        let canonical = document.to_canonical();
        let hash = Document::hash(&canonical);
        let origin = document.log_origin();
        let new = NewPolicy { hash: &hash, source: &source, document: &canonical, origin: &origin };
        let before = document.version - 1;
        match store.publish_version(&site, before, revision, &new, clock.now()).await {
            Err(StoreError::Conflict) => {
                anyhow::ensure!(
                    store.current_policy_number(&site).await?.unwrap_or(0) == before,
                    "{site}: somebody else has just published a version; look at it, then publish again"
                );
                // It was another site, whose policy has not been looked at yet.
            }
            done => {
                let version = done?;
                println!("{site}: published version {version} (sha256 {hash})");
                name_unreviewed(&file);
                tell_changes(&site, &document);
                return Ok(());
            }
        }
    }
}

/// The current policy of every site.
async fn documents(store: &Store) -> anyhow::Result<Vec<Document>> {
    store.current_documents().await?.iter().map(|(document, _)| document_of(document)).collect()
}

/// Tells whom the version asks again, and why.
fn tell_changes(site: &SiteId, document: &Document) {
    let words = document.languages.first().and_then(|lang| Some((lang, document.texts.get(lang)?.clone())));
    let is_new = |change: &&Change| change.version == document.version && document.version > 1;
    for change in document.changes.iter().filter(is_new) {
        let told = words
            .as_ref()
            .and_then(|(lang, texts)| change.told(document, lang, &Words::new(lang, texts.clone())));
        let told = told.unwrap_or_default();
        println!(
            "{site}: purpose {} changed ({told}): those who agreed to it are asked again",
            change.purpose
        );
    }
}

/// Names the languages whose built-in texts are used and were read by nobody who speaks them from birth.
fn name_unreviewed(file: &File) {
    let unreviewed: Vec<&str> = file
        .languages
        .value
        .iter()
        .map(|language| language.value.as_str())
        .filter(|tag| {
            let own = file.texts.get(*tag).map(|own| &own.value);
            languages::find(tag).is_some_and(|(_, language)| {
                !language.reviewed
                    && language.texts.keys().any(|key| own.is_none_or(|own| !own.contains_key(key)))
            })
        })
        .collect();
    if !unreviewed.is_empty() {
        eprintln!(
            "no native speaker has reviewed the built-in texts of {} yet (docs/languages.md)",
            unreviewed.join(", ")
        );
    }
}

async fn show(store: &Store, site: &SiteId, source: bool) -> anyhow::Result<()> {
    let versions = store.policy_versions(site).await?;
    let current = versions.first().with_context(|| format!("there is no site {site}"))?;
    if source {
        print!("{}", current.source);
        return Ok(());
    }
    for row in &versions {
        let state = if row.superseded_at.is_none() { "current" } else { "superseded" };
        println!(
            "version {}\t{state}\tpublished {}\tsha256 {}",
            row.version,
            rfc3339(Millis(row.published_at)),
            row.hash
        );
    }
    let document = document_of(&current.document)?;
    println!("domains\t{}", document.domains.join(" "));
    println!("regime\t{}", document.regime.id);
    for purpose in &document.purposes {
        let (id, category, basis) = (&purpose.id, &purpose.category, &purpose.basis);
        println!("purpose {id}\t{category}\t{basis}\tsince version {}", purpose.since);
    }
    Ok(())
}

/// Prints the schema.
pub fn schema() -> anyhow::Result<()> {
    print!("{}", crate::policy::schema::schema());
    Ok(())
}

fn load(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))
}

fn document_of(canonical: &str) -> anyhow::Result<Document> {
    serde_json::from_str(canonical).context("a stored policy cannot be read")
}

#[cfg(test)]
mod tests;
