//! What somebody wrote into *Sắp ngắt*: in the column *Hoãn* a number of days, a day, or that nothing is put off any
//! more; beside it why. Whether it may be so is decided by `sweep`.

use chrono::NaiveDate;

use super::{
    BY,
    identity::{self, RID},
};
use crate::{
    domain::{
        finding::{Place, column_letters},
        fold::fold,
    },
    flow::{
        answer::{
            form::headings,
            returned::{is_ticked, named_cell},
        },
        read::{Cell, Document, Row, Sheet},
    },
};

/// The header stands among the first rows, whatever was put above it.
const HEADER_WITHIN: usize = 60;

/// For how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// So many days behind the last day that was shown.
    Days(u32),
    /// To the end of a day.
    Until(NaiveDate),
    /// As long as a firm may.
    Some,
    /// It is not put off any more.
    Release,
}

/// A row in which something was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Of the cell *Hoãn*.
    pub place: Place,
    pub rid: String,
    /// The line that the row shows, where that is another one.
    pub shows: Option<String>,
    /// As written.
    pub said: String,
    /// Nothing where it is not clear.
    pub wish: Option<Wish>,
    pub reason: String,
}

/// What came back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Back {
    /// Who answers, as written.
    pub by: String,
    /// How many lines stand on it.
    pub lines: usize,
    pub written: Vec<Written>,
}

/// Nothing where the sheet has lost its columns.
pub fn read(document: &Document) -> Option<Back> {
    let mut sheets = document.sheets.iter();
    let form = sheets.find_map(Form::of)?;
    let rows = || form.sheet.rows.iter().skip(form.header + 1);
    let has_line = |row: &&Row| !text(row, form.rid).is_empty();
    let by = named_cell(document, BY).and_then(|it| it.row.cells.get(it.column).map(Cell::text));
    Some(Back {
        by: by.map(|by| by.trim().to_owned()).unwrap_or_default(),
        lines: rows().filter(has_line).count(),
        written: rows().filter_map(|row| form.written(row)).collect(),
    })
}

/// Where the columns stand, wherever they went.
struct Form<'a> {
    sheet: &'a Sheet,
    header: usize,
    rid: usize,
    line: Option<usize>,
    hold: usize,
    reason: Option<usize>,
}

impl<'a> Form<'a> {
    fn of(sheet: &'a Sheet) -> Option<Form<'a>> {
        let at = |row: &Row, names: &[String]| {
            row.cells.iter().position(|cell| names.iter().any(|name| name == cell.text().trim()))
        };
        let hold = headings(&["cut_offs.hold"]);
        let (line, reason) = (headings(&["cut_offs.line"]), headings(&["cut_offs.reason"]));
        let rid = [RID.to_owned()];
        let mut first = sheet.rows.iter().take(HEADER_WITHIN).enumerate();
        first.find_map(|(header, row)| {
            let (rid, hold) = at(row, &rid).zip(at(row, &hold))?;
            let (line, reason) = (at(row, &line), at(row, &reason));
            Some(Form { sheet, header, rid, line, hold, reason })
        })
    }

    fn written(&self, row: &Row) -> Option<Written> {
        let cell = row.cells.get(self.hold).filter(|cell| !cell.is_empty());
        let reason = self.reason.map(|at| text(row, at)).unwrap_or_default();
        let rid = identity::line_of(&text(row, self.rid)).to_owned();
        let shows = self.line.map(|at| text(row, at));
        let shows = shows.filter(|it| !it.is_empty() && *it != rid);
        let cell = cell?;
        let place = Place {
            sheet: Some(self.sheet.name.clone()),
            row: Some(row.number),
            column: u32::try_from(self.hold).ok().map(column_letters),
            ..Place::default()
        };
        let said = cell.text().trim().to_owned();
        Some(Written { place, rid, shows, wish: wish(cell), said, reason })
    }
}

fn text(row: &Row, at: usize) -> String {
    row.cells.get(at).map(|cell| cell.text().trim().to_owned()).unwrap_or_default()
}

fn wish(cell: &Cell) -> Option<Wish> {
    match cell {
        Cell::Date(at) => return Some(Wish::Until(at.date())),
        Cell::Bool(_) => return is_ticked(cell).then_some(Wish::Some),
        _ => {}
    }
    let text = cell.text();
    let text = text.trim();
    let day = ["%d/%m/%Y", "%d-%m-%Y", "%d.%m.%Y", "%Y-%m-%d"]
        .iter()
        .find_map(|form| NaiveDate::parse_from_str(text, form).ok());
    if let Some(day) = day {
        return Some(Wish::Until(day));
    }
    if text.starts_with('-') {
        return None;
    }
    let folded = fold(text);
    let digits: String = folded.chars().take_while(char::is_ascii_digit).collect();
    let unit = folded.get(digits.len()..)?.trim();
    let is_days = ["", "ngay", "day", "days", "d", "n"].contains(&unit);
    match digits.parse::<u32>() {
        Ok(days @ 1..=366) if is_days => Some(Wish::Days(days)),
        Ok(_) => None,
        Err(_)
            if ["bo hoan", "bohoan", "huy hoan", "thoi", "ngat", "release"]
                .contains(&folded.as_str()) =>
        {
            Some(Wish::Release)
        }
        Err(_) if ["hoan", "gia han", "hold", "extend"].contains(&folded.as_str()) => {
            Some(Wish::Some)
        }
        Err(_) => is_ticked(cell).then_some(Wish::Some),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> Option<Wish> {
        wish(&Cell::Text(text.to_owned()))
    }

    #[test]
    fn a_wish_is_days_a_day_a_tick_or_its_end() {
        let day = NaiveDate::from_ymd_opt(2026, 12, 10).unwrap();
        for (text, expected) in [
            ("3 ngày", Wish::Days(3)),
            ("14 days", Wish::Days(14)),
            ("7", Wish::Days(7)),
            ("10/12/2026", Wish::Until(day)),
            ("2026-12-10", Wish::Until(day)),
            ("x", Wish::Some),
            ("Hoãn", Wish::Some),
            ("Bỏ hoãn", Wish::Release),
        ] {
            assert_eq!(said(text), Some(expected), "{text}");
        }
        for unclear in ["0 ngày", "9999 ngày", "3 tuần", "khi nào trả", "31/02/2026", "-3"] {
            assert_eq!(said(unclear), None, "{unclear}");
        }
        let number = |value| wish(&Cell::Number { value, format: None });
        assert_eq!((number(5.0), number(1.5)), (Some(Wish::Days(5)), None));
        assert_eq!(wish(&Cell::Date(day.and_hms_opt(0, 0, 0).unwrap())), Some(Wish::Until(day)));
    }
}
