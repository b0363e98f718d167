//! The workbook of a night: what differs between us and the platform, money that waits, and lines that are cut off next
//! or wait for something. What stands in it is found by `sweep`.

use std::path::PathBuf;

use anyhow::Context as _;
use minijinja::context;
use rust_xlsxwriter::{DocProperties, Format, Worksheet, XlsxError};

use super::{
    bank,
    chart::{self, Bars},
    differences,
    lists::Lists,
    look::{self, DATE, Look, TEXT, Tone, WHOLE, as_number},
    money::{self, Waiting},
    outbox,
    page::Page,
    result::{NAME_BY, identity_sheet},
};
use crate::{
    db::payments,
    flow::{
        Services,
        files::write_whole,
        inbox::BANK,
        pay::{not_for::NotFor, went::Asked},
        sweep::{
            Judged, cut_offs,
            reconcile::Found,
            rules::{self, Step},
        },
    },
    text::{Texts, findings as words},
};

/// What it is called.
pub const WHAT: &str = "doi-soat";
/// Line, client, rest, last day, code, what is next.
const CUT_OFFS: &[f64] = &[24.0, 46.0, 18.0, 14.0, 16.0, 60.0];

/// Writes it into `outbox/_bank/` under the next number of the day, where anything is to be said; older ones go aside in
/// any case. Where it lies.
pub async fn write(services: &Services, found: &Found) -> anyhow::Result<Option<PathBuf>> {
    let is_quiet = found.judged.iter().all(|it| it.step == Step::Nothing);
    let folder = outbox::folder(services, Some(BANK));
    if !found.needs_person() && is_quiet {
        outbox::set_workbooks_aside(WHAT, &folder)?;
        return Ok(None);
    }
    fs_err::create_dir_all(&folder)?;
    let path = outbox::free_path(&folder, WHAT, services.today(), "xlsx");
    let listed = cut_offs::listed(services, &found.judged).await?;
    let issue = bank::Issue::of(&path, services.today());
    let allocations = payments::by_payment(payments::allocations(&services.db, None).await?);
    let parts = |id: i64| allocations.get(&id).map(Vec::as_slice).unwrap_or_default();
    let (payments, debits) = (found.payments.as_slice(), found.debits.as_slice());
    let (dues, not_for) = (found.dues.as_slice(), &NotFor::read(&services.db).await?);
    let waiting = Waiting { payments, allocations: &parts, dues, not_for, debits };
    let bytes =
        tokio::task::block_in_place(|| workbook(services, &issue, (found, waiting, &listed)))?;
    write_whole(&path, &bytes)?;
    outbox::set_others_aside(WHAT, std::slice::from_ref(&path))?;
    Ok(Some(path))
}

/// The bytes of the workbook.
fn workbook(
    services: &Services,
    issue: &bank::Issue,
    (found, waiting, listed): (&Found, Waiting<'_>, &[Listed<'_>]),
) -> anyhow::Result<Vec<u8>> {
    let kit = Kit { services, texts: services.texts, look: Look::new() };
    let mut workbook = look::workbook()?;
    let properties = DocProperties::new().set_title(kit.label("title")).set_author("hangloat");
    let properties = bank::properties(&services.key, issue, properties);
    workbook.set_properties(&properties.set_creation_datetime(&services.now()));
    let mut lists = Lists::default();
    let mut who = String::new();
    let mut written = || -> Result<Vec<Worksheet>, XlsxError> {
        let (money, cell) = money::sheet(services, &kit.look, &mut lists, &waiting)?;
        who = cell;
        Ok(vec![of_platform(&kit, found)?, money, cut_offs(&kit, listed)?])
    };
    for sheet in written().context("The reconciliation cannot be written")? {
        workbook.push_worksheet(sheet);
    }
    workbook.define_name(NAME_BY, &who)?;
    if let Some(lists) = lists.into_sheet()? {
        workbook.push_worksheet(lists);
    }
    let payload = bank::payload(&services.key, issue)?;
    workbook.push_worksheet(identity_sheet(Worksheet::new(), &payload)?);
    workbook.save_to_buffer().context("The reconciliation cannot be written")
}

struct Kit<'a> {
    services: &'a Services,
    texts: &'static Texts,
    look: Look,
}

impl Kit<'_> {
    fn label(&self, key: &str) -> String {
        self.texts.label(&format!("workbook.reconciliation.{key}"))
    }

    fn say(&self, key: &str, values: minijinja::Value) -> String {
        self.texts.say(&format!("workbook.reconciliation.{key}"), values)
    }

    fn id(&self) -> Format {
        self.look.text.clone().set_num_format(TEXT)
    }

    fn headings(&self, sheet: &mut Page<'_>, names: &[&str]) -> Result<(), XlsxError> {
        let headings = (0..).zip(names).map(|(at, name)| ((at, at), self.label(name)));
        sheet.headings(&headings.collect::<Vec<_>>())
    }

    fn day(
        &self,
        sheet: &mut Page<'_>,
        column: u16,
        day: chrono::NaiveDate,
    ) -> Result<(), XlsxError> {
        let format = self.look.number.clone().set_num_format(DATE);
        let row = sheet.row();
        sheet.sheet.write_datetime_with_format(row, column, day, &format).map(drop)
    }
}

/// The totals of each kind with a chart, then every difference.
fn of_platform(kit: &Kit<'_>, found: &Found) -> Result<Worksheet, XlsxError> {
    let mut sheet = Page::new(&kit.label("differences"), differences::GRID, &kit.look)?;
    let day = kit.services.today().format("%d/%m/%Y").to_string();
    sheet.title(&kit.say("page_title", context! { day }))?;
    let n = found.differences.len();
    let debits = found.debits.len();
    let values = context! { n, payments => found.payments.len(), debits };
    sheet.line(&kit.say("headline", values), &kit.look.banner)?;
    let counts = found.counts();
    if !counts.is_empty() {
        sheet.section(&kit.label("totals"))?;
        kit.headings(&mut sheet, &["kind", "count"])?;
        let first = sheet.row();
        for (kind, count) in &counts {
            sheet.cell(0, &kit.label(&format!("kinds.{kind}")), &kit.look.label)?;
            sheet.number(
                1,
                as_number(i64::try_from(*count).unwrap_or(i64::MAX)),
                &kit.look.number,
            )?;
            sheet.end_row()?;
        }
        let name = kit.label("differences");
        let tones: Vec<Option<Tone>> =
            counts.keys().map(|kind| Some(differences::tone(*kind))).collect();
        let bars = Bars { sheet: &name, first, labels: 0, numbers: 1, tones: &tones };
        let mut chart = chart::bars(&kit.label("totals"), &bars, WHOLE);
        let pixels = chart::pixels(counts.len());
        chart.set_width(560).set_height(pixels);
        sheet.charts(&[(0, chart)], pixels)?;
        differences::each(kit.texts, &mut sheet, &found.differences)?;
    }
    if debits > 0 {
        went(kit, &mut sheet, &found.debits)?;
    }
    Ok(sheet.sheet)
}

/// Debits that name a payment and closed nothing, each with what to do about it.
fn went(kit: &Kit<'_>, sheet: &mut Page<'_>, all: &[Asked]) -> Result<(), XlsxError> {
    sheet.section(&kit.label("went"))?;
    let names = [((0, 0), "day"), ((1, 1), "amount"), ((2, 3), "memo"), ((4, 6), "next")];
    sheet.headings(&names.map(|(at, name)| (at, kit.label(name))))?;
    for Asked { debit, finding, .. } in all {
        match debit.booked_on.parse() {
            Ok(day) => kit.day(sheet, 0, day)?,
            Err(_) => sheet.cell(0, &debit.booked_on, &kit.look.text)?,
        }
        sheet.number(1, as_number(debit.amount), &kit.look.money)?;
        sheet.text((2, 3), &debit.memo, &kit.id())?;
        let said =
            format!("{} {}", words::message(kit.texts, finding), words::fix(kit.texts, finding));
        sheet.text((4, 6), &said, kit.look.state(Tone::Bad))?;
        sheet.end_row()?;
    }
    Ok(())
}

/// A line with what happens next to it.
type Listed<'a> = (&'a Judged, String, Tone);

/// Lines that are warned or cut off next, and those that wait, with the reason.
fn cut_offs(kit: &Kit<'_>, listed: &[Listed<'_>]) -> Result<Worksheet, XlsxError> {
    let mut sheet = Page::new(&kit.label("cut_offs"), CUT_OFFS, &kit.look)?;
    sheet.title(&kit.label("cut_offs"))?;
    if listed.is_empty() {
        sheet.line(&kit.label("no_cut_offs"), &kit.look.about)?;
        return Ok(sheet.sheet);
    }
    let headings = sheet.row();
    kit.headings(&mut sheet, &["line", "client", "rest", "last_day", "code", "next"])?;
    sheet.sheet.set_repeat_rows(headings, headings)?;
    for (it, next, tone) in listed {
        let line = &it.line;
        sheet.cell(0, &line.reference().to_string(), &kit.id())?;
        sheet.cell(1, &line.name, &kit.look.text)?;
        sheet.number(2, as_number(line.rest), &kit.look.money)?;
        let last = rules::last_day(it.cutoff_at, kit.services.settings.timezone);
        kit.day(&mut sheet, 3, last)?;
        sheet.cell(4, &line.code, &kit.id())?;
        sheet.cell(5, next, kit.look.state(*tone))?;
        sheet.end_row()?;
    }
    Ok(sheet.sheet)
}
