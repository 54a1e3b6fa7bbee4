//! The link to Redis: one multiplexed connection, known to be up or down, and never waited for when down.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use futures_util::StreamExt;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Client, RedisResult};
use tokio::sync::{Notify, watch};

/// The longest a request waits for Redis before its process counts by itself. (The crate's own default is
/// 500 ms; Redis answers in well under one.)
const RESPONSE: Duration = Duration::from_millis(150);
const CONNECT: Duration = Duration::from_millis(500);
/// Between two looks at a Redis that is away, and at one that is there.
const RETRY: Duration = Duration::from_millis(250);
const LOOK: Duration = Duration::from_secs(2);
/// The names of all keys and channels of servers begin with this.
pub const PREFIX: &str = "avow:";

/// The channel on which a publish is told.
const CHANNEL: &str = "published";

/// A Redis that may come and go.
pub struct Link {
    client: Client,
    connection: ConnectionManager,
    prefix: String,
    up: AtomicBool,
    epoch: AtomicU64,
    went_down: Notify,
    published: watch::Sender<u64>,
}

impl Link {
    /// A link to `url`; all keys and channels begin with `prefix`. Does not connect yet. Must be called
    /// inside a tokio runtime.
    pub fn new(url: &str, prefix: &str) -> RedisResult<Arc<Self>> {
        let client = Client::open(url)?;
        let config = ConnectionManagerConfig::new()
            .set_response_timeout(Some(RESPONSE))
            .set_connection_timeout(Some(CONNECT))
            .set_number_of_retries(0);
        let connection = client.get_connection_manager_lazy(config)?;
        metrics::gauge!("avow_redis_configured").set(1.0);
        metrics::gauge!("avow_redis_up").set(0.0);
        Ok(Arc::new(Self {
            client,
            connection,
            prefix: prefix.to_owned(),
            up: AtomicBool::new(false),
            epoch: AtomicU64::new(0),
            went_down: Notify::new(),
            published: watch::Sender::new(0),
        }))
    }

    /// Keeps the link alive until every other holder is gone: looks whether Redis is there, and listens for
    /// publishes. The first look is done when this returns.
    pub async fn start(self: &Arc<Self>) {
        self.look().await;
        let weak = Arc::downgrade(self);
        tokio::spawn(async move {
            while let Some(link) = weak.upgrade() {
                let pause = if link.is_up() { LOOK } else { RETRY };
                tokio::select! {
                    () = tokio::time::sleep(pause) => {}
                    () = link.went_down.notified() => {}
                }
                link.look().await;
            }
        });
        let weak = Arc::downgrade(self);
        tokio::spawn(async move {
            while let Some(link) = weak.upgrade() {
                let listening = link.client.get_async_pubsub().await;
                let channel = link.key(CHANNEL);
                drop(link);
                if let Ok(mut listening) = listening
                    && listening.subscribe(channel).await.is_ok()
                {
                    // What was told while nobody listened is looked up now.
                    tell(&weak);
                    let mut messages = listening.into_on_message();
                    while messages.next().await.is_some() {
                        tell(&weak);
                    }
                    if let Some(link) = weak.upgrade() {
                        link.mark_down();
                    }
                }
                tokio::time::sleep(RETRY).await;
            }
        });
    }

    /// Whether Redis answered when it was last asked.
    pub fn is_up(&self) -> bool {
        self.up.load(Ordering::Acquire)
    }

    /// A number that changes each time Redis comes back; nothing while it is away.
    pub fn epoch(&self) -> Option<u64> {
        self.is_up().then(|| self.epoch.load(Ordering::Acquire))
    }

    /// The full name of a key or channel.
    pub fn key(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    /// Runs one command unless Redis is away; a failure takes the link down until it answers again.
    pub async fn run<T>(
        &self,
        command: impl AsyncFnOnce(&mut ConnectionManager) -> RedisResult<T>,
    ) -> Option<T> {
        if !self.is_up() {
            return None;
        }
        match command(&mut self.connection.clone()).await {
            Ok(answer) => Some(answer),
            Err(error) => {
                tracing::debug!(kind = ?error.kind(), "a Redis command failed");
                self.mark_down();
                None
            }
        }
    }

    /// Tells the nodes of the Redis at `url` that a policy was published; for a process that does nothing else
    /// with Redis.
    pub async fn publish_once(url: &str) -> RedisResult<bool> {
        Ok(Self::new(url, PREFIX)?.publish().await)
    }

    /// Tells all nodes that a policy was published. Whether Redis took it; if not, they notice by
    /// themselves within [`super::RECHECK`].
    pub async fn publish(&self) -> bool {
        let channel = self.key(CHANNEL);
        let sent: RedisResult<i64> =
            redis::cmd("PUBLISH").arg(channel).arg("1").query_async(&mut self.connection.clone()).await;
        sent.is_ok()
    }

    /// Changes whenever a publish is told, by any node.
    pub fn published(&self) -> watch::Receiver<u64> {
        self.published.subscribe()
    }

    async fn look(&self) {
        let answer: RedisResult<String> = redis::cmd("PING").query_async(&mut self.connection.clone()).await;
        match answer {
            Ok(_) => {
                if !self.up.swap(true, Ordering::AcqRel) {
                    self.epoch.fetch_add(1, Ordering::AcqRel);
                    metrics::gauge!("avow_redis_up").set(1.0);
                    tracing::info!("Redis is there: limits are shared between nodes");
                }
            }
            Err(error) => {
                tracing::trace!(kind = ?error.kind(), "no answer from Redis");
                self.mark_down();
            }
        }
    }

    fn mark_down(&self) {
        if self.up.swap(false, Ordering::AcqRel) {
            metrics::gauge!("avow_redis_up").set(0.0);
            metrics::counter!("avow_redis_losses_total").increment(1);
            tracing::warn!("Redis is away: limits are counted in this process until it is back");
            self.went_down.notify_one();
        }
    }
}

impl fmt::Debug for Link {
    /// Without the URL, which may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Link")
    }
}

fn tell(link: &Weak<Link>) {
    if let Some(link) = link.upgrade() {
        link.published.send_modify(|count| *count = count.wrapping_add(1));
    }
}
