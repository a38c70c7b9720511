//! §5.4-5.6, §6.2: what comes out of a client's receiver. All that holds for a server's holds for it.

/// A server's session, delivered as the input says.
pub fn holds(input: &[u8]) -> bool {
    super::receiver::holds_of::<false>(input)
}
