//! What a statement, or an answer about money, would do: for `check`. Nothing is stored.

use super::{
    answers, contradicted, foreseen, known,
    statement::{Section, Statement},
    take,
};
use crate::{
    db::statements::NewLine,
    domain::{
        batch::{BatchKind, Outcome, RowState, Sha256},
        finding::{Code, Finding, Place, column_letters},
        payment::Direction,
    },
    flow::{
        Services,
        answer::bank::Issue,
        read::Document,
        report::{self, ColumnReport, FileReport, Rows, TableReport},
    },
};

/// A statement: how many of its credits are new, what they would pay for, and what keeps it from being taken.
pub async fn statement(
    services: &Services,
    file: (&str, &Sha256),
    document: &Document,
) -> anyhow::Result<FileReport> {
    let found = match tokio::task::block_in_place(|| take::own(services, document)) {
        Ok(found) => found,
        Err(finding) => return Ok(report::refused(services, file, &document.format, &finding)),
    };
    let mut said = take::wrong(services, &found);
    let mut is_known = false;
    if !take::is_held(&said) {
        let mut tx = services.db.begin().await?;
        let contradicted = contradicted::of(services, &mut tx, &found).await?;
        is_known = contradicted.is_known;
        said.extend(contradicted.said);
    }
    let is_held = take::is_held(&said);
    let mut rows = Rows::default();
    let (mut credits, mut debits) = (Vec::new(), Vec::new());
    let mut sections: Vec<(&Statement, &Section)> = Vec::new();
    for statement in &found {
        sections.extend(statement.sections.iter().map(|section| (statement, section)));
    }
    for (statement, section) in sections {
        let all = i64::try_from(section.entries.len() + section.wrong.len())?;
        rows.total += all;
        if is_known {
            rows.unchanged += all;
        } else if is_held {
            rows.held += all;
        } else {
            let new = new(services, (statement, section)).await?;
            let (came, went): (Vec<_>, Vec<_>) =
                new.into_iter().partition(|line| line.direction == Direction::Credit);
            rows.accepted += i64::try_from(came.len())?;
            rows.unchanged += all - i64::try_from(came.len())?;
            credits.extend(came);
            debits.extend(went);
        }
    }
    let credits = foreseen::credits(services, &credits).await?;
    said.extend(foreseen::questions(services, &debits).await?);
    let outcome = match rows.outcome(false) {
        _ if is_held => Outcome::Held,
        // All its lines would be there, and one of them asks something.
        _ if !said.is_empty() => Outcome::Partly,
        outcome => outcome,
    };
    Ok(FileReport {
        kind: BatchKind::Statement,
        outcome,
        tables: found.iter().map(table).collect(),
        rows,
        findings: said.iter().map(|(_, finding)| report::in_words(services, finding)).collect(),
        payments: foreseen::count(&credits),
        credits,
        is_refused: false,
        ..report::empty(file, &document.format)
    })
}

/// The lines that no statement brought before.
async fn new<'a>(
    services: &Services,
    of: (&Statement, &'a Section),
) -> anyhow::Result<Vec<NewLine<'a>>> {
    let mut tx = services.db.begin().await?;
    let sifted = known::of(services, &mut tx, of).await?;
    drop(tx);
    Ok(sifted.new)
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
