//! Rows → verdicts and findings: every row against every rule, all findings at once.
//! Plain functions over values; what the firm ordered before is handed in.

mod across;

mod history;

mod row;

mod tax_id;

mod values;

use chrono::NaiveDate;

pub use history::History;

use super::{
    map::{self, Mapped, Table},
    options::{ImportOptions, Mixed, OnError},
};
use crate::{
    catalogue::Catalogue,
    db::{findings::Numbered, rows::RowKind},
    domain::{
        batch::RowState,
        client::{ClientRow, CustomerType},
        field::Field,
        finding::{Code, Finding, Place, Severity},
        firm::Firm,
        locale::Locale,
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
pub fn refuses<'a>(mut findings: impl Iterator<Item = &'a Finding>) -> bool {
    findings.any(|finding| finding.severity == Severity::Error && finding.place.row.is_none())
}

/// The tax ids that rows of these tables may mean, for the look into history.
pub fn tax_ids(tables: &[Table], context: &Context<'_>) -> Vec<String> {
    let read = |table: &Table| {
        row_values(table, context).iter().filter_map(tax_id::likely).collect::<Vec<_>>()
    };
    let mut ids: Vec<String> = tables.iter().flat_map(read).collect();
    ids.sort();
    ids.dedup();
    ids
}

/// Judges every row.
pub fn check(mapped: &Mapped, context: &Context<'_>, history: &History) -> Checked {
    let mut checked = Checked::default();
    let mut rows: Vec<row::Judged> = Vec::new();
    for table in &mapped.tables {
        rows.extend(
            row_values(table, context)
                .into_iter()
                .map(|fields| row::judge(fields, context, history)),
        );
    }
    across::compare(&mut rows, context);
    history.compare(&mut rows, context);
    for judged in rows {
        let state = state_of(&judged.findings);
        let client = judged.client.filter(|_| state != RowState::Rejected);
        let (sheet, row) = (judged.fields.sheet, judged.fields.row);
        checked.verdicts.push(Verdict { sheet, row, state, client });
        checked.findings.extend(judged.findings.into_iter().map(|finding| (Some(sheet), finding)));
    }
    let about_all = about_all(&checked, context);
    checked.findings.splice(0..0, about_all.into_iter().map(|finding| (None, finding)));
    let said = checked.findings.iter().map(|(_, finding)| finding);
    checked.is_refused = refuses(mapped.findings.iter().chain(said));
    if checked.is_refused {
        checked.verdicts.iter_mut().for_each(|verdict| verdict.state = RowState::Rejected);
    }
    checked
}

fn row_values(table: &Table, context: &Context<'_>) -> Vec<map::Fields> {
    let data = table.rows.iter().filter(|row| row.kind == RowKind::Data);
    data.map(|row| map::fields(table, row, &context.catalogue.columns)).collect()
}

/// Rejected by an error, else held by a hold; unchanged where the firm has the very same line.
fn state_of(findings: &[Finding]) -> RowState {
    let any = |severity| findings.iter().any(|finding| finding.severity == severity);
    if any(Severity::Error) {
        RowState::Rejected
    } else if findings.iter().any(|finding| finding.code == Code::ClientSameAsBefore) {
        RowState::Unchanged
    } else if any(Severity::Hold) {
        RowState::Held
    } else {
        RowState::Accepted
    }
}

/// What is said of the file as a whole.
fn about_all(checked: &Checked, context: &Context<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let has = |wanted| checked.accepted().any(|(_, client)| client.customer_type == wanted);
    if has(CustomerType::Enterprise) && has(CustomerType::Household) {
        let refuse = context.options.mixed == Mixed::Refuse;
        let severity = if refuse { Severity::Error } else { Severity::Info };
        findings.push(Finding::new(Code::OrderMixedTypes, Place::default()).severity(severity));
    }
    let (total, rejected) = (checked.verdicts.len(), rejected(checked));
    #[expect(clippy::cast_precision_loss, reason = "rows are far fewer than 2^52")]
    let share = rejected as f64 / total.max(1) as f64;
    let strict = context.options.on_error == OnError::RejectFile && rejected > 0;
    if strict || (total >= BAD_SHARE_FROM && share > context.max_bad_share) {
        let said = format!("{rejected}/{total}");
        findings.push(Finding::new(Code::FileBadShare, Place::default()).value(said));
    }
    findings
}

fn rejected(checked: &Checked) -> usize {
    checked.verdicts.iter().filter(|verdict| verdict.state == RowState::Rejected).count()
}
