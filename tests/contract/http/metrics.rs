//! `/metrics`.

use crate::support::frame::{self, FIN, TEXT, masked};
use crate::support::http::ask_bytes;
use crate::support::metrics::{names, promised, read, value, wait_for};
use crate::support::{Client, Head, Server, ask};

const TYPES: &[(&str, &str)] = &[
    ("chinwag_clients", "gauge"),
    ("chinwag_rooms", "gauge"),
    ("chinwag_messages_in_total", "counter"),
    ("chinwag_deliveries_total", "counter"),
    ("chinwag_bytes_in_total", "counter"),
    ("chinwag_bytes_out_total", "counter"),
    ("chinwag_requests_refused_total", "counter"),
    ("chinwag_closes_total", "counter"),
    ("chinwag_clients_dropped_total", "counter"),
    ("chinwag_accept_errors_total", "counter"),
    ("chinwag_log_lines_dropped_total", "counter"),
];

#[test]
fn names_every_metric_and_its_type() {
    let server = Server::start(&[]);
    let answer = ask(&server, &Head::get("/metrics"));
    let content_type = answer.header("Content-Type").unwrap();
    assert!(content_type.starts_with("text/plain; version=0.0.4"), "{content_type:?}");
    assert!(answer.text().ends_with('\n'), "the last line must end");
    for (name, kind) in TYPES {
        let declared = answer.text().lines().filter(|line| *line == format!("# TYPE {name} {kind}")).count();
        assert_eq!(declared, 1, "{name} is a {kind}, in {}", answer.text());
    }
    for series in read(&server).keys() {
        let name = series.split('{').next().unwrap();
        assert!(
            TYPES.iter().any(|(known, _)| *known == name)
                || answer.text().contains(&format!("# TYPE {name} "))
        );
    }
}

#[test]
fn the_contract_names_every_metric() {
    assert_eq!(names(&Server::start(&[])), promised("HTTP"));
}

/// A scraper wants to know a series before it first moves.
#[test]
fn every_series_is_there_from_the_start() {
    let server = Server::start(&[]);
    for (series, value) in read(&server) {
        let of_now = ["chinwag_bytes_", "chinwag_memory_"].iter().any(|kind| series.starts_with(kind));
        assert!(of_now || series == "chinwag_clients" || value == 0.0, "{series} starts at {value}");
    }
}

#[test]
fn clients_and_rooms_rise_and_fall() {
    let server = Server::start(&[]);
    let (clients, rooms) = (value(&server, "chinwag_clients"), value(&server, "chinwag_rooms"));
    let all = ["/", "/", "/kitchen", "/hall"].map(|room| Client::join(&server, room));
    wait_for(&server, "chinwag_clients", clients + 4.0);
    wait_for(&server, "chinwag_rooms", rooms + 3.0);
    drop(all);
    wait_for(&server, "chinwag_clients", clients);
    wait_for(&server, "chinwag_rooms", rooms);
}

#[test]
fn counts_messages_deliveries_and_bytes() {
    let server = Server::start(&[]);
    let mut clients = ["/", "/", "/", "/elsewhere"].map(|room| Client::join(&server, room));
    let before = read(&server);
    let moved = |name: &str| value(&server, name) - before[name];
    for _ in 0..10 {
        clients[0].send(&masked(TEXT, b"half a "));
        clients[0].send(&masked(FIN, &[b'x'; 1000]));
    }
    clients[0].settle();
    for receiver in &mut clients[1..3] {
        for _ in 0..10 {
            receiver.frame();
        }
    }
    wait_for(&server, "chinwag_messages_in_total", before["chinwag_messages_in_total"] + 10.0);
    wait_for(&server, "chinwag_deliveries_total", before["chinwag_deliveries_total"] + 20.0);
    assert!(moved("chinwag_bytes_in_total") >= 10_000.0, "bytes in: {}", moved("chinwag_bytes_in_total"));
    assert!(moved("chinwag_bytes_out_total") >= 20_000.0, "bytes out: {}", moved("chinwag_bytes_out_total"));
}

#[test]
fn counts_refusals_by_their_status() {
    let server = Server::start(&["--max-clients", "1"]);
    let _resident = Client::join(&server, "/");
    let table = [
        (400, Head::upgrade("/").without("Host")),
        (403, Head::upgrade("/").set("Host", "evil.example")),
        (404, Head::get("/a/b")),
        (405, Head::get("/").method("PUT")),
        (414, Head::get(&format!("/{}", "x".repeat(9000)))),
        (426, Head::upgrade("/").without("Upgrade")),
        (431, Head::get("/").with("X", &"x".repeat(17_000))),
        (503, Head::upgrade("/")),
        (505, Head::upgrade("/").version("HTTP/1.0")),
    ];
    for (status, head) in table {
        let series = format!("chinwag_requests_refused_total{{status=\"{status}\"}}");
        let before = value(&server, &series);
        for _ in 0..2 {
            assert_eq!(ask(&server, &head).status, status);
        }
        wait_for(&server, &series, before + 2.0);
    }
    let server = Server::start(&["--handshake-timeout", "0.3"]);
    assert_eq!(ask_bytes(&server, b"GET").status, 408);
    wait_for(&server, "chinwag_requests_refused_total{status=\"408\"}", 1.0);
}

#[test]
fn counts_the_closes_it_sends_by_their_code() {
    let server = Server::start(&["--max-message", "100"]);
    let table = [
        (1000, frame::close(1000, b"")),
        (1002, vec![0xFF]),
        (1007, masked(FIN | TEXT, b"\xFF")),
        (1008, frame::text("{\"type\":\"joined\"")),
        (1009, masked(FIN | TEXT, &[b'x'; 101])),
        (4321, frame::close(4321, b"")),
    ];
    for (code, bytes) in table {
        let mut client = Client::join(&server, "/");
        client.send(&bytes);
        client.expect_close(code);
        wait_for(&server, &format!("chinwag_closes_total{{code=\"{code}\"}}"), 1.0);
    }
}
