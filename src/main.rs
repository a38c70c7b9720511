//! The command.

mod options;

use std::io::Write;
use std::panic;
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use chinwag::server::{Config, Log, Server};
use options::Command;

/// How long the end of the program waits for its last log lines.
const LAST_LINES: Duration = Duration::from_millis(200);

fn main() -> ExitCode {
    match options::parse(std::env::args_os().skip(1)) {
        Ok(Command::Run(config)) => run(*config),
        Ok(Command::Connect(options)) => ExitCode::from(chinwag::client::connect(&options)),
        Ok(Command::Check(url)) => check(&url),
        Ok(Command::Print(text)) => {
            // Whoever does not read it does not miss it.
            let _ = std::io::stdout().write_all(text.as_bytes());
            ExitCode::SUCCESS
        }
        Err(error) => fail(&Log::to_stderr(false), &error, 2),
    }
}

fn run(config: Config) -> ExitCode {
    chinwag::sys::share_one_heap();
    #[cfg(unix)]
    let signals = chinwag::sys::Signals::block();
    let log = Log::to_stderr(config.quiet);
    log_panics(&log);
    let (listen, warnings) = (config.listen, warnings(&config));
    let server = match Server::bind_with_log(config, log.clone()) {
        Ok(server) => server,
        Err(error) => return fail(&log, &format!("cannot listen on {listen}: {error}"), 1),
    };
    warnings.iter().for_each(|warning| log.error(format_args!("warning: {warning}")));
    #[cfg(unix)]
    if let Err(error) = stop_on(signals, server.handle()) {
        return fail(&log, &format!("cannot start a thread: {error}"), 1);
    }
    announce(format!("listening on http://{}/\n", server.local_addr()));
    server.run();
    log.flush(LAST_LINES);
    ExitCode::SUCCESS
}

fn check(url: &chinwag::client::Url) -> ExitCode {
    let (line, status) = match chinwag::client::check(url) {
        Ok(line) => (line, ExitCode::SUCCESS),
        Err(line) => (line, ExitCode::FAILURE),
    };
    // The status says it as well.
    let _ = writeln!(std::io::stdout(), "{line}");
    status
}

fn fail(log: &Log, error: &str, status: u8) -> ExitCode {
    log.error(format_args!("chinwag: {error}"));
    log.flush(LAST_LINES);
    ExitCode::from(status)
}

/// One line for a panic, and never a backtrace.
fn log_panics(log: &Log) {
    let log = log.clone();
    panic::set_hook(Box::new(move |info| log.error(info.to_string().replace('\n', " "))));
}

/// The first signal stops the server, the second ends the program.
#[cfg(unix)]
fn stop_on(signals: chinwag::sys::Signals, server: chinwag::server::Handle) -> std::io::Result<()> {
    let wait = move || {
        signals.wait();
        server.stop();
        signals.wait();
        std::process::exit(1);
    };
    thread::Builder::new().spawn(wait).map(drop)
}

/// Writes a line on stdout, in a thread of its own: nobody may be reading there.
fn announce(line: String) {
    let write = move || {
        let mut stdout = std::io::stdout();
        let _ = stdout.write_all(line.as_bytes()).and_then(|()| stdout.flush());
    };
    let _ = thread::Builder::new().spawn(write);
}

/// What the operator should know before it hurts.
fn warnings(config: &Config) -> Vec<String> {
    let mut warnings = Vec::new();
    if config.allow_origins.iter().any(|allowed| allowed.is_any()) {
        warnings.push("--allow-origin * lets every web page in the world connect".to_owned());
    }
    let is_told_nothing = config.allow_hosts.is_empty() && config.allow_origins.is_empty();
    if is_told_nothing && !config.listen.ip().to_canonical().is_loopback() {
        let listen = config.listen;
        warnings.push(format!("whoever reaches {listen} may call it by any name; --allow-host gives it one"));
    }
    if config.echo && config.redis.is_some() {
        warnings.push("an --echo has nothing to share through --redis".to_owned());
    }
    // A descriptor for each connection, those that are refused included, and a few for the program.
    let (clients, needed) = (config.max_clients, config.max_clients.saturating_add(160));
    if let Some(limit) = descriptor_limit().filter(|limit| *limit < needed) {
        let has = format!("the limit of open descriptors is {limit}");
        warnings.push(format!("{has}; --max-clients {clients} needs {needed}"));
    }
    warnings
}

/// The soft limit of open descriptors, where the system tells.
fn descriptor_limit() -> Option<usize> {
    let limits = std::fs::read_to_string("/proc/self/limits").ok()?;
    limits
        .lines()
        .find_map(|line| line.strip_prefix("Max open files"))?
        .split_whitespace()
        .next()?
        .parse()
        .ok()
}
