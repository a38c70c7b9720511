//! What stands in an answer. That its `Content-Length` is right, that it closes, forbids sniffing and
//! reflects nothing is checked for every answer there is, in `support::http`.

use super::all_get;
use crate::support::http::{KEY, MARKER, ask_bytes, read_answer};
use crate::support::{Client, Head, Server, ask};
use std::io::Write;

#[test]
fn healthz_answers_200_ok() {
    let server = Server::start(&[]);
    let answer = ask(&server, &Head::get("/healthz"));
    assert_eq!((answer.status, answer.text()), (200, "ok"));
    assert!(answer.header("Content-Type").unwrap().starts_with("text/plain"));
}

#[test]
fn head_is_get_without_the_body() {
    let server = Server::start(&[]);
    for path in ["/", "/kitchen", "/healthz", "/page.js", "/page.css", "/a/b"] {
        let get = ask(&server, &Head::get(path));
        let head = ask(&server, &Head::get(path).method("HEAD"));
        assert_eq!((head.status, &head.headers), (get.status, &get.headers), "{path}");
    }
    assert_eq!(ask(&server, &Head::get("/metrics").method("HEAD")).status, 200);
}

#[test]
fn head_is_never_a_handshake() {
    let server = Server::start(&[]);
    let whole = Head::upgrade("/").method("HEAD");
    let table = [
        whole.clone(),
        whole.clone().with("Origin", "https://evil.example"),
        whole.clone().without("Connection"),
        whole.clone().set("Sec-WebSocket-Version", "8"),
        whole.set("Sec-WebSocket-Key", "x"),
        Head::upgrade("/?name=").method("HEAD"),
        Head::upgrade("/healthz").method("HEAD"),
    ];
    all_get(&server, 200, table);
}

/// What is allowed where a request goes.
fn allowed(head: &Head) -> &'static str {
    let is_room = ["/", "/kitchen", "/a?name="].contains(&head.target.as_str());
    if is_room { "GET, HEAD, POST, OPTIONS" } else { "GET, HEAD, OPTIONS" }
}

#[test]
fn answers_405_with_what_is_allowed() {
    let server = Server::start(&[]);
    for method in
        ["PUT", "DELETE", "TRACE", "PATCH", "get", "Head", "GETS", "G", "PRI", "M-SEARCH!", "options"]
    {
        for head in [Head::get("/"), Head::get("/healthz"), Head::get("/a/b"), Head::upgrade("/")] {
            let answer = ask(&server, &head.clone().method(method));
            assert_eq!((answer.status, answer.header("Allow")), (405, Some(allowed(&head))), "{method}");
        }
    }
}

#[test]
fn options_answers_204_with_what_is_allowed() {
    let server = Server::start(&[]);
    let preflight = Head::get("/kitchen")
        .with("Origin", "https://evil.example")
        .with("Access-Control-Request-Method", "POST")
        .with("Access-Control-Request-Headers", "X-A");
    let table = ["/", "/kitchen", "/healthz", "/metrics", "/page.js", "*", "/a?name="].map(Head::get);
    for head in table.into_iter().chain([preflight, Head::upgrade("/").with("Origin", "http://localhost")]) {
        for version in ["HTTP/1.1", "HTTP/1.0"] {
            let answer = ask(&server, &head.clone().method("OPTIONS").version(version));
            assert_eq!((answer.status, answer.header("Allow")), (204, Some(allowed(&head))), "{head:?}");
        }
    }
    let options = |path: &str| Head::get(path).method("OPTIONS");
    all_get(&server, 404, ["/a/b", "/a.b", "/*", "//"].map(options));
    all_get(&server, 403, [options("/").set("Host", "evil.example")]);
    all_get(&server, 400, [options("*").without("Host"), options("/").with("Content-Length", "5")]);
}

#[test]
fn http_1_0_is_answered_where_it_only_asks() {
    let server = Server::start(&[]);
    for path in ["/", "/kitchen", "/healthz", "/page.css", "/a/b"] {
        for method in ["GET", "HEAD"] {
            let [old, new] = ["HTTP/1.0", "HTTP/1.1"]
                .map(|version| ask(&server, &Head::get(path).method(method).version(version)));
            assert_eq!((old.status, old.body), (new.status, new.body), "{method} {path}");
        }
    }
    let old = |method: &str, path: &str| Head::get(path).method(method).version("HTTP/1.0");
    all_get(&server, 505, ["/", "/healthz", "/a/b"].map(|path| Head::upgrade(path).version("HTTP/1.0")));
    all_get(&server, 505, ["/", "/healthz", "/a/b"].map(|path| old("POST", path)));
    all_get(&server, 505, [old("POST", "/").without("Host").with("Content-Length", "x")]);
    all_get(&server, 426, [old("GET", "/").with("Sec-WebSocket-Key", KEY)]);
    all_get(&server, 403, [old("GET", "/healthz").set("Host", "evil.example")]);
    all_get(&server, 200, [Head::upgrade("/").version("HTTP/1.0").method("HEAD")]);
}

#[test]
fn http_1_0_without_a_host_is_answered_of_health_and_options_alone() {
    for server in [Server::start(&[]), Server::start(&["--allow-host", "chat.example.org"])] {
        let old =
            |method: &str, path: &str| Head::get(path).method(method).version("HTTP/1.0").without("Host");
        all_get(&server, 200, [old("GET", "/healthz"), old("HEAD", "/healthz"), old("GET", "/healthz?x")]);
        all_get(&server, 204, ["/", "/kitchen", "/healthz", "*"].map(|path| old("OPTIONS", path)));
        all_get(&server, 400, ["/", "/kitchen", "/metrics", "/page.js", "/a/b"].map(|path| old("GET", path)));
        all_get(&server, 400, ["/", "/metrics", "/a/b"].map(|path| old("HEAD", path)));
        all_get(&server, 404, [old("OPTIONS", "/a/b")]);
        all_get(
            &server,
            400,
            [old("GET", "/healthz").with("Host", ""), old("GET", "http://localhost/healthz")],
        );
        all_get(&server, 400, [old("GET", "/healthz").version("HTTP/1.1")]);
    }
}

#[test]
fn answers_505_to_other_versions() {
    let server = Server::start(&[]);
    for version in ["HTTP/1.2", "HTTP/0.9", "HTTP/2.0", "HTTP/3.0", "HTTP/9.9"] {
        all_get(&server, 505, [Head::get("/").version(version), Head::upgrade("/").version(version)]);
        all_get(&server, 505, [Head::get("/").version(version).without("Host").method("POST")]);
    }
}

/// Every refusal there is, with a word in the request that must not come back (`support::http`).
#[test]
fn answers_reflect_nothing_of_the_request() {
    let server = Server::start(&["--max-clients", "1"]);
    let _resident = Client::join(&server, "/");
    let marked = |head: Head| {
        let target = format!("{}?{MARKER}={MARKER}&name={MARKER}", head.target);
        let with =
            Head { target, ..head }.with(MARKER, MARKER).with("Cookie", MARKER).with("User-Agent", MARKER);
        with.with("Sec-WebSocket-Protocol", MARKER).with("Sec-WebSocket-Extensions", MARKER)
    };
    let table = [
        (400, marked(Head::upgrade("/")).with("Transfer-Encoding", MARKER)),
        (400, marked(Head::upgrade("/")).set("Host", &format!("{MARKER} {MARKER}"))),
        (400, marked(Head::upgrade("/")).with(&format!("{MARKER} "), MARKER)),
        (405, marked(Head::upgrade("/")).method(MARKER)),
        (404, marked(Head::upgrade(&format!("/{MARKER}/{MARKER}")))),
        (403, marked(Head::upgrade("/")).set("Host", &format!("{MARKER}.example"))),
        (403, marked(Head::upgrade("/")).with("Origin", &format!("https://{MARKER}"))),
        (426, marked(Head::upgrade("/")).set("Upgrade", MARKER)),
        (426, marked(Head::upgrade("/")).set("Connection", MARKER)),
        (426, marked(Head::upgrade("/")).set("Sec-WebSocket-Version", MARKER)),
        (400, marked(Head::upgrade("/")).set("Sec-WebSocket-Key", MARKER)),
        (400, marked(Head::upgrade("/")).with("Sec-WebSocket-Key", KEY)),
        (400, marked(Head::upgrade(&format!("/?history={MARKER}")))),
        (503, marked(Head::upgrade(&format!("/{MARKER}")))),
        (505, marked(Head::upgrade("/")).version("HTTP/1.0")),
        (431, marked(Head::upgrade("/")).with(MARKER, &MARKER.repeat(3000))),
        (414, Head::get(&format!("/{}", MARKER.repeat(1500)))),
        (200, Head::get(&format!("/{MARKER}?{MARKER}")).with(MARKER, MARKER).with("Origin", MARKER)),
    ];
    for (status, head) in table {
        assert_eq!(ask(&server, &head).status, status, "{head:?}");
    }
    assert_eq!(ask_bytes(&server, format!("{MARKER}\n").as_bytes()).status, 400);
    let server = Server::start(&["--handshake-timeout", "0.3"]);
    assert_eq!(ask_bytes(&server, format!("GET /{MARKER} HTTP/1.1\r\n{MARKER}").as_bytes()).status, 408);
}

/// A peer that is still sending can read its answer nevertheless: no reset overtakes it.
#[test]
fn an_answer_can_be_read_by_a_peer_that_still_sends() {
    let server = Server::start(&[]);
    let upload = Head::get("/").method("POST").bytes();
    for head in
        [upload, b"\x16\x03\x01".to_vec(), Head::get("/page.js").bytes(), Head::upgrade("/a/b").bytes()]
    {
        let mut stream = server.connect();
        stream.write_all(&head).unwrap();
        for _ in 0..64 {
            stream.write_all(&[b'x'; 65536]).unwrap();
        }
        assert_ne!(read_answer(&mut stream, false).status, 101);
    }
}

/// One answer to a connection: what comes behind a head is no second request.
#[test]
fn a_connection_is_answered_once() {
    let server = Server::start(&[]);
    let twice = [Head::get("/healthz").bytes(), Head::get("/healthz").bytes()].concat();
    assert_eq!(ask_bytes(&server, &twice).text(), "ok");
}
