//! `connect`: lines in, lines out.

use crate::support::independent::{expect_text, join};
use crate::support::output::Output;
use crate::support::server::{BINARY, Server, run};
use crate::support::{PATIENCE, eventually};
use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::thread;
use tungstenite::protocol::frame::coding::CloseCode;
use tungstenite::{Message, WebSocket};

/// The program as a client.
struct End {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: Output,
    stderr: Output,
}

impl End {
    fn start(url: &str, options: &[&str]) -> End {
        let mut command = Command::new(BINARY);
        command.arg("connect").args(options).arg(url);
        let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let stdout = Output::of(child.stdout.take().unwrap());
        let stderr = Output::of(child.stderr.take().unwrap());
        End { stdin: child.stdin.take(), child, stdout, stderr }
    }

    fn at(server: &Server, room: &str, options: &[&str]) -> End {
        let end = End::start(&format!("ws://{}{room}", server.address), options);
        end.await_connection();
        end
    }

    fn await_connection(&self) {
        self.stderr.wait_for("a connection", |line| line.contains("connected to"));
    }

    fn say(&mut self, lines: &str) {
        self.stdin.as_mut().unwrap().write_all(lines.as_bytes()).unwrap();
    }

    fn print(&self, line: &str) {
        self.stdout.wait_for(line, |printed| printed == line);
    }

    /// Waits until it has ended by itself, at the end of stdin or before.
    fn end(&mut self) -> Option<i32> {
        self.stdin = None;
        eventually("the end", || self.child.try_wait().unwrap()).code()
    }
}

impl Drop for End {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if thread::panicking() {
            eprintln!("its stderr: {:#?}", self.stderr.lines());
        }
    }
}

/// A server of somebody else's, which lets one in after another.
struct Stranger(TcpListener);

impl Stranger {
    fn new() -> Stranger {
        Stranger(TcpListener::bind("127.0.0.1:0").unwrap())
    }

    fn url(&self) -> String {
        format!("ws://{}/", self.0.local_addr().unwrap())
    }

    fn accept(&self) -> WebSocket<TcpStream> {
        let stream = self.0.accept().unwrap().0;
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        tungstenite::accept(stream).unwrap()
    }
}

/// The next text, all Pings on the way answered.
fn next_text(socket: &mut WebSocket<TcpStream>) -> String {
    loop {
        if let Message::Text(text) = socket.read().unwrap() {
            return text.to_string();
        }
    }
}

/// Answers everything until the other end closes; returns the texts and the Close's code.
fn until_close(socket: &mut WebSocket<TcpStream>) -> (Vec<String>, Option<CloseCode>) {
    let mut texts = Vec::new();
    loop {
        match socket.read().unwrap() {
            Message::Text(text) => texts.push(text.to_string()),
            Message::Close(close) => return (texts, close.map(|close| close.code)),
            _ => {}
        }
    }
}

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

/// Two ends see a server killed twice and started anew, which forgets everything, and a thousand lines.
#[test]
fn a_restart_of_the_server_loses_and_doubles_nothing() {
    let options = ["--history", "2000"];
    let mut server = Server::start(&options);
    let address = server.address.to_string();
    let mut bob = End::at(&server, "/", &["--name", "bob"]);
    let mut alice = End::at(&server, "/", &["--name", "alice"]);
    for piece in 0..3 {
        let lines: String = (piece * 300..piece * 300 + 300).map(|number| format!("{number}\n")).collect();
        alice.say(&lines);
        bob.print(&format!("alice: {}", piece * 300 + 100));
        drop(server);
        server = Server::at(&address, &options);
    }
    alice.say(&(900..1000).map(|number| format!("{number}\n")).collect::<String>());
    bob.print("alice: 999");
    assert_eq!(alice.end(), Some(0));
    assert_eq!(bob.end(), Some(0));
    let expected: Vec<_> = (0..1000).map(|number| format!("alice: {number}")).collect();
    for end in [&alice, &bob] {
        let said: Vec<_> =
            end.stdout.to_end().into_iter().filter(|line| line.starts_with("alice: ")).collect();
        assert_eq!(said, expected);
    }
}

/// Of a line that a Pong has not answered nobody knows; with one it is settled, though it never comes back.
#[test]
fn what_no_pong_has_settled_is_sent_again() {
    let stranger = Stranger::new();
    let mut end = End::start(&stranger.url(), &[]);
    end.say("first\nsecond\n");
    let mut socket = stranger.accept();
    assert_eq!(next_text(&mut socket), "first");
    assert_eq!(next_text(&mut socket), "second");
    drop(socket);
    let mut socket = stranger.accept();
    assert_eq!(next_text(&mut socket), "first");
    assert_eq!(next_text(&mut socket), "second");
    while !matches!(socket.read().unwrap(), Message::Ping(ping) if &ping[..] == b"2") {}
    socket.flush().unwrap();
    end.say("third\n");
    assert_eq!(next_text(&mut socket), "third");
    drop(socket);
    let mut socket = stranger.accept();
    assert_eq!(next_text(&mut socket), "third");
    end.stdin = None;
    assert_eq!(until_close(&mut socket), (vec![], Some(CloseCode::Normal)));
    assert_eq!(end.end(), Some(0));
}

/// The history that comes back has what had arrived, and what was missed.
#[test]
fn what_the_history_has_is_neither_sent_again_nor_printed_again() {
    let stranger = Stranger::new();
    let mut end = End::start(&stranger.url(), &["--history", "1"]);
    let mut socket = stranger.accept();
    socket.send(Message::text("old")).unwrap();
    end.print("old");
    end.say("first\nsecond\n");
    assert_eq!(next_text(&mut socket), "first");
    assert_eq!(next_text(&mut socket), "second");
    drop(socket);
    let mut socket = stranger.accept();
    for text in ["first", "older", "old", "first", "missed"] {
        socket.send(Message::text(text)).unwrap();
    }
    assert_eq!(next_text(&mut socket), "second");
    end.stdin = None;
    assert_eq!(until_close(&mut socket), (vec![], Some(CloseCode::Normal)));
    assert_eq!(end.end(), Some(0));
    assert_eq!(end.stdout.to_end(), ["old", "first", "missed"]);
}

#[test]
fn a_line_that_is_refused_is_told_of_and_dropped() {
    let server = Server::start(&["--max-message", "1K"]);
    let mut other = join(&server, "/");
    let mut end = End::at(&server, "/", &[]);
    end.say(&format!("before\n{}\nbetween\n{{\"type\":\"left\"}}\nafter\n", "x".repeat(1025)));
    assert_eq!(end.end(), Some(0));
    let told = end.stderr.to_end().iter().filter(|line| line.contains("refuses a line")).count();
    assert_eq!(told, 2);
    other.close(None).unwrap();
    let mut heard = until_close(&mut other).0;
    heard.dedup();
    assert_eq!(heard, ["before", "between", "after"]);
}

#[test]
fn once_is_one_try_and_one_connection() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let ended = run(&["connect", "--once", &format!("ws://{free}/")]);
    assert_eq!((ended.code, ended.stderr.len()), (Some(1), 1), "{:?}", ended.stderr);
    let server = Server::start(&[]);
    let ended = run(&["connect", "--once", &format!("ws://{}/no/such", server.address)]);
    assert_eq!(ended.code, Some(1));
    assert!(ended.stderr[0].contains("404"), "{:?}", ended.stderr);
    let mut end = End::at(&server, "/", &["--once"]);
    drop(server);
    let status = eventually("the end", || end.child.try_wait().unwrap());
    assert_eq!(status.code(), Some(1));
}

/// Tries that fail at once come further and further apart, each somewhere between nothing and a bound that doubles.
#[test]
fn who_is_not_let_in_tries_again_after_a_pause() {
    let stranger = Stranger::new();
    let mut end = End::start(&stranger.url(), &[]);
    for _ in 0..3 {
        drop(stranger.0.accept().unwrap());
    }
    let mut socket = stranger.accept();
    end.stdin = None;
    assert_eq!(until_close(&mut socket), (vec![], Some(CloseCode::Normal)));
    assert_eq!(end.end(), Some(0));
    let told: Vec<_> = end.stderr.to_end();
    let pauses = told.iter().filter(|line| line.contains("; next try in ")).count();
    assert_eq!(pauses, 3, "{told:?}");
}

/// Twenty seconds of silence, a Ping, and twenty more.
#[test]
fn a_path_that_is_dead_is_noticed() {
    let stranger = Stranger::new();
    let mut end = End::start(&stranger.url(), &[]);
    let _silent = stranger.accept();
    let mut socket = stranger.accept();
    end.stderr.wait_for("the reason", |line| line.contains("silent"));
    end.stdin = None;
    assert_eq!(until_close(&mut socket), (vec![], Some(CloseCode::Normal)));
    assert_eq!(end.end(), Some(0));
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
