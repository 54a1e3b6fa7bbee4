//! Tests of the limits against a real Redis: shared by nodes, nothing to read for who looks into it, and no
//! gap while it is away.

use super::{Class, Limits, RateLimit, TrustedProxies, Verdict};
use crate::cache::testing::{TestRedis, entropy, until};
use std::net::IpAddr;
use std::time::{Duration, Instant};

/// 2026-01-01T00:00:00Z in milliseconds.
const NOW: i64 = 1_767_225_600_000;
const DAY: i64 = 86_400_000;

fn rate(text: &str) -> RateLimit {
    text.parse().expect("a test rate parses")
}

fn ip(text: &str) -> IpAddr {
    text.parse().expect("a test address parses")
}

async fn node(redis: &TestRedis, text: &str) -> Limits {
    Limits::new(rate(text), TrustedProxies::default(), entropy(), Some(redis.link().await))
}

async fn allowed(limits: &Limits, client: &str, now: i64) -> bool {
    limits.check(Class::Write, ip(client), now).await == Verdict::Allowed
}

#[tokio::test]
async fn nodes_share_one_allowance() {
    let Some(redis) = TestRedis::start().await else { return };
    let (one, two) = (node(&redis, "0.01:4").await, node(&redis, "0.01:4").await);
    for limits in [&one, &two, &one, &two] {
        assert!(allowed(limits, "192.0.2.1", NOW).await);
    }
    let Verdict::Refused { retry_after } = two.check(Class::Write, ip("192.0.2.1"), NOW).await else {
        panic!("the fifth of four is refused")
    };
    assert!(
        retry_after > Duration::from_secs(90) && retry_after <= Duration::from_secs(100),
        "{retry_after:?}"
    );
    assert!(!allowed(&one, "192.0.2.1", NOW).await);
    assert!(allowed(&one, "192.0.2.2", NOW).await, "another address has its own");
    assert!(allowed(&two, "2001:db8:1:2::1", NOW).await);
    for last in ["2", "3", "4"] {
        assert!(allowed(&one, &format!("2001:db8:1:2::{last}"), NOW).await);
    }
    assert!(!allowed(&two, "2001:db8:1:2:ffff::5", NOW).await, "a /64 is one client");
    assert_eq!(
        one.check(Class::Read, ip("192.0.2.1"), NOW).await,
        Verdict::Allowed,
        "reads are counted apart"
    );
}

#[tokio::test]
async fn redis_holds_no_address_and_nothing_for_long() {
    let Some(redis) = TestRedis::start().await else { return };
    let limits = node(&redis, "1:10").await;
    assert!(allowed(&limits, "192.0.2.77", NOW).await);
    assert!(allowed(&limits, "192.0.2.77", NOW + DAY).await);
    let keys = redis.keys().await;
    assert_eq!(keys.iter().filter(|key| key.starts_with("test:limits:key:")).count(), 2, "{keys:?}");
    let buckets: Vec<_> = keys.iter().filter(|key| key.starts_with("test:limits:write:")).collect();
    assert_eq!(buckets.len(), 2, "the same address has another name on another day: {keys:?}");
    let name = |bucket: &str| bucket.rsplit(':').next().map(str::to_owned);
    assert_ne!(name(buckets[0]), name(buckets[1]));
    for key in &keys {
        assert!(!key.contains("192.0.2.77") && !key.contains("c000024d"), "{key}");
        let ttl: i64 =
            redis::from_redis_value(redis.command(&["TTL", key]).await).expect("a TTL is a number");
        let longest = if key.contains(":key:") { 2 * 86_400 } else { 10 };
        assert!((0..=longest).contains(&ttl), "{key} lives for {ttl} s");
    }
}

#[tokio::test]
async fn losing_redis_opens_no_gap_and_its_return_shares_again() {
    let Some(mut redis) = TestRedis::start().await else { return };
    let (one, two) = (node(&redis, "0.01:2").await, node(&redis, "0.01:2").await);
    assert!(allowed(&one, "192.0.2.1", NOW).await);
    redis.kill();
    let started = Instant::now();
    assert!(allowed(&one, "192.0.2.1", NOW).await);
    assert!(allowed(&one, "192.0.2.1", NOW).await);
    assert!(!allowed(&one, "192.0.2.1", NOW).await, "the process counts by itself");
    assert!(started.elapsed() < Duration::from_secs(2), "nobody waits for a Redis that is away");
    assert!(allowed(&two, "192.0.2.1", NOW).await, "and so does the other one");
    redis.restart().await;
    for limits in [&one, &two] {
        let link = &limits.shared.as_ref().expect("there is a Redis").link();
        until("Redis is seen again", async || link.is_up()).await;
    }
    // A Redis without persistence has forgotten; the nodes agree on the day's key and share again.
    assert!(allowed(&one, "192.0.2.9", NOW).await);
    assert!(allowed(&two, "192.0.2.9", NOW).await);
    assert!(!allowed(&one, "192.0.2.9", NOW).await);
    assert!(!allowed(&two, "192.0.2.9", NOW).await);
}

#[tokio::test]
async fn off_asks_nobody() {
    let Some(redis) = TestRedis::start().await else { return };
    let limits = node(&redis, "off").await;
    for _ in 0..100 {
        assert!(allowed(&limits, "192.0.2.1", NOW).await);
    }
    assert!(redis.keys().await.is_empty());
}

#[tokio::test]
async fn without_redis_the_process_counts() {
    let limits = Limits::new(rate("0.01:2"), TrustedProxies::default(), entropy(), None);
    assert!(allowed(&limits, "192.0.2.1", NOW).await);
    assert!(allowed(&limits, "192.0.2.1", NOW).await);
    assert!(!allowed(&limits, "192.0.2.1", NOW).await);
    assert!(allowed(&limits, "192.0.2.1", NOW + DAY).await, "a new day, a new key");
}
