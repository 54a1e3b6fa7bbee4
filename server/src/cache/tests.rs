//! Tests of the policy cache: how soon a publish is seen, and what is served while the database is away.

use super::testing::{TestRedis, until};
use super::{Policies, RECHECK};
use crate::store::Store;
use crate::testing::{HASH, NOW, databases, publish, site};

const NEXT: &str = "bb55bb55bb55bb55bb55bb55bb55bb55bb55bb55bb55bb55bb55bb55bb55bb55";

async fn version(policies: &Policies) -> Option<u32> {
    let found = policies.site(&site()).await.expect("the database answers");
    found.map(|policies| policies.current.engine.version)
}

#[tokio::test]
async fn a_publish_by_another_process_is_seen_soon() {
    for database in databases().await {
        let policies = Policies::new(database.store.clone());
        assert_eq!(version(&policies).await, None);
        assert!(!policies.knows_origin("https://site.example").await.expect("the database answers"));
        let other = Store::open(&database.location).await.expect("the database opens once more");
        publish(&other, 0, HASH, NOW).await;
        until("version 1 is seen", async || version(&policies).await == Some(1)).await;
        assert!(policies.knows_origin("https://site.example").await.expect("the database answers"));
        assert!(!policies.knows_origin("https://other.example").await.expect("the database answers"));
        publish(&other, 1, NEXT, NOW).await;
        until("version 2 is seen", async || version(&policies).await == Some(2)).await;
    }
}

#[tokio::test]
async fn what_is_known_is_served_while_the_database_is_away() {
    for database in databases().await {
        publish(&database.store, 0, HASH, NOW).await;
        let policies = Policies::new(database.store.clone());
        assert_eq!(version(&policies).await, Some(1));
        database.store.close().await;
        let closed = std::time::Instant::now();
        // Past the time when the database would be asked again.
        until("the answer is old", async || {
            assert_eq!(version(&policies).await, Some(1));
            closed.elapsed() > RECHECK * 2
        })
        .await;
        let unknown = avow_shared::id::SiteId::parse("never-asked").expect("a site's name");
        assert!(policies.site(&unknown).await.is_err(), "what is not known needs the database");
    }
}

#[tokio::test]
async fn with_redis_a_publish_is_heard_at_once() {
    let Some(redis) = TestRedis::start().await else { return };
    for database in databases().await {
        publish(&database.store, 0, HASH, NOW).await;
        let link = redis.link().await;
        let policies = Policies::new(database.store.clone());
        policies.follow(&link);
        // The listener's first look comes with its subscription; only then is a message sure to arrive.
        let mut told = link.published();
        until("the link listens", async || told.borrow_and_update().gt(&0)).await;
        let publisher = redis.link().await;
        let mut fastest = RECHECK;
        for (current, hash) in [(1, NEXT), (2, HASH), (3, NEXT)] {
            assert_eq!(version(&policies).await, Some(current));
            publish(&database.store, current, hash, NOW).await;
            assert!(publisher.publish().await, "Redis takes the message");
            let took = until("it is heard", async || version(&policies).await == Some(current + 1)).await;
            fastest = fastest.min(took);
        }
        assert!(fastest < RECHECK / 2, "without Redis it would be seen that soon too: {fastest:?}");
    }
}

#[tokio::test]
async fn the_link_hears_again_after_redis_was_away() {
    let Some(mut redis) = TestRedis::start().await else { return };
    let link = redis.link().await;
    assert!(link.is_up());
    let mut told = link.published();
    until("the link listens", async || told.borrow_and_update().gt(&0)).await;
    let before = link.epoch().expect("Redis is up");
    redis.kill();
    until("the loss is noticed", async || !link.is_up()).await;
    assert_eq!(link.epoch(), None);
    assert!(!link.publish().await, "nobody is there to take it");
    let heard = *told.borrow_and_update();
    redis.restart().await;
    until("Redis is seen again", async || link.is_up()).await;
    assert!(link.epoch().expect("Redis is up") > before);
    until("what was missed is looked up", async || *told.borrow_and_update() > heard).await;
    let heard = *told.borrow_and_update();
    until("a message arrives", async || link.publish().await && *told.borrow_and_update() > heard).await;
}
