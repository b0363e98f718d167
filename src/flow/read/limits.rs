//! How much of a file is taken in: sizes on disk, unpacked and as a table.
//! What is over a limit is refused where it shows; the numbers themselves come from `[limits]` of the configuration.

use std::fs::Metadata;

use super::refusal::Refusal;
use crate::{domain::refusal::Why, flow::progress::Progress};

const MB: u64 = 1 << 20;

/// The keys of `[limits]` that hold for reading, in bytes.
#[derive(Clone, Debug)]
pub struct Limits {
    pub max_file_bytes: u64,
    /// The same for xls, xlsb and ods, which are read as a whole.
    pub max_unstreamed_bytes: u64,
    /// Of everything in a zip together, and of the cells kept from a file.
    pub max_expanded_bytes: u64,
    /// The one part of a workbook that is held in memory as a whole.
    pub max_shared_strings_bytes: u64,
    /// Of one sheet, counting rows that hold something.
    pub max_rows: u32,
    pub max_columns: u32,
    /// A longer text is cut one character later, so that the check can see it.
    pub max_cell_chars: usize,
    /// Who is told how many rows were read so far.
    pub progress: Progress,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            max_file_bytes: 100 * MB,
            max_unstreamed_bytes: 50 * MB,
            max_expanded_bytes: 2048 * MB,
            max_shared_strings_bytes: 64 * MB,
            max_rows: 1_048_576,
            max_columns: 512,
            max_cell_chars: 32_767,
            progress: Progress::silent(),
        }
    }
}

impl Limits {
    /// The size of the file, if it is one and may be read.
    pub(super) fn admit(&self, file: &Metadata) -> Result<u64, Refusal> {
        if !file.is_file() {
            return Err(Refusal::new(Why::NoFile));
        }
        if file.len() > self.max_file_bytes {
            let (size, most) = (file.len().div_ceil(MB), self.max_file_bytes / MB);
            return Err(Refusal::new(Why::Bytes).with("size", size).with("most", most));
        }
        Ok(file.len())
    }
}
