//! A slow way to Redis: so many bytes at a time, so much later, and nothing at all for a while.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::thread;
use std::time::{Duration, Instant};

pub struct Proxy {
    pub address: SocketAddr,
    holds: Arc<AtomicBool>,
}

impl Proxy {
    /// Passes on at most `bytes` every `pause`, in each direction of each connection.
    pub fn to(redis: SocketAddr, bytes: usize, pause: Duration) -> Proxy {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let holds = Arc::new(AtomicBool::new(false));
        let held = Arc::clone(&holds);
        thread::spawn(move || {
            for near in listener.incoming().map_while(Result::ok) {
                let Ok(far) = TcpStream::connect(redis) else { continue };
                for (from, to) in [(&near, &far), (&far, &near)] {
                    let (from, to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
                    let held = Arc::clone(&held);
                    thread::spawn(move || pass_on(from, to, bytes, pause, &held));
                }
            }
        });
        Proxy { address, holds }
    }

    /// Passes on nothing for so long; a byte or so may be under way.
    pub fn hold_for(&self, time: Duration) {
        let until = Instant::now() + time;
        self.holds.store(true, SeqCst);
        thread::sleep(until - Instant::now());
        self.holds.store(false, SeqCst);
    }

    pub fn url(&self) -> String {
        format!("redis://{}", self.address)
    }
}

fn pass_on(mut from: TcpStream, mut to: TcpStream, bytes: usize, pause: Duration, held: &AtomicBool) {
    let mut chunk = vec![0; bytes];
    while let Ok(count @ 1..) = from.read(&mut chunk) {
        thread::sleep(pause);
        while held.load(SeqCst) {
            thread::sleep(Duration::from_millis(5));
        }
        if to.write_all(&chunk[..count]).is_err() {
            break;
        }
    }
    let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
}
