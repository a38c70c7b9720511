//! How `--help` looks.

use crate::support::server::run;

fn help() -> Vec<String> {
    run(&["--help"]).stdout
}

/// The options' lines and those that go on with them: what stands between the two paragraphs of text.
fn option_lines() -> Vec<String> {
    let help = help();
    let is_option = |line: &String| line.trim_start().starts_with('-');
    let first = help.iter().position(is_option).expect("an option");
    let last = help.iter().rposition(is_option).expect("an option");
    help[first..=last].to_vec()
}

/// An option begins in the third column; its meaning, and every line of it, in the same one for all.
#[test]
fn every_option_and_every_meaning_begins_in_its_column() {
    let lines = option_lines();
    let column = |line: &str| {
        let after = line.trim_start();
        let option =
            if after.starts_with('-') { after.find("  ").expect("a gap before the meaning") } else { 0 };
        let gap = after[option..].len() - after[option..].trim_start().len();
        line.len() - after.len() + option + gap
    };
    let meanings = column(&lines[0]);
    for line in &lines {
        assert!(line.starts_with("  ") && !line.starts_with("   -"), "{line:?}");
        assert_eq!(column(line), meanings, "{line:?}");
    }
    assert!(help().iter().all(|line| line.chars().count() <= 90), "fits into a terminal");
}

#[test]
fn lists_each_option_on_a_line_of_its_own() {
    let options = "--listen --echo --max-clients --max-per-address --max-message --max-fragments --max-lag \
        --handshake-timeout --message-timeout --ping-interval --close-timeout --history --allow-origin --allow-host \
        --trace --quiet --help --version";
    let lines = option_lines();
    for option in options.split_whitespace() {
        let is_its = |line: &&String| line.split_whitespace().take(2).any(|word| word == option);
        assert_eq!(lines.iter().filter(is_its).count(), 1, "{option}");
    }
}
