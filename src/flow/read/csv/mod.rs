//! Delimited text: decoded strictly, every field a text, every record under the line it starts on.
//! Nothing is taken for a number or a date here, and legacy encodings are not guessed.

use std::{
    fs::File,
    io::{Read, Seek},
};

use encoding_rs::{Encoding, UTF_8};

use super::{
    Cell, Document, Format, Sheet, delimiter, limits::Limits, refusal::Refusal, rows::Rows, sniff,
};
use crate::domain::{finding::Code, sheet::Layout};

/// A field of more lines is no field, but the rest of the file behind a quote that was never closed.
const MAX_BREAKS: usize = 100;
/// Stands in no text, so that each line is one field.
const NO_DELIMITER: u8 = b'\x1F';

pub(super) fn read(mut file: &File, name: &str, limits: &Limits) -> Result<Document, Refusal> {
    file.rewind()?;
    let mut bytes = Vec::with_capacity(usize::try_from(file.metadata()?.len()).unwrap_or(0));
    file.take(limits.max_file_bytes).read_to_end(&mut bytes)?;
    let (text, encoding) = decode(bytes)?;
    if text.trim().is_empty() {
        return Err(Refusal::new(Code::FileEmpty, "nothing is written in the file"));
    }
    if let Some(what) = sniff::foreign_text(&text) {
        return Err(Refusal::unsupported(what));
    }
    let declared = delimiter::declared(&text);
    let start = declared.map_or(0, |(_, start)| start);
    let delimiter = declared.map_or_else(|| delimiter::find(&text), |(it, _)| Some(it));
    let format = Format {
        encoding: Some(encoding.name().to_owned()),
        delimiter: delimiter.map(|it| char::from(it).to_string()),
        ..Format::of("csv")
    };
    let mut kept = 0;
    let mut rows = Rows::new(limits, &mut kept);
    read_records(&text, start, delimiter.unwrap_or(NO_DELIMITER), &mut rows)
        .map_err(|refusal| refusal.of(&format))?;
    let rows = rows.finish();
    if rows.is_empty() {
        let refusal = Refusal::new(Code::FileEmpty, "no field of the file has content");
        return Err(refusal.of(&format));
    }
    let sheet = Sheet { name: name.to_owned(), visible: true, rows, layout: Layout::default() };
    let (defined_names, properties) = Default::default();
    Ok(Document { format, sheets: vec![sheet], defined_names, properties })
}

/// By the byte order mark, else UTF-8; a byte that does not fit refuses the file.
fn decode(bytes: Vec<u8>) -> Result<(String, &'static Encoding), Refusal> {
    let (encoding, mark) = Encoding::for_bom(&bytes).unwrap_or((UTF_8, 0));
    if encoding == UTF_8 {
        let mut text = String::from_utf8(bytes).map_err(|error| {
            let before = &error.as_bytes()[..error.utf8_error().valid_up_to()];
            let line = Lines::new(before).of(before.len());
            undecodable(&format!("line {line} is not in UTF-8"))
        })?;
        text.drain(..mark);
        return Ok((text, encoding));
    }
    let (text, has_errors) = encoding.decode_without_bom_handling(&bytes[mark..]);
    if has_errors {
        return Err(undecodable(&format!("it is not wholly in {}", encoding.name())));
    }
    Ok((text.into_owned(), encoding))
}

pub(super) fn undecodable(what: &str) -> Refusal {
    let reason = format!("{what}; save it as an Excel workbook or as \"CSV UTF-8\"");
    Refusal::new(Code::FileEncoding, reason)
}

fn read_records(
    text: &str,
    start: usize,
    delimiter: u8,
    rows: &mut Rows<'_>,
) -> Result<(), Refusal> {
    let mut builder = csv::ReaderBuilder::new();
    let reader = builder.delimiter(delimiter).has_headers(false).flexible(true);
    let mut reader = reader.from_reader(&text.as_bytes()[start..]);
    let mut record = csv::StringRecord::new();
    let mut lines = Lines::new(text.as_bytes());
    let mut width = 0;
    while reader.read_record(&mut record).map_err(|error| broken(&error))? {
        let number = lines.of(start + offset(record.position()));
        let is_last = start + offset(Some(reader.position())) >= text.len();
        refuse_open_quote(&record, number, is_last && !is_closed(text))?;
        let mut cells: Vec<Cell> = Vec::with_capacity(width);
        cells.extend(record.iter().map(|field| rows.text(field)));
        width = cells.len();
        rows.push(number, cells)?;
    }
    Ok(())
}

fn offset(position: Option<&csv::Position>) -> usize {
    position.map_or(0, |position| usize::try_from(position.byte()).unwrap_or(usize::MAX))
}

fn broken(error: &csv::Error) -> Refusal {
    Refusal::new(Code::FileUnreadable, format!("the text cannot be divided into fields: {error}"))
}

/// Whether the last thing in the text is a closing quote, if it is a quoted field at all.
fn is_closed(text: &str) -> bool {
    text.trim_end_matches(['\r', '\n', ' ', '\t']).ends_with('"')
}

/// A field of several lines that no quote ends has swallowed what follows it.
fn refuse_open_quote(
    record: &csv::StringRecord,
    number: u32,
    is_open_end: bool,
) -> Result<(), Refusal> {
    let mut line = number;
    for (index, field) in record.iter().enumerate() {
        let breaks = Lines::new(field.as_bytes()).of(field.len()).saturating_sub(1);
        let is_open = is_open_end && breaks > 0 && index + 1 == record.len();
        if is_open || breaks as usize > MAX_BREAKS {
            let reason = format!("a quote (\") that is opened on line {line} is never closed");
            return Err(Refusal::new(Code::FileUnreadable, reason));
        }
        line += breaks;
    }
    Ok(())
}

/// Counts lines onward through a text, whether they end in LF, CRLF or CR.
struct Lines<'a> {
    text: &'a [u8],
    at: usize,
    line: u32,
}

impl<'a> Lines<'a> {
    fn new(text: &'a [u8]) -> Lines<'a> {
        Lines { text, at: 0, line: 1 }
    }

    /// The line of the first content from `byte` on: a reader leaves the end of one record, and blank
    /// lines, to the next.
    fn of(&mut self, byte: usize) -> u32 {
        while let Some(found) = self.text.get(self.at) {
            let is_break = match found {
                b'\n' => true,
                b'\r' => self.text.get(self.at + 1) != Some(&b'\n'),
                _ if self.at >= byte => break,
                _ => false,
            };
            self.line += u32::from(is_break);
            self.at += 1;
        }
        self.line
    }
}

#[cfg(test)]
mod tests;
