//! xls, xlsb and ods: their reader takes a file in whole, so it works in a process of its own that may not grow.
//! What that process does is in `child`; here it is started, its lines become a document, and its end a reason.

pub mod child;

mod cells;

mod lines;

use std::{
    fs::File,
    io::{BufRead, BufReader, Seek},
    os::unix::process::{CommandExt, ExitStatusExt},
    path::Path,
    process::{Child, ChildStdout, Command, ExitStatus, Stdio},
};

use anyhow::Context;

use self::lines::{Line, Lines};
use super::{
    Cell, Document, Format, Reader, Row, Sheet, Unread, limits::Limits, refusal::Refusal,
    rows::Rows,
};
use crate::domain::{refusal::Why, words::words};

/// The hidden command that reads for this module.
pub const COMMAND: &str = "read-unstreamed";

words! {
    /// What is read in a process of its own.
    pub enum Container {
        /// BIFF5 to BIFF8 in an OLE compound file; also WPS's et.
        Xls = "xls",
        Xlsb = "xlsb",
        Ods = "ods",
    }
}

/// Reads a file that `archive` or `compound` has admitted.
pub(super) fn read(
    file: File,
    container: Container,
    reader: &Reader<'_>,
) -> Result<Document, Unread> {
    refuse_large(file.metadata()?.len(), &reader.limits)?;
    let mut child = Reading::start(file, container, reader.program)?;
    let told = child.lines().and_then(|mut lines| document(&mut lines, container, &reader.limits));
    match told? {
        Some(document) if document.sheets.iter().all(|sheet| sheet.rows.is_empty()) => {
            Err(Refusal::new(Why::Empty).into())
        }
        Some(document) => Ok(document),
        None => Err(silenced(child.0.wait().context("The reader's end is not known")?)),
    }
}

fn refuse_large(bytes: u64, limits: &Limits) -> Result<(), Refusal> {
    let most = limits.max_unstreamed_bytes;
    if bytes <= most {
        return Ok(());
    }
    let (size, most) = (bytes.div_ceil(1 << 20), most >> 20);
    Err(Refusal::new(Why::UnstreamedBytes).with("size", size).with("most", most))
}

/// Too many processes, or a program that is just being replaced: it says nothing of the file.
#[derive(Debug, thiserror::Error)]
#[error("The reader of old workbooks does not start")]
pub struct NotStarted(#[source] std::io::Error);

/// The process that reads; it is not left behind.
struct Reading(Child);

impl Reading {
    /// It gets the open file, not its name, and nothing of the environment.
    fn start(mut file: File, container: Container, program: &Path) -> Result<Reading, Unread> {
        file.rewind()?;
        let mut command = Command::new(program);
        command.args([COMMAND, container.as_str()]).env_clear().stdin(file);
        // In a group of its own: who interrupts this process has said nothing about the file.
        command.stdout(Stdio::piped()).stderr(Stdio::null()).process_group(0);
        Ok(Reading(command.spawn().map_err(|error| anyhow::Error::from(NotStarted(error)))?))
    }

    fn lines(&mut self) -> Result<Lines<BufReader<ChildStdout>>, Unread> {
        let stdout = self.0.stdout.take().context("The reader of old workbooks is mute")?;
        Ok(Lines::new(BufReader::new(stdout)))
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        // Neither fails but where it has ended.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// `None` where the last line never came.
fn document(
    lines: &mut Lines<impl BufRead>,
    container: Container,
    limits: &Limits,
) -> Result<Option<Document>, Unread> {
    let mut kept = 0;
    let mut sheets = Vec::new();
    let mut next = lines.next()?;
    loop {
        match next {
            Some(Line::Sheet { name, visible, layout }) => {
                let mut rows = Rows::new(limits, &mut kept);
                next = take_rows(lines, &mut rows).map_err(|unread| unread.in_sheet(&name))?;
                sheets.push(Sheet { name, visible, rows: rows.finish(), layout });
            }
            Some(Line::Done { defined_names, properties }) => {
                let format = Format::of(container.as_str());
                return Ok(Some(Document { format, sheets, defined_names, properties }));
            }
            Some(Line::Refused { why, values, sheet }) => {
                return Err(Refusal { values, sheet, ..Refusal::new(why) }.into());
            }
            Some(Line::Row(row)) => {
                return Err(anyhow::anyhow!("Row {} belongs to no sheet", row.number).into());
            }
            None => return Ok(None),
        }
    }
}

/// Takes the rows of one sheet; the line behind them.
fn take_rows(lines: &mut Lines<impl BufRead>, rows: &mut Rows<'_>) -> Result<Option<Line>, Unread> {
    loop {
        match lines.next()? {
            Some(Line::Row(Row { number, cells })) => {
                let cells = cells.into_iter().map(|cell| match cell {
                    Cell::Text(text) => rows.text(&text),
                    other => other,
                });
                let cells = cells.collect();
                rows.push(number, cells)?;
            }
            other => return Ok(other),
        }
    }
}

const SIGHUP: i32 = 1;
const SIGINT: i32 = 2;
const SIGTERM: i32 = 15;
const SIGXCPU: i32 = 24;

/// Why the process ended before it had said everything.
fn silenced(status: ExitStatus) -> Unread {
    match (status.code(), status.signal()) {
        (Some(child::LATE), _) | (_, Some(SIGXCPU)) => Refusal::new(Why::Slow).into(),
        // Whoever stops a service stops all its processes.
        (_, Some(signal @ (SIGHUP | SIGINT | SIGTERM))) => {
            anyhow::anyhow!("The reader of old workbooks was stopped by signal {signal}").into()
        }
        // Rust aborts where it gets no memory; the kernel kills.
        (_, Some(_)) => Refusal::new(Why::Memory).into(),
        _ => anyhow::anyhow!("The reader of old workbooks ended with {status}").into(),
    }
}

#[cfg(test)]
mod tests;
