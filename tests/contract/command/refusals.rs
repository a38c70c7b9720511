//! Options that are refused: one line that names them, status 2, nothing started.

use crate::support::server::run;

/// Runs the program with these and checks that the one line on stderr contains `named`.
#[track_caller]
fn refuses(arguments: &[&str], named: &str) {
    let ended = run(arguments);
    assert_eq!(ended.code, Some(2), "status of {arguments:?}, which says {:?}", ended.stderr);
    assert_eq!(ended.stdout, [""; 0], "stdout of {arguments:?}");
    assert_eq!(ended.stderr.len(), 1, "one line for {arguments:?}: {:#?}", ended.stderr);
    assert!(ended.stderr[0].contains(named), "{arguments:?}: {:?} does not name {named}", ended.stderr[0]);
}

const BAD_COUNT: &[&str] = &["", "x", "-1", "1.5", "0x10", " 1", "99999999999999999999999"];
const BAD_BYTES: &[&str] = &[
    "",
    "0",
    "0K",
    "x",
    "-1",
    "1.5K",
    "K",
    "64k",
    "1m",
    "1KB",
    "1G",
    "99999999999999999999",
    "99999999999999999M",
];
const BAD_SECONDS: &[&str] =
    &["", "x", "-1", "-0.5", "NaN", "inf", "1s", "1e999", "99999999999999999999999999"];
const BAD_ADDRESS: &[&str] = &[
    "",
    "8080",
    "127.0.0.1",
    "127.0.0.1:",
    "127.0.0.1:65536",
    "127.0.0.1:x",
    "localhost:8080",
    "::1:8080",
    "1.2.3:80",
];
const BAD_ORIGIN: &[&str] = &[
    "",
    "chat.example.org",
    "https://",
    "//chat.example.org",
    "https://chat.example.org/room",
    "https://chat.example.org?x",
    "https://chat.example.org#x",
    "https://chat.example.org:x",
    "https://chat.example.org:65536",
    "https://me@chat.example.org",
    "https://chat example.org",
    "https://a.example,https://b.example",
    "null",
];

#[test]
fn a_bad_value_exits_2() {
    let table: &[(&str, &[&str])] = &[
        ("--listen", BAD_ADDRESS),
        ("--max-clients", BAD_COUNT),
        ("--max-message", BAD_BYTES),
        ("--max-fragments", BAD_COUNT),
        ("--max-lag", BAD_BYTES),
        ("--handshake-timeout", BAD_SECONDS),
        ("--message-timeout", BAD_SECONDS),
        ("--ping-interval", BAD_SECONDS),
        ("--close-timeout", BAD_SECONDS),
        ("--history", BAD_COUNT),
        ("--allow-origin", BAD_ORIGIN),
    ];
    for (option, values) in table {
        for value in *values {
            refuses(&[&format!("{option}={value}")], option);
        }
        refuses(&[option, values[1]], option);
    }
}

#[test]
fn a_zero_that_has_no_meaning_exits_2() {
    for option in ["--max-clients", "--max-fragments", "--handshake-timeout", "--message-timeout"] {
        for zero in ["0", "00"] {
            refuses(&[option, zero], option);
        }
    }
    for option in ["--handshake-timeout", "--message-timeout"] {
        refuses(&[option, "0.0"], option);
    }
}

#[test]
fn an_unknown_option_exits_2() {
    for unknown in ["--bogus", "--bogus=1", "-x", "room", "--ech", "--Echo", "-", "--max_clients=3"] {
        refuses(&["--listen", "127.0.0.1:0", unknown], unknown.split('=').next().unwrap());
    }
}

#[test]
fn a_repeated_option_exits_2() {
    for repeated in ["--echo", "--quiet", "--trace"] {
        refuses(&[repeated, repeated], repeated);
    }
    refuses(&["--listen", "127.0.0.1:0", "--listen=127.0.0.1:0"], "--listen");
    for option in ["--max-clients", "--max-message", "--max-fragments", "--max-lag", "--history"] {
        refuses(&[option, "9", option, "9"], option);
    }
    for option in ["--handshake-timeout", "--message-timeout", "--ping-interval", "--close-timeout"] {
        refuses(&[option, "9", &format!("{option}=9")], option);
    }
}

#[test]
fn an_option_without_its_value_exits_2() {
    let options = "--listen --max-clients --max-message --max-fragments --max-lag --handshake-timeout \
                   --message-timeout --ping-interval --close-timeout --history --allow-origin";
    for option in options.split_whitespace() {
        refuses(&[option], option);
    }
}

#[test]
fn a_value_for_a_flag_exits_2() {
    for option in ["--echo", "--quiet", "--trace"] {
        refuses(&[&format!("{option}=1")], option);
    }
}

/// A line cannot be broken, nor the terminal driven, by what stands in an argument.
#[test]
fn a_refusal_is_one_line_whatever_the_argument() {
    refuses(&["--history=a\nb"], "--history");
    refuses(&["--bo\ngus"], "");
}

#[test]
fn redis_exits_2_in_a_build_without_it() {
    let help = run(&["--help"]).stdout.join("\n");
    if !help.contains("--redis") {
        refuses(&["--redis", "redis://127.0.0.1/"], "--redis");
    }
}
