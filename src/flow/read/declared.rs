//! What parts of a workbook declare or repeat so that a reader of workbooks takes far more memory than they have bytes.
//! Damage is left to that reader to report; here only excess is refused.

use std::io::BufRead;

use quick_xml::events::{BytesStart, Event};

use super::{
    limits::Limits,
    refusal::Refusal,
    xml::{self, Next},
};
use crate::domain::refusal::Why;

/// What a shared text takes in memory besides its characters.
const COST_OF_TEXT: u64 = 32;
/// Excel itself stops at 65,490 cell formats; fonts, borders and the styles of conditions have their own lists.
const MAX_FORMATS: usize = 4 * 65_536;
/// Of an element with its attributes; the names of fonts and formats are repeated in every cell format.
const MAX_ELEMENT: usize = 2048;
/// All of those names together.
const MAX_NAMES: usize = 64 << 20;

/// Memory for so many texts as are declared is set aside before the first is read.
pub(super) fn refuse_texts(part: impl BufRead, limits: &Limits) -> Result<(), Refusal> {
    let most = limits.max_shared_strings_bytes / COST_OF_TEXT;
    let (mut declared, mut found) = (0, 0);
    let mut next = Next::Go;
    xml::walk(part, |event| {
        match event {
            Event::Start(element) if element.local_name().as_ref() == "sst" => {
                let count = xml::attribute(element, "uniqueCount");
                declared = count.and_then(|count| count.parse().ok()).unwrap_or(0);
            }
            Event::Start(element) if element.local_name().as_ref() == "si" => {
                found += 1;
                next = Next::Within;
            }
            Event::End(element) if element.local_name().as_ref() == "si" => next = Next::Go,
            _ => {}
        }
        if declared.max(found) > most { Next::Stop } else { next }
    })?;
    if declared.max(found) <= most {
        return Ok(());
    }
    Err(Refusal::new(Why::Texts).with("most", most))
}

pub(super) fn refuse_styles(part: impl BufRead) -> Result<(), Refusal> {
    let (mut seen, mut formats, mut longest) = (0_usize, 0, 0);
    let is_costly = |formats: usize, longest: usize| {
        formats > MAX_FORMATS || longest > MAX_ELEMENT || formats * longest > MAX_NAMES
    };
    xml::walk(part, |event| {
        let Event::Start(element) = event else { return Next::Go };
        // The root names many namespaces, and is kept nowhere.
        if seen > 0 {
            longest = longest.max(element.len());
        }
        seen += 1;
        formats += usize::from(is_listed(element));
        if is_costly(formats, longest) { Next::Stop } else { Next::Go }
    })?;
    if !is_costly(formats, longest) {
        return Ok(());
    }
    Err(Refusal::new(Why::Styles))
}

/// What the reader of workbooks keeps a list of.
fn is_listed(element: &BytesStart<'_>) -> bool {
    matches!(element.local_name().as_ref(), "xf" | "font" | "fill" | "border" | "numFmt")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_texts_than_could_be_there_are_refused() {
        let limits = Limits { max_shared_strings_bytes: 500, ..Limits::default() };
        let declare = |count: &str| {
            let part = format!("<?xml version='1.0'?><sst count='1' uniqueCount='{count}'/>");
            refuse_texts(part.as_bytes(), &limits).map_err(|refusal| refusal.why)
        };
        assert_eq!(declare("15"), Ok(()));
        assert_eq!(declare("nonsense"), Ok(()));
        assert_eq!(declare("18446744073709551615"), Err(Why::Texts));
    }

    #[test]
    fn more_texts_than_declared_are_counted() {
        let limits = Limits { max_shared_strings_bytes: 320, ..Limits::default() };
        let texts = |count| format!("<sst uniqueCount='1'>{}</sst>", "<si/>".repeat(count));
        assert_eq!(refuse_texts(texts(10).as_bytes(), &limits), Ok(()));
        let refusal = refuse_texts(texts(11).as_bytes(), &limits).unwrap_err();
        assert_eq!(refusal.why, Why::Texts);
    }

    #[test]
    fn one_text_may_not_be_endless() {
        let part = format!("<sst><si>{}</si></sst>", "<t>abcdefghij</t>".repeat(1 << 18));
        assert!(refuse_texts(part.as_bytes(), &Limits::default()).is_err());
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
        let name = "A".repeat(1500);
        let formats = format!("<name val='{name}'/>{}", "<xf/>".repeat(65_000));
        assert!(refuse_styles(format!("<styleSheet>{formats}").as_bytes()).is_err());
    }
}
