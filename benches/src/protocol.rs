//! The protocol's code alone, in memory: what a byte costs before any kernel is asked.
//!
//! `memcpy` is the measure: whoever takes a mask off and looks for what is no UTF-8 has to read each byte and write it.
//! It copies the same bytes from the same places into one buffer, once where all fits into the cache of one core and once
//! where they come from far more memory than any cache holds. Receivers are given their bytes by a copy, as they would be
//! by a `read`; that copy is a part of their figures.

use crate::frame::{self, TEXT};
use crate::table::{Table, figure, median};
use chinwag::protocol::event::Event;
use chinwag::protocol::frame::{FrameHeader, Sender, apply_mask};
use chinwag::protocol::receiver::{Limits, ServerReceiver};
use chinwag::protocol::utf8::Utf8Validator;
use nix::time::{ClockId, clock_gettime};
use std::hint::black_box;
use std::io::{self, Cursor, Read, Write};
use std::time::Duration;
use tungstenite::protocol::Role;
use tungstenite::protocol::frame::FrameHeader as TungsteniteHeader;
use tungstenite::{Message, WebSocket};

const KEY: [u8; 4] = [0x37, 0xFA, 0x21, 0x3D];
const LONG: usize = 64 << 10;
const SHORT: usize = 64;
/// So many long frames are 64 MiB.
const BEYOND_CACHE: usize = 1024;
/// How long each line is measured in each round.
const TIME: Duration = Duration::from_millis(50);

const ASCII: &str = "the quick brown fox jumps over the lazy dog ";
const MIXED: &str = "Falsches Üben von Xylophonmusik quält jeden größeren Zwerg. Съешь же ещё этих мягких булок. 素早い茶色の狐。";

/// A line of the table.
struct Line {
    what: String,
    whose: &'static str,
    /// How many things, or bytes, `work` does at once.
    units: usize,
    work: Box<dyn FnMut()>,
    /// What it took for one unit, in each round.
    seconds: Vec<f64>,
}

impl Line {
    fn new(what: &str, whose: &'static str, units: usize, work: impl FnMut() + 'static) -> Line {
        Line { what: what.into(), whose, units, work: Box::new(work), seconds: Vec::new() }
    }

    /// Works for some time. The processor time of this thread counts, whoever else the machine works for.
    fn measure(&mut self) {
        let now = || clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).map(Duration::from).unwrap_or_default();
        (self.work)();
        let (start, mut times, mut batch) = (now(), 0, 1usize);
        let mut spent = Duration::ZERO;
        while spent < TIME {
            (0..batch).for_each(|_| (self.work)());
            times += batch;
            batch = times.div_ceil(4);
            spent = now() - start;
        }
        self.seconds.push(spent.as_secs_f64() / (times * self.units) as f64);
    }
}

/// Prints what a header costs, and what a byte costs, against `memcpy` of the same bytes.
pub fn compare(rounds: usize) {
    let mut headers = [header_by_chinwag(), header_by_tungstenite()];
    let mut groups = vec![masking(), utf8("ASCII", ASCII), utf8("mixed", MIXED)];
    for (name, of) in [("ASCII", ASCII), ("mixed", MIXED)] {
        groups.push(receiving(&format!("receive 64 KiB {name}"), &text(LONG, of), 1, 1));
        groups.push(receiving("... beyond the cache", &text(LONG, of), 1, BEYOND_CACHE));
    }
    groups.push(receiving("receive 64 B ASCII", &text(SHORT, ASCII), 64, 1));
    for _ in 0..rounds {
        headers.iter_mut().chain(groups.iter_mut().flatten()).for_each(Line::measure);
    }
    let mut table = Table::new(&["in memory", "whose", "ns each"]);
    for line in &headers {
        let ns = median(line.seconds.iter().map(|seconds| seconds * 1e9));
        table.row(vec![line.what.clone(), line.whose.into(), figure(ns)]);
    }
    table.print();
    print_bytes(&groups);
}

/// What `src/bin/instructions.rs` is asked for.
pub const LINES: [&str; 8] = [
    "header",
    "header of tungstenite",
    "mask",
    "UTF-8, ASCII",
    "UTF-8, mixed",
    "receiver, ASCII",
    "receiver, mixed",
    "receiver, 64 B each",
];

/// Does the work of one line so many times; how many headers, or bytes, that are each time.
pub fn repeat(line: &str, times: usize) -> Option<usize> {
    let mut line = match line {
        "header" => header_by_chinwag(),
        "header of tungstenite" => header_by_tungstenite(),
        "mask" => masking().swap_remove(1),
        "UTF-8, ASCII" => utf8("", ASCII).swap_remove(1),
        "UTF-8, mixed" => utf8("", MIXED).swap_remove(1),
        "receiver, ASCII" => receiving_again(&text(LONG, ASCII), 1),
        "receiver, mixed" => receiving_again(&text(LONG, MIXED), 1),
        "receiver, 64 B each" => receiving_again(&text(SHORT, ASCII), 64),
        _ => return None,
    };
    (0..times).for_each(|_| (line.work)());
    Some(line.units)
}

/// The first line of each group is `memcpy`.
fn print_bytes(groups: &[Vec<Line>]) {
    let mut table = Table::new(&["in memory", "whose", "GiB/s", "× memcpy"]);
    for group in groups {
        for line in group {
            let gib = median(line.seconds.iter().map(|seconds| 1.0 / seconds / (1u64 << 30) as f64));
            let ratios = line.seconds.iter().zip(&group[0].seconds).map(|(own, memcpy)| memcpy / own);
            table.row(vec![line.what.clone(), line.whose.into(), figure(gib), figure(median(ratios))]);
        }
    }
    table.print();
}

/// One header of each form, short and long.
fn headers() -> Vec<Vec<u8>> {
    let lengths = [5, SHORT, 125, 126, 300, 16 << 10, LONG - 1, LONG];
    let header = |len| {
        let mut bytes = frames(&vec![0; len], 1);
        bytes.truncate(FrameHeader::MAX_LEN);
        bytes
    };
    lengths.map(header).to_vec()
}

fn header_by_chinwag() -> Line {
    let headers = headers();
    Line::new("frame header", "chinwag", headers.len(), move || {
        for bytes in &headers {
            let parsed = FrameHeader::parse(black_box(bytes), Sender::Client);
            assert!(matches!(black_box(&parsed), Ok(Some(_))));
        }
    })
}

fn header_by_tungstenite() -> Line {
    let headers = headers();
    Line::new("frame header", "tungstenite", headers.len(), move || {
        for bytes in &headers {
            let mut cursor = Cursor::new(black_box(bytes.as_slice()));
            let parsed = TungsteniteHeader::parse(&mut cursor);
            assert!(matches!(black_box(&parsed), Ok(Some(_))));
        }
    })
}

fn masking() -> Vec<Line> {
    let mut bytes = text(LONG, ASCII);
    let mask = move || apply_mask(black_box(&mut bytes), black_box(KEY));
    vec![copying("mask 64 KiB", LONG, &text(LONG, ASCII), 1), Line::new("mask 64 KiB", "chinwag", LONG, mask)]
}

fn utf8(name: &str, of: &str) -> Vec<Line> {
    let what = format!("UTF-8, 64 KiB {name}");
    let (bytes, again) = (text(LONG, of), text(LONG, of));
    let by_chinwag = move || assert!(Utf8Validator::new().feed(black_box(&bytes)).is_ok());
    let by_std = move || assert!(std::str::from_utf8(black_box(&again)).is_ok());
    vec![
        copying(&what, LONG, &text(LONG, of), 1),
        Line::new(&what, "chinwag", LONG, by_chinwag),
        Line::new(&what, "std", LONG, by_std),
    ]
}

/// Whole receivers, each given `messages` of this payload from each of so many places, into a buffer of its own.
fn receiving(what: &str, payload: &[u8], messages: usize, buffers: usize) -> Vec<Line> {
    let bytes = frames(payload, messages);
    let units = payload.len() * messages * buffers;
    let sources = vec![bytes.clone(); buffers];
    let (mut target, again) = (bytes.clone(), sources.clone());
    let by_chinwag = move || {
        for source in &sources {
            black_box(&mut target).copy_from_slice(black_box(source));
            receive(&mut target, messages);
        }
    };
    let by_tungstenite = move || {
        for source in &again {
            let mut socket = WebSocket::from_raw_socket(InMemory(black_box(source)), Role::Server, None);
            (0..messages).for_each(|_| assert!(matches!(black_box(socket.read()), Ok(Message::Text(_)))));
        }
    };
    vec![
        copying(what, units, &bytes, buffers),
        Line::new(what, "chinwag", units, by_chinwag),
        Line::new(what, "tungstenite", units, by_tungstenite),
    ]
}

/// The same bytes again and again: with a key of zeros they stay what they are, and nothing has to be copied.
fn receiving_again(payload: &[u8], messages: usize) -> Line {
    let mut bytes = Vec::new();
    (0..messages).for_each(|_| frame::put(&mut bytes, TEXT, Some([0; 4]), payload));
    Line::new("", "chinwag", payload.len() * messages, move || receive(black_box(&mut bytes), messages))
}

fn receive(buffer: &mut [u8], messages: usize) {
    let mut receiver = ServerReceiver::new(Limits { max_message: LONG, max_fragments: 1 });
    let mut received = 0;
    while let Ok(Some(Event::Message(_))) = black_box(receiver.receive(buffer)) {
        received += 1;
    }
    assert_eq!(received, messages);
}

fn copying(what: &str, units: usize, bytes: &[u8], buffers: usize) -> Line {
    let sources = vec![bytes.to_vec(); buffers];
    let mut target = bytes.to_vec();
    Line::new(what, "memcpy", units, move || {
        for source in &sources {
            black_box(&mut target).copy_from_slice(black_box(source));
        }
    })
}

/// As much of `of`, again and again, as are whole repetitions; then full stops.
fn text(len: usize, of: &str) -> Vec<u8> {
    let mut text = of.repeat(len / of.len()).into_bytes();
    text.resize(len, b'.');
    text
}

/// Masked text frames, end to end.
fn frames(payload: &[u8], count: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    (0..count).for_each(|_| frame::put(&mut bytes, TEXT, Some(KEY), payload));
    bytes
}

/// A stream that has arrived already.
struct InMemory<'b>(&'b [u8]);

impl Read for InMemory<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.0.read(into)
    }
}

impl Write for InMemory<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
