//! Time passes: what is over is erased, in steps; what is held stays; proofs of the rest go on.

use super::step;
use crate::consent::decide::decide;
use crate::consent::receipt::{Head, receipt};
use crate::store::append::ERASED;
use crate::testing::{NOW, TestState, databases, id, site, state, submission};
use avow_shared::id::{DAY_MS, RecordId};
use avow_shared::note::Verifier;
use avow_shared::receipt::Receipt;
use std::sync::atomic::Ordering;

/// The tests' policy keeps records for so long.
const RECORD_DAYS: i64 = 730;

#[tokio::test]
async fn records_end_at_their_time_and_the_rest_still_proves_itself() {
    for database in databases().await {
        let store = &database.store;
        let TestState { state, clock, writer, data: _data } = state(store).await;
        let policies = state.policies.site(&site()).await.expect("read").expect("published");
        let mut ids: Vec<RecordId> = Vec::new();
        for n in 1..=3_u8 {
            // A day between one and the next.
            clock.store(NOW.0 + i64::from(n) * DAY_MS, Ordering::Relaxed);
            let mut one = submission(n, true, false);
            one.decided_at = NOW.0;
            decide(&state, &policies, &one).await.expect("decided");
            ids.push(id(n));
        }
        store.hold(&site(), "h", Some(&ids[1]), "case 7", NOW).await.expect("held");
        // Just before the end of the first: nothing. Then the first two are over, and one of them is held.
        clock.store(NOW.0 + (1 + RECORD_DAYS) * DAY_MS, Ordering::Relaxed);
        assert!(!step(&state, &site()).await.expect("a step"));
        let event =
            async |n: usize| store.record(&site(), &ids[n]).await.expect("read").expect("a row").event;
        assert_eq!(event(0).await, "partially_given");
        clock.store(NOW.0 + (2 + RECORD_DAYS) * DAY_MS + 1, Ordering::Relaxed);
        step(&state, &site()).await.expect("a step");
        assert_eq!(event(0).await, ERASED, "{}", store.name());
        assert_eq!(event(1).await, "partially_given", "it is held");
        assert_eq!(event(2).await, "partially_given", "its time is not over");
        for kept in &ids[1..] {
            let stored = store.record(&site(), kept).await.expect("read").expect("a row");
            let made = receipt(&state, &site(), stored, Head::Latest).await.expect("a receipt");
            let keys: Vec<Verifier> = made.keys.iter().filter_map(|key| Verifier::parse(key)).collect();
            let stored = &made.stored;
            let proof = Receipt { record: &stored.record, salt: stored.salt, proof: &made.proof };
            proof.verify(&keys).expect("it holds");
        }
        // Once the hold is lifted the next look takes it.
        let now = state.clock.now();
        assert!(store.lift(&site(), "h", now).await.expect("lifted"));
        step(&state, &site()).await.expect("a step");
        assert_eq!(event(1).await, ERASED);
        let report = crate::consent::inspect::inspect(store, &site(), None).await.expect("inspected");
        assert_eq!(report.findings, [], "{}", store.name());
        writer.finish().await;
    }
}
