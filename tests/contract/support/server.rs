//! The real binary, on a free port of the loopback interface, ended when it goes out of scope.

use super::output::Output;
use super::patience::PATIENT;
use super::{PATIENCE, eventually};
use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::Instant;

pub const BINARY: &str = env!("CARGO_BIN_EXE_chinwag");

pub struct Server {
    child: Child,
    pub address: SocketAddr,
    pub stdout: Output,
    pub stderr: Output,
}

impl Server {
    #[track_caller]
    pub fn start(options: &[&str]) -> Server {
        Server::at("127.0.0.1:0", options)
    }

    #[track_caller]
    pub fn at(listen: &str, options: &[&str]) -> Server {
        let mut command = Command::new(BINARY);
        command.args(["--listen", listen]).args(options);
        Server::run(command)
    }

    /// Started by a shell line that ends in `exec "$@"`, to have it in a changed environment.
    #[track_caller]
    pub fn in_shell(line: &str, options: &[&str]) -> Server {
        let mut command = Command::new("sh");
        command.args(["-c", line, "sh", BINARY, "--listen", "127.0.0.1:0"]).args(options);
        Server::run(command)
    }

    /// Runs a command that is, or becomes, the server, and waits for its one line on stdout. The timeouts that it does
    /// not name are longer than anything may take.
    #[track_caller]
    pub fn run(mut command: Command) -> Server {
        be_patient(&mut command);
        let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let mut server = Server::known(child.unwrap(), SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
        let line = server.stdout.wait_for("its address", |_| true);
        let address = line.strip_prefix("listening on http://").and_then(|rest| rest.strip_suffix('/'));
        server.address = address.and_then(|a| a.parse().ok()).unwrap_or_else(|| panic!("not it: {line:?}"));
        server
    }

    /// Whether it still runs.
    #[track_caller]
    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// CPU time so far in clock ticks, of which Linux has 100 a second.
    #[track_caller]
    pub fn ticks(&self) -> u64 {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.pid())).unwrap();
        let fields: Vec<_> = stat.rsplit_once(") ").unwrap().1.split(' ').collect();
        fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
    }

    /// A server whose address is known beforehand; what it does not write to a pipe is not collected.
    pub fn known(mut child: Child, address: SocketAddr) -> Server {
        let stdout = child.stdout.take().map_or_else(Output::none, Output::of);
        let stderr = child.stderr.take().map_or_else(Output::none, Output::of);
        Server { child, address, stdout, stderr }
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// A connection on which everything that takes too long is an error.
    #[track_caller]
    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect_timeout(&self.address, PATIENCE).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        stream
    }

    #[track_caller]
    pub fn signal(&self, name: &str) {
        let status = Command::new("kill").args(["-s", name, &self.pid().to_string()]).status();
        assert!(status.unwrap().success(), "the server was already gone");
    }

    /// Waits for the server to end by itself.
    #[track_caller]
    pub fn wait(&mut self) -> ExitStatus {
        eventually("the server's end", || self.child.try_wait().unwrap())
    }

    /// Ends it with SIGTERM and returns everything it wrote to stderr.
    #[track_caller]
    pub fn stop(&mut self) -> Vec<String> {
        self.signal("TERM");
        assert_eq!(self.wait().code(), Some(0), "exit status after SIGTERM");
        self.stderr.to_end()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if thread::panicking() {
            eprintln!("server's stderr: {:#?}", self.stderr.lines());
        }
    }
}

/// Adds the timeouts that a command does not name.
pub fn be_patient(command: &mut Command) {
    for (option, value) in PATIENT {
        let mut arguments = command.get_args().map(|argument| argument.to_str().unwrap_or_default());
        if !arguments.any(|argument| argument.split('=').next() == Some(option)) {
            command.args([option, value]);
        }
    }
}

/// What a command that ends by itself left behind.
pub struct Ended {
    pub code: Option<i32>,
    pub stdout: Vec<String>,
    pub stderr: Vec<String>,
}

/// Runs the program to its end; one that does not end is a failure.
#[track_caller]
pub fn run(arguments: &[&str]) -> Ended {
    let start = Instant::now();
    let child = Command::new(BINARY)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut running = Server::known(child.unwrap(), SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
    loop {
        if let Some(status) = running.child.try_wait().unwrap() {
            let (stdout, stderr) = (running.stdout.to_end(), running.stderr.to_end());
            return Ended { code: status.code(), stdout, stderr };
        }
        assert!(start.elapsed() < PATIENCE, "{arguments:?} runs instead of ending");
        thread::yield_now();
    }
}
