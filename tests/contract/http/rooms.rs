//! Which paths there are.

use super::all_get;
use crate::support::{Head, Server, ask};

fn longest() -> String {
    format!("/{}", "x".repeat(64))
}

#[test]
fn serves_the_page_in_every_room() {
    let server = Server::start(&[]);
    let page = ask(&server, &Head::get("/")).body;
    for room in [
        "/",
        "/kitchen",
        "/a",
        "/A-Z_09",
        "/-",
        "/_",
        "/Healthz",
        "/METRICS",
        &longest(),
        "/kitchen?x=1",
        "/?",
    ] {
        for method in ["GET", "HEAD"] {
            let answer = ask(&server, &Head::get(room).method(method));
            assert_eq!(answer.status, 200, "{method} {room}");
            assert!(answer.header("Content-Type").unwrap().starts_with("text/html"));
            assert!(method == "HEAD" || answer.body == page, "{room} has another page");
        }
    }
}

#[test]
fn answers_404_to_a_path_that_is_no_room() {
    let server = Server::start(&[]);
    let longer = longest() + "x";
    let table = [
        "//",
        "/a/",
        "/a/b",
        "//a",
        "/.",
        "/..",
        "/../",
        "/a.b",
        "/%61",
        "/a%20b",
        "/%2e%2e",
        "/a+b",
        "/a~",
        "/favicon.ico",
        "/index.html",
        "/healthz/",
        "/metrics/",
        "/healthz.",
        "/page.js/",
        "/page.css.map",
        "/page.html",
        "/etc/passwd",
        "/a;b",
        "/a:b",
        "/@",
        "/a&b",
        "/a=b",
        "/src/main.rs",
        "/./page.js",
        "/a!",
        "/a*",
        "/%2f",
        "/%00",
        &longer,
    ];
    for head in [Head::get, Head::upgrade] {
        all_get(&server, 404, table.map(head));
    }
}

#[test]
fn answers_404_to_a_handshake_where_no_room_is() {
    let server = Server::start(&[]);
    all_get(
        &server,
        404,
        ["/healthz", "/metrics", "/page.js", "/page.css", "/healthz?name=a"].map(Head::upgrade),
    );
}

#[test]
fn opens_every_room_to_a_handshake() {
    let server = Server::start(&[]);
    all_get(&server, 101, ["/", "/kitchen", "/Healthz", &longest(), "/-", "/?", "/a?b"].map(Head::upgrade));
}

#[test]
fn an_absolute_target_is_its_path() {
    let server = Server::start(&[]);
    for authority in [server.address.to_string(), "localhost".into(), "LOCALHOST:80".into()] {
        let get = |path: &str| Head::get(&format!("http://{authority}{path}")).set("Host", &authority);
        assert_eq!(ask(&server, &get("/healthz")).body, b"ok");
        all_get(&server, 200, ["/", "/kitchen", "/kitchen?x"].map(get));
        all_get(&server, 404, ["/a/b", "/."].map(get));
        let upgrade = |path: &str| Head { target: format!("http://{authority}{path}"), ..Head::upgrade("/") };
        all_get(&server, 101, [upgrade("/kitchen").set("Host", &authority)]);
    }
}

#[test]
fn answers_400_to_another_authority_than_host_s() {
    let server = Server::start(&[]);
    let table = [
        ("http://localhost/", "127.0.0.1"),
        ("http://localhost:81/", "localhost"),
        ("http://localhost:81/", "localhost:82"),
        ("http://evil.example/", "localhost"),
        ("http://localhost.evil.example/", "localhost"),
        ("http://me@localhost/", "localhost"),
        ("http:///", "localhost"),
        ("http://", "localhost"),
    ];
    all_get(&server, 400, table.map(|(target, host)| Head::get(target).set("Host", host)));
}

#[test]
fn a_query_counts_on_a_handshake_only() {
    let server = Server::start(&[]);
    for query in ["?name=", "?history=x", "?name=a&name=b", "?name=%FF"] {
        all_get(
            &server,
            200,
            ["/", "/kitchen", "/healthz", "/metrics"].map(|path| Head::get(&format!("{path}{query}"))),
        );
    }
}
