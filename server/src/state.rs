//! What every request handler is given.

use crate::cache::{Link, Policies};
use crate::clock::Clock;
use crate::consent::hand_over::HandoverKey;
use crate::consent::region::RegionKey;
use crate::geo::Locator;
use crate::limits::Limits;
use crate::log::proofs::Proofs;
use crate::log::publish::Publisher;
use crate::log::sequencer::Sequencer;
use crate::log::signer::Signer;
use crate::middleware::RequestIds;
use crate::rng::Rng;
use crate::seal::SealKey;
use crate::seen::Ledger;
use crate::shown::build::Builds;
use crate::shown::ticket::TicketKey;
use crate::site_files::SiteFiles;
use crate::store::Store;
use std::sync::Arc;

/// The parts of a running server. Clock and randomness are among them, so that tests can fix both.
#[derive(Debug)]
pub struct AppState {
    /// The database.
    pub store: Store,
    /// Compiled policies by site.
    pub policies: Policies,
    /// What pages load.
    pub site_files: SiteFiles,
    /// The way to Redis, if there is one.
    pub link: Option<Arc<Link>>,
    /// How often an address may ask.
    pub limits: Limits,
    /// Names for requests.
    pub requests: RequestIds,
    /// The way into the log.
    pub sequencer: Sequencer,
    /// What has been signed last, and the public keys.
    pub signer: Signer,
    /// Makes inclusion proofs.
    pub proofs: Proofs,
    /// Publishes heads.
    pub publisher: Publisher,
    /// The time.
    pub clock: Clock,
    /// Randomness.
    pub rng: Rng,
    /// The key of the cookie seals.
    pub seal: SealKey,
    /// The key of the regimes that are handed out.
    pub regions: RegionKey,
    /// The key of answers that go along to another domain.
    pub handovers: HandoverKey,
    /// Where visitors are.
    pub locator: Locator,
    /// The key of addresses at which something is shown again.
    pub tickets: TicketKey,
    /// Widget builds that are shown again.
    pub builds: Builds,
    /// What no policy names.
    pub ledger: Ledger,
}
