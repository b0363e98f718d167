//! The printed page: A4 landscape, a scale at which print can be read, and where pages end.
//! What stands on the pages is the business of the sheets.

use rust_xlsxwriter::{Worksheet, XlsxError};

use crate::domain::field::Field;

/// Points of A4 landscape between the margins, less what programs and printers measure differently.
const WIDTH: f64 = 784.0 * 0.92;
const HEIGHT: f64 = 515.0 * 0.91;
/// Percent: ten points are six and a half then, as small as the notes of a book.
const SMALLEST: u16 = 65;
/// So many characters: with what formats them and marks that are doubled Excel takes 255.
const LONGEST_TITLE: usize = 120;
/// Columns that are repeated take no more than this share of a page.
const REPEATED: f64 = 0.45;
/// On a screen they take no more than this, in widths of a digit.
const FROZEN: f64 = 70.0;

/// The columns of a list, as far as a page cares.
#[derive(Clone, Copy)]
pub struct Columns<'a> {
    /// In widths of a digit; nothing where a column is hidden.
    pub widths: &'a [f64],
    /// By which a row is known: they come again on each page.
    pub identifying: Option<(usize, usize)>,
    /// Where another group of columns begins, on a page of its own if it needs one.
    pub group: usize,
}

/// By which columns a row is known, of some that stand at these places: name and tax id, if they are close together.
pub fn identifying(columns: impl Iterator<Item = (usize, Field)>) -> Option<(usize, usize)> {
    let (mut name, mut tax_id) = (None, None);
    for (at, field) in columns {
        match field {
            Field::Name => name = Some(at),
            Field::TaxId => tax_id = Some(at),
            _ => {}
        }
    }
    match (name, tax_id) {
        (Some(name), Some(tax_id)) if name.abs_diff(tax_id) <= 2 => {
            Some((name.min(tax_id), name.max(tax_id)))
        }
        (one, other) => one.or(other).map(|at| (at, at)),
    }
}

/// Lays out a sheet that is one page wide, and says how many points of rows a page of it holds.
pub fn one_wide(sheet: &mut Worksheet, widths: &[f64]) -> f64 {
    set_up(sheet);
    sheet.set_print_fit_to_pages(1, 0);
    HEIGHT * 100.0 / f64::from(fitting(points(widths)))
}

/// Lays out a list: as many pages wide as it can be read on, over before down.
pub fn list(sheet: &mut Worksheet, columns: Columns<'_>) -> Result<(), XlsxError> {
    set_up(sheet);
    let scale = fitting(points(columns.widths)).max(SMALLEST);
    sheet.set_print_scale(scale).set_page_order(false);
    let room = WIDTH * 100.0 / f64::from(scale);
    if points(columns.widths) <= room {
        return Ok(());
    }
    // From the first on, where there is room: a title that begins there stays whole.
    let may_repeat =
        |(first, last): &(usize, usize)| points(&columns.widths[*first..=*last]) <= room * REPEATED;
    let (whole, own) = (columns.identifying.map(|(_, last)| (0, last)), columns.identifying);
    let repeated = whole.filter(may_repeat).or(own.filter(may_repeat));
    let ends = breaks(Columns { identifying: repeated, ..columns }, room);
    sheet.set_vertical_page_breaks(&ends)?;
    if let Some((Ok(first), Ok(last))) =
        repeated.map(|(first, last)| (u16::try_from(first), u16::try_from(last)))
    {
        sheet.set_repeat_columns(first, last)?;
    }
    Ok(())
}

/// How many columns stay in sight: up to those by which a row is known, if they leave room for others.
pub fn frozen(columns: Columns<'_>) -> u16 {
    let end = columns.identifying.map_or(0, |(_, last)| last + 1);
    let width: f64 = columns.widths.iter().take(end).sum();
    if width <= FROZEN { u16::try_from(end).unwrap_or_default() } else { 0 }
}

fn set_up(sheet: &mut Worksheet) {
    sheet.set_paper_size(9).set_landscape();
    sheet.set_margins(0.4, 0.4, 0.5, 0.6, 0.3, 0.3).set_footer("&L&8&F&C&8&A&R&8&P/&N");
}

/// Prints a line above each page, as far as Excel takes one.
pub fn title(sheet: &mut Worksheet, text: &str) {
    let shown: String = text.chars().take(LONGEST_TITLE).collect();
    sheet.set_header(format!("&L&9{}", shown.replace('&', "&&")));
}

/// The first column of each page but the first.
fn breaks(columns: Columns<'_>, room: f64) -> Vec<u32> {
    let mut breaks = Vec::new();
    let mut used = 0.0;
    for (at, width) in columns.widths.iter().enumerate() {
        let width = points(std::slice::from_ref(width));
        if used > 0.0 && (at == columns.group || used + width > room) {
            breaks.extend(u32::try_from(at));
            let again = columns.identifying.filter(|(_, last)| *last < at);
            used = again.map_or(0.0, |(first, last)| points(&columns.widths[first..=last]));
        }
        used += width;
    }
    breaks
}

/// A digit is 7 pixels wide at 10 points, and a column has 5 more.
fn points(widths: &[f64]) -> f64 {
    widths.iter().filter(|width| **width > 0.0).map(|width| width * 5.25 + 3.75).sum()
}

/// The percent at which so many points fit on a page, no more than 100.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 10 and 100")]
fn fitting(points: f64) -> u16 {
    (WIDTH * 100.0 / points).floor().clamp(10.0, 100.0) as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns(widths: &[f64]) -> Columns<'_> {
        Columns { widths, identifying: Some((1, 2)), group: 6 }
    }

    #[test]
    fn pages_end_between_columns_and_where_ours_begin() {
        let widths = [6.0, 30.0, 14.0, 60.0, 60.0, 40.0, 20.0, 30.0];
        let room = WIDTH * 100.0 / f64::from(SMALLEST);
        // STT, name, tax id, 60, 60 | again name and tax id, 40 | ours.
        assert_eq!(breaks(columns(&widths), room), [5, 6]);
        assert_eq!(frozen(columns(&widths)), 3);
        assert_eq!(frozen(columns(&[30.0, 38.0, 14.0])), 0, "there would be no room to scroll");
    }

    #[test]
    fn a_row_is_known_by_name_and_tax_id_where_they_are_close() {
        let at =
            |name, tax_id| identifying([(name, Field::Name), (tax_id, Field::TaxId)].into_iter());
        assert_eq!(at(1, 2), Some((1, 2)));
        assert_eq!(at(3, 1), Some((1, 3)));
        assert_eq!(at(1, 9), Some((1, 1)));
        assert_eq!(identifying([(4, Field::TaxId)].into_iter()), Some((4, 4)));
        assert_eq!(identifying(std::iter::empty()), None);
    }
}
