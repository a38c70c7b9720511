//! Whether a server is well.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::mpsc::sync_channel;
use std::thread;
use std::time::Duration;

use super::url::Url;

/// How long an answer may take, the name's resolution included.
const PATIENCE: Duration = Duration::from_secs(5);

/// Asks `/healthz` once. Returns one line on how the server is, as an error where it is not well.
pub fn check(url: &Url) -> Result<String, String> {
    let (answer, answered) = sync_channel(1);
    let asked = url.clone();
    // In a thread of its own: the system bounds neither how long a name's resolution takes, nor all reads together.
    let asking = thread::Builder::new().spawn(move || _ = answer.send(ask(&asked)));
    let status = match asking.map(|_| answered.recv_timeout(PATIENCE)) {
        Ok(Ok(status)) => status,
        Ok(Err(_)) => Err("no answer within 5 s".to_owned()),
        Err(error) => Err(format!("no thread: {error}")),
    };
    let asked = format!("http://{}{}", url.authority, url.beside("healthz"));
    match status {
        Ok(200) => Ok(format!("{asked}: 200, well")),
        Ok(status) => Err(format!("{asked}: {status}, not well")),
        Err(error) => Err(format!("{asked}: {error}")),
    }
}

fn ask(url: &Url) -> Result<u16, String> {
    let mut stream = connect(url, PATIENCE).map_err(|error| error.to_string())?;
    let (target, host) = (url.beside("healthz"), &url.authority);
    let request = format!("GET {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).map_err(|error| error.to_string())?;
    // `HTTP/1.1 200`: nothing more of the answer is read, nor shown.
    let mut start = [0; 13];
    stream.read_exact(&mut start).map_err(|_| "no whole answer".to_owned())?;
    match start.strip_prefix(b"HTTP/1.") {
        Some([b'0' | b'1', b' ', a @ b'1'..=b'9', b @ b'0'..=b'9', c @ b'0'..=b'9', b' ' | b'\r']) => {
            Ok([a, b, c].iter().fold(0, |status, digit| status * 10 + u16::from(**digit - b'0')))
        }
        _ => Err("the answer is not HTTP".to_owned()),
    }
}

/// Connects to the first address that can be reached.
pub(super) fn connect(url: &Url, patience: Duration) -> std::io::Result<TcpStream> {
    let mut failure = std::io::Error::other("the name has no address");
    for address in url.resolve()? {
        match TcpStream::connect_timeout(&address, patience) {
            Ok(stream) => return Ok(stream),
            Err(error) => failure = error,
        }
    }
    Err(failure)
}
