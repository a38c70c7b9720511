//! What a room does for guests, in a build without the feature `redis`, in which it has none: nothing.

use crate::server::room::{Room, Wire};

/// Which client of which server.
#[allow(dead_code)] // Nobody asks who it is.
pub(crate) struct GuestId {
    pub(crate) server: u64,
    pub(crate) client: u64,
}

impl<W: Wire> Room<W> {
    pub(crate) fn relay_from_elsewhere(&self, _frame: &[u8]) {}

    pub(crate) fn admit_guest(&self, _id: GuestId, _name: &str) {}

    pub(crate) fn see_off_guest(&self, _id: GuestId) {}
}
