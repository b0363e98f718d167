//! Delimited text: decoded strictly, every field a text, every record under the line it starts on.
//! Nothing is taken for a number or a date here.

mod encoding;

mod lines;

mod quotes;

mod syllables;

use std::{
    fs::File,
    io::{self, Read},
};

use self::{lines::Lines, quotes::Raw};
use super::{
    Document, Format, Reader, Sheet, delimiter,
    refusal::{Refusal, Unread},
    rows::{Rows, TRIAL},
    sniff,
};
use crate::domain::{refusal::Why, sheet::Layout};

/// Stands in no text, so that each line is one field.
const NO_DELIMITER: u8 = b'\x1F';
/// As many bytes of a record are held at once; a longer one is a quote that was never closed, or no table.
const MAX_RECORD: usize = 4 << 20;

pub(super) fn read(file: &File, name: &str, reader: &Reader<'_>) -> Result<Document, Unread> {
    let limits = &reader.limits;
    let (text, encoding) = encoding::text(file, limits)?;
    if text.trim().is_empty() {
        return Err(Refusal::new(Why::Empty).into());
    }
    if let Some(what) = sniff::foreign_text(&text) {
        return Err(Refusal::new(what).into());
    }
    encoding::refuse_lost(&text)?;
    let declared = delimiter::declared(&text);
    let start = declared.map_or(0, |(_, start)| start);
    let delimiter = declared.map_or_else(|| delimiter::find(&text), |(it, _)| Some(it));
    let format = Format {
        encoding: Some(encoding.name().to_owned()),
        delimiter: delimiter.map(|it| char::from(it).to_string()),
        ..Format::of("csv")
    };
    let delimiter = delimiter.unwrap_or(NO_DELIMITER);
    let text = Divided { text: &text, start, delimiter };
    let empty =
        Sheet { name: name.to_owned(), visible: true, rows: Vec::new(), layout: Layout::default() };
    let sheet = text.sheet(empty, reader).map_err(|refusal| refusal.of(&format))?;
    if sheet.rows.is_empty() {
        return Err(Refusal::new(Why::Empty).of(&format).into());
    }
    let (defined_names, properties) = Default::default();
    Ok(Document { format, sheets: vec![sheet], defined_names, properties })
}

/// The text, and how it is divided.
struct Divided<'a> {
    text: &'a str,
    start: usize,
    delimiter: u8,
}

impl Divided<'_> {
    /// Of a large text without a list only the beginning.
    fn sheet(&self, empty: Sheet, reader: &Reader<'_>) -> Result<Sheet, Refusal> {
        let mut kept = 0;
        let mut rows = Rows::within(&reader.limits, &mut kept, TRIAL);
        self.read_records(&mut rows)?;
        let sheet = Sheet { rows: rows.finish(), ..empty };
        if kept <= TRIAL || !(reader.is_list)(&sheet) {
            return Ok(sheet);
        }
        kept = 0;
        let mut rows = Rows::new(&reader.limits, &mut kept);
        self.read_records(&mut rows)?;
        Ok(Sheet { rows: rows.finish(), ..sheet })
    }

    fn read_records(&self, rows: &mut Rows<'_>) -> Result<(), Refusal> {
        let mut builder = csv::ReaderBuilder::new();
        let builder = builder.delimiter(self.delimiter).has_headers(false).flexible(true);
        let source = Paced { text: &self.text.as_bytes()[self.start..], left: MAX_RECORD };
        let mut reader = builder.from_reader(source);
        let mut record = csv::StringRecord::new();
        let mut lines = Lines::new(self.text.as_bytes());
        let (mut width, mut number) = (0, 1);
        loop {
            let has_more =
                reader.read_record(&mut record).map_err(|error| broken(&error, number))?;
            if !has_more {
                return Ok(());
            }
            reader.get_mut().left = MAX_RECORD;
            let start = self.start + offset(record.position());
            let end = (self.start + offset(Some(reader.position()))).min(self.text.len());
            number = lines.of(start);
            let text = &self.text[start..end];
            Raw { text, delimiter: self.delimiter, line: number, width }.refuse_open()?;
            width = record.len();
            let last = (0..width).rev().find(|at| !record[*at].trim().is_empty());
            let used = last.map_or(0, |last| last + 1);
            rows.refuse_width(number, used)?;
            rows.push(number, record.iter().take(used).map(|field| rows.text(field)).collect())?;
        }
    }
}

/// Fails when a record takes too much of the text.
struct Paced<'a> {
    text: &'a [u8],
    left: usize,
}

impl Read for Paced<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 && !self.text.is_empty() {
            return Err(io::Error::other("too long"));
        }
        let taken = self.text.read(into)?;
        self.left = self.left.saturating_sub(taken);
        Ok(taken)
    }
}

fn offset(position: Option<&csv::Position>) -> usize {
    position.map_or(0, |position| usize::try_from(position.byte()).unwrap_or(usize::MAX))
}

/// `line` is that of the record before.
fn broken(error: &csv::Error, line: u32) -> Refusal {
    match error.kind() {
        csv::ErrorKind::Io(_) => {
            let refusal = Refusal::new(Why::EndlessRecord).with("line", line);
            refusal.with("most", MAX_RECORD >> 20)
        }
        _ => Refusal::damaged(error),
    }
}

#[cfg(test)]
mod tests;
