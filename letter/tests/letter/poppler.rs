//! Poppler's programs: a reader of PDF that shares nothing with the one who writes.

use std::io::Write as _;
use std::path::Path;
use std::process::Command;

/// What a program of Poppler says about a file.
pub(crate) fn ask(program: &str, options: &[&str], pdf: &[u8]) -> String {
    let mut file = tempfile::NamedTempFile::new().expect("make a file");
    file.write_all(pdf).expect("write the file");
    run(program, options, file.path())
}

/// The content of the first attachment.
pub(crate) fn attachment(pdf: &[u8]) -> Vec<u8> {
    let folder = tempfile::tempdir().expect("make a folder");
    let file = folder.path().join("letter.pdf");
    std::fs::write(&file, pdf).expect("write the file");
    let saved = folder.path().join("saved");
    run("pdfdetach", &["-save", "1", "-o", saved.to_str().expect("a path in ASCII")], &file);
    std::fs::read(saved).expect("read the attachment")
}

/// All words in the order of the page, without white space.
pub(crate) fn seen(pdf: &[u8]) -> String {
    squeezed(&ask("pdftotext", &["-raw", "-enc", "UTF-8"], pdf))
}

/// All words in the order of the tags, without white space.
pub(crate) fn heard(pdf: &[u8]) -> String {
    let tree = ask("pdfinfo", &["-struct-text", "-enc", "UTF-8"], pdf);
    let words = tree.lines().filter_map(|line| line.trim().strip_prefix('"')?.strip_suffix('"'));
    squeezed(&words.collect::<String>())
}

/// Each word's left and right end.
pub(crate) fn reach(pdf: &[u8]) -> Vec<(f32, f32)> {
    let boxes = ask("pdftotext", &["-bbox", "-enc", "UTF-8"], pdf);
    let number = |word: &str, name: &str| {
        let rest = word.split_once(&format!("{name}=\"")).expect("each word has its place").1;
        rest.split_once('"').and_then(|(number, _)| number.parse().ok()).expect("a place is a number")
    };
    boxes.split("<word ").skip(1).map(|word| (number(word, "xMin"), number(word, "xMax"))).collect()
}

pub(crate) fn squeezed(words: &str) -> String {
    words.chars().filter(|character| !character.is_whitespace()).collect()
}

fn run(program: &str, options: &[&str], file: &Path) -> String {
    let mut command = Command::new(program);
    command.args(options).arg(file);
    if program == "pdftotext" {
        command.arg("-");
    }
    let output = match command.output() {
        Ok(output) => output,
        Err(error) => panic!("{program} cannot run ({error}): on Debian, `apt-get install poppler-utils`"),
    };
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8 was asked for")
}
