//! The tables that stand in the database much as they are exported.
//! What is to be invoiced is put together elsewhere.

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;

use super::{Column, Datum, Kind, Table, What};
use crate::{
    db::{
        batches::{self, Batch, Filter},
        findings,
        licences::{self, Licence},
        lines, orders, requests,
    },
    domain::{batch::BatchId, field::Field, finding::Finding, order::LineState},
    flow::{Services, answer::view::ControlTotals, sweep},
    text::findings::{fix, message},
};

pub(super) fn text(text: &(impl ToString + ?Sized)) -> Datum {
    Datum::Text(text.to_string())
}

pub(super) fn perhaps(value: Option<impl ToString>) -> Datum {
    value.map_or(Datum::Nothing, |value| text(&value))
}

fn of(firm: Option<&str>) -> Filter {
    Filter { firm: firm.map(str::to_owned), ..Filter::default() }
}

pub(super) async fn orders(services: &Services, firm: Option<&str>) -> anyhow::Result<Table> {
    let columns = vec![
        ("code", Kind::Text),
        ("batch", Kind::Text),
        ("firm", Kind::Text),
        ("kind", Kind::Text),
        ("package", Kind::Text),
        ("customer_type", Kind::Text),
        ("fiscal_year", Kind::Whole),
        ("recipient", Kind::Text),
        ("invoice_to", Kind::Text),
        ("state", Kind::Text),
        ("revision", Kind::Whole),
        ("amount", Kind::Money),
        ("registered_by", Kind::Text),
        ("confirmed_by", Kind::Text),
        ("placed_at", Kind::Moment),
    ];
    let moment = |at| Datum::Moment(services.local(at));
    let row = |order: &orders::Order| {
        vec![
            text(&order.code),
            text(&order.batch()),
            text(&order.firm),
            text(&order.kind),
            text(&order.package),
            text(&order.customer_type),
            Datum::Whole(order.fiscal_year()),
            text(&order.recipient),
            text(&order.invoice_to),
            text(&order.state),
            Datum::Whole(order.revision),
            Datum::Money(order.amount().as_dong()),
            perhaps(order.registered_by.as_ref()),
            perhaps(order.confirmed_by.as_ref()),
            order.placed_at.map_or(Datum::Nothing, moment),
        ]
    };
    let found = orders::list(&services.db, &of(firm)).await?;
    Ok(Table::new(What::Orders, columns, found.iter().map(row).collect()))
}

pub(super) fn columns_of_lines() -> Vec<Column> {
    let mut columns = vec![
        ("order", Kind::Text),
        ("line", Kind::Whole),
        ("batch", Kind::Text),
        ("row", Kind::Whole),
        ("firm", Kind::Text),
        ("state", Kind::Text),
        ("amount", Kind::Money),
    ];
    columns.extend(Field::ALL.iter().map(|field| column(*field)));
    columns.extend([
        ("payment_code", Kind::Text),
        ("licence_id", Kind::Text),
        ("activated_at", Kind::Moment),
        ("grace_until", Kind::Moment),
        ("cutoff_at", Kind::Moment),
    ]);
    columns
}

/// A line with its client, what is to be paid for it and what the platform made of it.
pub(super) async fn lines(services: &Services, firm: Option<&str>) -> anyhow::Result<Table> {
    let codes = requests::codes(&services.db, firm).await?;
    let codes: HashMap<i64, String> = codes.into_iter().collect();
    let licences = licences::list(&services.db, &of(firm)).await?;
    let licences: HashMap<i64, Licence> =
        licences.into_iter().map(|licence| (licence.line_id, licence)).collect();
    let row = |line: &lines::Line| {
        let mut row = vec![
            text(&line.order_code),
            Datum::Whole(line.line_no),
            text(&line.batch()),
            Datum::Whole(line.row_no),
            text(&line.firm),
            text(&line.state),
            Datum::Money(line.amount().as_dong()),
        ];
        let client = serde_json::to_value(&line.client.0)?;
        row.extend(Field::ALL.iter().map(|field| cell(*field, &client)));
        row.push(perhaps(codes.get(&line.id)));
        row.extend(licence_cells(services, licences.get(&line.id)));
        Ok(row)
    };
    let found = lines::list(&services.db, firm).await?;
    let rows: anyhow::Result<_> = found.iter().map(row).collect();
    Ok(Table { totals: totals(&found), ..Table::new(What::Lines, columns_of_lines(), rows?) })
}

/// Without the cancelled lines.
fn totals(lines: &[lines::Line]) -> BTreeMap<BatchId, ControlTotals> {
    let mut totals: BTreeMap<BatchId, ControlTotals> = BTreeMap::new();
    for line in lines.iter().filter(|line| line.state != LineState::Cancelled) {
        let of_batch = totals.entry(line.batch()).or_default();
        of_batch.rows += 1;
        of_batch.amount = [of_batch.amount, line.amount()].into_iter().sum();
        of_batch.tax_id_sum += line.client.tax_id.last_four();
    }
    totals
}

pub(super) fn column(field: Field) -> Column {
    let kind = match field {
        Field::FiscalYear => Kind::Whole,
        Field::FiscalYearStart | Field::BooksStart => Kind::Day,
        _ => Kind::Text,
    };
    (field.as_str(), kind)
}

/// A field as it is stored.
pub(super) fn cell(field: Field, client: &Value) -> Datum {
    match &client[field.as_str()] {
        Value::Null => Datum::Nothing,
        Value::Number(number) => number.as_i64().map_or_else(|| text(number), Datum::Whole),
        Value::String(said) if column(field).1 == Kind::Day => {
            said.parse().map_or_else(|_| text(said), Datum::Day)
        }
        Value::String(said) => text(said),
        other => text(other),
    }
}

fn licence_cells(services: &Services, licence: Option<&Licence>) -> [Datum; 4] {
    let moment = |at| Datum::Moment(services.local(at));
    [
        perhaps(licence.map(|licence| &licence.licence_id)),
        licence.map_or(Datum::Nothing, |licence| moment(licence.activated_at)),
        licence.and_then(|licence| licence.grace_until).map_or(Datum::Nothing, moment),
        licence.and_then(|it| sweep::cutoff_of(services, it)).map_or(Datum::Nothing, moment),
    ]
}

pub(super) async fn licences(services: &Services, firm: Option<&str>) -> anyhow::Result<Table> {
    let columns = vec![
        ("licence_id", Kind::Text),
        ("order", Kind::Text),
        ("line", Kind::Whole),
        ("firm", Kind::Text),
        ("tax_id", Kind::Text),
        ("package", Kind::Text),
        ("fiscal_year", Kind::Whole),
        ("state", Kind::Text),
        ("activated_at", Kind::Moment),
        ("grace_until", Kind::Moment),
        ("cutoff_at", Kind::Moment),
        ("paid_on", Kind::Day),
        ("suspended_at", Kind::Moment),
    ];
    let moment = |at| Datum::Moment(services.local(at));
    let row = |licence: &Licence| {
        vec![
            text(&licence.licence_id),
            text(&licence.order_code),
            Datum::Whole(licence.line_no),
            text(&licence.firm),
            text(&licence.tax_id),
            text(&licence.package),
            Datum::Whole(licence.fiscal_year),
            text(&licence.state),
            moment(licence.activated_at),
            licence.grace_until.map_or(Datum::Nothing, moment),
            sweep::cutoff_of(services, licence).map_or(Datum::Nothing, moment),
            licence.paid_on.map_or(Datum::Nothing, Datum::Day),
            licence.suspended_at.map_or(Datum::Nothing, moment),
        ]
    };
    let found = licences::list(&services.db, &of(firm)).await?;
    Ok(Table::new(What::Licences, columns, found.iter().map(row).collect()))
}

/// Of every batch, the newest first.
pub(super) async fn findings(services: &Services, firm: Option<&str>) -> anyhow::Result<Table> {
    let columns = vec![
        ("batch", Kind::Text),
        ("file", Kind::Text),
        ("firm", Kind::Text),
        ("sheet", Kind::Text),
        ("row", Kind::Whole),
        ("column", Kind::Text),
        ("field", Kind::Text),
        ("code", Kind::Text),
        ("severity", Kind::Text),
        ("value", Kind::Text),
        ("suggestion", Kind::Text),
        ("message", Kind::Text),
        ("fix", Kind::Text),
    ];
    let batches: HashMap<BatchId, Batch> = batches::list(&services.db, &of(firm))
        .await?
        .into_iter()
        .map(|batch| (batch.id(), batch))
        .collect();
    let mut found = findings::list(&services.db, firm).await?;
    found.sort_by_key(|(batch, _)| std::cmp::Reverse(*batch));
    let row = |(id, finding): &(BatchId, Finding)| {
        let (batch, place) = (batches.get(id), &finding.place);
        vec![
            text(id),
            perhaps(batch.map(|batch| &batch.file_name)),
            perhaps(batch.and_then(|batch| batch.firm.as_ref())),
            perhaps(place.sheet.as_ref()),
            place.row.map_or(Datum::Nothing, |row| Datum::Whole(row.into())),
            perhaps(place.column.as_ref()),
            perhaps(place.field),
            text(&finding.name()),
            text(&finding.severity),
            perhaps(finding.value.as_ref()),
            perhaps(finding.suggestion.as_ref()),
            text(&message(services.texts, finding)),
            text(&fix(services.texts, finding)),
        ]
    };
    Ok(Table::new(What::Findings, columns, found.iter().map(row).collect()))
}
