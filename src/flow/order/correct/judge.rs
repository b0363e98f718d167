//! New values of a line's client under the rules of a list's cells. What was wrong or asked about before is not said
//! again: a line is corrected by what is new in it.

use serde_json::Value;

use super::Wish;
use crate::{
    db::{
        lines::Line,
        orders::Order,
        rows::{Column, RowKind},
    },
    domain::{
        cell::Cell,
        client::ClientRow,
        field::Field,
        finding::{Code, Finding, Place, Severity},
        sheet::Layout,
    },
    flow::{
        Services,
        check::{
            self, Checked, Context, History, Past,
            history::{change_in_words, in_words},
        },
        import,
        map::{Mapped, Table, TableRow},
        options::ImportOptions,
        past,
        progress::Step,
    },
    text::Texts,
};

/// Who registered it and who works in it may have left the firm, and notes are anything: looked at where they are new.
const LEFT_OUT: [Field; 4] =
    [Field::RegisteredBy, Field::AssignedTo, Field::Note, Field::ExternalId];
/// Questions that a person may answer by wanting it so.
const ANSWERED: [Code; 2] = [Code::EmailDomainTypo, Code::EmailOfFirm];

/// One field that says something else now, as people read it.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    pub field: Field,
    pub old: String,
    pub new: String,
    /// As it was written.
    pub cell: Cell,
}

impl Change {
    pub fn in_words(&self, texts: &Texts) -> String {
        change_in_words(texts, self.field, [&self.old, &self.new])
    }
}

/// A client as it is to be, and what changes by it.
pub struct Judged {
    pub client: ClientRow,
    pub changes: Vec<Change>,
    /// What is said of the new values though they are taken.
    pub warnings: Vec<Finding>,
}

/// The findings where the new values cannot be taken.
pub async fn judge(
    services: &Services,
    (order, line): (&Order, &Line),
    wish: &Wish<'_>,
) -> anyhow::Result<Result<Judged, Vec<Finding>>> {
    let (before, after) = (mapped(line, &[])?, mapped(line, wish.changes)?);
    let tables: Vec<Table> = before.tables.iter().chain(&after.tables).cloned().collect();
    let wanted = check::wanted(&tables, &services.catalogue.columns);
    let firm = services.firm(&line.firm)?;
    let past = without(past::of(services, firm, &wanted).await?, line);
    let history = History::new(past, &wanted.pairs);
    let options = ImportOptions::default();
    let checked = |mapped: &Mapped| {
        // As on the day of the order: what is sold, and what is allowed, was right then.
        let today = services.local(order.created_at).date_naive();
        let context = import::context(services, firm, mapped, &options, false);
        check::check(mapped, &Context { today, ..context }, &history)
    };
    services.progress.tell(Step::Begin("check"));
    let (known, now) = tokio::task::block_in_place(|| (checked(&before), checked(&after)));
    services.progress.tell(Step::End);
    let refused = refused(&known, &now, wish, line);
    let Checked { verdicts, findings, .. } = now;
    let client = verdicts.into_iter().find_map(|verdict| verdict.client);
    match client {
        _ if !refused.is_empty() => Ok(Err(refused)),
        Some(client) => {
            let warns = |it: &&Finding| it.severity == Severity::Warning && !is_known(&known, it);
            let said = findings.iter().map(|(_, finding)| finding).filter(warns);
            let warnings = said.cloned().map(without_place).collect();
            Ok(Ok(Judged { warnings, ..changed(services, line, wish, &client)? }))
        }
        // It cannot be read any more, for reasons of its own.
        None => {
            let is_error = |finding: &Finding| finding.severity == Severity::Error;
            let said = findings.into_iter().map(|(_, finding)| finding).filter(is_error);
            Ok(Err(said.map(without_place).collect()))
        }
    }
}

/// The line as a list of one row, with every field in a column.
fn mapped(line: &Line, changes: &[(Field, Cell)]) -> anyhow::Result<Mapped> {
    let stored = serde_json::to_value(&line.client.0)?;
    let (mut columns, mut cells) = (Vec::new(), Vec::new());
    for (index, field) in (0u32..).zip(Field::ALL) {
        let said = changes.iter().find(|(known, _)| known == field).map(|(_, cell)| cell.clone());
        let is_open = LEFT_OUT.contains(field) || follows_phone(line, changes, *field);
        columns.push(Column::new(index, field.as_str(), Some(*field)));
        cells.push(match said {
            Some(cell) => cell,
            None if is_open => Cell::Empty,
            None => text(&stored[field.as_str()]).map_or(Cell::Empty, Cell::Text),
        });
    }
    let row = TableRow { number: u32::try_from(line.row_no)?, kind: RowKind::Data, cells };
    let table = Table {
        sheet: line.sheet,
        name: String::new(),
        header_row: 1,
        columns,
        rows: vec![row],
        layout: Layout::default(),
    };
    Ok(Mapped { tables: vec![table], ..Mapped::default() })
}

/// Where nothing else was said, the phone for calls is the one for the log-in.
fn follows_phone(line: &Line, changes: &[(Field, Cell)], field: Field) -> bool {
    let has = |wanted: Field| changes.iter().any(|(known, _)| *known == wanted);
    field == Field::ContactPhone
        && has(Field::Phone)
        && !has(Field::ContactPhone)
        && line.client.contact_phone == line.client.phone
}

fn text(stored: &Value) -> Option<String> {
    match stored {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

/// A line is no news for itself, and what the firm knows of its client is what is corrected.
fn without(mut past: Past, line: &Line) -> Past {
    let Past { lines, clients, ties, cancelled, .. } = &mut past;
    cancelled.clear();
    lines.retain(|it| (&it.order_code, it.line_no) != (&line.order_code, line.line_no));
    let own = |tax_id: &str| {
        tax_id == line.client.tax_id.as_str()
            || ties
                .iter()
                .any(|tie| tie.client == tax_id && tie.tax_id == line.client.tax_id.as_str())
    };
    clients.retain(|client| !own(&client.tax_id));
    past
}

/// What is wrong or asked about now and was not before.
fn refused(known: &Checked, now: &Checked, wish: &Wish<'_>, line: &Line) -> Vec<Finding> {
    let refuses = |finding: &Finding| match (finding.severity, finding.code) {
        // That it may be another client is no question: it is this one.
        (_, Code::ClientMaybeSame) => false,
        (_, Code::ClientSameAsBefore) | (Severity::Error, _) => true,
        (Severity::Hold, code) => !(wish.is_answered && ANSWERED.contains(&code)),
        (Severity::Warning | Severity::Info, _) => false,
    };
    let new = now.findings.iter().map(|(_, finding)| finding);
    let new = new.filter(|finding| refuses(finding) && !is_known(known, finding));
    let with_way = |finding: Finding| {
        let can_be_meant = ANSWERED.contains(&finding.code);
        let field = finding.place.field.filter(|_| can_be_meant);
        match field {
            Some(field) => finding
                .detail("of_line", line.reference().to_string())
                .detail("as_field", field.as_str()),
            None => finding,
        }
    };
    new.cloned().map(without_place).map(with_way).collect()
}

/// Whether it was said of the line as it was, too.
fn is_known(before: &Checked, finding: &Finding) -> bool {
    before.findings.iter().any(|(_, known)| {
        (known.code, known.place.field, &known.value)
            == (finding.code, finding.place.field, &finding.value)
    })
}

/// It stands in no file.
fn without_place(finding: Finding) -> Finding {
    let place = Place { field: finding.place.field, ..Place::default() };
    Finding { place, ..finding }
}

/// The client as it was, but for what was wished.
fn changed(
    services: &Services,
    line: &Line,
    wish: &Wish<'_>,
    client: &ClientRow,
) -> anyhow::Result<Judged> {
    let old = serde_json::to_value(&line.client.0)?;
    let (mut row, new) = (old.clone(), serde_json::to_value(client)?);
    let mut touched: Vec<(Field, Cell)> = wish.changes.to_vec();
    if follows_phone(line, wish.changes, Field::ContactPhone) {
        let phone = wish.changes.iter().find(|(field, _)| *field == Field::Phone);
        touched.extend(phone.map(|(_, cell)| (Field::ContactPhone, cell.clone())));
    }
    let shown = |field: Field, value: &Value| {
        let (columns, locale) = (&services.catalogue.columns, services.settings.locale);
        text(value).map_or_else(|| "–".to_owned(), |it| in_words(columns, locale, field, &it))
    };
    let mut changes: Vec<Change> = Vec::new();
    for (field, cell) in touched {
        let name = field.as_str();
        if new[name] == old[name] || changes.iter().any(|change| change.field == field) {
            continue;
        }
        row[name] = new[name].clone();
        let (old, new) = (shown(field, &old[name]), shown(field, &new[name]));
        changes.push(Change { field, old, new, cell });
    }
    Ok(Judged { client: serde_json::from_value(row)?, changes, warnings: Vec::new() })
}
