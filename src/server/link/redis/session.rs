//! A connection to Redis, and another one when that has ended, for ever.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::panic::{self, AssertUnwindSafe};
use std::time::Duration;

use ::redis::{Client, Connection, RedisResult, cmd};

use super::standing::Half;
use super::station::Station;

/// How long Redis may take to answer, or to take anything of what it is sent.
pub(super) const TIMEOUT: Duration = Duration::from_secs(5);

/// How long to wait after a first failure. After each further one it is twice as long.
const BACKOFF: Duration = Duration::from_millis(100);

/// How often that is doubled.
const DOUBLINGS_MAX: u32 = 5;

/// A connection that has answered.
pub(super) fn connect(station: &Station) -> RedisResult<Connection> {
    let client = Client::open(station.url.connection_info())?;
    let mut connection = client.get_connection_with_timeout(TIMEOUT)?;
    connection.set_read_timeout(Some(TIMEOUT))?;
    connection.set_write_timeout(Some(TIMEOUT))?;
    // A Redis that is stopped is connected to by its kernel.
    cmd("PING").exec(&mut connection)?;
    Ok(connection)
}

/// Has one `session` after the other, until the server stops. One that panics, for whatever there may be in the answers
/// of something that is no Redis, has failed.
pub(super) fn repeat(station: &Station, half: Half, mut session: impl FnMut() -> RedisResult<()>) {
    let mut failures = 0;
    while !station.mailbag.is_stopping() {
        let ended = panic::catch_unwind(AssertUnwindSafe(&mut session));
        if station.mailbag.is_stopping() {
            return;
        }
        let reason = match ended {
            Ok(Ok(())) => "it has ended".to_owned(),
            Ok(Err(error)) if error.is_timeout() => format!("no answer in {} s", TIMEOUT.as_secs()),
            Ok(Err(error)) => error.to_string().replace(char::is_control, " "),
            Err(_) => "it cannot be understood".to_owned(),
        };
        let was_up = station.standing.down(half, &reason);
        failures = if was_up { 0 } else { failures + 1 };
        station.mailbag.pause(backoff(failures));
    }
}

/// Half of it is drawn by lot: servers that have lost the same Redis do not all come back at once.
fn backoff(failures: u32) -> Duration {
    let longest = BACKOFF * 2_u32.pow(failures.min(DOUBLINGS_MAX));
    let lot = u32::from(RandomState::new().hash_one(0) as u16);
    longest / 2 + longest / 2 * lot / u32::from(u16::MAX)
}
