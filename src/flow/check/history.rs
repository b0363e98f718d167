//! Rows against what was ordered before: the same client, package family and year twice.

use std::collections::HashMap;

use minijinja::context;
use serde_json::Value;

use super::{
    Context,
    groups::{self, Key},
    row::Judged,
};
use crate::{
    db::lines::Known,
    domain::{
        client::ClientRow,
        field::Field,
        finding::{Code, Finding, Severity},
        fiscal_year::FiscalYear,
        order::LineState,
        tax_id::TaxId,
    },
};

/// Details of a finding that points to an earlier line: its batch, and itself.
pub const BATCH: &str = "batch";
pub const LINE: &str = "line";
/// What an unchanged row is not asked again: it was right on the day of its order.
const OF_ITS_DAY: [Code; 3] =
    [Code::PackageNotOnSale, Code::FiscalYearOutOfRange, Code::NotAllowed];

/// The lines that clients of a list have already.
#[derive(Clone, Debug, Default)]
pub struct History {
    lines: Vec<Known>,
    of: HashMap<TaxId, Vec<usize>>,
}

impl History {
    pub fn new(lines: Vec<Known>) -> History {
        let mut of: HashMap<TaxId, Vec<usize>> = HashMap::new();
        for (at, line) in lines.iter().enumerate() {
            of.entry(line.client.tax_id.clone()).or_default().push(at);
        }
        History { lines, of }
    }

    /// The firm's newest word on a client, by any of its tax ids.
    pub(super) fn record(&self, firm: &str, tax_ids: &[TaxId]) -> Option<&ClientRow> {
        let known = self.of(tax_ids).filter(|line| line.firm == firm);
        known.max_by_key(|line| line.fiscal_year).map(|line| &line.client.0)
    }

    /// Whether a client has, or had, a licence of a family for a year.
    pub fn has_licence(&self, tax_ids: &[TaxId], family: &str, year: FiscalYear) -> bool {
        let year = i64::from(year.year());
        let bought = |line: &&Known| line.family == family && line.fiscal_year == year;
        self.of(tax_ids).filter(bought).any(|line| {
            matches!(line.state, LineState::Grace | LineState::Active | LineState::Suspended)
        })
    }

    /// Says of each row that the firm has ordered already what came of it.
    pub(super) fn compare(&self, rows: &mut [Judged], context: &Context<'_>) {
        let is_own = |line: &&Known| line.firm == context.firm.code.as_str();
        let own: Vec<&Known> = self.lines.iter().filter(is_own).collect();
        let bought = Key::of(own.iter().map(|line| {
            let tax_id = line.client.tax_id.to_string();
            Some([tax_id, line.family.clone(), line.fiscal_year.to_string()])
        }));
        // Two for each row: by its tax id, then by the one before it.
        let wanted = Key::of(rows.iter().flat_map(|row| wanted(row, context)));
        let mut told = None;
        for (asked, line) in groups::matches(&wanted, &bought) {
            let at = asked / 2;
            if told.replace(at) != Some(at) {
                tell(context, &mut rows[at], own[line]);
            }
        }
    }

    fn of(&self, tax_ids: &[TaxId]) -> impl Iterator<Item = &Known> {
        let lines = tax_ids.iter().filter_map(|tax_id| self.of.get(tax_id)).flatten();
        lines.map(|at| &self.lines[*at])
    }
}

/// Client, package family and year, under each tax id of a client.
fn wanted(row: &Judged, context: &Context<'_>) -> [Option<[String; 3]>; 2] {
    let client = row.client.as_ref();
    let family = client
        .and_then(|client| context.catalogue.packages.get(&client.package))
        .map(|package| package.family.as_str());
    let key = |tax_id: &TaxId, client: &ClientRow| {
        Some([tax_id.to_string(), family?.to_owned(), client.fiscal_year.year().to_string()])
    };
    let now = client.and_then(|client| key(&client.tax_id, client));
    let before = client.and_then(|client| key(client.old_tax_id.as_ref()?, client));
    [now, before]
}

fn tell(context: &Context<'_>, row: &mut Judged, line: &Known) {
    let Some(client) = &row.client else { return };
    let finding = said(context, row, client, line);
    if finding.code == Code::ClientSameAsBefore {
        let is_asked = |finding: &Finding| {
            finding.severity == Severity::Hold || OF_ITS_DAY.contains(&finding.code)
        };
        row.findings.retain(|finding| !is_asked(finding));
    }
    row.findings.push(finding);
}

/// The same again, the same with changes, or another package for the same year.
fn said(context: &Context<'_>, row: &Judged, client: &ClientRow, line: &Known) -> Finding {
    let place = row.fields.place(Some(Field::TaxId));
    let changes = changes(context, row, client, &line.client);
    // The package may be said for the whole list, where no row gives it.
    let code = if client.package != line.client.package {
        Code::ClientAlreadyOrdered
    } else if changes.is_empty() {
        Code::ClientSameAsBefore
    } else {
        Code::ClientChanged
    };
    let value = row.fields.get(Field::TaxId).map(|value| value.raw.clone()).unwrap_or_default();
    let values = context! {
        batch => line.batch().to_string(), row => line.row_no, order => line.order_code.to_string(),
        line => line.line_no,
    };
    let other = context.texts.say("message.place.order", values);
    let finding = Finding::new(code, place)
        .value(value)
        .detail("other", other)
        .detail(BATCH, line.batch().to_string())
        .detail(LINE, format!("{}/{}", line.order_code, line.line_no));
    if changes.is_empty() { finding } else { finding.detail("reason", changes.join("; ")) }
}

/// The given fields that say something else than before: `email: old → new`.
fn changes(
    context: &Context<'_>,
    row: &Judged,
    client: &ClientRow,
    before: &ClientRow,
) -> Vec<String> {
    let (Ok(new), Ok(old)) = (serde_json::to_value(client), serde_json::to_value(before)) else {
        return Vec::new();
    };
    let shown = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let label = |field: &str| context.texts.label(&format!("field.{field}"));
    let given = row.fields.given().map(|(field, _)| field.as_str());
    given
        .filter(|field| new[*field] != old[*field])
        .map(|field| format!("{}: {} → {}", label(field), shown(&old[field]), shown(&new[field])))
        .collect()
}
