//! A page of Markdown, as far as these tests understand it.

use std::fs;
use std::path::{Component, Path, PathBuf};

pub struct Page {
    /// From the root of the house.
    pub path: String,
    pub text: String,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

pub fn exists(path: &str) -> bool {
    root().join(path).exists()
}

#[track_caller]
pub fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Every page there is for a reader.
pub fn pages() -> Vec<Page> {
    let mut paths = all_files("docs");
    paths.retain(|path| path.ends_with(".md"));
    paths.extend(["README.md", "CHANGELOG.md", ".github/SECURITY.md", "benches/README.md"].map(String::from));
    paths.iter().map(|path| Page::read(path)).collect()
}

/// The paths of all files in a directory and below it, from the root of the house.
pub fn all_files(directory: &str) -> Vec<String> {
    let entries = fs::read_dir(root().join(directory)).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    let paths = names.into_iter().map(|name| format!("{directory}/{name}"));
    paths.flat_map(|path| if root().join(&path).is_dir() { all_files(&path) } else { vec![path] }).collect()
}

pub fn starts_with_one_of(text: &str, beginnings: &[&str]) -> bool {
    beginnings.iter().any(|beginning| text.starts_with(beginning))
}

/// The rows of the tables in a text, without their heads.
pub fn table_rows(text: &str) -> impl Iterator<Item = &str> {
    let rows = text.lines().filter(|line| line.starts_with('|'));
    rows.skip_while(|line| !line.starts_with("|-")).skip(1)
}

pub fn cells(row: &str) -> Vec<&str> {
    row.trim_matches('|').split(" | ").collect()
}

impl Page {
    #[track_caller]
    pub fn read(path: &str) -> Page {
        Page { path: path.into(), text: read(path) }
    }

    /// The path of a file that this page names as one beside it.
    pub fn beside(&self, file: &str) -> String {
        let mut path = PathBuf::new();
        for part in Path::new(&self.path).parent().unwrap().join(file).components() {
            match part {
                Component::ParentDir => assert!(path.pop(), "{}: {file} is outside", self.path),
                part => path.push(part),
            }
        }
        path.to_str().unwrap().into()
    }

    /// What stands outside of blocks.
    pub fn prose(&self) -> String {
        self.parts().filter(|(language, _)| language.is_none()).map(|(_, text)| text).collect()
    }

    /// Each fenced block with its language.
    pub fn blocks(&self) -> Vec<(&str, &str)> {
        self.parts().filter_map(|(language, text)| Some((language?, text))).collect()
    }

    /// Prose and blocks in turn.
    fn parts(&self) -> impl Iterator<Item = (Option<&str>, &str)> {
        let fences = self.text.split_inclusive("\n```").map(|part| part.strip_suffix("```").unwrap_or(part));
        fences.enumerate().map(|(n, part)| match n % 2 {
            0 => (None, part),
            _ => part.split_once('\n').map_or((Some(""), part), |(language, text)| (Some(language), text)),
        })
    }

    /// Where the links in the prose lead.
    pub fn links(&self) -> impl Iterator<Item = &str> {
        let prose = self.parts().filter(|(language, _)| language.is_none());
        let after = prose.flat_map(|(_, text)| text.split("](").skip(1));
        after.filter_map(|after| after.split(')').next())
    }

    /// What is set as code within the prose, and the lines of commands.
    pub fn code(&self) -> Vec<String> {
        let prose = self.prose();
        let spans = prose.split('`').skip(1).step_by(2).map(String::from);
        let commands = self.blocks().into_iter().filter(|(language, _)| *language == "sh");
        spans.chain(commands.flat_map(|(_, text)| text.lines().map(String::from))).collect()
    }

    /// What its headings are called in a link.
    pub fn anchors(&self) -> impl Iterator<Item = String> {
        let prose = self.parts().filter(|(language, _)| language.is_none());
        let headings = prose.flat_map(|(_, text)| text.lines()).filter(|line| line.starts_with('#'));
        headings.map(|line| {
            let words = line.trim_start_matches('#').trim().to_lowercase().replace(' ', "-");
            words.chars().filter(|c| c.is_alphanumeric() || ['-', '_'].contains(c)).collect()
        })
    }

    /// What stands under a heading of the second rank.
    #[track_caller]
    pub fn section(&self, heading: &str) -> &str {
        let (_, after) = self.text.split_once(&format!("\n## {heading}\n")).expect(heading);
        after.split("\n## ").next().unwrap_or_default()
    }
}
