//! The thread that publishes.

use std::time::Duration;

use ::redis::{RedisResult, cmd};

use super::session;
use super::standing::Half;
use super::station::Station;

/// How long a server is silent at most.
const HEARTBEAT: Duration = Duration::from_secs(3);

/// Publishes until the server stops.
pub(super) fn run(station: &Station) {
    session::repeat(station, Half::Publisher, || {
        let published = publish(station);
        station.standing.dropped(station.mailbag.close());
        published
    });
    station.mailbag.end();
}

/// Publishes until something fails, or the server stops.
fn publish(station: &Station) -> RedisResult<()> {
    let channel = station.url.channel();
    let mut connection = session::connect(station)?;
    station.mailbag.open();
    while let Some(bulletin) = station.mailbag.take(HEARTBEAT) {
        let published = cmd("PUBLISH").arg(&channel).arg(&bulletin.payload).exec(&mut connection);
        if published.is_err() {
            station.standing.dropped(bulletin.messages);
            return published;
        }
        station.standing.published(bulletin.messages);
        if bulletin.says_hello {
            station.standing.up(Half::Publisher);
        }
        if bulletin.is_last {
            station.mailbag.end();
        }
    }
    Ok(())
}
