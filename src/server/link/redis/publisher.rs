//! The thread that publishes.

use std::sync::Arc;
use std::time::Duration;

use ::redis::{RedisResult, cmd};

use super::standing::Half;
use super::{Shared, session};

/// How long a server is silent at most.
const HEARTBEAT: Duration = Duration::from_secs(3);

/// Publishes until the server stops.
pub(super) fn run(shared: &Arc<Shared>) {
    session::repeat(shared, Half::Publisher, || {
        let published = publish(shared);
        shared.standing.dropped(shared.outbox.close());
        published
    });
    shared.outbox.end();
}

/// Publishes until something fails, or the server stops.
fn publish(shared: &Shared) -> RedisResult<()> {
    let channel = shared.url.channel();
    let mut connection = session::connect(shared)?;
    shared.outbox.open();
    while let Some(batch) = shared.outbox.take(HEARTBEAT) {
        let published = cmd("PUBLISH").arg(&channel).arg(&batch.payload).exec(&mut connection);
        if published.is_err() {
            shared.standing.dropped(batch.messages);
            return published;
        }
        shared.standing.published(batch.messages);
        if batch.says_hello {
            shared.standing.up(Half::Publisher);
        }
        if batch.is_last {
            shared.outbox.end();
        }
    }
    Ok(())
}
