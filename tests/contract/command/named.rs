//! Named clients in the log.

use crate::support::frame;
use crate::support::{Client, Server};

/// The two lines of one client's stay: of its arrival and of its departure.
#[track_caller]
fn lines_of(options: &[&str], query: &str) -> [String; 2] {
    let mut server = Server::start(options);
    let mut client = Client::join(&server, &format!("/kitchen{query}"));
    let address = client.address().to_string();
    client.send(&frame::close(1000, b""));
    while client.next().is_some() {}
    drop(client);
    let lines: Vec<_> = server.stop().into_iter().filter(|line| line.contains(&address)).collect();
    lines.try_into().unwrap_or_else(|lines| panic!("one line each: {lines:#?}"))
}

#[test]
fn both_lines_carry_the_name() {
    for line in lines_of(&[], "?name=alice") {
        assert!(line.contains("\"alice\""), "{line:?}");
    }
}

#[test]
fn a_client_without_a_name_has_none() {
    for lines in [lines_of(&[], ""), lines_of(&[], "?history=1"), lines_of(&["--echo"], "?name=alice")] {
        for line in lines {
            assert!(!line.contains('"') && !line.contains("name"), "{line:?}");
        }
    }
}

#[test]
fn a_name_is_escaped_to_one_line_of_printable_text() {
    let table = [
        // What is not to be escaped: letters of any script.
        ("J%C3%BCrgen", "\"Jürgen\""),
        ("%E8%8C%B6", "\"茶\""),
        ("a%20b", "\"a b\""),
        // Quotes, so that a name cannot end early.
        ("%22: left", "\"\\\": left\""),
        ("%5Cn", "\"\\\\n\""),
        // The right-to-left override, a line's and a paragraph's end, a space of no width, one that does not break.
        ("a%E2%80%AEb", "\"a\\u{202e}b\""),
        ("a%E2%80%A8b", "\"a\\u{2028}b\""),
        ("a%E2%80%A9b", "\"a\\u{2029}b\""),
        ("a%E2%80%8Bb", "\"a\\u{200b}b\""),
        ("a%C2%A0b", "\"a\\u{a0}b\""),
        // One that nobody has given a meaning.
        ("%F4%8F%BF%BF", "\"\\u{10ffff}\""),
    ];
    for (name, shown) in table {
        let name = name.replace(' ', "%20");
        for line in lines_of(&[], &format!("?name={name}")) {
            assert!(line.contains(shown), "{name}: {line:?}");
            let is_printable =
                |c: char| !c.is_control() && !"\u{2028}\u{2029}\u{202e}\u{200b}\u{a0}".contains(c);
            assert!(line.chars().all(is_printable), "{name}: {line:?}");
        }
    }
}
