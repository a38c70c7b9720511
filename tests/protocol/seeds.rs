//! Every seed of the fuzz targets, through the property of its target.
//!
//! A seed is named for what it is, and begins with `refused-` or `unfinished-` exactly where it is not accepted.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::properties::*;

type Property = fn(&[u8]) -> bool;

const TARGETS: [(&str, Property); 12] = [
    ("client_differential", client_differential::holds),
    ("client_receiver", client_receiver::holds),
    ("conversation", conversation::holds),
    ("differential", differential::holds),
    ("head", head::holds),
    ("header", header::holds),
    ("mask", mask::holds),
    ("origin", |input| origin::holds(input, None)),
    ("output", output::holds),
    ("receiver", receiver::holds),
    ("response", response::holds),
    ("utf8", utf8::holds),
];

fn seeds_of(target: &str) -> BTreeMap<String, Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(target);
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let files = entries.map(|entry| entry.expect("a file").path());
    files
        .map(|path| {
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            (name, fs::read(&path).expect("readable"))
        })
        .collect()
}

fn is_accepted(name: &str) -> bool {
    !name.starts_with("refused-") && !name.starts_with("unfinished-")
}

#[test]
fn hold_and_get_as_far_as_their_names_say() {
    for (target, holds) in TARGETS {
        let seeds = seeds_of(target);
        for (name, seed) in &seeds {
            assert_eq!(holds(seed), is_accepted(name), "fuzz/seeds/{target}/{name}");
        }
        let accepted = seeds.keys().filter(|name| is_accepted(name)).count();
        assert!(accepted >= 3 && accepted < seeds.len(), "{target}: {:?}", seeds.keys());
    }
}

/// The seeds, and each cut at every length and with bits of every byte turned over: more than the seeds alone reach.
#[test]
fn hold_when_they_are_broken() {
    for (target, holds) in TARGETS {
        for (_, mut seed) in seeds_of(target).into_iter().filter(|(_, seed)| seed.len() <= 300) {
            for at in 0..seed.len() {
                holds(&seed[..at]);
                for bit in [1, 8, 128] {
                    seed[at] ^= bit;
                    holds(&seed);
                    seed[at] ^= bit;
                }
            }
        }
    }
}
