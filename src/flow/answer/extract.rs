//! What a night found for one firm, as a workbook to read: it asks nothing, and answers to it are no answers. The workbook
//! that asks is `reconciliation`; what stands in this one is gathered by `sweep::extract`.

use anyhow::Context as _;
use chrono::{DateTime, NaiveDate, Utc};
use minijinja::{Value, context};
use rust_xlsxwriter::{DocProperties, Format, Worksheet, XlsxError};

use super::{
    differences,
    look::{self, DATE, Look, TEXT, Tone, as_number},
    page::Page,
    to_read,
};
use crate::{domain::money::Money, flow::sweep::extract::Extract, text::Texts};

/// Number, day, amount, state, memo, why.
const MONEY: &[f64] = &[10.0, 13.0, 18.0, 18.0, 46.0, 52.0];
/// Line, client, rest, last day, code, what it waits for.
const LINES: &[f64] = &[22.0, 44.0, 18.0, 13.0, 16.0, 56.0];

struct Kit {
    texts: &'static Texts,
    look: Look,
    day: NaiveDate,
}

impl Kit {
    fn label(&self, key: &str) -> String {
        self.texts.label(&format!("workbook.reconciliation.{key}"))
    }

    fn say(&self, key: &str, values: Value) -> String {
        self.texts.say(&format!("workbook.reconciliation.{key}"), values)
    }

    fn id(&self) -> Format {
        self.look.text.clone().set_num_format(TEXT)
    }

    fn headings(&self, sheet: &mut Page<'_>, names: &[&str]) -> Result<(), XlsxError> {
        let headings = (0..).zip(names).map(|(at, name)| ((at, at), self.label(name)));
        sheet.headings(&headings.collect::<Vec<_>>())
    }

    fn put_day(&self, sheet: &mut Page<'_>, column: u16, day: NaiveDate) -> Result<(), XlsxError> {
        let format = self.look.number.clone().set_num_format(DATE);
        let row = sheet.row();
        sheet.sheet.write_datetime_with_format(row, column, day, &format).map(drop)
    }
}

/// The bytes of the workbook; the same extract gives the same bytes.
pub fn write(
    texts: &'static Texts,
    extract: &Extract,
    (day, made_at): (NaiveDate, DateTime<Utc>),
) -> anyhow::Result<Vec<u8>> {
    let kit = Kit { texts, look: Look::new(), day };
    let mut workbook = look::workbook()?;
    let properties = DocProperties::new().set_title(kit.label("title")).set_author("hangloat");
    workbook.set_properties(&to_read::properties(properties.set_creation_datetime(&made_at)));
    let written = || -> Result<Vec<Worksheet>, XlsxError> {
        let mut sheets = vec![of_platform(&kit, extract)?];
        if !extract.payments.is_empty() {
            sheets.push(money(&kit, extract)?);
        }
        if !extract.lines.is_empty() {
            sheets.push(lines(&kit, extract)?);
        }
        Ok(sheets)
    };
    for sheet in written().context("The extract cannot be written")? {
        workbook.push_worksheet(sheet);
    }
    workbook.push_worksheet(to_read::sheet()?);
    workbook.save_to_buffer().context("The extract cannot be written")
}

fn of_platform(kit: &Kit, extract: &Extract) -> Result<Worksheet, XlsxError> {
    let mut sheet = Page::new(&kit.label("differences"), differences::GRID, &kit.look)?;
    let day = kit.day.format("%d/%m/%Y").to_string();
    sheet.title(&kit.say("page_title", context! { day }))?;
    let values = context! { n => extract.differences.len(), payments => extract.payments.len() };
    sheet.line(&kit.say("headline", values), &kit.look.banner)?;
    sheet.line(&kit.label("to_read"), &kit.look.hint)?;
    if extract.differences.is_empty() {
        return Ok(sheet.sheet);
    }
    differences::each(kit.texts, &mut sheet, &extract.differences)?;
    Ok(sheet.sheet)
}

fn money(kit: &Kit, extract: &Extract) -> Result<Worksheet, XlsxError> {
    let mut sheet = Page::new(&kit.label("money"), MONEY, &kit.look)?;
    let sum: Money = extract.payments.iter().map(|it| it.unused.unwrap_or(it.amount)).sum();
    sheet.title(&kit.label("money"))?;
    let values = context! { n => extract.payments.len(), sum => sum.to_string() };
    sheet.line(&kit.say("money_sum", values), &kit.look.about)?;
    kit.headings(&mut sheet, &["payment", "day", "amount", "state", "memo", "why"])?;
    for it in &extract.payments {
        let state = kit.texts.label(&format!("workbook.payment_state.{}", it.state));
        sheet.number(0, as_number(it.id), &kit.look.number)?;
        match it.booked_on.parse() {
            Ok(day) => kit.put_day(&mut sheet, 1, day)?,
            Err(_) => sheet.cell(1, &it.booked_on, &kit.look.text)?,
        }
        sheet.number(2, as_number(it.amount.as_dong()), &kit.look.money)?;
        sheet.cell(3, &state, kit.look.state(Tone::Waiting))?;
        sheet.cell(4, &it.memo, &kit.look.text)?;
        sheet.cell(5, &it.why, &kit.look.text)?;
        sheet.end_row()?;
    }
    Ok(sheet.sheet)
}

fn lines(kit: &Kit, extract: &Extract) -> Result<Worksheet, XlsxError> {
    let mut sheet = Page::new(&kit.label("cut_offs"), LINES, &kit.look)?;
    sheet.title(&kit.label("cut_offs"))?;
    let shown = |day: NaiveDate| day.format("%d/%m/%Y").to_string();
    if let Some((from, to)) = extract.missing {
        let n = extract.lines.len();
        let values = context! { from => shown(from), to => shown(to), n };
        sheet.line(&kit.say("missing", values), &kit.look.banner)?;
    }
    kit.headings(&mut sheet, &["line", "client", "rest", "last_day", "code", "next"])?;
    for it in &extract.lines {
        sheet.cell(0, &it.line, &kit.id())?;
        sheet.cell(1, &it.name, &kit.look.text)?;
        sheet.number(2, as_number(it.rest.as_dong()), &kit.look.money)?;
        kit.put_day(&mut sheet, 3, it.last_day)?;
        sheet.cell(4, &it.code, &kit.id())?;
        sheet.cell(5, &it.in_words(kit.texts), kit.look.state(Tone::Waiting))?;
        sheet.end_row()?;
    }
    Ok(sheet.sheet)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use calamine::{Reader, Xlsx};

    use super::*;
    use crate::{
        domain::{locale::Locale, order::RequestState},
        flow::sweep::reconcile::{Difference, Kind},
    };

    #[test]
    fn the_same_extract_is_the_same_bytes_and_empty_sheets_are_left_out() {
        let difference = Difference {
            kind: Kind::PaidSuspended,
            firm: Some("MINHAN".to_owned()),
            licence_id: "L-1".to_owned(),
            line: Some("DH-2611-000123/2".to_owned()),
            tax_id: "0101243150".to_owned(),
            name: "Công ty An Bình".to_owned(),
            here: "suspended".to_owned(),
            there: "suspended".to_owned(),
            request: Some(RequestState::Paid),
            paid_there: None,
        };
        let extract = Extract { differences: vec![difference], ..Extract::default() };
        let at: DateTime<Utc> = "2026-11-25T00:30:00Z".parse().unwrap();
        let bytes = || write(Texts::of(Locale::Vi), &extract, (at.date_naive(), at)).unwrap();
        assert_eq!(bytes(), bytes());
        let mut book = Xlsx::new(Cursor::new(bytes())).unwrap();
        assert_eq!(book.sheet_names(), ["Chênh lệch", "_hangloat"]);
        let range = book.worksheet_range("Chênh lệch").unwrap();
        let said: Vec<String> = range.cells().map(|(_, _, cell)| cell.to_string()).collect();
        for needed in ["Đã trả tiền mà bị ngắt", "Công ty An Bình", "Đã thanh toán", "Tạm ngắt"]
        {
            assert!(said.iter().any(|it| it == needed), "{needed}: {said:?}");
        }
    }
}
