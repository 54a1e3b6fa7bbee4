//! The log's promises, each on both databases.

use super::artefact;
use super::nodes;
use super::proofs::Proofs;
use super::sequencer::{Sequencer, Writer};
use super::signer::{Signer, Source};
use crate::error::Kind;
use crate::store::Store;
use crate::store::append::NewRecord;
use crate::testing::{HASH, NOW, databases, fake_build, publish, record, site};
use avow_shared::checkpoint::Checkpoint;
use avow_shared::entry::{self, leaf_hash};
use avow_shared::id::RecordId;
use avow_shared::merkle::{Frontier, Hash, verify_consistency, verify_inclusion};
use avow_shared::proof_file::verify_head;
use avow_shared::tile::Tile;
use std::path::Path;

/// A signer whose keys are those of every test, and whose memory is its own.
fn signer(memory: &Path) -> Signer {
    let directory = tempfile::tempdir().expect("a directory");
    let source = Source { directory: directory.path().to_owned(), head: None, receipt: None };
    let keys = source.read(|| [7; 32], |_| true).expect("made").expect("made");
    Signer::open(keys, memory).expect("opened")
}

fn start(store: &Store, memory: &Path) -> (Sequencer, Writer, Signer) {
    let signer = signer(memory);
    let (sequencer, writer) = Sequencer::start(store.clone(), signer.clone(), None);
    (sequencer, writer, signer)
}

fn nth(n: u32) -> NewRecord {
    let (mut commitment, mut random) = ([9; 32], [0; 10]);
    commitment[..4].copy_from_slice(&n.to_be_bytes());
    random[..4].copy_from_slice(&n.to_be_bytes());
    NewRecord { id: RecordId::from_parts(NOW, random), commitment, ..record(1) }
}

/// The root by the leaves alone, as a stranger would compute it.
async fn root_of(store: &Store, size: u64) -> Hash {
    let end = i64::try_from(size).expect("few");
    let mut frontier = Frontier::default();
    for leaf in store.leaf_hashes(&site(), 0, end).await.expect("leaves") {
        frontier.push(leaf);
    }
    frontier.root()
}

#[tokio::test]
async fn every_batch_moves_the_head_to_the_root_of_its_leaves() {
    for database in databases().await {
        let store = &database.store;
        publish(store, 0, HASH, NOW).await;
        let mut next = 0;
        // Over the edge of a tile in every way: to it, past it, across two, and one leaf at a time.
        for size in [1_u32, 255, 1, 256, 700, 66, 1, 1] {
            let batch: Vec<NewRecord> = (next..next + size).map(nth).collect();
            let done = store.append(&batch).await.expect("appended");
            next += size;
            let [growth] = &done.growth[..] else { panic!("one site") };
            assert_eq!(growth.leaves.len(), batch.len());
            assert_eq!(growth.root, root_of(store, u64::from(next)).await, "{} {next}", store.name());
            // Whoever reads it anew comes to the same.
            let tree = store.tree(&site()).await.expect("a tree");
            assert_eq!((tree.size(), tree.root()), (u64::from(next), growth.root));
        }
    }
}

#[tokio::test]
async fn proofs_out_of_the_database_hold_for_every_size() {
    for database in databases().await {
        let store = &database.store;
        publish(store, 0, HASH, NOW).await;
        let batch: Vec<NewRecord> = (0..700).map(nth).collect();
        store.append(&batch).await.expect("appended");
        let leaves = store.leaf_hashes(&site(), 0, 700).await.expect("leaves");
        let proofs = Proofs::new(store.clone());
        for size in [1_u64, 2, 255, 256, 257, 511, 512, 513, 700] {
            let root = root_of(store, size).await;
            let head = Checkpoint { origin: "site.example".to_owned(), size, root };
            // The second time from what the first time kept.
            for index in [0, size / 3, size / 2, size - 1].repeat(2) {
                let nth = usize::try_from(index).expect("few");
                let entry = (entry::Kind::Record, &batch[nth].commitment);
                let proof = proofs.inclusion(&site(), &head, index, entry).await.expect("a proof");
                verify_inclusion(&leaves[nth], index, size, &root, &proof).expect("it holds");
            }
            for old in [1, size / 2 + 1, size] {
                let proof = nodes::consistency(store, &site(), old, size).await.expect("a proof");
                let old_root = root_of(store, old).await;
                verify_consistency((old, &old_root), (size, &root), &proof).expect("it holds");
            }
            // Every tile of that size has the hashes that it should.
            for tile in Tile::all(size) {
                let hashes = nodes::tile(store, &site(), tile).await.expect("a tile");
                assert_eq!(hashes.len(), usize::from(tile.width));
                if tile.level == 0 {
                    let start = usize::try_from(tile.index * 256).expect("few");
                    assert_eq!(hashes, leaves[start..start + hashes.len()]);
                }
            }
        }
    }
}

#[tokio::test]
async fn a_proof_that_does_not_hold_is_an_error() {
    for database in databases().await {
        let store = &database.store;
        publish(store, 0, HASH, NOW).await;
        let batch: Vec<NewRecord> = (0..300).map(nth).collect();
        store.append(&batch).await.expect("appended");
        let origin = || "site.example".to_owned();
        let head = Checkpoint { origin: origin(), size: 300, root: root_of(store, 300).await };
        let proofs = Proofs::new(store.clone());
        let entry = |nth: usize| (entry::Kind::Record, &batch[nth].commitment);
        proofs.inclusion(&site(), &head, 290, entry(290)).await.expect("a proof");
        // Of another leaf, of another head, of an edited database, and of a place that is not there.
        proofs.inclusion(&site(), &head, 290, entry(291)).await.expect_err("another leaf");
        let other = Checkpoint { root: [1; 32], ..head.clone() };
        proofs.inclusion(&site(), &other, 290, entry(290)).await.expect_err("another head");
        proofs.inclusion(&site(), &head, 300, entry(299)).await.expect_err("no such leaf");
        proofs.inclusion(&site(), &head, 290, entry(290)).await.expect("a proof");
        store.edit_leaf_for_tests(&site(), 295).await;
        // What is kept is of the log as it was, until something does not fit.
        proofs.inclusion(&site(), &head, 290, entry(290)).await.expect("a proof");
        proofs.inclusion(&site(), &head, 290, entry(291)).await.expect_err("another leaf");
        proofs.inclusion(&site(), &head, 290, entry(290)).await.expect_err("an edited leaf");
        let read_anew = Proofs::new(store.clone());
        read_anew.inclusion(&site(), &head, 290, entry(290)).await.expect_err("an edited leaf");
    }
}

#[tokio::test]
async fn what_is_acknowledged_is_under_a_signed_head_and_what_was_shown_comes_first() {
    for database in databases().await {
        let store = &database.store;
        publish(store, 0, HASH, NOW).await;
        let folder = tempfile::tempdir().expect("a directory");
        let (sequencer, writer, signer) = start(store, folder.path());
        let logged = sequencer.append(record(1)).await.expect("appended");
        let keys = signer.verifiers("site.example/avow/site");
        let (checkpoint, _) = verify_head(&logged.head.note, &keys).expect("signed");
        assert_eq!((checkpoint.size, checkpoint.root), (2, root_of(store, 2).await));
        let entries = nodes::entries(store, &site(), 0, 2).await.expect("entries");
        assert_eq!(entries[1], entry::bytes(entry::Kind::Record, &record(1).commitment));
        let manifests = store.manifests(&site(), entry::Kind::Artefact.byte()).await.expect("manifests");
        assert_eq!((manifests[0].leaf_index, manifests[0].name.as_str()), (0, "policy/1"));
        let content = entry::manifest_hash(manifests[0].manifest.as_bytes());
        assert_eq!(entries[0], entry::bytes(entry::Kind::Artefact, &content));
        // A new version has its entry before the first record under it.
        publish(store, 1, HASH, NOW).await;
        sequencer.append(NewRecord { policy_version: 2, ..record(2) }).await.expect("appended");
        let manifests = store.manifests(&site(), entry::Kind::Artefact.byte()).await.expect("manifests");
        assert_eq!(manifests.iter().map(|one| one.leaf_index).collect::<Vec<_>>(), [0, 2]);
        writer.finish().await;
    }
}

#[tokio::test]
async fn two_nodes_sign_one_log() {
    for database in databases().await {
        let store = database.store.clone();
        publish(&store, 0, HASH, NOW).await;
        let second = Store::open(&database.location).await.expect("a second node");
        let folders = [tempfile::tempdir().expect("a directory"), tempfile::tempdir().expect("a directory")];
        let (one, first_writer, _) = start(&store, folders[0].path());
        let (other, second_writer, _) = start(&second, folders[1].path());
        let mut tasks = Vec::new();
        for n in 0..200_u32 {
            let node = if n % 2 == 0 { one.clone() } else { other.clone() };
            tasks.push(tokio::spawn(async move { node.append(nth(n)).await }));
        }
        for task in tasks {
            let head = task.await.expect("no panic").expect("appended").head;
            assert_eq!(head.checkpoint.root, root_of(&store, head.checkpoint.size).await, "{}", store.name());
        }
        first_writer.finish().await;
        second_writer.finish().await;
        second.close().await;
    }
}

#[tokio::test]
async fn a_database_that_went_back_is_not_signed() {
    for database in databases().await {
        let store = &database.store;
        publish(store, 0, HASH, NOW).await;
        let folder = tempfile::tempdir().expect("a directory");
        let (sequencer, writer, signer) = start(store, folder.path());
        for n in 0..300 {
            sequencer.append(nth(n)).await.expect("appended");
        }
        writer.finish().await;
        drop((sequencer, signer));
        // As after a backup was put back: the last ten leaves are gone, and the head is theirs no more.
        store.rewind_for_tests(&site(), 291).await;
        let (sequencer, writer, signer) = start(store, folder.path());
        let refused = sequencer.append(nth(1000)).await.expect_err("halted");
        assert_eq!(refused.kind, Kind::LogHalted, "{}", store.name());
        assert_eq!(store.log_size(&site()).await.expect("a size"), 291, "nothing was stored");
        assert!(signer.head("site").is_none());
        writer.finish().await;
    }
}

#[tokio::test]
async fn a_log_from_before_its_tree_gets_one() {
    for database in databases().await {
        let store = &database.store;
        publish(store, 0, HASH, NOW).await;
        let batch: Vec<NewRecord> = (0..600).map(nth).collect();
        let root = store.append(&batch).await.expect("appended").growth[0].root;
        store.forget_tree_for_tests(&site()).await;
        assert!(store.tree(&site()).await.is_err());
        store.migrate().await.expect("migrated");
        assert_eq!(store.tree(&site()).await.expect("a tree").root(), root, "{}", store.name());
    }
}

#[tokio::test]
async fn an_edited_leaf_is_noticed_at_the_next_start() {
    for database in databases().await {
        let store = &database.store;
        publish(store, 0, HASH, NOW).await;
        let folder = tempfile::tempdir().expect("a directory");
        let (sequencer, writer, signer) = start(store, folder.path());
        for n in 0..5 {
            sequencer.append(nth(n)).await.expect("appended");
        }
        writer.finish().await;
        drop((sequencer, signer));
        store.edit_leaf_for_tests(&site(), 3).await;
        let again = Store::open(&database.location).await.expect("opened");
        let (sequencer, writer, _signer) = start(&again, folder.path());
        let refused = sequencer.append(nth(9)).await.expect_err("halted");
        assert_eq!(refused.kind, Kind::LogHalted, "{}", store.name());
        writer.finish().await;
    }
}

#[test]
fn a_leaf_is_the_hash_of_its_entry() {
    let entry = artefact::build(&fake_build(), []).expect("a name");
    let content = entry::manifest_hash(entry.manifest.as_bytes());
    let hash = avow_shared::merkle::leaf_hash(&entry::bytes(entry::Kind::Artefact, &content));
    assert_eq!(leaf_hash(entry::Kind::Artefact, &content), hash);
}
