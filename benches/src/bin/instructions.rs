//! The protocol's code alone, so many times, to have its instructions counted: see `benches/instructions`.

use chinwag_benches::{Result, protocol};

fn main() -> Result<()> {
    let mut words = std::env::args().skip(1);
    let Some(line) = words.next() else {
        protocol::LINES.iter().for_each(|line| println!("{line}"));
        return Ok(());
    };
    let times = words.next().ok_or("how many times?")?.parse()?;
    println!("{}", protocol::repeat(&line, times).ok_or("no such line")?);
    Ok(())
}
