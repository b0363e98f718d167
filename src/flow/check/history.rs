//! Rows against what was ordered before: the same client, package family and year twice.

use std::collections::HashMap;

use minijinja::context;
use serde_json::Value;

use super::{Context, row::Judged};
use crate::{
    db::lines::Known,
    domain::{
        client::ClientRow,
        field::Field,
        finding::{Code, Finding},
        fiscal_year::FiscalYear,
        order::LineState,
        tax_id::TaxId,
    },
};

/// The lines that clients of a list have already, by tax id.
#[derive(Clone, Debug, Default)]
pub struct History {
    lines: HashMap<TaxId, Vec<Known>>,
}

impl History {
    pub fn new(known: Vec<Known>) -> History {
        let mut lines: HashMap<TaxId, Vec<Known>> = HashMap::new();
        for line in known {
            lines.entry(line.client.tax_id.clone()).or_default().push(line);
        }
        History { lines }
    }

    /// The firm's newest word on a client, by any of its tax ids.
    pub(super) fn record(&self, firm: &str, tax_ids: &[TaxId]) -> Option<&ClientRow> {
        let known = self.of(tax_ids).filter(|line| line.firm == firm);
        known.max_by_key(|line| line.fiscal_year).map(|line| &line.client.0)
    }

    /// Whether a client has, or had, a licence of a family for a year.
    pub fn has_licence(&self, tax_ids: &[TaxId], family: &str, year: FiscalYear) -> bool {
        self.bought(tax_ids, family, year).any(|line| {
            matches!(line.state, LineState::Grace | LineState::Active | LineState::Suspended)
        })
    }

    /// Says of each row that the firm has ordered already what came of it.
    pub(super) fn compare(&self, rows: &mut [Judged], context: &Context<'_>) {
        for row in rows {
            let Some(client) = &row.client else { continue };
            let Some(package) = context.catalogue.packages.get(&client.package) else { continue };
            let firm = context.firm.code.as_str();
            let tax_ids = [&Some(client.tax_id.clone()), &client.old_tax_id];
            let tax_ids: Vec<TaxId> = tax_ids.into_iter().flatten().cloned().collect();
            let mut known = self.bought(&tax_ids, &package.family, client.fiscal_year);
            if let Some(line) = known.find(|line| line.firm == firm) {
                let finding = said(context, row, client, line);
                row.findings.push(finding);
            }
        }
    }

    fn bought(
        &self,
        tax_ids: &[TaxId],
        family: &str,
        year: FiscalYear,
    ) -> impl Iterator<Item = &Known> {
        let year = i64::from(year.year());
        self.of(tax_ids).filter(move |line| line.family == family && line.fiscal_year == year)
    }

    fn of(&self, tax_ids: &[TaxId]) -> impl Iterator<Item = &Known> {
        tax_ids.iter().filter_map(|tax_id| self.lines.get(tax_id)).flatten()
    }
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
    let finding = Finding::new(code, place).value(value).detail("other", other);
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
