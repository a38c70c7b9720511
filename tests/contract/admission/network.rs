//! A network of a test's own, in which one machine has the addresses of many: whoever connects to one of them comes
//! from the same one.

use std::env;
use std::process::{Command, Stdio};

/// With this set, the test runs in its network already.
const INSIDE: &str = "CHINWAG_CONTRACT_INSIDE";
const ALONE: [&str; 3] = ["--user", "--map-root-user", "--net"];

/// Whether this is such a network, with these addresses. Where it is not, the test of this name has been run in one.
#[track_caller]
pub fn has(test: &str, addresses: &[&str]) -> bool {
    if env::var_os(INSIDE).is_some() {
        run("ip", &["link", "set", "lo", "up"]);
        addresses.iter().for_each(|address| run("ip", &["address", "add", address, "dev", "lo"]));
        return true;
    }
    let mut probe = Command::new("unshare");
    probe.args(ALONE).args(["ip", "address", "add", addresses[0], "dev", "lo"]);
    if !probe.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success()) {
        eprintln!("\n*** NOT TRIED: {test}: no network of one's own here (unshare, ip) ***\n");
        return false;
    }
    let mut again = Command::new("unshare");
    again.args(ALONE).arg(env::current_exe().unwrap()).args([
        "--exact",
        test,
        "--nocapture",
        "--test-threads=1",
    ]);
    let output = again.env(INSIDE, "").output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    assert!(
        output.status.success() && said.contains("1 passed"),
        "{test} failed in its own network:\n{said}"
    );
    false
}

#[track_caller]
fn run(command: &str, arguments: &[&str]) {
    let status = Command::new(command).args(arguments).status();
    assert!(status.is_ok_and(|status| status.success()), "{command} {arguments:?} failed");
}
