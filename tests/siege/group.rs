//! A control group of its own for the server: what it and the kernel on its behalf take is limited, and told.

use std::fs;
use std::path::{Path, PathBuf};
use std::process;
use std::thread;
use std::time::Duration;

/// Threads and processes, as the README's service unit allows them (`TasksMax=`).
const TASKS_MAX: u64 = 4096;

/// Version 1 counts what sockets hold only where that is limited, and limits it by itself. This is no limit.
const SOCKETS_COUNTED: u64 = 1 << 40;

pub struct Group {
    folders: Vec<PathBuf>,
    /// Where memory is told, and by which names.
    memory: PathBuf,
    names: &'static Names,
}

struct Names {
    limit: &'static str,
    now: &'static str,
    peak: &'static str,
    sockets: Option<&'static str>,
}

const V1: Names = Names {
    limit: "memory.limit_in_bytes",
    now: "memory.usage_in_bytes",
    peak: "memory.max_usage_in_bytes",
    sockets: Some("memory.kmem.tcp.usage_in_bytes"),
};

const V2: Names = Names { limit: "memory.max", now: "memory.current", peak: "memory.peak", sockets: None };

impl Group {
    /// A group that may take `limit` bytes, and as many more as `sockets` hold, which version 1 does not count with the
    /// rest; `None` where none can be had.
    pub fn new(limit: u64, sockets: u64) -> Option<Group> {
        let name = format!("chinwag-siege-{}", process::id());
        Group::version_2(&name, limit + sockets).or_else(|| Group::version_1(&name, limit))
    }

    fn version_2(name: &str, limit: u64) -> Option<Group> {
        let root = Path::new("/sys/fs/cgroup");
        let controllers = fs::read_to_string(root.join("cgroup.controllers")).ok()?;
        ["memory", "pids"].iter().all(|name| controllers.contains(name)).then_some(())?;
        fs::write(root.join("cgroup.subtree_control"), "+memory +pids").ok()?;
        let group = Group { folders: vec![make(root, name)?], memory: root.join(name), names: &V2 };
        group.set("memory.max", limit)?;
        // Where there is no swap at all, there is no such file.
        let _ = group.set("memory.swap.max", 0);
        group.set("pids.max", TASKS_MAX)?;
        Some(group)
    }

    fn version_1(name: &str, limit: u64) -> Option<Group> {
        let root = Path::new("/sys/fs/cgroup");
        let memory = make(&root.join("memory"), name)?;
        let mut group = Group { folders: vec![memory.clone()], memory, names: &V1 };
        group.folders.push(make(&root.join("pids"), name)?);
        group.set("memory.limit_in_bytes", limit)?;
        group.set("memory.kmem.tcp.limit_in_bytes", SOCKETS_COUNTED)?;
        fs::write(group.folders[1].join("pids.max"), TASKS_MAX.to_string()).ok()?;
        Some(group)
    }

    fn set(&self, name: &str, value: u64) -> Option<()> {
        fs::write(self.memory.join(name), value.to_string()).ok()
    }

    fn get(&self, name: &str) -> Option<u64> {
        fs::read_to_string(self.memory.join(name)).ok()?.trim().parse().ok()
    }

    /// A line of shell that puts the shell into the group, and becomes its arguments.
    pub fn entrance(&self) -> String {
        let writes =
            self.folders.iter().map(|folder| format!("echo $$ > {}/cgroup.procs && ", folder.display()));
        writes.collect::<String>() + "exec \"$@\""
    }

    /// How much it takes now, in bytes, and how much is in sockets: in version 2 that is a part of it.
    pub fn usage(&self) -> (u64, u64) {
        let now = self.get(self.names.now).unwrap_or(0);
        let sockets = match self.names.sockets {
            Some(name) => self.get(name),
            None => self.stat("sock "),
        };
        (now, sockets.unwrap_or(0))
    }

    /// The most it has taken, as the kernel itself has it: in version 1 without what is in sockets.
    pub fn peak(&self) -> u64 {
        self.get(self.names.peak).unwrap_or(0)
    }

    /// What the kernel itself takes for it, sockets apart: stacks, page tables, files, in bytes.
    pub fn kernel(&self) -> u64 {
        self.get("memory.kmem.usage_in_bytes").or_else(|| self.stat("kernel ")).unwrap_or(0)
    }

    fn stat(&self, name: &str) -> Option<u64> {
        let stat = fs::read_to_string(self.memory.join("memory.stat")).ok()?;
        stat.lines().find_map(|line| line.strip_prefix(name)?.parse().ok())
    }

    /// How many of its processes have been killed for want of memory.
    pub fn killed(&self) -> u64 {
        let file = if self.names.limit == V1.limit { "memory.oom_control" } else { "memory.events" };
        let text = fs::read_to_string(self.memory.join(file)).unwrap_or_default();
        text.lines().find_map(|line| line.strip_prefix("oom_kill ")?.parse().ok()).unwrap_or(0)
    }
}

fn make(root: &Path, name: &str) -> Option<PathBuf> {
    let folder = root.join(name);
    // What was left behind by one who had the same number.
    let _ = fs::remove_dir(&folder);
    fs::create_dir(&folder).ok()?;
    Some(folder)
}

impl Drop for Group {
    /// The kernel needs a moment after the last process has ended.
    fn drop(&mut self) {
        for folder in &self.folders {
            (0..100)
                .take_while(|_| fs::remove_dir(folder).is_err())
                .for_each(|_| thread::sleep(Duration::from_millis(20)));
        }
    }
}
