//! The store's promises, each on both databases.

use super::append::{Appended, NewRecord};
use super::audit::NewAudit;
use super::policies::NewPolicy;
use super::records::Filter;
use super::tokens::NewToken;
use super::{Store, StoreError};
use crate::testing::{HASH, NOW, databases, id, publish, record, site};
use avow_shared::id::{Millis, RecordId, SiteId};
use avow_shared::reference;

#[tokio::test]
async fn a_batch_of_any_size_is_one_run_of_leaves() {
    for database in databases().await {
        let store = &database.store;
        publish(store, 0, HASH, NOW).await;
        let mut expected = 0;
        // Sizes around the chunks in which SQLite inserts.
        for (round, size) in [1u8, 2, 3, 7, 64, 65, 100].into_iter().enumerate() {
            let batch: Vec<NewRecord> = (0..size)
                .map(|n| NewRecord {
                    id: RecordId::from_parts(
                        NOW,
                        [u8::try_from(round).expect("few"), n, 1, 2, 3, 4, 5, 6, 7, 8],
                    ),
                    ..record(n)
                })
                .collect();
            for outcome in store.append(&batch).await.expect("a batch is appended").outcomes {
                assert_eq!(outcome, Appended::New(expected), "{}", store.name());
                expected += 1;
            }
        }
        assert_eq!(store.log_size(&site()).await.expect("a size"), expected);
        let leaves = store.leaves(&site(), 0, 1000).await.expect("leaves");
        assert!(leaves.iter().map(|(index, _)| *index).eq(0..expected));
    }
}

#[tokio::test]
async fn an_id_is_stored_once_per_site() {
    for database in databases().await {
        let store = &database.store;
        publish(store, 0, HASH, NOW).await;
        let other = SiteId::parse("other").expect("a name");
        let policy = NewPolicy { hash: HASH, source: "", document: "{}", origin: "other.example/avow/other" };
        let revision = store.policies_revision().await.expect("a read");
        store.publish_version(&other, 0, revision, &policy, NOW).await.expect("a second site");
        let changed = NewRecord { record: "{}".to_owned(), ..record(1) };
        let elsewhere = NewRecord { site: "other".to_owned(), ..record(1) };
        let outcomes = store
            .append(&[record(1), changed.clone(), elsewhere, record(2)])
            .await
            .expect("appended")
            .outcomes;
        assert_eq!(outcomes[0], Appended::New(0));
        assert!(matches!(&outcomes[1], Appended::Existing(first) if first.record == record(1).record));
        assert_eq!(outcomes[2..], [Appended::New(0), Appended::New(1)]);
        let outcomes = store.append(&[record(3), changed, record(4)]).await.expect("appended").outcomes;
        assert_eq!(outcomes[0], Appended::New(2));
        assert!(matches!(&outcomes[1], Appended::Existing(first) if first.record == record(1).record));
        assert_eq!(outcomes[2], Appended::New(3));
    }
}

#[tokio::test]
async fn a_batch_with_a_site_that_was_never_published_changes_nothing() {
    for database in databases().await {
        let store = &database.store;
        publish(store, 0, HASH, NOW).await;
        let stray = NewRecord { site: "stray".to_owned(), ..record(2) };
        assert!(store.append(&[record(1), stray]).await.is_err());
        assert_eq!(store.record(&site(), &id(1)).await.expect("a read"), None);
        assert_eq!(store.log_size(&site()).await.expect("a size"), 0);
    }
}

#[tokio::test]
async fn two_nodes_append_to_one_site_without_a_gap() {
    for database in databases().await {
        let store = database.store.clone();
        publish(&store, 0, HASH, NOW).await;
        let second = Store::open(&database.location).await.expect("a second node");
        let mut tasks = Vec::new();
        for n in 0..20u8 {
            let node = if n % 2 == 0 { store.clone() } else { second.clone() };
            // Every id is sent to both nodes at some time.
            let batch = [record(n), record((n + 1) % 20)];
            tasks.push(tokio::spawn(async move { node.append(&batch).await }));
        }
        let mut fresh: Vec<i64> = Vec::new();
        for task in tasks {
            for outcome in task.await.expect("no panic").expect("appended").outcomes {
                if let Appended::New(leaf) = outcome {
                    fresh.push(leaf);
                }
            }
        }
        fresh.sort_unstable();
        assert!(fresh.into_iter().eq(0..20), "{}", store.name());
        second.close().await;
    }
}

#[tokio::test]
async fn an_append_that_is_broken_off_is_there_in_whole_or_not_at_all() {
    for database in databases().await {
        let store = &database.store;
        publish(store, 0, HASH, NOW).await;
        store.append(&[record(0)]).await.expect("appended");
        for n in 0..20u8 {
            let batch = [record(3 * n + 1), record(3 * n + 2)];
            // Dropped at a moment that differs from run to run.
            let patience = std::time::Duration::from_micros(u64::from(n) * 100);
            let done = tokio::time::timeout(patience, store.append(&batch)).await;
            assert!(done.is_err() || done.is_ok_and(|done| done.is_ok()), "{}", store.name());
            let next = store.append(&[record(3 * n + 3)]).await.expect("appended");
            assert!(matches!(next.outcomes[..], [Appended::New(_)]), "{}", store.name());
            let one = store.record(&site(), &id(3 * n + 1)).await.expect("a read").is_some();
            let other = store.record(&site(), &id(3 * n + 2)).await.expect("a read").is_some();
            assert_eq!(one, other, "{}: both or none", store.name());
        }
        let size = store.log_size(&site()).await.expect("a size");
        let leaves = store.leaves(&site(), 0, 1000).await.expect("leaves");
        assert!(leaves.iter().map(|(index, _)| *index).eq(0..size), "{}", store.name());
    }
}

#[tokio::test]
async fn the_current_record_is_the_one_that_no_other_follows() {
    for database in databases().await {
        let store = &database.store;
        publish(store, 0, HASH, NOW).await;
        let after = |n: u8, former: u8, shown: u8| NewRecord {
            previous: Some((id(former), [shown; 32])),
            chain: 1,
            ..record(n)
        };
        // The withdrawal arrives first, the grant that it follows later.
        store.append(&[after(2, 1, 1)]).await.expect("appended");
        store.append(&[record(1)]).await.expect("appended");
        // Somebody without the secret claims to follow.
        store.append(&[after(3, 2, 9)]).await.expect("appended");
        for (n, current) in [(1, false), (2, true), (3, true)] {
            let stored = store.record(&site(), &id(n)).await.expect("a read").expect("stored");
            assert_eq!(stored.current, current, "{} {n}", store.name());
        }
    }
}

#[tokio::test]
async fn the_last_of_a_chain_is_current_in_every_order_of_arrival() {
    for database in databases().await {
        let store = &database.store;
        publish(store, 0, HASH, NOW).await;
        let orders: [[usize; 3]; 6] = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
        for (round, order) in (0u8..).zip(orders) {
            let names = [round * 3 + 1, round * 3 + 2, round * 3 + 3];
            for place in order {
                let former = place.checked_sub(1).map(|former| names[former]);
                let next = NewRecord {
                    previous: former.map(|former| (id(former), [former; 32])),
                    chain: u32::try_from(place).expect("three places"),
                    ..record(names[place])
                };
                store.append(&[next]).await.expect("appended");
            }
            let mut current = Vec::new();
            for name in names {
                let stored = store.record(&site(), &id(name)).await.expect("a read").expect("stored");
                current.push(stored.current);
            }
            assert_eq!(current, [false, false, true], "{} {order:?}", store.name());
        }
    }
}

#[tokio::test]
async fn exports_page_through_the_log_with_filters() {
    for database in databases().await {
        let store = &database.store;
        publish(store, 0, HASH, NOW).await;
        let batch: Vec<NewRecord> = (0..10u8)
            .map(|n| NewRecord {
                server_time: Millis(NOW.0 + i64::from(n)),
                policy_version: 1 + u32::from(n % 2),
                ..record(n)
            })
            .collect();
        store.append(&batch).await.expect("appended");
        let mut seen = Vec::new();
        let mut after = -1;
        loop {
            let page = store.export_page(&site(), &Filter::default(), after, 3).await.expect("a page");
            let Some(last) = page.last() else { break };
            after = last.leaf_index;
            seen.extend(page.iter().map(|stored| stored.leaf_index));
        }
        assert!(seen.into_iter().eq(0..10));
        let all = |filter: Filter| async move {
            let page = store.export_page(&site(), &filter, -1, 100).await.expect("a page");
            page.iter().map(|stored| stored.leaf_index).collect::<Vec<_>>()
        };
        let from = Some(Millis(NOW.0 + 3));
        let to = Some(Millis(NOW.0 + 6));
        assert_eq!(all(Filter { from, to, ..Filter::default() }).await, [3, 4, 5]);
        assert_eq!(all(Filter { from, to, version: Some(2), ..Filter::default() }).await, [3, 5]);
        assert_eq!(all(Filter { record: Some(id(7)), ..Filter::default() }).await, [7]);
        assert!(all(Filter { record: Some(id(7)), to, ..Filter::default() }).await.is_empty());
    }
}

#[tokio::test]
async fn a_reference_code_finds_its_record() {
    for database in databases().await {
        let store = &database.store;
        publish(store, 0, HASH, NOW).await;
        store.append(&[record(1), record(2), record(3)]).await.expect("appended");
        let (first, last) = reference::range(&reference::code(&id(2))).expect("a code");
        let found = store.records_between(&site(), &first, &last, 10).await.expect("a read");
        assert_eq!(found.iter().map(|stored| stored.id).collect::<Vec<_>>(), [id(2)]);
    }
}

#[tokio::test]
async fn who_has_not_seen_another_sites_policy_publishes_nothing() {
    for database in databases().await {
        // Two programs, as two people at two machines would use.
        let (here, there) =
            (&database.store, Store::open(&database.location).await.expect("it opens once more"));
        let [one, two] = ["one", "two"].map(|name| SiteId::parse(name).expect("a name"));
        for round in 0..8 {
            let seen = here.policies_revision().await.expect("a read");
            let [first, second] = ["one.example/avow/one", "two.example/avow/two"].map(|origin| NewPolicy {
                hash: HASH,
                source: "",
                document: "{}",
                origin,
            });
            let done = tokio::join!(
                here.publish_version(&one, round, seen, &first, NOW),
                there.publish_version(&two, round, seen, &second, NOW),
            );
            let (loser, version) = match done {
                (Ok(_), Err(StoreError::Conflict)) => (&two, &second),
                (Err(StoreError::Conflict), Ok(_)) => (&one, &first),
                other => panic!("{}: one of two goes through: {other:?}", here.name()),
            };
            let now_seen = here.policies_revision().await.expect("a read");
            assert_eq!(now_seen, seen + 1, "{}", here.name());
            here.publish_version(loser, round, now_seen, version, NOW).await.expect("having looked, it may");
        }
        there.close().await;
    }
}

#[tokio::test]
async fn a_version_is_published_once_and_supersedes_the_former() {
    for database in databases().await {
        let store = &database.store;
        let later = Millis(NOW.0 + 1000);
        assert_eq!(store.current_policy(&site()).await.expect("a read"), None);
        assert_eq!(publish(store, 0, HASH, NOW).await, 1);
        assert_eq!(publish(store, 1, "b", later).await, 2);
        for stale in [0, 1] {
            let policy = NewPolicy { hash: "c", source: "", document: "{}", origin: "" };
            let revision = store.policies_revision().await.expect("a read");
            let result = store.publish_version(&site(), stale, revision, &policy, later).await;
            assert!(matches!(result, Err(StoreError::Conflict)), "{}", store.name());
        }
        let versions = store.policy_versions(&site()).await.expect("a read");
        let seen: Vec<_> = versions.iter().map(|row| (row.version, row.superseded_at)).collect();
        assert_eq!(seen, [(2, None), (1, Some(later.0))]);
        assert_eq!(store.current_policy_number(&site()).await.expect("a read"), Some(2));
        assert_eq!(
            store.policy_by_hash(&site(), HASH).await.expect("a read").map(|row| row.version),
            Some(1)
        );
        let sites = store.list_sites().await.expect("a read");
        assert_eq!(
            sites.iter().map(|row| (row.site.as_str(), row.current_version)).collect::<Vec<_>>(),
            [("site", 2)]
        );
    }
}

#[tokio::test]
async fn tokens_are_found_by_hash_rotated_and_revoked() {
    for database in databases().await {
        let store = &database.store;
        publish(store, 0, HASH, NOW).await;
        let token = |id, n| NewToken { id, scope: "dpo", label: "", hash: [n; 32] };
        store.insert_token(&site(), &token("t1", 1), NOW).await.expect("inserted");
        store.rotate_token("t1", &site(), &token("t2", 2), NOW).await.expect("rotated");
        let again = store.rotate_token("t1", &site(), &token("t3", 3), NOW).await;
        assert!(matches!(again, Err(StoreError::Conflict)));
        assert_eq!(store.token_by_hash(&[3; 32]).await.expect("a read"), None);
        let old = store.token_by_hash(&[1; 32]).await.expect("a read").expect("there");
        assert_eq!(old.revoked_at, Some(NOW.0));
        assert!(store.revoke_token("t2", NOW).await.expect("revoked"));
        assert!(!store.revoke_token("t2", NOW).await.expect("no second time"));
        assert_eq!(store.list_tokens(Some(&site())).await.expect("a list").len(), 2);
        assert_eq!(store.list_tokens(None).await.expect("a list").len(), 2);
        let entry = NewAudit { id: id(1), at: NOW, site: &site(), actor: "t2", action: "export", object: "" };
        store.insert_audit(&entry).await.expect("inserted");
        assert_eq!(store.list_audit(&site(), 5).await.expect("a list").len(), 1);
    }
}

#[tokio::test]
async fn a_key_is_made_once() {
    for database in databases().await {
        let store = &database.store;
        assert_eq!(store.secret_or_insert("k", [1; 32], NOW).await.expect("a key"), [1; 32]);
        assert_eq!(store.secret_or_insert("k", [2; 32], NOW).await.expect("the key"), [1; 32]);
        assert_eq!(store.secret_or_insert("other", [2; 32], NOW).await.expect("a key"), [2; 32]);
    }
}

#[tokio::test]
async fn a_full_disk_is_told_apart_and_harms_nothing() {
    // SQLite only: its page limit is a full disk as far as it is concerned. PostgreSQL's code is mapped in
    // `error.rs`; filling its disk would take the server of every other test with it.
    let database = databases().await.remove(0);
    let store = &database.store;
    publish(store, 0, HASH, NOW).await;
    store.append(&[record(1)]).await.expect("appended");
    let super::Pool::Sqlite { writer, .. } = &store.pool else { panic!("the first one is SQLite") };
    sqlx::query("PRAGMA max_page_count = 1").execute(writer).await.expect("a limit");
    let large = NewRecord { record: "x".repeat(100_000), ..record(2) };
    assert!(matches!(store.append(std::slice::from_ref(&large)).await, Err(StoreError::Full)));
    assert_eq!(store.log_size(&site()).await.expect("a size"), 1);
    sqlx::query("PRAGMA max_page_count = 1000000").execute(writer).await.expect("no limit");
    assert_eq!(store.append(&[large]).await.expect("appended").outcomes, [Appended::New(1)]);
    let check: String =
        sqlx::query_scalar("PRAGMA integrity_check").fetch_one(writer).await.expect("a check");
    assert_eq!(check, "ok");
}
