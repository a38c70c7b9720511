//! `check`: whether a server is well.

use crate::support::server::{Server, run};
use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread;

#[test]
fn exits_0_where_the_answer_is_200() {
    let server = Server::start(&[]);
    for url in [format!("http://{}/", server.address), format!("ws://{}/kitchen", server.address)] {
        let ended = run(&["check", &url]);
        assert_eq!(ended.code, Some(0));
        assert_eq!(ended.stdout, [format!("http://{}/healthz: 200, well", server.address)]);
    }
}

#[test]
fn exits_1_where_there_is_no_server_or_another_answer() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let answers =
        ["HTTP/1.1 503 Service Unavailable\r\n\r\n", "HTTP/1.1 2000 \r\n\r\n", "SSH-2.0-OpenSSH\r\n", ""];
    let server = thread::spawn(move || {
        for answer in answers {
            let mut stream = listener.accept().unwrap().0;
            let _ = stream.read(&mut [0; 1024]);
            stream.write_all(answer.as_bytes()).unwrap();
        }
    });
    for answer in answers {
        let ended = run(&["check", &url]);
        assert_eq!((ended.code, ended.stdout.len()), (Some(1), 1), "{answer:?}: {:?}", ended.stdout);
    }
    server.join().unwrap();
    assert_eq!(run(&["check", &url]).code, Some(1));
}

#[test]
fn waits_for_no_answer_for_ever() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let ended = run(&["check", &format!("http://{}/", listener.local_addr().unwrap())]);
    assert_eq!((ended.code, ended.stdout.len()), (Some(1), 1));
}
