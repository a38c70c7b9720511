//! `examples/client.rs` against the Autobahn suite's server, case after case: `autobahn ADDRESS`

use chinwag::protocol::receiver::Limits;
use std::error::Error;
use std::net::TcpStream;
use std::time::Duration;

#[expect(dead_code, reason = "its `main` is for those who run it")]
#[path = "../../examples/client.rs"]
mod client;

/// Cases 9 have messages of 16 MiB, some of them in pieces of 64 bytes.
const LIMITS: Limits = Limits { max_message: 32 << 20, max_fragments: 1 << 20 };

fn main() -> Result<(), Box<dyn Error>> {
    let address = std::env::args().nth(1).ok_or("autobahn ADDRESS")?;
    let count = ask(&address, "/getCaseCount")?.ok_or("no count")?.parse()?;
    for case in 1..=count {
        let stream = TcpStream::connect(&address)?;
        stream.set_read_timeout(Some(Duration::from_secs(60)))?;
        let target = format!("/runCase?case={case}&agent=chinwag");
        // Where the server breaks the connection off, that is the case: the suite judges what it has seen.
        if let Err(error) = client::parrot(stream, &address, &target, LIMITS) {
            eprintln!("case {case} of {count}: {error}");
        }
    }
    ask(&address, "/updateReports?agent=chinwag").map(|_| ())
}

/// The first message at `target`, if there is one.
fn ask(address: &str, target: &str) -> Result<Option<String>, Box<dyn Error>> {
    let (mut socket, _) =
        tungstenite::client(format!("ws://{address}{target}"), TcpStream::connect(address)?)?;
    loop {
        match socket.read() {
            Ok(tungstenite::Message::Text(text)) => return Ok(Some(text.to_string())),
            Ok(_) => {}
            Err(_) => return Ok(None),
        }
    }
}
