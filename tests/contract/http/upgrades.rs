//! Opening handshakes, whole, in part and wrong (§4.2.1).

use super::all_get;
use crate::support::http::{KEY, read_head};
use crate::support::{Head, Server, ask, independent};
use std::io::Write;
use tungstenite::Message;

#[test]
fn a_valid_handshake_is_answered_101() {
    let server = Server::start(&[]);
    let valid = || Head::upgrade("/");
    let table = [
        valid(),
        valid().set("Connection", "keep-alive, Upgrade"),
        valid().set("Connection", "keep-alive,upgrade"),
        valid().set("Connection", "keep-alive").with("connection", "UPGRADE"),
        valid().set("Connection", " , Upgrade\t,"),
        valid().set("Upgrade", "WebSocket"),
        valid().set("Upgrade", "h2c, websocket"),
        valid().set("Upgrade", "h2c").with("Upgrade", "websocket"),
        valid().without("Sec-WebSocket-Key").with("SEC-WEBSOCKET-KEY", &format!("\t{KEY} ")),
        valid().with("Sec-WebSocket-Protocol", "chat, superchat").with("Sec-WebSocket-Protocol", "x"),
        valid().with("Sec-WebSocket-Extensions", "permessage-deflate; client_max_window_bits"),
        valid().with("Sec-WebSocket-Something", "new"),
        valid().with("Cookie", "a=b"),
    ];
    all_get(&server, 101, table);
}

/// Sixteen bytes, and behind them bits that no encoder writes. The second key is the one that §4.1 prints.
#[test]
fn the_unused_bits_of_a_key_may_be_anything() {
    let server = Server::start(&[]);
    for key in ["dGhlIHNhbXBsZSBub25jZR==", "AQIDBAUGBwgJCgsMDQ4PEC==", "//////////////////////=="] {
        let mut stream = server.connect();
        stream.write_all(&Head::upgrade("/").set("Sec-WebSocket-Key", key).bytes()).unwrap();
        let (answer, _) = read_head(&mut stream);
        let accept = tungstenite::handshake::derive_accept_key(key.as_bytes());
        assert_eq!((answer.status, answer.header("Sec-WebSocket-Accept")), (101, Some(&accept[..])), "{key}");
    }
}

#[test]
fn takes_headers_in_any_order() {
    let server = Server::start(&[]);
    let mut head = Head::upgrade("/");
    for _ in 0..head.headers.len() {
        head.headers.rotate_left(1);
        all_get(&server, 101, [head.clone()]);
    }
}

#[test]
fn an_upgrade_to_something_else_is_ignored() {
    let server = Server::start(&[]);
    for upgrade in ["h2c", "TLS/1.0, HTTP/2.0", "websockets", "", "web socket", "xwebsocket"] {
        all_get(&server, 200, [Head::get("/").with("Upgrade", upgrade).with("Connection", "Upgrade")]);
        all_get(&server, 200, [Head::get("/healthz").with("Upgrade", upgrade).with("Connection", "Upgrade")]);
        all_get(&server, 426, [Head::upgrade("/").set("Upgrade", upgrade)]);
    }
    all_get(&server, 200, [Head::get("/").with("Connection", "Upgrade")]);
}

#[test]
fn answers_426_to_an_upgrade_asked_for_in_part() {
    let server = Server::start(&[]);
    let table = [
        Head::get("/").with("Sec-WebSocket-Key", KEY),
        Head::get("/").with("Sec-WebSocket-Version", "13"),
        Head::get("/").with("Sec-WebSocket-Protocol", "chat"),
        Head::get("/").with("sec-websocket-extensions", ""),
        Head::get("/").with("Sec-WebSocket-Whatever", "x"),
        Head::get("/").with("Upgrade", "websocket"),
        Head::upgrade("/").without("Upgrade"),
        Head::upgrade("/").without("Connection"),
        Head::upgrade("/").set("Connection", "keep-alive"),
        Head::upgrade("/").set("Connection", "close"),
        Head::upgrade("/").set("Connection", ""),
        Head::upgrade("/").set("Connection", "upgrades"),
        Head::upgrade("/").set("Connection", "keep-alive Upgrade"),
    ];
    all_get(&server, 426, table);
}

#[test]
fn answers_426_to_another_version() {
    let server = Server::start(&[]);
    let heads = ["12", "8", "0", "130", "013", "+13", "1 3", "", "13, 8", "8, 13", "13,13", "13;", "x"]
        .map(|version| Head::upgrade("/").set("Sec-WebSocket-Version", version));
    let others = [
        Head::upgrade("/").without("Sec-WebSocket-Version"),
        Head::upgrade("/").with("Sec-WebSocket-Version", "13"),
        Head::upgrade("/").with("Sec-WebSocket-Version", "8"),
    ];
    for head in heads.into_iter().chain(others) {
        let answer = ask(&server, &head);
        assert_eq!((answer.status, answer.header("Sec-WebSocket-Version")), (426, Some("13")), "{head:?}");
    }
}

#[test]
fn answers_400_to_a_key_that_is_none() {
    let server = Server::start(&[]);
    let keys = [
        "",
        "x",
        "dGhlIHNhbXBsZSBub25jZQ",
        "dGhlIHNhbXBsZSBub25jZQ=",
        "dGhlIHNhbXBsZSBub25jZQ===",
        "dGhlIHNhbXBsZSBub25j",
        "dGhlIHNhbXBsZSBub25jZQo=",
        "dGhlIHNhbXBsZSBub25jZQ==dGhlIHNhbXBsZSBub25jZQ==",
        "AAAAAAAAAAAAAAAAAAAA",
        "dGhlIHNhbXBsZSBub25j!Q==",
        "-_-_-_-_-_-_-_-_-_-_-Q==",
        "dGhlIHNhbXBs ZSBub25jZQ==",
        "dGhlIHNhbXBsZSBub25jZQ==, dGhlIHNhbXBsZSBub25jZQ==",
    ];
    all_get(&server, 400, keys.map(|key| Head::upgrade("/").set("Sec-WebSocket-Key", key)));
    all_get(&server, 400, [Head::upgrade("/").without("Sec-WebSocket-Key")]);
    all_get(&server, 400, [Head::upgrade("/").with("Sec-WebSocket-Key", KEY)]);
}

#[test]
fn answers_400_to_a_name_that_is_none() {
    let server = Server::start(&[]);
    let (long, longer) = ("x".repeat(33), "%C3%A9".repeat(33));
    let table = [
        "",
        "%",
        "%4",
        "%zz",
        "%4z",
        "a%",
        "%FF",
        "%C3",
        "%C3%28",
        "%ED%A0%80",
        "%C0%80",
        "%F4%90%80%80",
        "%00",
        "a%0Ab",
        "%0D",
        "%1F",
        "%7F",
        "%C2%80",
        "%C2%85",
        "%C2%9F",
        "%09",
        &long,
        &longer,
    ];
    all_get(&server, 400, table.map(|name| Head::upgrade(&format!("/?name={name}"))));
    all_get(
        &server,
        400,
        ["/?name", "/?name=a&name=b", "/?name=a&name=a", "/?x&name=", "/a?name=a&y&name"].map(Head::upgrade),
    );
}

#[test]
fn answers_400_to_a_history_that_is_no_number() {
    let server = Server::start(&[]);
    let table = ["", "x", "-1", "+1", "1.5", "0x1", "1e3", "1,2", "%20", "all"];
    all_get(&server, 400, table.map(|history| Head::upgrade(&format!("/?history={history}"))));
    all_get(
        &server,
        400,
        ["/?history", "/?history=1&history=1", "/?history=1&name=a&history=2"].map(Head::upgrade),
    );
}

#[test]
fn answers_400_to_a_wish_that_is_neither_there_nor_not() {
    let server = Server::start(&[]);
    let targets = ["/?own", "/?own=", "/?own=x", "/?own=2", "/?own=01", "/?own=1&own=1", "/?own=0&x&own=1"];
    all_get(&server, 400, targets.map(Head::upgrade));
    all_get(&server, 400, targets.map(|target| Head::upgrade(&target.replace("own", "alive"))));
}

#[test]
fn takes_every_query_it_need_not_refuse() {
    let server = Server::start(&[]);
    let many = "%F0%9F%98%80".repeat(32);
    let name = format!("/?name={many}");
    let table = [
        "/?",
        "/?&",
        "/?x",
        "/?x=1&x=2",
        "/?%zz",
        "/?x=%zz",
        "/?Name=",
        "/?names=",
        "/?history=0",
        "/?history=0007",
        "/?history=99999999999999999999999999",
        "/?name=a",
        "/?name=a%20b",
        "/?name=a=b",
        "/?x&&name=a&",
        "/?own=1&alive=0",
        "/?Own=x&alives=x",
        &name,
    ];
    all_get(&server, 101, table.map(Head::upgrade));
}

#[test]
fn an_independent_client_gets_in() {
    let server = Server::start(&["--echo"]);
    for target in ["/", "/kitchen", "/kitchen?name=alice&history=5"] {
        let mut socket = independent::join(&server, target);
        socket.send(Message::text("hello")).unwrap();
        independent::expect_text(&mut socket, "hello");
    }
}
