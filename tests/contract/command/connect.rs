//! `connect`: lines in, lines out.

use crate::support::end::{End, Stranger};
use crate::support::independent::{expect_text, join};
use crate::support::server::{BINARY, Server, run};
use std::io::Write;
use std::process::Command;
use std::thread;
use tungstenite::Message;

#[test]
fn lines_go_in_and_come_out() {
    let server = Server::start(&[]);
    let mut other = join(&server, "/kitchen");
    let mut end = End::at(&server, "/kitchen", &[]);
    end.say("the kettle boils\n");
    expect_text(&mut other, "the kettle boils");
    other.send(Message::text("coming")).unwrap();
    end.print("coming");
    other.send(Message::binary(b"\x00\xffabc".to_vec())).unwrap();
    end.print("binary, 5 bytes: 00 ff 61 62 63");
    other.send(Message::binary(vec![7; 4000])).unwrap();
    end.stdout.wait_for("a cut", |line| line.starts_with("binary, 4000 bytes: 07") && line.ends_with(" ..."));
    end.say("last words, without a line feed");
    assert_eq!(end.end(), Some(0));
    expect_text(&mut other, "last words, without a line feed");
}

#[test]
fn with_a_name_it_takes_part_as_a_page_does() {
    let server = Server::start(&[]);
    let mut alice = End::at(&server, "/", &["--name", "Alice \"é\" 100%"]);
    alice.print("* Alice \"é\" 100% is here alone");
    let mut bob = End::at(&server, "/", &["--name=bob"]);
    bob.print("* bob is here with Alice \"é\" 100%");
    alice.print("* bob joined, 2 online");
    let mut raw = End::at(&server, "/", &["--raw"]);
    bob.say("a \"quote\" and a \\ and a \ttab\n");
    alice.print("bob: a \"quote\" and a \\ and a \\ttab");
    let line = raw.stdout.wait_for("its form", |line| line.contains("quote"));
    assert!(line.starts_with(r#"{"type":"message","id":""#), "{line}");
    assert!(
        line.contains(r#","name":"bob","text":"a \"quote\" and a \\ and a \u0009tab","time":"#),
        "{line}"
    );
    assert_eq!(bob.end(), Some(0));
    alice.print("* bob left, 1 online");
    assert_eq!((alice.end(), raw.end()), (Some(0), Some(0)));
}

#[test]
fn history_is_printed_as_far_as_it_is_asked_for() {
    let server = Server::start(&[]);
    let mut stays = End::at(&server, "/", &[]);
    stays.say("one\ntwo\nthree\n");
    stays.print("three");
    let mut two = End::at(&server, "/", &["--history", "2"]);
    let mut none = End::at(&server, "/", &[]);
    assert_eq!((two.end(), none.end()), (Some(0), Some(0)));
    assert_eq!(two.stdout.to_end(), ["two", "three"]);
    assert_eq!(none.stdout.to_end(), Vec::<String>::new());
}

#[test]
fn nothing_that_a_terminal_obeys_is_printed() {
    let server = Server::start(&[]);
    let mut other = join(&server, "/");
    let mut end = End::at(&server, "/", &[]);
    let table = [
        ("\u{1b}[2J\u{7}", r"\u{1b}[2J\u{7}"),
        ("a\nb\r\tc\u{0}\u{7f}", r"a\nb\r\tc\u{0}\u{7f}"),
        ("\u{9b}31m\u{85}\u{80}", r"\u{9b}31m\u{85}\u{80}"),
        ("\u{202e}evil\u{2066}\u{200f}\u{61c}\u{2028}", r"\u{202e}evil\u{2066}\u{200f}\u{61c}\u{2028}"),
        (
            r#"{"type":"message","id":"1","name":"\u001b]0;x","text":"\u009b1m\ud83d\ude00\ud800","time":0}"#,
            "\\u{1b}]0;x: \\u{9b}1m\u{1f600}\u{fffd}",
        ),
        (r#"{"type":"message","id":"2","name":"x","text":"unfinished"#, "="),
        (r#"{"type":"message","id":"3","name":["x"],"text":"no name"}"#, "="),
        (r#"{"type":"message","id":"4","name":"x","text":"\uD8"}"#, "="),
        (r#" {"type":"joined","name":"mallory","online":9}"#, "="),
    ];
    for (text, shown) in table {
        other.send(Message::text(text)).unwrap();
        end.print(if shown == "=" { text } else { shown });
    }
    other.send(Message::text("[".repeat(60_000))).unwrap();
    end.print(&"[".repeat(60_000));
    assert_eq!(end.end(), Some(0));
}

/// The same id again, whoever says so.
#[test]
fn nothing_with_an_id_is_printed_twice() {
    let server = Server::start(&[]);
    let mut other = join(&server, "/");
    let mut end = End::at(&server, "/", &[]);
    let message =
        |text| Message::text(format!(r#"{{"type":"message","id":"7","name":"x","text":"{text}"}}"#));
    for text in ["once", "twice"] {
        other.send(message(text)).unwrap();
    }
    other.send(Message::text("end")).unwrap();
    end.print("end");
    assert_eq!(end.stdout.lines(), ["x: once", "end"]);
    assert_eq!(end.end(), Some(0));
}

#[test]
fn a_hundred_thousand_lines_arrive_whole() {
    let server = Server::start(&[]);
    let mut end = End::at(&server, "/", &[]);
    let mut stdin = end.stdin.take().unwrap();
    let lines: Vec<_> = (0..100_000).map(|number| format!("line {number}")).collect();
    stdin.write_all((lines.join("\n") + "\n").as_bytes()).unwrap();
    drop(stdin);
    assert_eq!(end.end(), Some(0));
    assert!(end.stdout.to_end() == lines, "not all, or not in order");
}

/// It reads its own 20 MB only as fast as they are taken back.
#[test]
fn who_reads_nothing_before_it_has_written_is_no_deadlock() {
    let stranger = Stranger::new();
    let mut end = End::start(&stranger.url(), &["--once"]);
    let mut stdin = end.stdin.take().unwrap();
    let echo = thread::spawn(move || {
        let mut socket = stranger.accept();
        loop {
            match socket.read() {
                Ok(message @ Message::Text(_)) => socket.send(message).unwrap(),
                Ok(_) => {}
                Err(_) => return,
            }
        }
    });
    let line = "x".repeat(200_000);
    for _ in 0..100 {
        writeln!(stdin, "{line}").unwrap();
    }
    drop(stdin);
    assert_eq!(end.end(), Some(0));
    echo.join().unwrap();
    let lines = end.stdout.to_end();
    assert_eq!(lines.len(), 100);
    assert!(lines.iter().all(|printed| *printed == line));
}

#[test]
fn a_reader_that_goes_ends_it() {
    let server = Server::start(&[]);
    let url = format!("ws://{}/", server.address);
    let line = format!("yes | \"$0\" connect {url} | head -n 2");
    let output = Command::new("sh").args(["-c", &line, BINARY]).output().unwrap();
    assert_eq!(output.stdout, b"y\ny\n");
}

#[test]
fn trace_explains_both_directions() {
    let server = Server::start(&[]);
    let mut end = End::at(&server, "/", &["--trace"]);
    end.say("Hello\n");
    assert_eq!(end.end(), Some(0));
    let trace = end.stderr.to_end();
    for part in
        ["GET /?own=1&history=0 HTTP/1.1", "HTTP/1.1 101", "MASK, length 5", "no MASK, length 5", "1000"]
    {
        assert!(trace.iter().any(|line| line.contains(part)), "{part}: {trace:#?}");
    }
}

#[test]
fn bad_usage_is_told_in_one_line() {
    let url = "ws://127.0.0.1:1/";
    let table: [(&[&str], &str); 14] = [
        (&["connect"], "needs a URL"),
        (&["connect", "wss://chat.example.org/"], "tunnel"),
        (&["connect", "https://chat.example.org/"], "tunnel"),
        (&["check", "wss://chat.example.org/"], "tunnel"),
        (&["connect", "ftp://127.0.0.1/"], "not a URL"),
        (&["connect", "ws://user@127.0.0.1/"], "not a URL"),
        (&["connect", "ws://127.0.0.1:65536/"], "not a URL"),
        (&["connect", "ws://127.0.0.1/#part"], "not a URL"),
        (&["connect", url, url], "one URL"),
        (&["connect", "--name", "", url], "--name"),
        (&["connect", "--history", "-1", url], "--history"),
        (&["connect", "--raw=yes", url], "takes no value"),
        (&["connect", "--once", "--once", url], "twice"),
        (&["check"], "one URL"),
    ];
    for (arguments, words) in table {
        let ended = run(arguments);
        assert_eq!((ended.code, ended.stderr.len()), (Some(2), 1), "{arguments:?}: {:?}", ended.stderr);
        assert!(ended.stderr[0].contains(words), "{arguments:?}: {:?}", ended.stderr);
    }
}
