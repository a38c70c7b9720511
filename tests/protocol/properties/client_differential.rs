//! `tungstenite` as a client, given the same bytes, sees the same. They disagree where its server does.

/// A server's session, delivered to both.
pub fn holds(input: &[u8]) -> bool {
    super::differential::holds_of::<false>(input)
}
