//! What the reading process says, one JSON document a line. Both ends are this program.

use std::{
    collections::BTreeMap,
    io::{BufRead, Read, Write},
};

use anyhow::Context;
use serde::{Deserialize, Serialize};

use super::{Refusal, Row, Unread};
use crate::domain::{refusal::Why, sheet::Layout};

/// The longest row that a list could have is far below.
const MAX_LINE: u64 = 16 << 20;

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Line {
    /// Its rows follow.
    Sheet {
        name: String,
        visible: bool,
        layout: Layout,
    },
    Row(Row),
    /// The last line of a file that was read to its end.
    Done {
        defined_names: Vec<(String, String)>,
        properties: BTreeMap<String, String>,
    },
    /// The last line of another.
    Refused {
        why: Why,
        values: BTreeMap<String, String>,
        sheet: Option<String>,
    },
}

impl Line {
    /// Writes it as a whole or, where it cannot be put into JSON, not at all.
    pub(super) fn write(&self, out: &mut impl Write) -> std::io::Result<()> {
        let mut line = serde_json::to_vec(self)?;
        line.push(b'\n');
        out.write_all(&line)
    }
}

/// The lines as they come.
pub(super) struct Lines<R> {
    source: R,
    line: Vec<u8>,
}

impl<R: BufRead> Lines<R> {
    pub(super) fn new(source: R) -> Lines<R> {
        Lines { source, line: Vec::new() }
    }

    /// The next whole line; `None` where nothing more comes.
    pub(super) fn next(&mut self) -> Result<Option<Line>, Unread> {
        self.line.clear();
        let mut bounded = (&mut self.source).take(MAX_LINE);
        bounded.read_until(b'\n', &mut self.line).context("The reader cannot be heard")?;
        if self.line.ends_with(b"\n") {
            let line = serde_json::from_slice(&self.line);
            return Ok(Some(line.context("The reader of old workbooks cannot be understood")?));
        }
        if self.line.len() as u64 == MAX_LINE {
            return Err(Refusal::new(Why::LongRow).with("most", MAX_LINE >> 20).into());
        }
        Ok(None)
    }
}
