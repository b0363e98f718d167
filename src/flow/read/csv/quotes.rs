//! Quotes that were opened and never closed: they swallow the lines behind them, and with them rows.
//! A quote inside of a field that none opens is a mark for inches, and harms nobody.

use super::lines::Lines;
use crate::{domain::refusal::Why, flow::read::refusal::Refusal};

/// A field of more lines is no field, but the rest of the file behind a quote that was never closed.
const MAX_BREAKS: usize = 100;

/// A record as it stands in the text, without the end of its line.
pub(super) struct Raw<'a> {
    pub(super) text: &'a str,
    pub(super) delimiter: u8,
    /// The line it starts on.
    pub(super) line: u32,
    /// How many fields the record before has.
    pub(super) width: usize,
}

impl Raw<'_> {
    /// Of a record of one line nothing can be swallowed.
    pub(super) fn refuse_open(&self) -> Result<(), Refusal> {
        let raw = self.text.trim_start_matches(['\r', '\n']).trim_end_matches(['\r', '\n']);
        if !raw.contains(['\r', '\n']) || !raw.contains('"') {
            return Ok(());
        }
        let open = self.open_quote(raw.as_bytes()).or_else(|| self.are_rows(raw).then_some(0));
        let Some(at) = open else { return Ok(()) };
        let line = self.line + Lines::new(&raw.as_bytes()[..at]).of(at) - 1;
        Err(Refusal::new(Why::OpenQuote).with("line", line))
    }

    /// Where a quote opens a field of several lines that no quote closes before a separator or the end.
    fn open_quote(&self, raw: &[u8]) -> Option<usize> {
        let mut at = 0;
        while at < raw.len() {
            let field = &raw[at..];
            let (length, is_sound) = if field[0] == b'"' {
                quoted(field, self.delimiter)
            } else {
                (field.iter().position(|b| *b == self.delimiter).unwrap_or(field.len()), true)
            };
            let breaks = Lines::new(&field[..length]).of(length) as usize - 1;
            if (!is_sound && breaks > 0) || breaks > MAX_BREAKS {
                return Some(at);
            }
            at += length + 1;
        }
        None
    }

    /// Each line alone has the fields of a whole row: two rows with a quote too many each. A program that quotes
    /// every field leaves none open.
    fn are_rows(&self, raw: &str) -> bool {
        let separators = |line: &str| line.bytes().filter(|b| *b == self.delimiter).count();
        let are_all_quoted = raw.starts_with('"') && raw.ends_with('"');
        self.width > 2
            && !are_all_quoted
            && raw
                .split(['\r', '\n'])
                .all(|line| line.is_empty() || separators(line) + 1 == self.width)
    }
}

/// How far a field reaches that begins with a quote, and whether it ends with one.
fn quoted(field: &[u8], delimiter: u8) -> (usize, bool) {
    let mut at = 1;
    while at < field.len() {
        let next = field.get(at + 1);
        match (field[at], next) {
            (b'"', Some(b'"')) => at += 1,
            (b'"', None) => return (at + 1, true),
            (b'"', Some(next)) if *next == delimiter => return (at + 1, true),
            (b'"', Some(_)) => {
                // What stands behind a closing quote belongs to the field, up to the separator.
                let rest = &field[at + 1..];
                let end = rest.iter().position(|b| *b == delimiter).unwrap_or(rest.len());
                let is_blank = rest[..end].iter().all(u8::is_ascii_whitespace);
                return (at + 1 + end, is_blank);
            }
            _ => {}
        }
        at += 1;
    }
    (field.len(), false)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str, width: usize) -> Option<Refusal> {
        let raw = Raw { text, delimiter: b',', line: 3, width };
        raw.refuse_open().err()
    }

    #[test]
    fn a_quote_that_closes_at_the_next_opening_one_is_refused_where_it_opens() {
        let refusal = refused("A,\"X\nC\",\"Y,1\nB,\"Z\",2", 9).unwrap();
        assert_eq!(refusal, Refusal::new(Why::OpenQuote).with("line", 4));
        assert!(refused("A,\"X,1\nB,C,2", 9).is_some());
        assert!(refused(&format!("A,\"{}\"", "x\n".repeat(101)), 9).is_some());
    }

    #[test]
    fn two_rows_with_a_quote_too_many_each_are_not_one() {
        assert!(refused("A,\"X,1\nB,Y\",2", 3).is_some());
        assert_eq!(refused("A,\"Số 1, phố B,\nHà Nội\",2", 3), None);
    }

    #[test]
    fn fields_of_several_lines_are_fields() {
        for text in [
            "A,\"X\nY\",1",
            "\"A\",\",,,,,,,,\nX,,,,,,,,\",\"1\"",
            "\"A\"\"\nB\",1",
            "A,5\" pipe,1",
            "A,\"X\nY\" ,1",
            "A,\"X\nY\"",
        ] {
            assert_eq!(refused(text, 9), None, "{text}");
        }
    }
}
