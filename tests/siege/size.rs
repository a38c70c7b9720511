//! How large a server is made, and what it and the kernel on its behalf may take for that.

const KIB: u64 = 1 << 10;
pub const MIB: u64 = 1 << 20;

/// What an operator chooses.
#[derive(Clone, Copy)]
pub struct Size {
    pub clients: u64,
    pub max_memory: u64,
}

impl Size {
    /// What it takes at most, in bytes, without what is in sockets, as docs/operating.md has it.
    ///
    /// Half as much again as `--max-memory`, for what an allocator cannot give back at once. Two threads for each client,
    /// one of which is that of a laggard: 26 KiB in the kernel each, and a little more than 8 KiB of stack.
    pub fn process(self) -> u64 {
        4 * MIB + self.max_memory * 3 / 2 + self.clients * 2 * 36 * KIB
    }

    /// What all sockets hold at most: twice what they were told to, in each direction, and a little more, as the last
    /// packet may go beyond it.
    pub fn sockets(self) -> u64 {
        let buffer = (self.max_memory / self.clients).clamp(16 * KIB, 64 * KIB);
        // Some more are heard above the limit.
        (self.clients + 16) * 2 * (2 * buffer + 8 * KIB)
    }
}

/// All places that the README's service unit has descriptors for.
pub const FULL: Size = Size { clients: 1024, max_memory: 32 * MIB };
/// What fits into 96 MiB, whatever it is.
pub const SMALL: Size = Size { clients: 120, max_memory: 32 * MIB };
/// The same with more clients and less memory for them.
pub const CROWDED: Size = Size { clients: 480, max_memory: 8 * MIB };
