//! Tokens: good for one site and one scope, until they are rotated or revoked. On both databases.

use super::*;
use crate::testing::{HASH, NOW, databases, publish, site};

fn parts() -> (Clock, Rng) {
    (Clock::from_fn(|| NOW), Rng::seeded(7))
}

#[tokio::test]
async fn a_token_is_good_for_its_own_site_and_scope_only() {
    for database in databases().await {
        let (store, (clock, rng)) = (&database.store, parts());
        publish(store, 0, HASH, NOW).await;
        let issued =
            create(store, &clock, &rng, &site(), Scope::Dpo, "officer").await.expect("the site exists");
        let principal = authorize(store, &site(), &issued.token, Scope::Dpo).await.expect("a good token");
        assert_eq!(principal.token, issued.id);
        let other = SiteId::parse("other").expect("a site's name");
        let mut longer = issued.token.clone();
        longer.push('A');
        for (site, shown, scope) in [
            (&site(), issued.token.as_str(), Scope::Operator),
            (&other, issued.token.as_str(), Scope::Dpo),
            (&site(), issued.id.as_str(), Scope::Dpo),
            (&site(), longer.as_str(), Scope::Dpo),
            (&site(), &issued.token[PREFIX.len()..], Scope::Dpo),
            (&site(), "", Scope::Dpo),
        ] {
            let error = authorize(store, site, shown, scope).await.expect_err("not a good token");
            assert_eq!(error.kind, Kind::Unauthorized);
        }
    }
}

#[tokio::test]
async fn a_rotated_or_revoked_token_is_dead_and_its_successor_is_not() {
    for database in databases().await {
        let (store, (clock, rng)) = (&database.store, parts());
        publish(store, 0, HASH, NOW).await;
        let first =
            create(store, &clock, &rng, &site(), Scope::Dpo, "officer").await.expect("the site exists");
        let second = rotate(store, &clock, &rng, &first.id).await.expect("a good token");
        assert!(authorize(store, &site(), &first.token, Scope::Dpo).await.is_err());
        assert!(authorize(store, &site(), &second.token, Scope::Dpo).await.is_ok());
        assert!(
            rotate(store, &clock, &rng, &first.id).await.is_err(),
            "a dead token has no second successor"
        );
        assert!(revoke(store, &clock, &second.id).await.expect("the store answers"));
        assert!(!revoke(store, &clock, &second.id).await.expect("the store answers"));
        assert!(authorize(store, &site(), &second.token, Scope::Dpo).await.is_err());
        let listed = list(store, Some(&site())).await.expect("the store answers");
        assert_eq!(listed.len(), 2);
        assert!(listed.iter().all(|token| token.label == "officer" && token.revoked_at.is_some()));
    }
}

#[tokio::test]
async fn no_token_for_a_site_that_is_not_there_or_with_a_label_that_breaks_lists() {
    for database in databases().await {
        let (store, (clock, rng)) = (&database.store, parts());
        let missing = create(store, &clock, &rng, &site(), Scope::Dpo, "").await.expect_err("no such site");
        assert_eq!(missing.kind, Kind::UnknownSite);
        publish(store, 0, HASH, NOW).await;
        for label in ["two\nlines", &"x".repeat(MAX_LABEL + 1)] {
            let error =
                create(store, &clock, &rng, &site(), Scope::Dpo, label).await.expect_err("a bad label");
            assert_eq!(error.kind, Kind::Invalid);
        }
    }
}
