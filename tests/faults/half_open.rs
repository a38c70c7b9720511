//! Peers that are gone without a FIN or a reset: stopped, or behind a link that is down.
//!
//! Both need a second process, or a second network; for each, this test program starts itself again.

use crate::house::House;
use crate::peers::{self, is_possible, not_tried, run};
use crate::support::frame::{CLOSE, FIN, PING, PONG, TEXT, masked};
use crate::support::http::Head;
use crate::support::output::Output;
use crate::support::patience::at_some_pace;
use crate::support::server::BINARY as PROGRAM;
use crate::support::{Client, Server, eventually};
use std::env;
use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};

/// In this the address of the server is handed to the stopped peer.
const SERVER: &str = "CHINWAG_FAULTS_SERVER";
/// With this set the test runs in a network of its own; it says how many times as long the times are.
const INSIDE: &str = "CHINWAG_FAULTS_INSIDE";

/// Options with these times so many times as long.
fn options(times: f64) -> [String; 6] {
    let (ping, handshake) = ((0.3 * times).to_string(), times.to_string());
    ["--ping-interval", &ping, "--handshake-timeout", &handshake, "--close-timeout", "0.5"].map(String::from)
}

/// This program again, with one test alone.
fn again(test: &str) -> [String; 6] {
    let program = env::current_exe().unwrap().into_os_string().into_string().unwrap();
    [&program, "--exact", test, "--ignored", "--nocapture", "--test-threads=1"].map(String::from)
}

/// A process that is ended when it goes out of scope, stopped or not.
struct Peer(Child);

impl Peer {
    fn signal(&self, name: &str) {
        run("kill", &["-s", name, &self.0.id().to_string()]);
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_stopped_process_is_dropped_for_its_silence() {
    at_some_pace(stopped_process);
}

fn stopped_process(times: f64) {
    let mut house = House::start(&options(times));
    let [program, arguments @ ..] = again("half_open::the_process_that_is_stopped");
    let mut command = Command::new(program);
    command.args(arguments).env(SERVER, house.server.address.to_string()).stdout(Stdio::piped());
    let mut peer = Peer(command.spawn().unwrap());
    // It is alive, as it answers: for longer than it could without.
    let says = Output::of(peer.0.stdout.take().unwrap());
    says.wait_for("the third answer", |line| line.ends_with("answered Ping 3"));
    house.expect_counted(&[]);
    house.beside("a peer's process is stopped", |server| {
        peer.signal("STOP");
        eventually("its end", || peers::clients(server, 2));
    });
    house.expect_counted(&[("dropped silent", 1), ("closed 1011", 1)]);
    // All is over for the server before the peer has done anything.
    house.expect_rest();
    peer.signal("CONT");
    assert!(peer.0.wait().unwrap().success(), "it did not find its Close 1011");
    house.close();
}

/// Answers Pings, and says so, until it is told that it did not.
#[test]
#[ignore = "a part of another test, which runs it in a process of its own"]
fn the_process_that_is_stopped() {
    let Ok(address) = env::var(SERVER) else { return };
    let stream = TcpStream::connect(address.parse::<SocketAddr>().unwrap()).unwrap();
    let mut client = Client::try_join_on(stream, &Head::upgrade("/").bytes()).unwrap();
    let mut answered = 0;
    loop {
        let frame = client.frame();
        match frame.opcode {
            PING => {
                client.send(&masked(FIN | PONG, &frame.payload));
                answered += 1;
                println!("answered Ping {answered}");
            }
            CLOSE => return assert_eq!(frame.payload[..2], 1011_u16.to_be_bytes()),
            _ => {}
        }
    }
}

#[test]
fn peers_behind_a_dead_link_are_dropped_for_their_silence() {
    let alone = ["--user", "--map-root-user", "--net"];
    let possible = is_possible(
        "unshare",
        &[&alone[..], &["ip", "link", "add", "name", "probe", "type", "veth"]].concat(),
    );
    if !possible || !is_possible("nsenter", &["--version"]) {
        return not_tried("a link that goes down", "no network of one's own here (unshare, nsenter, ip)");
    }
    at_some_pace(|times| {
        let arguments = again("half_open::behind_a_dead_link");
        let mut command = Command::new("unshare");
        command.args(alone).args(arguments).env(INSIDE, times.to_string());
        assert!(command.status().unwrap().success());
    });
}

/// A link from here to the network of a process: `10.77.SUBNET.1` here, `.2` there.
fn link(name: &str, subnet: u8, pid: u32) {
    let (here, there) = (format!("{name}-here"), format!("{name}-there"));
    let addresses = [1, 2].map(|host| format!("10.77.{subnet}.{host}/24"));
    let pid = pid.to_string();
    run("ip", &["link", "add", "name", &here, "type", "veth", "peer", "name", &there, "netns", &pid]);
    run("ip", &["addr", "add", &addresses[0], "dev", &here]);
    run("ip", &["link", "set", &here, "up"]);
    let inside = ["-t", &pid, "-n", "ip"];
    run("nsenter", &[&inside[..], &["addr", "add", &addresses[1], "dev", &there]].concat());
    run("nsenter", &[&inside[..], &["link", "set", &there, "up"]].concat());
}

#[test]
#[ignore = "a part of another test, which runs it in a network of its own"]
fn behind_a_dead_link() {
    let Ok(times) = env::var(INSIDE) else { return };
    let mut command = Command::new("unshare");
    command
        .args(["--net", PROGRAM, "--quiet", "--listen", "0.0.0.0:0"])
        .args(options(times.parse().unwrap()));
    let mut server = Server::run(command);
    link("good", 1, server.pid());
    link("bad", 2, server.pid());
    let port = server.address.port();
    server.address = SocketAddr::from(([10, 77, 1, 2], port));
    let mut house = House::of(server);
    house.beside("a link goes down", |server| {
        let connect = || TcpStream::connect(("10.77.2.2", port)).unwrap();
        let head = Head::upgrade("/").bytes();
        let mut lost: Vec<_> = (0..10).map(|_| Client::try_join_on(connect(), &head).unwrap()).collect();
        // Some of them in the midst of a message, one in the midst of its handshake.
        lost.iter_mut().take(5).for_each(|client| client.send(&masked(TEXT, b"half a sen")));
        let mut handshaking = connect();
        handshaking.write_all(&head[..50]).unwrap();
        eventually("ten more", || peers::clients(server, 12));
        run("ip", &["link", "set", "bad-here", "down"]);
        drop((lost, handshaking));
        eventually("their end", || peers::clients(server, 2));
    });
    house.expect_counted(&[("dropped silent", 10), ("closed 1011", 10), ("refused 408", 1)]);
    house.expect_rest();
    house.close();
}
