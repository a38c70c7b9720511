//! Bytes cut, joined and moved, with no panic, nor the code for one.
//!
//! `core` has most of this too. But a panic that never comes is still linked into a program where the compiler cannot tell
//! that it never comes, with all that it takes to print it: half of what a small device has room for.

/// Returns `bytes` before and after the first `separator`.
pub(super) fn cut(bytes: &[u8], separator: u8) -> Option<(&[u8], &[u8])> {
    let (before, from) = split_before(bytes, |byte| byte == separator);
    from.split_first().map(|(_, after)| (before, after))
}

/// Returns `bytes` before the first that `ends`, and from there on.
pub(super) fn split_before(bytes: &[u8], ends: impl Fn(u8) -> bool) -> (&[u8], &[u8]) {
    let at = bytes.iter().position(|byte| ends(*byte));
    bytes.split_at_checked(at.unwrap_or(bytes.len())).unwrap_or((bytes, &[]))
}

/// Writes as much of `pieces`, one behind the other, to the front of `out` as fits, and returns how many bytes that is.
pub(super) fn write(out: &mut [u8], pieces: &[&[u8]]) -> usize {
    let (len, mut free) = (out.len(), out.iter_mut());
    for piece in pieces {
        piece.iter().zip(&mut free).for_each(|(byte, slot)| *slot = *byte);
    }
    len.saturating_sub(free.len())
}

/// Moves `buffer[from..to]` down to `dest`. This and [`move_up`] are `copy_within` without its panic.
pub(super) fn move_down(buffer: &mut [u8], from: usize, to: usize, dest: usize) {
    let concerned = buffer.get_mut(dest..to).unwrap_or_default();
    let shift = from.saturating_sub(dest);
    if shift > 0 && shift < concerned.len() {
        concerned.copy_within(shift.., 0);
    }
}

/// Moves `buffer[from..to]` up by `shift`. Behind it there are always as many bytes.
pub(super) fn move_up(buffer: &mut [u8], from: usize, to: usize, shift: usize) {
    let concerned = buffer.get_mut(from..to.saturating_add(shift)).unwrap_or_default();
    if shift > 0 && shift < concerned.len() {
        concerned.copy_within(..concerned.len().saturating_sub(shift), shift);
    }
}
