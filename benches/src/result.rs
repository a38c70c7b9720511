//! How a run ends.

/// What has come of something; an error is a sentence for the terminal, and ends the run.
pub type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;
