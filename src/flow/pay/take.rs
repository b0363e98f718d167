//! A statement from its sheets to its lines in the database. One whose sums do not hold waits as a whole; lines that an
//! earlier statement brought are known. What its credits pay for is decided afterwards, by `settle`.

use std::collections::{BTreeMap, HashMap};

use super::{
    contradicted, known,
    statement::{self, Entry, Figure, Off, Section, Statement, Wrong},
    untaken,
};
use crate::{
    db::{
        Tx,
        batches::{self, Batch},
        findings::{self, Numbered},
        rows::{self, Column, NewRow, RowKind},
        statements::{self, NewStatement, Under},
    },
    domain::{
        batch::{BatchKind, BatchState, RowState},
        finding::{Code, Finding, Place, Severity, column_letters},
        money::Money,
        payment::Direction,
    },
    flow::{
        Services,
        read::{Cell, Document, Row, Sheet},
        staged,
    },
};

/// The statements of a document that are of the payee's account; each with the sections that are.
pub fn own(services: &Services, document: &Document) -> Result<Vec<Statement>, Box<Finding>> {
    let mut found = statement::read(document, &services.catalogue.banks);
    if found.is_empty() {
        return Err(Box::new(Finding::new(Code::StatementUnknownLayout, Place::default())));
    }
    let account = services.settings.payee.account.as_str();
    let mut others = Vec::new();
    for statement in &mut found {
        statement.sections.retain(|section| {
            let of = section.account.as_deref();
            let is_own = of.is_none_or(|of| statement::is_same_account(of, account));
            others.extend(of.filter(|_| !is_own).map(str::to_owned));
            is_own
        });
    }
    found.retain(|statement| !statement.sections.is_empty());
    if found.is_empty() {
        let finding = Finding::new(Code::StatementOtherAccount, Place::default());
        return Err(Box::new(finding.value(others.join(", ")).detail("account", account)));
    }
    Ok(found)
}

/// What is wrong with statements, and keeps them from being taken.
pub fn wrong(services: &Services, found: &[Statement]) -> Vec<Numbered> {
    let mut said = Vec::new();
    for statement in found {
        let at = |row: Option<u32>, column: Option<u32>| Place {
            sheet: Some(statement.sheet_name.clone()),
            row,
            column: column.map(column_letters),
            field: None,
        };
        let is_unnamed = |it: &Section| statement.states_account && it.account.is_none();
        if statement.sections.iter().any(is_unnamed) {
            said.push(unnamed(services, at(None, None)));
        }
        for section in &statement.sections {
            said.extend(section.wrong.iter().map(|wrong| match wrong {
                Wrong::Date { row, column, found } => {
                    Finding::new(Code::StatementDate, at(Some(*row), Some(*column))).value(found)
                }
                Wrong::Amount { row, column, found } => {
                    Finding::new(Code::StatementBalance, at(Some(*row), Some(*column))).value(found)
                }
                Wrong::Both { row, column, found } => {
                    let finding =
                        Finding::new(Code::StatementBalance, at(Some(*row), Some(*column)));
                    finding.value(found).detail("case", "both")
                }
            }));
            said.extend(section.off.iter().map(|off| contradicted(off, at)));
            let today = services.today();
            let is_out = |entry: &&Entry| {
                entry.booked_on > today
                    || section.from.is_some_and(|from| entry.booked_on < from)
                    || section.to.is_some_and(|to| entry.booked_on > to)
            };
            said.extend(section.entries.iter().find(is_out).map(|entry| {
                let day = entry.booked_on.format("%d/%m/%Y").to_string();
                let case = if entry.booked_on > today { "future" } else { "period" };
                let place = at(Some(entry.row), Some(statement.date_column));
                let finding = Finding::new(Code::StatementDate, place);
                finding.value(day).detail("case", case)
            }));
            said.extend(section.difference().filter(|off| *off != 0).map(|off| {
                let money = |dong: i64| Money::dong(dong).to_string();
                Finding::new(Code::StatementBalance, at(None, None))
                    .detail("off", money(off))
                    .detail("opening", money(section.opening.unwrap_or_default()))
                    .detail("credits", money(section.sum(Direction::Credit)))
                    .detail("debits", money(section.sum(Direction::Debit)))
                    .detail("sum", money(section.closing.unwrap_or_default() + off))
                    .detail("closing", money(section.closing.unwrap_or_default()))
            }));
        }
    }
    said.into_iter().map(|finding| (None, finding)).collect()
}

/// Whether any of it keeps a statement from being taken.
pub fn is_held(said: &[Numbered]) -> bool {
    said.iter().any(|(_, finding)| finding.severity == Severity::Hold)
}

/// Of whose account nobody knows, though its layout always says so.
fn unnamed(services: &Services, place: Place) -> Finding {
    let account = services.settings.payee.account.as_str();
    let finding = Finding::new(Code::StatementOtherAccount, place).severity(Severity::Hold);
    finding.detail("case", "unnamed").detail("account", account)
}

/// A figure that the lines contradict.
fn contradicted(off: &Off, at: impl Fn(Option<u32>, Option<u32>) -> Place) -> Finding {
    let in_words = |figure: i64| match off.figure {
        Figure::Lines => figure.to_string(),
        _ => Money::dong(figure).to_string(),
    };
    let case = match off.figure {
        Figure::Credits => "credits",
        Figure::Debits => "debits",
        Figure::Balance => "balance",
        Figure::Lines => "lines",
    };
    Finding::new(Code::StatementBalance, at(Some(off.row), Some(off.column)))
        .value(in_words(off.said))
        .detail("case", case)
        .detail("sum", in_words(off.sum))
}

/// received → staged, or held: all its lines are in the database, or none is.
pub async fn stage(
    services: &Services,
    batch: &Batch,
    document: &Document,
    found: &[Statement],
) -> anyhow::Result<()> {
    let mut said = wrong(services, found);
    let told = staged::told(BatchKind::Statement, &document.format);
    let mut tx = services.db.begin().await?;
    if !batches::stage(&mut tx, batch.id(), &told).await? {
        return Ok(());
    }
    statements::hold(&mut tx).await?;
    let mut is_known = false;
    if !is_held(&said) {
        let contradicted = contradicted::of(services, &mut tx, found).await?;
        is_known = contradicted.is_known;
        said.extend(contradicted.said);
    }
    let is_held = is_held(&said);
    for statement in found {
        let mut states = BTreeMap::new();
        for section in &statement.sections {
            let new = if is_held {
                HashMap::new()
            } else {
                take(services, &mut tx, batch, (statement, section)).await?
            };
            for entry in &section.entries {
                let is_new = new.get(&entry.row).copied().unwrap_or_default();
                let state = if is_held && !is_known {
                    RowState::Held
                } else if is_new {
                    RowState::Accepted
                } else {
                    RowState::Unchanged
                };
                states.insert(entry.row, state);
            }
            states.extend(section.wrong.iter().map(|wrong| (wrong.row(), RowState::Held)));
        }
        let sheet = usize::try_from(statement.sheet - 1)?;
        keep_rows(&mut tx, batch, (statement, &document.sheets[sheet]), &states).await?;
    }
    findings::insert(&mut tx, batch.id(), &said).await?;
    if is_held {
        untaken::keep(services, &mut tx, batch, (found, is_known)).await?;
        let version = services.catalogue.version();
        batches::judge(&mut tx, batch.id(), BatchState::Held, &version, services.now()).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// staged → done: what the credits pay for is decided.
pub async fn judge(services: &Services, batch: &Batch) -> anyhow::Result<()> {
    super::back::close_by_debits(services).await?;
    super::settle::all(services, None).await?;
    let asked = super::went::questions(services, batch.id()).await?;
    let mut tx = services.db.begin().await?;
    findings::insert(&mut tx, batch.id(), &asked).await?;
    let version = services.catalogue.version();
    batches::judge(&mut tx, batch.id(), BatchState::Done, &version, services.now()).await?;
    tx.commit().await?;
    Ok(())
}

/// Brings the lines of one account, and says which rows are credits that no other statement brought.
async fn take(
    services: &Services,
    tx: &mut Tx,
    batch: &Batch,
    (statement, section): (&Statement, &Section),
) -> anyhow::Result<HashMap<u32, bool>> {
    let account = services.settings.payee.account.as_str();
    // Before the statement itself is there to compare with.
    let known::Sifted { new: lines, told } = known::of(services, tx, (statement, section)).await?;
    let new = NewStatement {
        batch: batch.id(),
        sheet: statement.sheet,
        account,
        bank: statement.bin.as_deref(),
        period: (section.from, section.to),
        days: section.days(),
        opening: section.opening,
        closing: section.closing,
        credits: section.sum(Direction::Credit),
        debits: section.sum(Direction::Debit),
    };
    let id = statements::insert(tx, new, services.now()).await?;
    let under = Under { statement: id, batch: batch.id(), sheet: statement.sheet, account };
    for (id, line) in &told {
        statements::adopt(tx, *id, line).await?;
    }
    let mut new = HashMap::new();
    for (row, direction) in statements::insert_lines(tx, under, &lines).await? {
        let is_credit = direction == Direction::Credit.as_str();
        *new.entry(u32::try_from(row)?).or_insert(false) |= is_credit;
    }
    Ok(new)
}

/// The rows of a statement as they came, each in its end state.
async fn keep_rows(
    tx: &mut Tx,
    batch: &Batch,
    (statement, sheet): (&Statement, &Sheet),
    states: &BTreeMap<u32, RowState>,
) -> anyhow::Result<()> {
    let columns = statement.columns.iter().map(|(at, header)| Column::new(*at, header, None));
    let name = (statement.sheet, statement.sheet_name.as_str());
    let told =
        rows::Sheet::new(name, statement.header_row, columns.collect(), sheet.layout.clone());
    rows::insert_sheet(tx, batch.id(), &told).await?;
    let row = |row: &Row| {
        let state = states.get(&row.number).copied()?;
        let cells: Vec<Cell> = row.cells.clone();
        Some((row.number, cells, state))
    };
    let kept: Vec<(u32, Vec<Cell>, RowState)> = sheet.rows.iter().filter_map(row).collect();
    let new: Vec<NewRow<'_>> = kept
        .iter()
        .map(|(number, cells, state)| NewRow {
            sheet: statement.sheet,
            row_no: *number,
            kind: RowKind::Data,
            cells,
            state: Some(*state),
        })
        .collect();
    rows::insert(tx, batch.id(), &new).await?;
    Ok(())
}
