//! What a statement, or an answer about money, would do: for `check`. Nothing is stored.

use super::{
    answers, known,
    statement::{Section, Statement},
    take,
};
use crate::{
    db::statements,
    domain::{
        batch::{BatchKind, Outcome, RowState, Sha256},
        finding::{Code, Finding, Place, Severity, column_letters},
        payment::Direction,
    },
    flow::{
        Services,
        answer::bank::Issue,
        read::Document,
        report::{self, ColumnReport, FileReport, Rows, TableReport},
    },
};

/// A statement: how many of its credits are new, and what keeps it from being taken.
pub async fn statement(
    services: &Services,
    file: (&str, &Sha256),
    document: &Document,
) -> anyhow::Result<FileReport> {
    let found = match tokio::task::block_in_place(|| take::own(services, document)) {
        Ok(found) => found,
        Err(finding) => return Ok(report::refused(services, file, &document.format, &finding)),
    };
    let said: Vec<Finding> = take::wrong(services, &found).into_iter().map(|(_, it)| it).collect();
    let is_held = said.iter().any(|finding| finding.severity == Severity::Hold);
    let mut rows = Rows::default();
    for section in found.iter().flat_map(|statement| &statement.sections) {
        let all = i64::try_from(section.entries.len() + section.wrong.len())?;
        rows.total += all;
        if is_held {
            rows.held += all;
        } else {
            let new = new(services, section).await?;
            rows.accepted += new;
            rows.unchanged += all - new;
        }
    }
    Ok(FileReport {
        kind: BatchKind::Statement,
        outcome: if is_held { Outcome::Held } else { rows.outcome(false) },
        tables: found.iter().map(table).collect(),
        rows,
        findings: said.iter().map(|finding| report::in_words(services, finding)).collect(),
        is_refused: false,
        ..report::empty(file, &document.format)
    })
}

/// How many credits no statement brought before.
async fn new(services: &Services, section: &Section) -> anyhow::Result<i64> {
    let Some(days) = section.days() else { return Ok(0) };
    let account = services.settings.payee.account.as_str();
    let mut tx = services.db.begin().await?;
    let stored = statements::lines(&mut tx, account, days).await?;
    drop(tx);
    let sifted = known::sift(&stored, known::lines(section));
    let credits = sifted.new.iter().filter(|line| line.direction == Direction::Credit);
    Ok(i64::try_from(credits.count())?)
}

fn table(statement: &Statement) -> TableReport {
    let rows: usize = statement.sections.iter().map(|section| section.entries.len()).sum();
    let column = |(at, header): &(u32, String)| ColumnReport {
        column: column_letters(*at),
        header: header.clone(),
        field: None,
    };
    TableReport {
        sheet: statement.sheet_name.clone(),
        header_row: statement.header_row.into(),
        rows: i64::try_from(rows).unwrap_or(i64::MAX),
        columns: statement.columns.iter().map(column).collect(),
    }
}

/// A workbook about money that came back.
pub async fn answer(
    services: &Services,
    file: (&str, &Sha256),
    document: &Document,
    issue: &Issue,
) -> anyhow::Result<FileReport> {
    let Some(done) = answers::would_do(services, document, issue).await? else {
        let finding = Finding::new(Code::FileAnswerLostIdentity, Place::default());
        return Ok(report::refused(services, file, &document.format, &finding));
    };
    let rows = Rows {
        total: done.total(),
        accepted: done.count(RowState::Accepted),
        rejected: done.count(RowState::Rejected),
        unchanged: done.count(RowState::Unchanged),
        ..Rows::default()
    };
    let outcome = if rows.total == 0 { Outcome::Accepted } else { rows.outcome(false) };
    Ok(FileReport {
        kind: BatchKind::Answer,
        outcome,
        rows,
        findings: done.said().iter().map(|it| report::in_words(services, it)).collect(),
        is_refused: false,
        ..report::empty(file, &document.format)
    })
}
