//! What a result workbook and a template show, as plain values.
//! Everything needed is inside but the rows of the lists: gathering is the caller's business.

use chrono::DateTime;
use chrono_tz::Tz;

use super::messages::Slip;
use crate::{
    domain::{
        batch::{BatchId, RowState},
        client::CustomerType,
        field::Field,
        finding::Severity,
        fiscal_year::FiscalYear,
        locale::Locale,
        money::Money,
        order::{Kind, LineState, OrderState, Recipient},
    },
    flow::{pay::pooled::Pooled, read::Cell, report::Rows},
};

/// One result workbook.
#[derive(Clone, Debug)]
pub struct ResultView {
    pub locale: Locale,
    pub file_name: String,
    /// The name of the firm.
    pub firm: String,
    pub kind: ViewKind,
    pub batch: Option<BatchId>,
    pub revision: u32,
    pub generated_at: DateTime<Tz>,
    /// Ready sentences.
    pub next_steps: Vec<String>,
    pub counts: Counts,
    pub totals: ControlTotals,
    /// Lines that were cancelled, which count in no order and no total.
    pub cancelled: usize,
    /// Lines that went to another firm, which count in no order and no total either.
    pub left: usize,
    /// Lines of earlier lists whose clients are not in this one.
    pub missing: usize,
    /// Who waits for the confirmation of an order and was cancelled before.
    pub ordered_again: Vec<String>,
    pub orders: Vec<OrderView>,
    /// Who confirms must be another one than who registered.
    pub needs_second: bool,
    pub sheets: Vec<SheetView>,
    /// Columns of which it is not clear what they are.
    pub questions: Vec<QuestionView>,
    /// What is said about the file, not about a row.
    pub file_findings: Vec<FindingText>,
    /// The first of what is to be paid.
    pub payments: Vec<PaymentView>,
    /// How much more there is to be paid.
    pub more_payments: usize,
    /// What whoever has not paid may be told by hand.
    pub messages: Vec<Slip>,
    pub payee: Option<PayeeView>,
    /// Drop-downs, as people read the values.
    pub choices: Vec<(Field, Vec<String>)>,
    /// The columns of the sheet to fix, in order, with the headers of the template.
    pub labels: Vec<(Field, String)>,
    /// What was said once for the whole order, of a dry run: it must come along when that is dropped.
    pub order_level: Vec<(String, String)>,
    /// Label and value of each row of the sheet on origin.
    pub origin: Vec<(String, String)>,
    pub identity: Option<Identity>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ViewKind {
    /// A dry run: nothing is stored, so nothing can be confirmed.
    Check,
    Batch,
}

#[derive(Clone, Copy, Debug, Default)]
pub struct Counts {
    pub total: u64,
    pub accepted: u64,
    pub rejected: u64,
    pub held: u64,
    pub unchanged: u64,
    /// Of the unchanged ones, how many a person left out.
    pub dropped: u64,
    /// Of the unchanged ones, how many are hidden in their file and skipped.
    pub skipped: u64,
    /// How many waited when their list was taken back.
    pub taken_back: u64,
}

impl From<Rows> for Counts {
    fn from(rows: Rows) -> Counts {
        Counts {
            total: rows.total.unsigned_abs(),
            accepted: rows.accepted.unsigned_abs(),
            rejected: rows.rejected.unsigned_abs(),
            held: rows.held.unsigned_abs(),
            unchanged: rows.unchanged.unsigned_abs(),
            dropped: rows.dropped.unsigned_abs(),
            skipped: 0,
            taken_back: 0,
        }
    }
}

impl Counts {
    /// Every row was ordered before, or is left out.
    pub fn bring_nothing(&self) -> bool {
        self.total > 0 && self.unchanged == self.total
    }

    /// Of a list that was taken back nothing waits any more.
    #[must_use]
    pub fn of_taken_back(self) -> Counts {
        Counts { taken_back: self.rejected + self.held, rejected: 0, held: 0, ..self }
    }

    /// Every row is hidden, and skipped for that.
    pub fn are_all_skipped(&self) -> bool {
        self.total > 0 && self.skipped == self.total
    }
}

/// Sums with which a person compares a list of their own.
#[derive(Clone, Copy, Debug, Default)]
pub struct ControlTotals {
    pub rows: u64,
    pub amount: Money,
    pub tax_id_sum: i64,
}

#[derive(Clone, Debug)]
pub struct OrderView {
    pub code: String,
    pub kind: Kind,
    pub package_name: String,
    pub customer_type: CustomerType,
    pub fiscal_year: FiscalYear,
    pub recipient: Recipient,
    pub lines: u64,
    pub amount: Money,
    pub state: OrderState,
    pub revision: i64,
    /// The confirmation code, where whoever sees the workbook may use it.
    pub code_to_confirm: Option<String>,
    pub decision: Decision,
}

/// The boxes of an order: `None` has nothing to tick, `Some(true)` is ticked already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Decision {
    pub confirm: Option<bool>,
    pub activate: Option<bool>,
}

impl Decision {
    pub fn is_empty(self) -> bool {
        self.confirm.is_none() && self.activate.is_none()
    }
}

/// One list of the dropped file; its rows come from elsewhere, some at a time.
#[derive(Clone, Debug)]
pub struct SheetView {
    pub name: String,
    /// Excel's own row number.
    pub header_row: u32,
    pub header: Vec<String>,
    /// The number of the user's columns: of cells in its widest row. Ours begin behind.
    pub width: usize,
    /// The first and the last of those by which a row is known.
    pub identifying: Option<(usize, usize)>,
}

#[derive(Clone, Debug)]
pub struct RowView {
    /// Excel's own row number.
    pub number: u32,
    /// As they were.
    pub cells: Vec<Cell>,
    pub kind: RowKind,
}

#[derive(Clone, Debug)]
pub enum RowKind {
    /// A title, a note, a total.
    Outside,
    Header,
    Data(Box<DataRow>),
    /// A client of a list in which rows are chosen, and that nobody chose: it stands there, and counts nowhere.
    NotChosen(Box<DataRow>),
}

/// Why a row is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeftOut {
    /// A person decided so.
    Decided,
    /// Nobody sees it in its file, and the job skips such rows.
    Hidden,
    /// Nobody chose it (`Gia hạn?`).
    NotChosen,
    /// It waited when its list was taken back.
    TakenBack,
}

#[derive(Clone, Debug)]
pub struct DataRow {
    pub state: RowState,
    /// Why nothing of it is asked or ordered, where nobody ordered it before.
    pub left_out: Option<LeftOut>,
    /// It orders nothing, but its line was corrected by it (`nhận`).
    pub is_corrected: bool,
    pub findings: Vec<FindingText>,
    pub line: Option<LineView>,
    /// As mapped, for the sheet to fix; of other rows none.
    pub fields: Vec<(Field, String)>,
    /// `17`, or `2!17` where there are several lists.
    pub rid: String,
    pub suggestion: Vec<(Field, String)>,
    /// What a field of this row may say, where that is less than for other rows.
    pub choices: Vec<(Field, Vec<String>)>,
}

impl DataRow {
    /// A person has to do something about it.
    pub fn needs_fixing(&self) -> bool {
        self.left_out.is_none() && matches!(self.state, RowState::Rejected | RowState::Held)
    }

    /// What a field may say, by the row or else by the workbook.
    pub fn choice<'a>(&'a self, field: Field, all: &'a [(Field, Vec<String>)]) -> &'a [String] {
        let mut known = self.choices.iter().chain(all);
        known.find(|(known, _)| *known == field).map_or(&[], |(_, options)| options.as_slice())
    }

    /// The value of a field, empty where there is none.
    pub fn field(&self, field: Field) -> &str {
        let found = self.fields.iter().find(|(known, _)| *known == field);
        found.map_or("", |(_, value)| value)
    }
}

/// A header that a person must explain.
#[derive(Clone, Debug)]
pub struct QuestionView {
    /// `E`; `E (Chi nhánh 2)` where there are several lists.
    pub columns: String,
    /// As it stands in the list, on one line.
    pub header: String,
    /// Some values below it.
    pub samples: Vec<String>,
    /// The likeliest first.
    pub choices: Vec<String>,
    /// What was wrong with the last answer.
    pub remark: Option<String>,
}

/// A finding in words.
#[derive(Clone, Debug)]
pub struct FindingText {
    /// The stable name: `tax_id.checksum`.
    pub code: String,
    pub severity: Severity,
    /// The wrong cell among the user's columns: `A`, `B` … `XFD`.
    pub column: Option<String>,
    /// The wrong cell on the sheet to fix.
    pub field: Option<Field>,
    pub message: String,
    pub fix: String,
}

#[derive(Clone, Debug)]
pub struct LineView {
    pub order: String,
    pub line: i64,
    pub amount: Money,
    pub payment_code: Option<String>,
    pub activated_at: Option<DateTime<Tz>>,
    pub pay_by: Option<DateTime<Tz>>,
    /// Where its mails stand, in words.
    pub mail: String,
    /// Where its payment stands, in words.
    pub payment: String,
    /// Why it was cancelled.
    pub cancelled: Option<String>,
    pub state: LineState,
}

#[derive(Clone, Debug)]
pub struct PaymentView {
    pub code: String,
    pub payer: String,
    pub amount: Money,
    /// Pays several requests of the batch at once.
    pub is_batch_code: bool,
    pub lines: u64,
    /// A VietQR picture, its quiet zone included.
    /// Nothing where no more need be transferred.
    pub qr_png: Option<Vec<u8>>,
    pub order: String,
    /// What came for it under the code for all, and waits.
    pub pooled: Option<Pooled>,
}

/// Who is paid.
#[derive(Clone, Debug)]
pub struct PayeeView {
    pub bank: String,
    pub account: String,
    pub name: String,
}

/// By which a workbook is known when it comes back; what it says of the rows is made as they are written.
#[derive(Clone, Debug)]
pub struct Identity {
    pub batch: String,
    pub kind: String,
    pub revision: u32,
    /// Of batch, kind and revision, for the properties of the document.
    pub signature: String,
}

/// One workbook to fill in.
#[derive(Clone, Debug)]
pub struct TemplateView {
    pub locale: Locale,
    pub customer_type: CustomerType,
    /// The name of the firm.
    pub firm: String,
    pub generated_at: DateTime<Tz>,
    /// The tables by which it was made.
    pub version: String,
    /// For which firm, signed.
    pub mark: String,
    /// A list of clients to choose from, for this year.
    pub renews: Option<FiscalYear>,
    pub columns: Vec<TemplateColumn>,
    /// Drop-downs, as people read the values.
    pub choices: Vec<(Field, Vec<String>)>,
    /// The regimes that are allowed from a fiscal year on, the earliest first.
    pub regimes: Vec<(FiscalYear, Vec<String>)>,
    pub packages: Vec<TemplatePackage>,
    /// Shows how to fill it in; never read.
    pub example: Vec<(Field, String)>,
    /// What is known already, a list of fields for each client.
    pub rows: Vec<Vec<(Field, String)>>,
    /// Tax id and name of each client of the firm.
    pub known: Vec<(String, String)>,
    pub order_level: Vec<OrderLevel>,
}

#[derive(Clone, Debug)]
pub struct TemplateColumn {
    pub field: Field,
    pub label: String,
    pub required: bool,
    /// How to fill it in.
    pub note: String,
}

#[derive(Clone, Debug)]
pub struct TemplatePackage {
    pub code: String,
    pub name: String,
    pub price: Money,
}

/// A field that is said once for a whole order.
#[derive(Clone, Debug)]
pub struct OrderLevel {
    pub field: Field,
    pub label: String,
    pub value: String,
    /// What it is, and what holds where nothing is said.
    pub note: String,
}
