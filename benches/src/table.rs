//! A table for the terminal that a README can take as it is, and the figures in it.

/// Columns: the first two are names, the rest are figures.
pub struct Table {
    rows: Vec<Vec<String>>,
}

const NAMES: usize = 2;

impl Table {
    pub fn new(head: &[&str]) -> Table {
        Table { rows: vec![head.iter().map(|title| title.to_string()).collect()] }
    }

    pub fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }

    pub fn print(&self) {
        let widths: Vec<usize> = (0..self.rows[0].len())
            .map(|column| self.rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0))
            .collect();
        println!();
        for (at, row) in self.rows.iter().enumerate() {
            line(row.iter().zip(&widths).enumerate().map(|(column, (cell, &width))| match column < NAMES {
                true => format!(" {cell:<width$} "),
                false => format!(" {cell:>width$} "),
            }));
            if at == 0 {
                line(widths.iter().enumerate().map(|(column, &width)| match column < NAMES {
                    true => "-".repeat(width + 2),
                    false => "-".repeat(width + 1) + ":",
                }));
            }
        }
    }
}

fn line(cells: impl Iterator<Item = String>) {
    println!("|{}|", cells.collect::<Vec<_>>().join("|"));
}

/// The median; of an even number the lower of the two in the middle.
pub fn median(figures: impl Iterator<Item = f64>) -> f64 {
    let mut figures: Vec<f64> = figures.collect();
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len().saturating_sub(1) / 2).copied().unwrap_or(f64::NAN)
}

/// Three digits that count, and thousands apart: `0.356`, `12.3`, `1,820,000`.
pub fn figure(value: f64) -> String {
    if !value.is_finite() {
        return "-".into();
    }
    if value < 100.0 {
        let decimals = if value < 1.0 {
            3
        } else if value < 10.0 {
            2
        } else {
            1
        };
        return format!("{value:.decimals$}");
    }
    let unit = 10f64.powi(value.log10() as i32 - 2);
    let digits = ((value / unit).round() * unit).to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    out
}
