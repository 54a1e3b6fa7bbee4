//! A real Redis for one test, on a socket of its own, that can be ended and started again.

use super::Link;
use crate::rng::Rng;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// The longest that anything under test may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// A Redis without persistence.
pub struct TestRedis {
    directory: TempDir,
    process: Option<Child>,
}

impl TestRedis {
    /// Starts one; nothing, said aloud, if the machine has no `redis-server`. In CI that is a failure.
    pub async fn start() -> Option<Self> {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let mut redis = Self { directory, process: None };
        if !redis.run() {
            let ci = std::env::var("CI").is_ok_and(|ci| ci == "true");
            assert!(!ci, "there is no redis-server");
            eprintln!("skipped: there is no redis-server");
            return None;
        }
        redis.wait_until_up().await;
        Some(redis)
    }

    /// Starts the same one again.
    pub async fn restart(&mut self) {
        assert!(self.run(), "redis-server was there a moment ago");
        self.wait_until_up().await;
    }

    /// Ends it at once.
    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().expect("our own child can be ended");
            process.wait().expect("our own child can be waited for");
        }
    }

    /// Its URL.
    pub fn url(&self) -> String {
        format!("unix://{}", self.socket().display())
    }

    /// A link to it that has been started.
    pub async fn link(&self) -> Arc<Link> {
        let link = Link::new(&self.url(), "test:").expect("the URL is one of Redis");
        link.start().await;
        link
    }

    /// Runs one command.
    pub async fn command(&self, words: &[&str]) -> redis::Value {
        let client = redis::Client::open(self.url()).expect("the URL is one of Redis");
        let mut connection = client.get_multiplexed_async_connection().await.expect("Redis answers");
        let mut command = redis::cmd(words[0]);
        for word in &words[1..] {
            command.arg(*word);
        }
        command.query_async(&mut connection).await.expect("the command is one of Redis")
    }

    /// Names of all keys.
    pub async fn keys(&self) -> Vec<String> {
        let keys = self.command(&["KEYS", "*"]).await;
        redis::from_redis_value(keys).expect("keys are a list of texts")
    }

    fn socket(&self) -> PathBuf {
        self.directory.path().join("redis.sock")
    }

    fn run(&mut self) -> bool {
        let process = Command::new("redis-server")
            .args(["--port", "0", "--save", "", "--appendonly", "no", "--unixsocket"])
            .arg(self.socket())
            .current_dir(self.directory.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        self.process = process.ok();
        self.process.is_some()
    }

    async fn wait_until_up(&self) {
        let client = redis::Client::open(self.url()).expect("the URL is one of Redis");
        until("Redis answers", async || client.get_multiplexed_async_connection().await.is_ok()).await;
    }
}

impl Drop for TestRedis {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Asks again and again until it is so.
pub async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) -> Duration {
    let started = Instant::now();
    let mut ticks = tokio::time::interval(Duration::from_millis(10));
    while !is_so().await {
        assert!(started.elapsed() < PATIENCE, "waited in vain: {what}");
        ticks.tick().await;
    }
    started.elapsed()
}

/// Randomness for keys.
pub fn entropy() -> crate::limits::Entropy {
    let rng = Rng::system();
    Arc::new(move || rng.bytes())
}
