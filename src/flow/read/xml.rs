//! The XML inside a workbook, event by event, in bounded memory.
//! What the elements mean, and what to do about damage, is decided by those who ask.

use std::io::{self, BufRead, Read};

use quick_xml::{
    Reader,
    events::{BytesStart, Event},
};

use super::refusal::Refusal;
use crate::domain::refusal::Why;

/// Of one cell, text or element: 32,767 characters are at most 230 kB, however they are escaped; the rest is for fonts.
pub(super) const MAX_PIECE: usize = 2 << 20;

/// What to do after an event.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    Go,
    /// What follows belongs to the same piece.
    Within,
    Stop,
}

/// Every event until `look` says stop, the part ends or is found damaged: empty elements as a start and an end,
/// the same way the reader of cells sees them.
pub(super) fn walk(
    part: impl BufRead,
    mut look: impl FnMut(&Event<'_>) -> Next,
) -> Result<(), Refusal> {
    let mut reader = Reader::from_reader(Bounded { inner: part, left: MAX_PIECE });
    let config = reader.config_mut();
    config.check_end_names = false;
    config.expand_empty_elements = true;
    let mut buffer = Vec::new();
    loop {
        buffer.clear();
        let next = match reader.read_event_into(&mut buffer) {
            Ok(Event::Eof) => return Ok(()),
            Ok(event) => look(&event),
            Err(_) if reader.get_ref().left == 0 => {
                return Err(Refusal::new(Why::LongPiece));
            }
            Err(quick_xml::Error::Io(error)) => {
                return Err(Refusal::damaged(error));
            }
            Err(_) => return Ok(()),
        };
        match next {
            Next::Go => reader.get_mut().left = MAX_PIECE,
            Next::Within => {}
            Next::Stop => return Ok(()),
        }
    }
}

/// The value of an attribute as it is written.
pub(super) fn attribute(element: &BytesStart<'_>, name: &str) -> Option<String> {
    let mut attributes = element.attributes();
    let mut known = attributes.with_checks(false).map_while(Result::ok);
    known.find(|it| it.key.as_ref() == name).map(|it| it.value.into_owned())
}

/// Fails once so much was taken without a pause.
struct Bounded<R> {
    inner: R,
    left: usize,
}

impl<R: BufRead> BufRead for Bounded<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.left == 0 {
            return Err(io::Error::other("too long"));
        }
        let available = self.inner.fill_buf()?;
        Ok(&available[..available.len().min(self.left)])
    }

    fn consume(&mut self, amount: usize) {
        self.left = self.left.saturating_sub(amount);
        self.inner.consume(amount);
    }
}

impl<R: BufRead> Read for Bounded<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let taken = self.fill_buf()?.read(into)?;
        self.consume(taken);
        Ok(taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn starts(part: &str, within: Next) -> Result<usize, Why> {
        let mut starts = 0;
        let look = |event: &Event<'_>| {
            starts += usize::from(matches!(event, Event::Start(_)));
            within
        };
        walk(part.as_bytes(), look).map(|()| starts).map_err(|refusal| refusal.why)
    }

    #[test]
    fn one_piece_may_not_be_endless() {
        let many = "<a b='1'/>".repeat(MAX_PIECE / 5);
        assert_eq!(starts(&many, Next::Go), Ok(MAX_PIECE / 5));
        assert_eq!(starts(&many, Next::Within), Err(Why::LongPiece));
        let long = " ".repeat(MAX_PIECE + 1);
        assert_eq!(starts(&format!("<a>{long}</a>"), Next::Go), Err(Why::LongPiece));
        assert_eq!(starts(&format!("<a b='{long}'/>"), Next::Go), Err(Why::LongPiece));
    }

    #[test]
    fn damage_ends_the_walk() {
        assert_eq!(starts("<a/><b/><c", Next::Go), Ok(2));
        assert_eq!(starts("<a/><b/>", Next::Stop), Ok(1));
    }
}
