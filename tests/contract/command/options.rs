//! Options that are understood.

use crate::support::frame::{BINARY, FIN, Frame, masked, masked_header};
use crate::support::server::run;
use crate::support::{Client, Head, Server, ask};

const OPTIONS: &str = "--listen --echo --max-clients --max-message --max-fragments --max-lag \
    --handshake-timeout --message-timeout --ping-interval --close-timeout --history --allow-origin --trace \
    --quiet --help --version";

#[test]
fn help_names_every_option() {
    for flag in ["-h", "--help"] {
        let ended = run(&[flag]);
        assert_eq!((ended.code, ended.stderr.len()), (Some(0), 0));
        let text = ended.stdout.join("\n");
        for option in OPTIONS.split_whitespace().chain(["-h", "-V"]) {
            assert!(text.contains(option), "{option} is not in the help");
        }
    }
}

/// Each option as it is spelled, with its default, if that is a value: what is in brackets behind its meaning, up to a comma.
fn options_of_the_help() -> Vec<(String, Option<String>)> {
    let help = run(&["--help"]).stdout.join("\n");
    let options = help.split("\n  -").skip(1).flat_map(|option| {
        let (spellings, meaning) = option.split_once("  ").expect("a meaning");
        let default =
            meaning.split_once(" [").and_then(|(_, rest)| rest.split([',', ']']).next()).filter(is_value);
        let spellings = format!("-{spellings}");
        let each = spellings.split(", ").map(|spelling| (spelling.into(), default.map(Into::into)));
        each.collect::<Vec<_>>()
    });
    options.collect()
}

fn is_value(default: &&str) -> bool {
    default.starts_with(|c: char| c.is_ascii_digit())
}

/// The first two cells of each row about an option.
fn options_of_the_contract() -> Vec<(String, Option<String>)> {
    let code = |cell: &'static str| cell.split('`').skip(1).step_by(2);
    let rows = include_str!("../../../docs/contract.md").lines().filter(|line| line.starts_with("| `-"));
    let options = rows.flat_map(|row| {
        let mut cells = row.split('|').skip(1);
        let (spellings, default) = (cells.next().unwrap(), cells.next().unwrap());
        let default = code(default).next().filter(is_value);
        code(spellings).map(move |spelling| (spelling.into(), default.map(Into::into)))
    });
    options.collect()
}

#[test]
fn the_contract_has_the_options_and_defaults_of_the_help() {
    let mut promised = options_of_the_contract();
    promised.retain(|(spelling, _)| cfg!(feature = "redis") || !spelling.starts_with("--redis"));
    assert_eq!(options_of_the_help(), promised);
}

#[test]
fn version_is_the_package_s() {
    for flag in ["-V", "--version"] {
        let ended = run(&[flag]);
        assert_eq!((ended.code, ended.stderr.len()), (Some(0), 0));
        assert!(ended.stdout.join("\n").contains(env!("CARGO_PKG_VERSION")), "{:?}", ended.stdout);
    }
}

#[test]
fn takes_every_value_in_both_forms() {
    let table = [
        ("--max-clients", "3"),
        ("--max-message", "64K"),
        ("--max-message", "2M"),
        ("--max-message", "1000"),
        ("--max-fragments", "1"),
        ("--max-lag", "1"),
        ("--max-lag", "4M"),
        ("--handshake-timeout", "0.5"),
        ("--message-timeout", "2"),
        ("--ping-interval", "0.25"),
        ("--ping-interval", "0"),
        ("--close-timeout", "0"),
        ("--close-timeout", "1.5"),
        ("--history", "0"),
        ("--history", "100000"),
        ("--allow-origin", "https://chat.example.org"),
        ("--allow-origin", "http://chat.example.org:8080"),
        ("--allow-origin", "http://[::1]:8080"),
        ("--allow-origin", "*"),
    ];
    for (option, value) in table {
        Server::start(&[option, value]).stop();
        Server::start(&[&format!("{option}={value}")]).stop();
    }
}

#[test]
fn takes_several_origins() {
    let options = ["--allow-origin", "https://a.example", "--allow-origin=https://b.example"];
    let server = Server::start(&options);
    for origin in ["https://a.example", "https://b.example"] {
        Client::send_head(&server, &Head::upgrade("/").with("Origin", origin).bytes());
    }
}

#[test]
fn k_and_m_count_in_1024s() {
    for (value, bytes) in [("2K", 2048), ("1M", 1 << 20), ("2048", 2048)] {
        let server = Server::start(&["--echo", "--max-message", value]);
        let mut client = Client::join(&server, "/");
        let longest = vec![7; bytes];
        client.send(&masked(FIN | BINARY, &longest));
        client.expect(&Frame::binary(&longest));
        client.send(&masked_header(FIN | BINARY, bytes as u64 + 1));
        client.expect_close(1009);
    }
}

#[test]
fn defaults_are_those_of_the_table() {
    let server = Server::start(&["--echo"]);
    let mut client = Client::join(&server, "/");
    client.send(&masked(FIN | BINARY, &vec![7; 64 * 1024]));
    client.expect(&Frame::binary(&vec![7; 64 * 1024]));
    // 1024 fragments are a message, 1025 are too many.
    for (fragments, whole) in [(1024, true), (1025, false)] {
        client.send(&masked(BINARY, b""));
        client.send(&masked(0, b"").repeat(fragments - 2));
        client.send(&masked(FIN, b"end"));
        match whole {
            true => client.expect(&Frame::binary(b"end")),
            false => drop(client.expect_close(1008)),
        }
    }
}

#[test]
fn history_is_50_by_default() {
    let server = Server::start(&[]);
    let mut first = Client::join(&server, "/");
    for n in 0..60 {
        first.text(&n.to_string());
    }
    first.settle();
    let mut second = Client::join(&server, "/?history=99");
    for n in 10..60 {
        second.expect_text(&n.to_string());
    }
    first.text("live");
    second.expect_text("live");
}

#[test]
fn echo_goes_to_the_sender_alone() {
    let server = Server::start(&["--echo"]);
    let (mut a, mut b) = (Client::join(&server, "/"), Client::join(&server, "/"));
    a.text("to myself");
    a.expect_text("to myself");
    a.settle();
    b.text("mine");
    b.expect_text("mine");
}

#[test]
fn without_trace_no_contents_are_logged() {
    let mut server = Server::start(&["--echo"]);
    let mut client = Client::join(&server, "/");
    client.text("between us");
    client.expect_text("between us");
    ask(&server, &Head::get("/"));
    drop(client);
    for line in server.stop() {
        assert!(!line.contains("between us") && !line.contains("Sec-WebSocket"), "{line:?}");
    }
}
