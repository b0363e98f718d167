//! What parts of a workbook declare or repeat so that a reader of workbooks takes far more memory than they have bytes.
//! Damage is left to that reader to report; here only excess is refused.

use std::io::BufRead;

use quick_xml::{
    Reader,
    events::{BytesStart, Event},
};

use super::{limits::Limits, refusal::Refusal};
use crate::domain::finding::Code;

/// The shortest shared text: `<si/>`.
const SHORTEST_TEXT: u64 = 5;
/// Excel itself stops at 65,490 cell formats; named styles have their own list.
const MAX_FORMATS: usize = 2 * 65_536;
/// Of an element with its attributes; the names of fonts and formats are repeated in every cell format.
const MAX_ELEMENT: usize = 2048;

/// Memory for so many texts is set aside before the first is read.
pub(super) fn refuse_texts(part: impl BufRead, limits: &Limits) -> Result<(), Refusal> {
    let most = limits.max_shared_strings_bytes / SHORTEST_TEXT;
    let mut declared = 0;
    each_element(part, |element| {
        if element.local_name().as_ref() == "sst" {
            let count = element.try_get_attribute("uniqueCount").ok().flatten();
            declared = count.and_then(|count| count.value.parse().ok()).unwrap_or(0);
            return false;
        }
        true
    });
    if declared <= most {
        return Ok(());
    }
    let reason = format!("it declares {declared} texts; at most {most} are read");
    Err(Refusal::new(Code::FileTooLarge, reason))
}

pub(super) fn refuse_styles(part: impl BufRead) -> Result<(), Refusal> {
    let (mut seen, mut formats, mut longest) = (0_usize, 0, 0);
    each_element(part, |element| {
        // The root names many namespaces, and is kept nowhere.
        if seen > 0 {
            longest = longest.max(element.len());
        }
        seen += 1;
        formats += usize::from(element.local_name().as_ref() == "xf");
        formats <= MAX_FORMATS && longest <= MAX_ELEMENT
    });
    if formats <= MAX_FORMATS && longest <= MAX_ELEMENT {
        return Ok(());
    }
    Err(Refusal::new(Code::FileTooLarge, "its cell formats are too many or too long"))
}

/// Every start of an element until `go_on` says no, the part ends or is found damaged.
fn each_element(part: impl BufRead, mut go_on: impl FnMut(&BytesStart<'_>) -> bool) {
    let mut reader = Reader::from_reader(part);
    reader.config_mut().check_end_names = false;
    let mut buffer = Vec::new();
    loop {
        buffer.clear();
        match reader.read_event_into(&mut buffer) {
            Ok(Event::Start(element) | Event::Empty(element)) if !go_on(&element) => return,
            Ok(Event::Eof) | Err(_) => return,
            Ok(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_texts_than_could_be_there_are_refused() {
        let limits = Limits { max_shared_strings_bytes: 500, ..Limits::default() };
        let declare = |count: &str| {
            let part = format!("<?xml version='1.0'?><sst count='1' uniqueCount='{count}'/>");
            refuse_texts(part.as_bytes(), &limits).map_err(|refusal| refusal.code)
        };
        assert_eq!(declare("100"), Ok(()));
        assert_eq!(declare("nonsense"), Ok(()));
        assert_eq!(declare("18446744073709551615"), Err(Code::FileTooLarge));
    }

    #[test]
    fn a_name_that_every_format_repeats_must_be_short() {
        let styles = |name: &str| {
            let part = format!("<styleSheet><fonts><font><name val='{name}'/></font></fonts>");
            refuse_styles(part.as_bytes())
        };
        assert!(styles("Times New Roman").is_ok());
        assert!(styles(&"A".repeat(3000)).is_err());
        let formats = "<xf/>".repeat(MAX_FORMATS + 1);
        assert!(refuse_styles(format!("<styleSheet>{formats}").as_bytes()).is_err());
    }
}
