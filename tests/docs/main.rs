//! The pages that a reader is given: their links lead somewhere, the files and tests they name are there, their blocks are
//! run.
#![allow(missing_docs)]

mod page;

use page::{Page, all_files, cells, exists, pages, read, starts_with_one_of, table_rows};
use std::path::Path;

/// Who runs the blocks of a language, and of which pages.
const RUNNERS: &[(&str, &str, &str)] = &[
    ("sh", "README.md", "tests/docs/run"),
    ("sh", "docs/operating.md", "tests/docs/run"),
    ("sh", "docs/entering.md", "tests/docs/run"),
    ("sh", "docs/testing.md", "tests/docs/run"),
    ("sh", "docs/microcontroller.md", "tests/docs/run"),
    ("sh", "docs/measured.md", "tests/docs/run"),
    ("rust", "README.md", "src/lib.rs"),
    ("json", "README.md", "tests/browser/room.test.cjs"),
    ("trace", "README.md", "tests/contract/command/trace.rs"),
    ("trace", "docs/operating.md", "tests/contract/command/trace.rs"),
    ("ini", "docs/operating.md", "tests/hosts/run"),
    ("dockerfile", "docs/operating.md", "tests/hosts/run"),
    ("nginx", "docs/operating.md", "tests/proxies/house.py"),
    ("nginx", "docs/entering.md", "tests/proxies/house.py"),
    ("haproxy", "docs/operating.md", "tests/proxies/house.py"),
];

/// What the path of a file in this house begins with.
const HOUSE: &[&str] =
    &["src/", "tests/", "docs/", "examples/", "benches/", "fuzz/", ".ci/", ".github/", ".cargo/"];

#[test]
fn every_relative_link_leads_somewhere() {
    for page in pages() {
        for link in page.links().filter(|link| !starts_with_one_of(link, &["https://", "http://"])) {
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = if file.is_empty() { page.path.clone() } else { page.beside(file) };
            assert!(exists(&target), "{}: {link} leads nowhere", page.path);
            let known = anchor.is_empty() || Page::read(&target).anchors().any(|known| known == anchor);
            assert!(known, "{}: {link} is no heading", page.path);
        }
    }
}

#[test]
fn every_file_that_is_named_is_there() {
    let mut named = 0;
    for page in pages() {
        for word in page.code().iter().flat_map(|code| code.split_whitespace()) {
            if starts_with_one_of(word, HOUSE) {
                assert!(exists(word) || exists(&page.beside(word)), "{}: no {word}", page.path);
                named += 1;
            }
        }
    }
    assert!(named > 50, "only {named} files are named");
}

#[test]
fn each_idea_has_its_file() {
    let readme = Page::read("README.md");
    let rows: Vec<_> = table_rows(readme.section("Idea → file")).collect();
    assert!(rows.len() > 5, "{rows:?}");
    for row in rows {
        let files: Vec<_> = cells(row)[1].split('`').skip(1).step_by(2).collect();
        assert!(!files.is_empty(), "no file: {row}");
        assert!(files.iter().all(|file| exists(file)), "no such file: {row}");
    }
}

#[test]
fn every_block_is_run() {
    for page in pages().into_iter().filter(|page| page.path != "benches/README.md") {
        for (language, text) in page.blocks() {
            let is_trace = text.starts_with("client 1");
            let kind = match language {
                // A picture, or a formula.
                "text" if !is_trace => continue,
                "text" => "trace",
                language => language,
            };
            let known = |(of, at, _): &&(&str, &str, &str)| *of == kind && *at == page.path;
            let (_, _, runner) = RUNNERS.iter().find(known).unwrap_or_else(|| {
                panic!("{}: nobody runs this block of {language:?}:\n{text}", page.path);
            });
            let name = Path::new(&page.path).file_name().and_then(|name| name.to_str()).unwrap();
            let source = read(runner);
            assert!(source.contains(name) || source.contains("docs/*.md"), "{runner} knows of no {name}");
        }
    }
}

#[test]
fn every_test_that_is_named_is_there() {
    for page in pages() {
        for code in page.code() {
            let words: Vec<_> = code.split_whitespace().collect();
            let Some(at) = words.iter().position(|word| *word == "--test") else {
                continue;
            };
            let (test, filter) = (words[at + 1], words.get(at + 2).filter(|word| !word.starts_with('-')));
            let files: Vec<_> = all_files("tests")
                .into_iter()
                .filter(|file| {
                    file.starts_with(&format!("tests/{test}/")) || *file == format!("tests/{test}.rs")
                })
                .filter(|file| file.ends_with(".rs"))
                .collect();
            assert!(!files.is_empty(), "{}: no test {test}", page.path);
            let fits = |file: &String| {
                filter.is_none_or(|filter| {
                    let of_name = |line: &str| line.trim_start().starts_with("fn ") && line.contains(filter);
                    file.contains(filter) || read(file).lines().any(of_name)
                })
            };
            assert!(files.iter().any(fits), "{}: {code} runs nothing", page.path);
        }
    }
}

/// A module's first words are its topic's heading.
#[test]
fn the_topics_of_the_contract_are_those_of_its_tests() {
    let contract = Page::read("docs/contract.md");
    let mut topics: Vec<_> = contract.text.lines().filter_map(|line| line.strip_prefix("## ")).collect();
    let modules = all_files("tests").into_iter().filter(|file| {
        let depth = file.matches('/').count();
        let is_topic = file.ends_with("/mod.rs") && depth == 3 && !file.contains("/support/");
        file.starts_with("tests/contract/") && (is_topic || file == "tests/contract/page.rs")
    });
    for module in modules.chain(["tests/redis/main.rs".into()]) {
        let first = read(&module).lines().next().unwrap_or_default().to_string();
        let is_of =
            |topic: &&str| starts_with_one_of(&first, &[&format!("//! {topic}."), &format!("//! {topic},")]);
        let place = topics.iter().position(is_of);
        topics.remove(place.unwrap_or_else(|| panic!("{module} is of no topic: {first}")));
    }
    assert!(topics.is_empty(), "no tests of {topics:?}");
}

#[test]
fn the_readme_is_short() {
    let lines = read("README.md").lines().count();
    assert!(lines <= 220, "{lines} lines");
}

#[test]
fn lines_end_at_120_columns() {
    for page in pages() {
        for line in page.prose().lines().filter(|line| !line.starts_with('|')) {
            assert!(line.chars().count() <= 120, "{}: {line}", page.path);
        }
    }
}
