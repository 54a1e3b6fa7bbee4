//! What is signed, and what is refused.

use super::*;
use avow_shared::proof_file::verify_head;

fn signer(folder: &Path) -> Signer {
    let source = Source { directory: folder.join("keys"), head: None, receipt: None };
    let keys = source.read(|| [1; 32], |_| true).expect("made").expect("made");
    Signer::open(keys, &folder.join("signer")).expect("opened")
}

fn frontier(leaves: &[Hash]) -> Frontier {
    leaves.iter().copied().collect()
}

#[test]
fn a_head_that_extends_is_signed_and_verifies() {
    let folder = tempfile::tempdir().expect("a directory");
    let signer = signer(folder.path());
    let leaves: Vec<Hash> = (0..5).map(|n| [n; 32]).collect();
    signer.resume("site", (1, "o/site"), Frontier::default()).expect("begun");
    let head = signer.extend("site", 0, &leaves[..3], &frontier(&leaves[..3]).root()).expect("signed");
    let head2 = signer.extend("site", 3, &leaves[3..], &frontier(&leaves).root()).expect("signed");
    let keys = signer.verifiers("o/site");
    for (head, size) in [(head, 3), (head2, 5)] {
        let (checkpoint, _) = verify_head(&head.note, &keys).expect("it verifies");
        assert_eq!((checkpoint.size, &checkpoint), (size, &head.checkpoint));
    }
}

#[test]
fn what_does_not_extend_is_refused_also_after_a_restart() {
    let folder = tempfile::tempdir().expect("a directory");
    let leaves: Vec<Hash> = (0..5).map(|n| [n; 32]).collect();
    {
        let signer = signer(folder.path());
        assert!(signer.extend("site", 0, &leaves, &frontier(&leaves).root()).is_err(), "never resumed");
        signer.resume("site", (1, "o"), Frontier::default()).expect("begun");
        signer.extend("site", 0, &leaves[..3], &frontier(&leaves[..3]).root()).expect("signed");
        // Again from the start, with a gap, with another root.
        for (from, more) in [(0, &leaves[..2]), (4, &leaves[4..])] {
            assert!(signer.extend("site", from, more, &frontier(&leaves).root()).is_err());
        }
        assert!(signer.extend("site", 3, &leaves[3..], &[9; 32]).is_err());
        assert_eq!(signer.head("site").expect("a head").checkpoint.size, 3);
    }
    let signer = signer(folder.path());
    let fork = [[0; 32], [7; 32], [2; 32]];
    for (wrong, why) in [(&leaves[..2], "rewound"), (&leaves[..4], "not as far"), (&fork[..], "a fork")] {
        assert!(signer.resume("site", (1, "o"), frontier(wrong)).is_err(), "{why}");
    }
    assert!(signer.remembered("site", "another").is_err());
    signer.resume("site", (1, "o"), frontier(&leaves[..3])).expect("the same again");
    signer.extend("site", 3, &leaves[3..], &frontier(&leaves).root()).expect("signed");
}
