//! `README.txt` of a bundle: what is in it and what it proves, for somebody who has never heard of us.
//!
//! Bundles that were handed over are held to this text: it is part of the schema, and another text is another schema.

use super::index::{Index, Scope};
use crate::moment::rfc3339;
use avow_shared::id::Millis;
use std::fmt::Write as _;

/// The text; `linked`: there is a proof that the head extends that of the bundle before; `artefacts`: there are files
/// of builds, or pictures.
pub fn readme(index: &Index, linked: bool, artefacts: bool) -> String {
    let mut text = String::new();
    // A string takes every text.
    let _ = write_readme(index, linked, artefacts, &mut text);
    text
}

fn write_readme(index: &Index, linked: bool, artefacts: bool, text: &mut String) -> std::fmt::Result {
    writeln!(text, "CONSENT RECORDS OF THE SITE {}", index.site)?;
    writeln!(text, "made {}", rfc3339(Millis(index.made_at)))?;
    writeln!(text)?;
    match index.scope {
        Scope::Full => writeln!(
            text,
            "This is the whole log up to {} entries. Its entries lead to the signed head in head.note, so none of\n\
             them can be missing or altered without that showing.",
            index.size
        )?,
        Scope::Partial => writeln!(
            text,
            "These are some records of a log of {} entries. Each has a proof in proofs.ndjson that it stands in the\n\
             log under the signed head in head.note. That nothing was left out is NOT proved: only a bundle of the\n\
             whole log proves that.",
            index.size
        )?,
    }
    if linked && let Some(previous) = &index.previous {
        writeln!(
            text,
            "consistency.txt proves that this log begins with the {} entries of the bundle before.",
            previous.size
        )?;
    }
    writeln!(text)?;
    writeln!(text, "Erased records, by reason:")?;
    if index.erasures.is_empty() {
        writeln!(text, "  none")?;
    }
    for (reason, count) in &index.erasures {
        writeln!(text, "  {count} {reason}")?;
    }
    text.push_str(FILES);
    if artefacts {
        text.push_str(ARTEFACTS);
    }
    text.push_str(REST);
    Ok(())
}

const FILES: &str = "
FILES
  records.ndjson     one record on each line: exactly the bytes that were committed to (RFC 8785)
  records.csv        the same for a spreadsheet
  leaves.csv         every entry: its index, kind, 32 bytes in hexadecimal, and the salt of its record
  manifests.ndjson   what entries other than records stand for: what was published, what was erased
  proofs.ndjson      proofs of single records (C2SP tlog-proof), where this is not the whole log
  head.note          the signed head of the log (C2SP tlog-checkpoint, signed-note)
  head-public.note   the head that was published last, with the signatures of witnesses, if there is one
  keys.txt           the public keys of the log. Get them from somewhere else as well: whoever made this file
                     could have put his own key here
  policies/          every published version: what visitors were shown (.json), and the file it came from (.toml)
";

const ARTEFACTS: &str =
    "  artefacts/         the code that asked visitors, and pictures of what it drew, each called by its SHA-256, which
                     stands in manifests.ndjson. The pictures are illustrations, made on another screen
";

const REST: &str = "  erased-later.csv   entries whose records were erased while this file was made, if there are any
  bundle.json        this page, for programs
  verifier.html      a page that checks this file in a browser, without a network, if it is there

HOW TO CHECK IT
  with our program   avow verify bundle FILE.zip --key KEY
  in a browser       open verifier.html from a disk and choose this file. Better take that page from elsewhere, too
  by hand            for each record: SHA-256 of the line `avow/record/v1` with its newline, then the 32 bytes of
                     the salt, then the line of records.ndjson without its newline, is the content in leaves.csv.
                     The hash of an entry is SHA-256 of the byte 00, the byte of its kind (01 record, 02 artefact,
                     03 erasure, 04 epoch) and its 32 bytes; hashes are joined in pairs as in RFC 6962.

WHAT IT DOES NOT PROVE
  That the person at the screen was who they say: no names are kept.
  That nobody was shown anything else: it proves which texts were published, not what a screen displayed.
  The time, further than the server's own clock, unless a witness has signed the head.
";
