//! What a program writes to a pipe, collected line by line while it runs.

use super::PATIENCE;
use std::io::{BufRead, BufReader, Read};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Instant;

#[derive(Default)]
struct Text {
    lines: Vec<String>,
    ended: bool,
}

/// The lines of one pipe, each without its line feed.
#[derive(Clone, Default)]
pub struct Output(Arc<(Mutex<Text>, Condvar)>);

impl Output {
    /// Of a pipe nobody has: nothing, and at its end.
    pub fn none() -> Output {
        let output = Output::default();
        output.change(|all| all.ended = true);
        output
    }

    pub fn of(pipe: impl Read + Send + 'static) -> Output {
        let output = Output::default();
        let shared = output.clone();
        thread::spawn(move || {
            let mut pipe = BufReader::new(pipe);
            let mut line = Vec::new();
            while matches!(pipe.read_until(b'\n', &mut line), Ok(1..)) {
                let text = String::from_utf8_lossy(&line);
                shared.change(|all| all.lines.push(text.strip_suffix('\n').unwrap_or(&text).to_string()));
                line.clear();
            }
            shared.change(|all| all.ended = true);
        });
        output
    }

    fn change(&self, how: impl FnOnce(&mut Text)) {
        how(&mut self.0.0.lock().unwrap());
        self.0.1.notify_all();
    }

    /// The lines there are now.
    pub fn lines(&self) -> Vec<String> {
        self.0.0.lock().unwrap().lines.clone()
    }

    /// Waits for the first line that `fits`.
    #[track_caller]
    pub fn wait_for(&self, what: &str, fits: impl Fn(&str) -> bool) -> String {
        self.wait(|lines| lines.iter().any(|line| fits(line)));
        let lines = self.lines();
        let found = lines.iter().find(|line| fits(line)).cloned();
        found.unwrap_or_else(|| panic!("no line for {what} among {lines:#?}"))
    }

    /// Waits until the program has closed the pipe, and returns all lines.
    #[track_caller]
    pub fn to_end(&self) -> Vec<String> {
        assert!(self.wait(|_| false), "the pipe was never closed");
        self.lines()
    }

    /// Waits for `enough`, the end or the end of patience; whether it was one of the first two.
    fn wait(&self, enough: impl Fn(&[String]) -> bool) -> bool {
        let deadline = Instant::now() + PATIENCE;
        let mut text = self.0.0.lock().unwrap();
        while !enough(&text.lines) && !text.ended {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            text = self.0.1.wait_timeout(text, left).unwrap().0;
        }
        true
    }
}
