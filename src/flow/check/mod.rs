//! Rows → verdicts and findings: every row against every rule, all findings at once.
//! Plain functions over values; what the firm ordered before is handed in.

mod across;

mod cells;

pub mod choice;

pub mod corrected;

pub mod groups;

mod hidden;

pub mod history;

mod identity;

mod kind;

mod rights;

mod row;

mod same;

mod shared;

mod held;

mod term;

mod addressees;

mod tax_id;

mod unknown;

mod values;

use std::sync::atomic::{AtomicU64, Ordering};

use chrono::NaiveDate;
use rayon::prelude::*;

pub use history::{History, Past};
use row::{Judged, Seen, Written};

use super::{
    map::{Fields, Mapped, Reading, Table, TableRow},
    options::{ImportOptions, Mixed, OnError},
    progress::{Progress, Step},
};
use crate::{
    catalogue::{Catalogue, columns::Columns},
    db::{
        findings::Numbered,
        rows::{Column, RowKind},
    },
    domain::{
        batch::RowState,
        client::{ClientRow, CustomerType},
        email::Email,
        field::Field,
        finding::{Code, Finding, Place, Severity},
        firm::Firm,
        fold::fold,
        locale::Locale,
        phone::Phone,
        tax_id::TaxId,
    },
    text::Texts,
};

/// From so many rows on, a share of rejected ones refuses the file.
const BAD_SHARE_FROM: usize = 20;

/// What the checks know besides the rows.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    pub catalogue: &'a Catalogue,
    pub firm: &'a Firm,
    pub options: &'a ImportOptions,
    /// From the template's sheet *Đơn hàng*.
    pub order_level: &'a [(Field, String)],
    /// The local day of the order.
    pub today: NaiveDate,
    /// A CSV, where leading zeros may have been lost.
    pub from_csv: bool,
    pub max_bad_share: f64,
    pub max_cell_chars: usize,
    pub texts: &'a Texts,
    pub locale: Locale,
    /// Who is told how many rows were judged so far.
    pub progress: &'a Progress,
}

impl Context<'_> {
    /// What holds for a field that a row leaves out: the order sheet, then `--set` and the job's options.
    fn fallback(&self, field: Field, customer_type: Option<CustomerType>) -> Option<&str> {
        let said = self
            .order_level
            .iter()
            .find(|(known, _)| *known == field)
            .map(|(_, text)| text.as_str());
        said.or_else(|| self.options.defaults.get(field, customer_type))
    }
}

/// A row and what became of it.
#[derive(Clone, Debug)]
pub struct Verdict {
    pub sheet: i64,
    pub row: u32,
    pub state: RowState,
    /// The row as meant, where every field of it is right.
    pub client: Option<ClientRow>,
}

/// What is said of a list.
#[derive(Clone, Debug, Default)]
pub struct Checked {
    pub verdicts: Vec<Verdict>,
    /// Besides those of finding the tables.
    pub findings: Vec<Numbered>,
    /// By an error without a row: nothing of the file is taken.
    pub is_refused: bool,
}

impl Checked {
    pub fn accepted(&self) -> impl Iterator<Item = (&Verdict, &ClientRow)> {
        let accepted = self.verdicts.iter().filter(|verdict| verdict.state == RowState::Accepted);
        accepted.filter_map(|verdict| verdict.client.as_ref().map(|client| (verdict, client)))
    }
}

/// Whether an error without a row is among these.
pub fn refuses<'a>(findings: impl Iterator<Item = &'a Finding>) -> bool {
    says_of_all(findings, Severity::Error)
}

fn says_of_all<'a>(mut findings: impl Iterator<Item = &'a Finding>, severity: Severity) -> bool {
    findings.any(|finding| finding.severity == severity && finding.place.row.is_none())
}

/// By which the past of a list's clients is looked for.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    pub tax_ids: Vec<String>,
    pub phones: Vec<String>,
    pub emails: Vec<String>,
    /// Folded.
    pub names: Vec<String>,
    /// Tax ids that a row says to be one client's.
    pub pairs: Vec<(String, String)>,
}

/// What rows of these tables may mean, for the look into history.
pub fn wanted(tables: &[Table], columns: &Columns) -> Wanted {
    let lists = lists(tables, columns);
    let named =
        |(list, row): &(&List<'_>, &TableRow)| Named::of(&list.reading.only(row, &Named::BY));
    let named: Vec<Named> = clients(&lists).par_iter().map(named).collect();
    let mut wanted = Wanted::default();
    for Named { tax_ids, phone, email, name } in named {
        if let [one, other] = tax_ids.as_slice() {
            wanted.pairs.push((one.clone(), other.clone()));
        }
        wanted.tax_ids.extend(tax_ids);
        wanted.phones.extend(phone);
        wanted.emails.extend(email);
        wanted.names.extend(name);
    }
    let Wanted { tax_ids, phones, emails, names, .. } = &mut wanted;
    for keys in [tax_ids, phones, emails, names] {
        keys.sort();
        keys.dedup();
    }
    wanted
}

/// By what a row may name its client.
struct Named {
    tax_ids: Vec<String>,
    phone: Option<String>,
    email: Option<String>,
    /// Folded.
    name: Option<String>,
}

impl Named {
    const BY: [Field; 5] = [Field::TaxId, Field::OldTaxId, Field::Phone, Field::Email, Field::Name];

    fn of(fields: &Fields) -> Named {
        let text = |field| fields.get(field).map(|value| value.text.as_str());
        let phone = text(Field::Phone).and_then(|text| Phone::read(text).ok());
        let email = text(Field::Email).and_then(|text| Email::read(text).ok());
        Named {
            tax_ids: tax_id::likely(fields).iter().map(TaxId::to_string).collect(),
            phone: phone.map(|(phone, _)| phone.to_string()),
            email: email.map(|read| read.email.to_string()),
            name: text(Field::Name).map(fold),
        }
    }
}

/// The tax ids that rows may mean, with nothing known but what headers mean.
pub fn named(tables: &[Table], columns: &Columns) -> Vec<String> {
    wanted(tables, columns).tax_ids
}

/// Judges every row, on all processors.
pub fn check(mapped: &Mapped, context: &Context<'_>, history: &History) -> Checked {
    let mut checked = Checked::default();
    let lists = lists(&mapped.tables, &context.catalogue.columns);
    let clients = clients(&lists);
    context.progress.tell(Step::Of(clients.len() as u64));
    let done = AtomicU64::new(0);
    let judge = |client| {
        let judged = judge(client, context, history);
        context.progress.tell_some(done.fetch_add(1, Ordering::Relaxed) + 1);
        judged
    };
    let mut rows: Vec<Judged<'_>> = clients.into_par_iter().map(judge).collect();
    across::compare(&mut rows, context.texts, history);
    let told = history.compare(&mut rows, context);
    rights::look(&mut rows, &told, context, history);
    same::look(&mut rows, context, history);
    shared::look(&mut rows, history);
    held::look(&mut rows, history);
    checked.verdicts.reserve_exact(rows.len());
    checked.findings.reserve_exact(rows.iter().map(|row| row.findings.len()).sum());
    for judged in rows {
        let state = state_of(&judged.findings, context);
        let client = judged.client.filter(|_| state != RowState::Rejected);
        let (sheet, row) = (judged.written.sheet().sheet, judged.written.row.number);
        checked.verdicts.push(Verdict { sheet, row, state, client });
        checked.findings.extend(judged.findings.into_iter().map(|finding| (Some(sheet), finding)));
    }
    let about_all = about_all(&checked, context);
    checked.findings.splice(0..0, about_all.into_iter().map(|finding| (None, finding)));
    settle(&mut checked, &mapped.findings);
    checked
}

/// What is missing may stand in a column of which it is asked what it is.
fn is_asked(table: &Table, finding: &Finding) -> bool {
    let may_be = |field| table.columns.iter().any(|column| column.asked.contains(&field));
    finding.code == Code::Missing && finding.place.field.is_some_and(may_be)
}

/// One row alone. Of one that is left out because nobody sees it, nothing else is said.
fn judge<'a>(
    (list, row): (&'a List<'a>, &'a TableRow),
    context: &Context<'_>,
    history: &History,
) -> Judged<'a> {
    let (table, fields) = (list.reading.table, list.reading.fields(row));
    let written = Written { reading: &list.reading, row };
    let hidden = hidden::look(table, row, context);
    if hidden::is_skipped(hidden.as_slice(), context) {
        let (given, findings) = (Vec::new(), hidden.into_iter().collect());
        return Judged { written, given, client: None, findings, seen: Seen::default() };
    }
    let mut judged = row::judge(written, &fields, context, history);
    let told = judged.findings.len();
    judged.findings.retain(|finding| !is_asked(table, finding));
    if judged.findings.len() == told {
        unknown::look(&mut judged, &fields, history);
    }
    judged.findings.splice(0..0, hidden.into_iter().chain(choice::look(list, row, context)));
    judged.findings.extend(cells::look_elsewhere(table, row, context));
    judged
}

/// An error without a row refuses all rows; a hold without a row holds those that would be accepted.
fn settle(checked: &mut Checked, of_tables: &[Finding]) {
    let all = || of_tables.iter().chain(checked.findings.iter().map(|(_, finding)| finding));
    let is_held = says_of_all(all(), Severity::Hold);
    checked.is_refused = refuses(all());
    for verdict in &mut checked.verdicts {
        if checked.is_refused {
            verdict.state = RowState::Rejected;
        } else if is_held && verdict.state == RowState::Accepted {
            verdict.state = RowState::Held;
        }
    }
}

/// A table, and what is found out once for all of its rows.
struct List<'a> {
    reading: Reading<'a>,
    /// In which rows are chosen.
    choice: Option<&'a Column>,
}

fn lists<'a>(tables: &'a [Table], columns: &'a Columns) -> Vec<List<'a>> {
    let list = |table: &'a Table| List {
        reading: Reading::of(table, columns),
        choice: table.columns.iter().find(|column| columns.is_choice(&column.header)),
    };
    tables.iter().map(list).collect()
}

fn clients<'a>(lists: &'a [List<'a>]) -> Vec<(&'a List<'a>, &'a TableRow)> {
    let rows = |list: &'a List<'a>| {
        let data = list.reading.table.rows.iter().filter(|row| row.kind == RowKind::Data);
        data.map(move |row| (list, row))
    };
    lists.iter().flat_map(rows).collect()
}

/// Rejected by an error, else held by a hold; unchanged where the firm has the very same line, and where a hidden
/// row is left out.
fn state_of(findings: &[Finding], context: &Context<'_>) -> RowState {
    let any = |severity| findings.iter().any(|finding| finding.severity == severity);
    if any(Severity::Error) {
        RowState::Rejected
    } else if findings.iter().any(|finding| finding.code == Code::ClientSameAsBefore)
        || hidden::is_skipped(findings, context)
    {
        RowState::Unchanged
    } else if any(Severity::Hold) {
        RowState::Held
    } else {
        RowState::Accepted
    }
}

/// What is said of the file as a whole.
fn about_all(checked: &Checked, context: &Context<'_>) -> Vec<Finding> {
    mixed_types(checked, context).into_iter().chain(bad_share(checked, context)).collect()
}

fn mixed_types(checked: &Checked, context: &Context<'_>) -> Option<Finding> {
    let orderable =
        |verdict: &&Verdict| matches!(verdict.state, RowState::Accepted | RowState::Held);
    let clients =
        || checked.verdicts.iter().filter(orderable).filter_map(|verdict| verdict.client.as_ref());
    let has = |wanted| clients().any(|client| client.customer_type == wanted);
    let is_mixed = has(CustomerType::Enterprise) && has(CustomerType::Household);
    let severity = match context.options.mixed {
        Mixed::Refuse => Severity::Error,
        Mixed::Split => Severity::Info,
    };
    is_mixed.then(|| Finding::new(Code::OrderMixedTypes, Place::default()).severity(severity))
}

fn bad_share(checked: &Checked, context: &Context<'_>) -> Option<Finding> {
    let total = checked.verdicts.len();
    let rejected = checked.verdicts.iter().filter(|v| v.state == RowState::Rejected).count();
    #[expect(clippy::cast_precision_loss, reason = "rows are far fewer than 2^52")]
    let share = rejected as f64 / total.max(1) as f64;
    let limit = match context.options.on_error {
        OnError::RejectFile if rejected > 0 => 0.0,
        _ if total >= BAD_SHARE_FROM && share > context.max_bad_share => context.max_bad_share,
        _ => return None,
    };
    let finding = Finding::new(Code::FileBadShare, Place::default());
    let percent = format!("{:.0} %", limit * 100.0);
    Some(finding.value(format!("{rejected}/{total}")).detail("limit", percent))
}
