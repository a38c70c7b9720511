//! What a process takes of its machine, as `/proc` tells.

use std::fs;

#[derive(Clone, Copy, Debug)]
pub struct Vitals {
    pub threads: usize,
    pub descriptors: usize,
    pub memory: u64,
}

impl Vitals {
    #[track_caller]
    pub fn of(pid: u32) -> Vitals {
        let count = |what: &str| fs::read_dir(format!("/proc/{pid}/{what}")).unwrap().count();
        Vitals { threads: count("task"), descriptors: count("fd"), memory: status(pid, "VmRSS:") }
    }
}

/// A value of `/proc/PID/status` that is given in kB, in bytes.
#[track_caller]
pub fn status(pid: u32, field: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(field)).unwrap();
    line.trim().strip_suffix(" kB").unwrap().parse::<u64>().unwrap() * 1024
}

/// The most memory taken since [`forget_peak`].
#[track_caller]
pub fn peak(pid: u32) -> u64 {
    status(pid, "VmHWM:")
}

#[track_caller]
pub fn forget_peak(pid: u32) {
    fs::write(format!("/proc/{pid}/clear_refs"), "5").unwrap();
}

/// The limit under which a process keeps the descriptors it has, and gets no other: its lowest that is free.
#[track_caller]
pub fn descriptor_limit(pid: u32) -> usize {
    let is_free = |n: &usize| fs::symlink_metadata(format!("/proc/{pid}/fd/{n}")).is_err();
    (0..).find(is_free).unwrap()
}

/// Who is in a server, and what they may take.
#[derive(Clone, Copy)]
pub struct Load {
    pub clients: u64,
    pub rooms: u64,
    pub lagging: u64,
    pub max_message: u64,
    pub max_lag: u64,
}

impl Load {
    /// The most memory that a server may take for this load, in bytes, as docs/operating.md states it:
    ///
    /// ```text
    ///   clients × (stack 64 KiB + receive buffer 2 × max_message + 16 KiB for all else)
    /// + rooms   × (queue 4 × (64 KiB + max_message) + history 512 KiB)
    /// + lagging × (max_lag + what it asked for, at most 256 KiB of history and the names)
    /// ```
    ///
    /// Two of a buffer, as it is copied when it grows; four of a queue, as one is filled while the other is written, and
    /// vectors double.
    pub fn most_memory(&self) -> u64 {
        const KIB: u64 = 1024;
        self.clients * (64 * KIB + 2 * self.max_message + 16 * KIB)
            + self.rooms * (4 * (64 * KIB + self.max_message) + 512 * KIB)
            + self.lagging * self.max_lag
    }
}
