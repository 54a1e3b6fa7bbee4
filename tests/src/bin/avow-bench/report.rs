//! Medians, floors, and the table that goes into `docs/performance.md`.

use std::fmt::Write as _;

use crate::load::Run;

/// A count as a figure.
#[expect(clippy::cast_precision_loss, reason = "counts here are far below 2^53")]
pub fn float(count: u64) -> f64 {
    count as f64
}

/// The median of the runs' values.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// The median rate.
pub fn rate(runs: &[Run]) -> f64 {
    median(runs.iter().map(|run| run.rate).collect())
}

/// One figure that has a limit.
pub struct Figure {
    what: String,
    value: String,
    limit: String,
    holds: bool,
}

/// All figures of a run.
#[derive(Default)]
pub struct Report {
    lines: Vec<String>,
    figures: Vec<Figure>,
}

impl Report {
    /// A figure without a limit.
    pub fn note(&mut self, line: String) {
        println!("{line}");
        self.lines.push(line);
    }

    /// A figure that must be at least this.
    pub fn floor(&mut self, what: &str, value: f64, least: f64) {
        self.push(what, value, format!("at least {least}"), value >= least, "");
    }

    /// A figure that must be at most this.
    pub fn ceiling(&mut self, what: &str, value: f64, most: f64, unit: &str) {
        self.push(what, value, format!("at most {most}{unit}"), value <= most, unit);
    }

    fn push(&mut self, what: &str, value: f64, limit: String, holds: bool, unit: &str) {
        let value = format!("{value:.2}{unit}");
        println!("{} {what}: {value} ({limit})", if holds { "ok  " } else { "MISS" });
        self.figures.push(Figure { what: what.to_owned(), value, limit, holds });
    }

    /// The whole as Markdown.
    pub fn markdown(&self) -> String {
        let mut text = format!("Machine: {}.\n\n", machine());
        for line in &self.lines {
            let _ = writeln!(text, "- {line}");
        }
        text += "\n| figure | value | limit | |\n|---|---|---|---|\n";
        for figure in &self.figures {
            let holds = if figure.holds { "holds" } else { "**missed**" };
            let _ = writeln!(text, "| {} | {} | {} | {holds} |", figure.what, figure.value, figure.limit);
        }
        text
    }

    /// True if every limit holds.
    pub fn holds(&self) -> bool {
        self.figures.iter().all(|figure| figure.holds)
    }
}

/// Processor, cores, memory, kernel.
fn machine() -> String {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let field = |text: &str, name: &str| {
        text.lines()
            .find(|line| line.starts_with(name))
            .and_then(|line| line.split_once(':'))
            .map_or_else(|| "unknown".to_owned(), |(_, value)| value.trim().to_owned())
    };
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    format!(
        "{}, {cores} cores, {} memory, Linux {}; client and server share the cores",
        field(&read("/proc/cpuinfo"), "model name"),
        field(&read("/proc/meminfo"), "MemTotal"),
        read("/proc/sys/kernel/osrelease").trim()
    )
}
