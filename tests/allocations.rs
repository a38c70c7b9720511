//! Nothing is allocated per message: once every buffer has the size it needs, a server relays, answers and keeps
//! messages without asking for memory.
//!
//! The server runs in this process, whose allocator counts for all threads alike. So its clients, too, do without: what
//! they send is put together beforehand, what they get goes into a buffer they have.

use chinwag::server::{Config, Server};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use std::alloc::System;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const CLIENTS: usize = 8;
/// Bytes of payload in each client's messages: in each of the three forms of a length but the longest.
const SIZES: [usize; CLIENTS] = [0, 1, 64, 100, 125, 126, 400, 2000];
/// In each of which every client sends a message and a Ping.
const ROUNDS: usize = 1000;
/// A batch larger than any before it makes a buffer grow once more. So there is no telling when it is the last time, but
/// it is soon.
const ATTEMPTS: usize = 20;

#[test]
fn none_per_message() {
    let config = Config { listen: "127.0.0.1:0".parse().unwrap(), quiet: true, ..Config::default() };
    let server = Server::bind(config).expect("binds");
    let (addr, handle) = (server.local_addr(), server.handle());
    let running = thread::spawn(move || server.run());
    let mut clients: Vec<Client> = SIZES.iter().map(|size| Client::join(addr, *size)).collect();
    let mut seen = Vec::with_capacity(ATTEMPTS);
    while seen.last() != Some(&0) && seen.len() < ATTEMPTS {
        let region = Region::new(ALLOCATOR);
        (0..ROUNDS).for_each(|_| talk(&mut clients));
        let change = region.change();
        seen.push(change.allocations + change.reallocations);
    }
    assert_eq!(seen.last(), Some(&0), "each of {ROUNDS} rounds of {CLIENTS} messages: {seen:?}");
    assert!(seen.iter().sum::<usize>() < ROUNDS, "that would be one per round: {seen:?}");
    drop(clients);
    handle.stop();
    running.join().expect("ends");
}

/// Everyone says something, and then everyone hears it.
fn talk(clients: &mut [Client]) {
    for client in &mut *clients {
        client.stream.write_all(&client.says).expect("takes it");
    }
    for client in clients {
        client.stream.read_exact(&mut client.hears).expect("brings it");
    }
}

struct Client {
    stream: TcpStream,
    /// A Ping and a message, each masked with zeros.
    says: Vec<u8>,
    /// Room for a Pong, and for the messages of all others.
    hears: Vec<u8>,
}

impl Client {
    fn join(addr: SocketAddr, size: usize) -> Client {
        let mut stream = TcpStream::connect(addr).expect("connects");
        stream.set_nodelay(true).expect("is a socket");
        let request = format!(
            "GET / HTTP/1.1\r\nHost: {addr}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).expect("takes it");
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).expect("answers");
            head.extend(byte);
        }
        assert!(head.starts_with(b"HTTP/1.1 101 "));
        let says = [masked(0x89, b"ping"), masked(0x81, &vec![b'x'; size])].concat();
        let others: usize = SIZES.iter().map(|size| header_len(*size) + size).sum();
        let hears = vec![0; others - header_len(size) - size + header_len(4) + 4];
        Client { stream, says, hears }
    }
}

/// Bytes of an unmasked header (§5.2).
fn header_len(payload_len: usize) -> usize {
    if payload_len < 126 { 2 } else { 4 }
}

fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
    let len = payload.len();
    let mut frame = vec![first];
    if len < 126 {
        frame.push(0x80 | len as u8);
    } else {
        frame.push(0x80 | 126);
        frame.extend((len as u16).to_be_bytes());
    }
    frame.extend([0; 4]);
    frame.extend(payload);
    frame
}
