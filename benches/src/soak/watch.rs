//! The course of what the server holds.

use crate::result::Result;
use crate::server::Server;
use crate::table::Table;

const WHAT: [&str; 3] = ["threads", "descriptors", "memory KiB"];

type Sample = [u64; WHAT.len()];

/// Samples from before anyone came, from the time in which everyone was there, and from after all had left.
pub struct Watch {
    before: Sample,
    course: Vec<Sample>,
    after: Sample,
}

/// What the server's allocator may keep of what has been given back to it.
const KEPT_KIB: u64 = 16 << 10;

impl Watch {
    pub fn new(server: &Server) -> Result<Watch> {
        let before = sample(server)?;
        Ok(Watch { before, course: Vec::new(), after: before })
    }

    pub fn take(&mut self, server: &Server) -> Result<()> {
        self.course.push(sample(server)?);
        Ok(())
    }

    /// Looks once more, now that everyone has left; whether it is back where it was.
    pub fn is_back(&mut self, server: &Server) -> Result<bool> {
        self.after = sample(server)?;
        let [threads, descriptors, memory] = self.after;
        let [threads_before, descriptors_before, memory_before] = self.before;
        Ok(threads == threads_before
            && descriptors == descriptors_before
            && memory <= memory_before + KEPT_KIB)
    }

    pub fn memory_kib(&self) -> u64 {
        self.course.last().unwrap_or(&self.before)[2]
    }

    pub fn print(&self) {
        let mut table =
            Table::new(&["the server", "", "before", "first", "min", "max", "last", "all have left"]);
        for (at, what) in WHAT.iter().enumerate() {
            let course = || self.course.iter().map(|sample| sample[at]);
            let figures = [
                Some(self.before[at]),
                course().next(),
                course().min(),
                course().max(),
                course().next_back(),
                Some(self.after[at]),
            ];
            let mut row = vec![what.to_string(), String::new()];
            row.extend(figures.map(|figure| figure.map_or("-".into(), |figure| figure.to_string())));
            table.row(row);
        }
        table.print();
        println!(
            "{} samples; mean memory in each quarter of them, KiB: {}",
            self.course.len(),
            self.quarters()
        );
    }

    /// A leak goes on; what the allocator keeps comes to an end.
    fn quarters(&self) -> String {
        let mean = |samples: &[Sample]| {
            let sum: u64 = samples.iter().map(|sample| sample[2]).sum();
            (sum / samples.len() as u64).to_string()
        };
        let quarter = self.course.len().div_ceil(4).max(1);
        self.course.chunks(quarter).map(mean).collect::<Vec<_>>().join(", ")
    }
}

fn sample(server: &Server) -> Result<Sample> {
    Ok([server.threads()? as u64, server.descriptors()? as u64, server.memory()? / 1024])
}
