//! The workbook of a morning page: one sheet to read, and one with the clients that it speaks of.
//! What stands in it is gathered by `flow::morning`.

use anyhow::Context as _;
use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use minijinja::context;
use rust_xlsxwriter::{DocProperties, Format, Worksheet, XlsxError};

use super::{
    look::{self, DATE, Look, MONEY, TEXT, Tone, as_number, reference},
    page::Page as Sheet,
    to_read,
};
use crate::{
    domain::{money::Money, order::LineState},
    flow::morning::page::{Detail, Figure, Page, Task, TaskKind},
    text::Texts,
};

/// What, about what, how many, money, since, until, what to do, where.
const GRID: &[f64] = &[24.0, 42.0, 10.0, 18.0, 14.0, 14.0, 42.0, 27.0];
const DETAILS: &[f64] = &[23.0, 46.0, 16.0, 15.0, 20.0, 16.0, 16.0, 12.0, 36.0];
/// So many things to do make a page; what is over is money of little weight, and is counted.
const TASKS: usize = 20;

type Span = (DateTime<Tz>, DateTime<Tz>);

struct Kit<'a> {
    page: &'a Page,
    texts: &'static Texts,
    look: Look,
    day: Format,
    zone: Tz,
}

impl Kit<'_> {
    fn label(&self, key: &str) -> String {
        self.texts.label(&format!("workbook.morning.{key}"))
    }

    fn say(&self, key: &str, values: minijinja::Value) -> String {
        self.texts.say(&format!("workbook.morning.{key}"), values)
    }
}

/// The bytes of the workbook, which tells of a span of time.
pub fn write(texts: &'static Texts, page: &Page, span: Span) -> anyhow::Result<Vec<u8>> {
    let look = Look::new();
    let day = look.number.clone().set_num_format(DATE);
    let kit = Kit { page, texts, look, day, zone: span.1.timezone() };
    let mut workbook = look::workbook()?;
    let properties = DocProperties::new().set_title(kit.label("title")).set_author("hangloat");
    let properties = properties.set_creation_datetime(&span.1.with_timezone(&Utc));
    workbook.set_properties(&to_read::properties(properties));
    let (details, places) = details(&kit).context("The details cannot be written")?;
    workbook.push_worksheet(sheet(&kit, span, &places).context("The page cannot be written")?);
    if places.iter().any(Option::is_some) {
        workbook.push_worksheet(details);
    }
    workbook.push_worksheet(to_read::sheet()?);
    workbook.save_to_buffer().context("The morning page cannot be written")
}

/// `places` has the row of the first client of each task on the other sheet.
fn sheet(kit: &Kit<'_>, span: Span, places: &[Option<u32>]) -> Result<Worksheet, XlsxError> {
    let mut sheet = Sheet::new(&kit.label("sheet"), GRID, &kit.look)?;
    head(kit, &mut sheet, span)?;
    tasks(kit, &mut sheet, places)?;
    figures(kit, &mut sheet)?;
    lists(kit, &mut sheet)?;
    firms(kit, &mut sheet)?;
    Ok(sheet.sheet)
}

fn head(kit: &Kit<'_>, sheet: &mut Sheet<'_>, (since, until): Span) -> Result<(), XlsxError> {
    let page = kit.page;
    let day = until.format("%d/%m/%Y").to_string();
    sheet.title(&kit.say("page_title", context! { day }))?;
    let shown = |at: DateTime<Tz>| at.format("%d/%m/%Y %H:%M").to_string();
    let about =
        context! { firm => page.firm.as_deref(), since => shown(since), until => shown(until) };
    sheet.line(&kit.say("about", about), &kit.look.about)?;
    if page.tasks.is_empty() {
        let said = if page.is_quiet() { "quiet" } else { "no_tasks" };
        return sheet.line(&kit.label(said), &kit.look.plain);
    }
    let said = context! { n => page.tasks.len(), amount => amount(page.at_risk()) };
    sheet.line(&kit.say("headline", said), &kit.look.banner)?;
    arithmetic(kit, sheet)
}

/// How the sum of the headline comes about, where it is not that of one row.
fn arithmetic(kit: &Kit<'_>, sheet: &mut Sheet<'_>) -> Result<(), XlsxError> {
    let (parts, twice) = (kit.page.parts(), amount(kit.page.counted_twice()));
    if parts.len() < 2 && twice.is_none() {
        return Ok(());
    }
    let part =
        |(kind, sum): &(TaskKind, Money)| format!("{sum} ({})", kit.label(&format!("task.{kind}")));
    let parts = parts.iter().map(part).collect::<Vec<_>>().join(" + ");
    let said = context! { parts, twice, amount => kit.page.at_risk().to_string() };
    sheet.line(&kit.say("arithmetic", said), &kit.look.hint)
}

/// Nothing where there is none.
fn amount(money: Money) -> Option<String> {
    (money != Money::ZERO).then(|| money.to_string())
}

fn tasks(kit: &Kit<'_>, sheet: &mut Sheet<'_>, places: &[Option<u32>]) -> Result<(), XlsxError> {
    if kit.page.tasks.is_empty() {
        return Ok(());
    }
    sheet.section(&kit.label("tasks"))?;
    let names = ["kind", "about_what", "count", "amount", "since", "due", "to_do_head", "where"];
    let headings = (0..).zip(names).map(|(at, name)| ((at, at), kit.label(name)));
    sheet.headings(&headings.collect::<Vec<_>>())?;
    for (task, place) in kit.page.tasks.iter().zip(places).take(TASKS) {
        row(kit, sheet, task, *place)?;
    }
    let rest = kit.page.tasks.get(TASKS..).unwrap_or_default();
    if !rest.is_empty() {
        let more: Money = rest.iter().map(|task| task.amount).sum();
        let said = context! { n => rest.len(), amount => amount(more) };
        sheet.line(&kit.say("more", said), &kit.look.hint)?;
    }
    Ok(())
}

fn row(
    kit: &Kit<'_>,
    sheet: &mut Sheet<'_>,
    task: &Task,
    place: Option<u32>,
) -> Result<(), XlsxError> {
    let look = &kit.look;
    sheet.cell(0, &kit.label(&format!("task.{}", task.kind)), look.state(tone(task.kind)))?;
    match place {
        Some(row) => {
            let target = reference(&kit.label("details"), (row, 0));
            sheet.link((1, 1), (&task.about, &target), &look.link)?;
        }
        None => sheet.cell(1, &task.about, &look.text)?,
    }
    sheet.number(2, as_number(task.count), &look.number)?;
    money(kit, sheet, 3, task.amount)?;
    day(kit, sheet, 4, task.since.map(|at| at.with_timezone(&kit.zone).date_naive()))?;
    day(kit, sheet, 5, task.due)?;
    sheet.cell(6, &task.to_do, &look.text)?;
    sheet.cell(7, task.workbook.as_deref().unwrap_or_default(), &look.text)?;
    sheet.end_row()
}

fn tone(kind: TaskKind) -> Tone {
    match kind {
        TaskKind::Failed
        | TaskKind::Mail
        | TaskKind::Job
        | TaskKind::Statement
        | TaskKind::StatementHeld
        | TaskKind::FileRefused
        | TaskKind::Debit
        | TaskKind::Difference => Tone::Bad,
        TaskKind::Grace
        | TaskKind::MaybePaid
        | TaskKind::Uncertain
        | TaskKind::Confirm
        | TaskKind::Rows
        | TaskKind::Payment
        | TaskKind::Refund
        | TaskKind::Late => Tone::Waiting,
        TaskKind::Activate => Tone::Quiet,
    }
}

/// No number where there is no money.
fn money(kit: &Kit<'_>, sheet: &mut Sheet<'_>, column: u16, money: Money) -> Result<(), XlsxError> {
    match money.as_dong() {
        0 => sheet.cell(column, "", &kit.look.text),
        amount => sheet.number(column, as_number(amount), &kit.look.money),
    }
}

fn day(
    kit: &Kit<'_>,
    sheet: &mut Sheet<'_>,
    column: u16,
    day: Option<NaiveDate>,
) -> Result<(), XlsxError> {
    let Some(day) = day else { return sheet.cell(column, "", &kit.look.text) };
    let row = sheet.row();
    sheet.sheet.write_datetime_with_format(row, column, day, &kit.day).map(drop)
}

/// What was done on the left, where the lines stand now on the right.
fn figures(kit: &Kit<'_>, sheet: &mut Sheet<'_>) -> Result<(), XlsxError> {
    let (page, look) = (kit.page, &kit.look);
    let done: Vec<&Figure> = page.done.iter().filter(|figure| figure.count > 0).collect();
    let rows = done.len().max(page.now.len());
    if rows == 0 {
        return Ok(());
    }
    sheet.section(&kit.label("figures"))?;
    sheet.headings(&[
        ((0, 1), kit.label("done_head")),
        ((2, 2), kit.label("count")),
        ((3, 3), kit.label("amount")),
        ((4, 6), kit.label("now_head")),
        ((7, 7), kit.label("amount")),
    ])?;
    for at in 0..rows {
        if let Some(figure) = done.get(at) {
            sheet.text((0, 1), &kit.label(&format!("done.{}", figure.key)), &look.label)?;
            sheet.number(2, as_number(figure.count), &look.number.clone().set_num_format(MONEY))?;
            money(kit, sheet, 3, figure.amount.unwrap_or_default())?;
        } else if at == 0 {
            sheet.text((0, 3), &kit.label("nothing_done"), &look.text)?;
        }
        if let Some(figure) = page.now.get(at) {
            let state: Option<LineState> = figure.key.parse().ok();
            let name = match state {
                Some(state) => kit.texts.label(&format!("workbook.line_state.{state}")),
                None => kit.label(&format!("now.{}", figure.key)),
            };
            let said = kit.say("lines", context! { state => name, n => figure.count });
            sheet.text((4, 6), &said, look.state(state.map_or(Tone::Waiting, Tone::from)))?;
            sheet.number(7, as_number(figure.amount.unwrap_or_default().as_dong()), &look.money)?;
        }
        sheet.end_row()?;
    }
    Ok(())
}

fn lists(kit: &Kit<'_>, sheet: &mut Sheet<'_>) -> Result<(), XlsxError> {
    if kit.page.lists.is_empty() {
        return Ok(());
    }
    sheet.section(&kit.label("lists"))?;
    sheet.headings(&[
        ((0, 1), kit.label("file")),
        ((2, 2), kit.label("rows")),
        ((3, 3), kit.label("amount")),
        ((4, 6), kit.label("became")),
        ((7, 7), kit.label("where")),
    ])?;
    for list in &kit.page.lists {
        let became = context! { accepted => list.accepted, waiting => list.waiting };
        sheet.text((0, 1), &format!("{} · {}", list.file, list.batch), &kit.look.text)?;
        sheet.number(2, as_number(list.rows), &kit.look.number)?;
        money(kit, sheet, 3, list.amount)?;
        let tone = if list.waiting > 0 { Tone::Waiting } else { Tone::Good };
        sheet.text((4, 6), &kit.say("list_became", became), kit.look.state(tone))?;
        sheet.cell(7, list.workbook.as_deref().unwrap_or_default(), &kit.look.text)?;
        sheet.end_row()?;
    }
    Ok(())
}

fn firms(kit: &Kit<'_>, sheet: &mut Sheet<'_>) -> Result<(), XlsxError> {
    if kit.page.firms.is_empty() {
        return Ok(());
    }
    sheet.section(&kit.label("firms"))?;
    sheet.headings(&[
        ((0, 1), kit.label("firm")),
        ((2, 2), kit.label("firm_lists")),
        ((3, 3), kit.label("firm_placed")),
        ((4, 5), kit.label("firm_activated")),
        ((6, 6), kit.label("firm_tasks")),
        ((7, 7), kit.label("at_risk")),
    ])?;
    for share in &kit.page.firms {
        sheet.text((0, 1), &share.firm, &kit.look.label)?;
        sheet.number(2, as_number(share.lists), &kit.look.number)?;
        money(kit, sheet, 3, share.placed)?;
        let n = context! { n => share.activated };
        sheet.text((4, 5), &kit.say("firm_lines", n), &kit.look.text)?;
        let tone = if share.tasks > 0 { Tone::Waiting } else { Tone::Good };
        let n = context! { n => share.tasks };
        sheet.cell(6, &kit.say("firm_waits", n), kit.look.state(tone))?;
        money(kit, sheet, 7, share.at_risk)?;
        sheet.end_row()?;
    }
    Ok(())
}

/// The clients of the tasks, and in which row those of each begin.
fn details(kit: &Kit<'_>) -> Result<(Worksheet, Vec<Option<u32>>), XlsxError> {
    let mut sheet = Sheet::new(&kit.label("details"), DETAILS, &kit.look)?;
    let names = ["kind", "client", "tax_id", "phone", "line", "amount", "code", "due", "reason"];
    let headings = (0..).zip(names).map(|(at, name)| ((at, at), kit.label(name)));
    sheet.headings(&headings.collect::<Vec<_>>())?;
    let mut places = Vec::new();
    for task in &kit.page.tasks {
        places.push((!task.details.is_empty()).then(|| sheet.row()));
        for detail in &task.details {
            client(kit, &mut sheet, task, detail)?;
        }
    }
    let last = sheet.last_column();
    let end = sheet.row().saturating_sub(1);
    sheet.sheet.set_freeze_panes(1, 2)?.set_repeat_rows(0, 0)?.autofilter(0, 0, end, last)?;
    Ok((sheet.sheet, places))
}

fn client(
    kit: &Kit<'_>,
    sheet: &mut Sheet<'_>,
    task: &Task,
    detail: &Detail,
) -> Result<(), XlsxError> {
    let look = &kit.look;
    let id = look.text.clone().set_num_format(TEXT);
    sheet.cell(0, &kit.label(&format!("task.{}", task.kind)), look.state(tone(task.kind)))?;
    sheet.cell(1, &detail.name, &look.text)?;
    sheet.cell(2, &detail.tax_id, &id)?;
    sheet.cell(3, &detail.phone, &id)?;
    sheet.cell(4, &detail.line, &id)?;
    money(kit, sheet, 5, detail.amount)?;
    sheet.cell(6, detail.payment_code.as_deref().unwrap_or_default(), &id)?;
    day(kit, sheet, 7, task.due)?;
    sheet.cell(8, &detail.said, &look.text)?;
    sheet.end_row()
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Read};

    use calamine::{Data, Reader, Xlsx};

    use super::*;
    use crate::{domain::locale::Locale, flow::morning::page::ListDone};

    fn task(kind: TaskKind, amount: i64, clients: usize) -> Task {
        let detail = |n: usize| Detail {
            name: format!("=HYPERLINK(\"x\") Công ty {n}"),
            tax_id: format!("0101243{n:03}"),
            phone: "0912 345 678".to_owned(),
            line: format!("DH-2611-000123/{n}"),
            amount: Money::dong(2_950_000),
            payment_code: Some("HLACDEFGHJ".to_owned()),
            said: String::new(),
        };
        Task {
            kind,
            about: "DH-2611-000123".to_owned(),
            count: 2,
            amount: Money::dong(amount),
            again: Money::ZERO,
            since: Some("2026-11-22T23:30:00Z".parse().unwrap()),
            due: NaiveDate::from_ymd_opt(2026, 11, 25),
            to_do: "Nhắc khách hàng.".to_owned(),
            workbook: Some("ds__B000001__r2.xlsx".to_owned()),
            batch: Some("B000001".parse().unwrap()),
            details: (1..=clients).map(detail).collect(),
            came: Vec::new(),
        }
    }

    fn page(tasks: Vec<Task>) -> Page {
        let figure = |key: &str| Figure {
            key: key.to_owned(),
            count: 3,
            amount: Some(Money::dong(8_850_000)),
        };
        let list = ListDone {
            file: "ds.xlsx".to_owned(),
            batch: "B000001".parse().unwrap(),
            rows: 3,
            accepted: 3,
            waiting: 0,
            amount: Money::dong(8_850_000),
            workbook: None,
        };
        Page {
            firm: Some("Minh An".to_owned()),
            done: vec![figure("activated")],
            now: vec![figure("grace")],
            tasks,
            lists: vec![list],
            firms: Vec::new(),
        }
    }

    fn bytes(page: &Page) -> Vec<u8> {
        let at = |text: &str| {
            let at: DateTime<Utc> = text.parse().unwrap();
            at.with_timezone(&Tz::Asia__Ho_Chi_Minh)
        };
        let span = (at("2026-11-22T00:30:00Z"), at("2026-11-23T00:30:00Z"));
        write(Texts::of(Locale::Vi), page, span).unwrap()
    }

    fn cells(page: &Page, sheet: &str) -> Vec<Vec<Data>> {
        let mut book = Xlsx::new(Cursor::new(bytes(page))).unwrap();
        let range = book.worksheet_range(sheet).unwrap();
        range.rows().map(<[Data]>::to_vec).collect()
    }

    fn part(bytes: &[u8], name: &str) -> String {
        let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
        let mut text = String::new();
        zip.by_name(name).unwrap().read_to_string(&mut text).unwrap();
        text
    }

    #[test]
    fn a_task_has_its_state_money_days_and_a_link_to_its_clients() {
        let page = page(vec![task(TaskKind::Grace, 5_900_000, 2), task(TaskKind::Rows, 0, 0)]);
        let rows = cells(&page, "Buổi sáng");
        let of = |text: &str| {
            let is = |row: &&Vec<Data>| row[0] == Data::String(text.to_owned());
            rows.iter().find(is).unwrap_or_else(|| panic!("no {text} in {rows:?}"))
        };
        let grace = of("Sắp ngắt, chưa trả tiền");
        assert_eq!((&grace[2], &grace[3]), (&Data::Float(2.0), &Data::Float(5_900_000.0)));
        // Half past six in the morning of the next day, here.
        let day = |cell: &Data| match cell {
            Data::DateTime(at) => at.as_datetime().unwrap().date().to_string(),
            other => panic!("{other:?} is no day"),
        };
        assert_eq!((day(&grace[4]), day(&grace[5])), ("2026-11-23".into(), "2026-11-25".into()));
        assert!(!matches!(of("Dòng cần sửa")[3], Data::Float(_)), "no money is no zero");
        let bytes = bytes(&page);
        let sheet = part(&bytes, "xl/worksheets/sheet1.xml");
        assert!(sheet.contains("location=\"'Chi tiết'!A2\""), "{sheet}");
        assert!(sheet.contains("orientation=\"landscape\"") && sheet.contains("fitToPage=\"1\""));
        let details = part(&bytes, "xl/worksheets/sheet2.xml");
        assert!(details.contains("ySplit=\"1\"") && details.contains("<autoFilter ref=\"A1:I3\""));
    }

    #[test]
    fn the_clients_of_tasks_are_texts_whatever_they_look_like() {
        let rows = cells(&page(vec![task(TaskKind::Failed, 1, 2)]), "Chi tiết");
        assert_eq!(rows.len(), 3);
        assert_eq!(rows[1][1], Data::String("=HYPERLINK(\"x\") Công ty 1".to_owned()));
        assert_eq!(rows[2][2], Data::String("0101243002".to_owned()));
    }

    #[test]
    fn the_same_page_is_the_same_bytes_and_many_tasks_are_counted() {
        let page = page((1..=25).map(|n| task(TaskKind::Confirm, n * 1_000, 0)).collect());
        assert_eq!(bytes(&page), bytes(&page));
        let rows = cells(&page, "Buổi sáng");
        let told = rows.iter().filter(|row| row[0] == Data::String("Chờ xác nhận".to_owned()));
        assert_eq!(told.count(), TASKS);
        let more = "Còn 5 việc khác (115.000 đ), xem trong các tệp kết quả.";
        assert!(rows.iter().any(|row| row[0] == Data::String(more.to_owned())), "{rows:?}");
        let names = Xlsx::new(Cursor::new(bytes(&page))).unwrap().sheet_names();
        assert_eq!(names, ["Buổi sáng", "_hangloat"], "no clients, no sheet of them");
    }
}
