//! A slow way to Redis: so many bytes at a time, so much later, and nothing at all for a while.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

pub struct Proxy {
    pub address: SocketAddr,
    /// Of each connection there has been, whether it passes on nothing at present.
    held: Arc<Mutex<Vec<Arc<AtomicBool>>>>,
}

impl Proxy {
    /// Passes on at most `bytes` every `pause`, in each direction of each connection.
    pub fn to(redis: SocketAddr, bytes: usize, pause: Duration) -> Proxy {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let held = Arc::new(Mutex::new(Vec::new()));
        let all_held = Arc::clone(&held);
        thread::spawn(move || {
            for near in listener.incoming().map_while(Result::ok) {
                let Ok(far) = TcpStream::connect(redis) else { continue };
                let held = Arc::new(AtomicBool::new(false));
                all_held.lock().unwrap().push(Arc::clone(&held));
                for (from, to) in [(&near, &far), (&far, &near)] {
                    let (from, to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
                    let held = Arc::clone(&held);
                    thread::spawn(move || pass_on(from, to, bytes, pause, &held));
                }
            }
        });
        Proxy { address, held }
    }

    /// Passes on nothing for so long; a byte or so may be under way.
    pub fn hold_for(&self, time: Duration) {
        let hold = |holds| self.held.lock().unwrap().iter().for_each(|held| held.store(holds, SeqCst));
        hold(true);
        thread::sleep(time);
        hold(false);
    }

    /// From now on the oldest connection, or the newest, of those that have not fallen silent is neither ended nor heard
    /// of any more.
    pub fn silence(&self, oldest: bool) {
        let held = self.held.lock().unwrap();
        let mut heard = held.iter().filter(|held| !held.load(SeqCst));
        let silent = if oldest { heard.next() } else { heard.next_back() };
        silent.unwrap().store(true, SeqCst);
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
