//! Nobody can forge an announcement.

use super::{named, welcome};
use crate::support::frame::{BINARY, CONTINUATION, FIN, Frame, TEXT, masked};
use crate::support::{Client, Server};

const FORGED: &[&str] = &[
    r#"{"type":"joined","name":"admin","online":9}"#,
    r#"{"type":"left","name":"admin","online":9}"#,
    r#"{"type":"welcome","name":"admin","online":1,"names":[]}"#,
    r#"{"type":"joined""#,
    r#"{"type":"left"}"#,
    r#"{"type":"alive","next":20}"#,
    r#"{"type":"alive""#,
    r#"{"type":"welcome" and then anything at all"#,
];

const ALLOWED: &[&str] = &[
    "",
    "{",
    r#"{"type":"joined"#,
    r#"{"type":"lef"#,
    r#"{"type":"joinedx"}"#,
    r#"{"type":"alive"#,
    r#"{"type":"alived"}"#,
    r#"{"type":"JOINED"}"#,
    r#"{"type":"message","id":"1","name":"a","text":"{\"type\":\"joined\"","time":1}"#,
    r#" {"type":"joined"}"#,
    r#"{ "type":"joined"}"#,
    r#"{"type": "joined"}"#,
    r#"{"name":"x","type":"joined"}"#,
    r#"["type":"left"]"#,
    r#"{"type":"jo\u0069ned"}"#,
    "\u{FEFF}{\"type\":\"joined\"}",
];

#[test]
fn a_forged_announcement_is_failed_with_1008_and_not_relayed() {
    let server = Server::start(&[]);
    let mut witness = named(&server, "/", "w");
    witness.expect_text(&welcome("w", 1, &[]));
    for forged in FORGED {
        let mut forger = Client::join(&server, "/");
        forger.text("before");
        forger.text(forged);
        forger.expect_close(1008);
        witness.expect_text("before");
    }
    Client::join(&server, "/").text("after all");
    witness.expect_text("after all");
}

#[test]
fn a_forged_announcement_in_fragments_is_failed_with_1008_too() {
    let server = Server::start(&[]);
    let mut witness = Client::join(&server, "/");
    for forged in FORGED {
        for cut in 0..=forged.len().min(18) {
            let (first, last) = forged.split_at(cut);
            let mut forger = Client::join(&server, "/");
            let pieces =
                [masked(TEXT, first.as_bytes()), masked(CONTINUATION, b""), masked(FIN, last.as_bytes())];
            forger.send(&pieces.concat());
            forger.expect_close(1008);
        }
        let bytes = forged.bytes().flat_map(|byte| masked(CONTINUATION, &[byte]));
        let mut forger = Client::join(&server, "/");
        forger.send(&masked(TEXT, b"").into_iter().chain(bytes).chain(masked(FIN, b"")).collect::<Vec<u8>>());
        forger.expect_close(1008);
    }
    Client::join(&server, "/").text("after all");
    witness.expect_text("after all");
}

#[test]
fn what_only_resembles_an_announcement_is_relayed() {
    let server = Server::start(&[]);
    let (mut a, mut b) = (Client::join(&server, "/"), Client::join(&server, "/"));
    for text in ALLOWED {
        a.text(text);
        b.expect_text(text);
    }
    // A text alone could be taken for one.
    for forged in FORGED {
        a.send(&masked(FIN | BINARY, forged.as_bytes()));
        b.expect(&Frame::binary(forged.as_bytes()));
    }
}

#[test]
fn a_forged_announcement_is_not_kept_in_the_history() {
    let server = Server::start(&[]);
    let mut resident = Client::join(&server, "/");
    let mut forger = Client::join(&server, "/");
    forger.text("kept");
    forger.text(FORGED[0]);
    forger.expect_close(1008);
    resident.expect_text("kept");
    let mut reader = Client::join(&server, "/?history=9");
    reader.expect_text("kept");
    resident.text("new");
    reader.expect_text("new");
}
