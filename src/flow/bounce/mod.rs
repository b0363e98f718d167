//! Delivery reports: a mail that its server had taken, and that did not arrive. From a file of `inbox/_bounce/` to the
//! mail that it is about, in one transaction. How reports are written is known by `report`, what one means by `meaning`;
//! what follows for the mail and its address is done by `send::decide`.

mod mime;

pub mod report;

pub mod meaning;

use std::path::Path;

use self::{
    meaning::{Case, Meaning},
    report::{Letter, Report, Said},
};
use super::{
    Services,
    answer::outbox,
    files::hash,
    import,
    inbox::{self, BOUNCE, StillWritten},
    read::{self, Cell, Format, Unread},
    report::{self as files, FileReport, Rows},
    send::decide::{self, Bell},
    staged,
};
use crate::{
    db::{
        Tx,
        batches::{self, Batch},
        findings::{self, Numbered},
        posting,
        rows::{self, Column, NewRow, RowKind},
    },
    domain::{
        batch::{BatchKind, BatchState, RowState},
        finding::{Code, Finding, Place, Severity},
        sheet::Layout,
    },
};

/// A report tells all at its beginning; behind it stands the mail that it returns, with what was attached.
const MOST: u64 = 1 << 20;
/// The one list of a report, and what of it is kept, named as it names them.
const SHEET: i64 = 1;
const KEPT: [&str; 5] =
    ["Final-Recipient", "Action", "Status", "Diagnostic-Code", "Original-Message-ID"];

/// What is said of each recipient, and of the file.
struct Judged {
    states: Vec<RowState>,
    said: Vec<Finding>,
}

/// received → done, or rejected where it is about none of our mails. The reason, where the file is nothing that belongs
/// here.
pub async fn take(
    services: &Services,
    batch: &Batch,
    path: &Path,
) -> anyhow::Result<Option<Finding>> {
    let read = tokio::task::block_in_place(|| read(services, path))?;
    // Who had it open when it was claimed may write on.
    if tokio::task::block_in_place(|| hash(path))? != batch.sha256 {
        return Err(StillWritten(batch.file_name.clone()).into());
    }
    services.crash_point("read");
    let letter = match read {
        Ok(letter) => letter,
        Err(finding) => return Ok(Some(finding)),
    };
    let mut tx = services.db.begin().await?;
    if !batches::stage(&mut tx, batch.id(), &staged::told(BatchKind::Bounce, &format())).await? {
        return Ok(None);
    }
    let Judged { states, said } = judge(services, &mut tx, &letter, Some(batch)).await?;
    if let Letter::Report(report) = &letter {
        keep(&mut tx, batch, report, &states).await?;
    }
    let numbered = |said: Finding| (said.place.row.map(|_| SHEET), said);
    let said: Vec<Numbered> = said.into_iter().map(numbered).collect();
    findings::insert(&mut tx, batch.id(), &said).await?;
    let is_error = |(_, said): &Numbered| said.severity == Severity::Error;
    let nothing = said.iter().all(is_error);
    let state = if nothing { BatchState::Rejected } else { BatchState::Done };
    let version = services.catalogue.version();
    batches::judge(&mut tx, batch.id(), state, &version, services.now()).await?;
    tx.commit().await?;
    Ok(None)
}

/// Whether a file is looked at as a delivery report by `check`: by its folder, or because it is a mail.
pub fn is_meant(services: &Services, path: &Path) -> bool {
    let of_folder = inbox::owner(services, path).is_some_and(|owner| owner.firm == BOUNCE);
    let is_mail = || matches!(read::mail(path, &import::limits(services), 0), Ok(Some(_)));
    of_folder || is_mail()
}

/// What a report would do: for `check`. Nothing is stored.
pub async fn check(services: &Services, path: &Path) -> anyhow::Result<FileReport> {
    let sha256 = tokio::task::block_in_place(|| hash(path))?;
    let file_name = inbox::name_of(path);
    let file = (file_name.as_str(), &sha256);
    let letter = match tokio::task::block_in_place(|| read(services, path))? {
        Ok(letter) => letter,
        Err(finding) => return Ok(files::refused(services, file, &format(), &finding)),
    };
    let mut tx = services.db.snapshot().await?;
    let Judged { states, said } = judge(services, &mut tx, &letter, None).await?;
    let mut rows = Rows::default();
    for state in &states {
        rows.add(*state, 1);
    }
    let is_refused = matches!(letter, Letter::Other);
    Ok(FileReport {
        kind: BatchKind::Bounce,
        outcome: rows.outcome(is_refused),
        rows,
        findings: said.iter().map(|finding| files::in_words(services, finding)).collect(),
        is_refused,
        ..files::empty(file, &format())
    })
}

fn format() -> Format {
    Format { container: "eml".to_owned(), encoding: None, delimiter: None }
}

fn read(services: &Services, path: &Path) -> anyhow::Result<Result<Letter, Finding>> {
    match read::mail(path, &import::limits(services), MOST) {
        Ok(Some(bytes)) => Ok(Ok(report::read(&mime::plain(&bytes)))),
        // Saved as a mail, without the fields that a report always has.
        Ok(None) if path.extension().is_some_and(|end| end.eq_ignore_ascii_case("eml")) => {
            Ok(Ok(Letter::Other))
        }
        Ok(None) => {
            let finding = Finding::new(Code::FileWrongFolder, Place::default());
            Ok(Err(finding.detail("only_reports", BOUNCE)))
        }
        Err(Unread::Refused(refusal)) => Ok(Err(import::said_of(&refusal))),
        Err(Unread::Failed(error)) => Err(error),
    }
}

/// What a letter means, and with a batch it is carried out. Of several recipients of one mail the first decides.
async fn judge(
    services: &Services,
    tx: &mut Tx,
    letter: &Letter,
    batch: Option<&Batch>,
) -> anyhow::Result<Judged> {
    let of_file = |code| {
        let said = vec![Finding::new(code, Place::default())];
        Judged { states: Vec::new(), said }
    };
    let report = match letter {
        Letter::Report(report) => report,
        Letter::Automatic => return Ok(of_file(Code::BounceAutomatic)),
        Letter::Other => return Ok(of_file(Code::BounceNotAReport)),
    };
    let (mut states, mut told) = (Vec::new(), Vec::new());
    for (row, said) in (1..).zip(&report.said) {
        let meaning = Meaning::of(services, tx, report, said).await?;
        if let Some(batch) = batch {
            carry_out(services, tx, batch, &meaning).await?;
        }
        states.push(match meaning.case {
            Case::Unknown => RowState::Rejected,
            Case::Before | Case::Delivered => RowState::Unchanged,
            Case::Later
            | Case::Address
            | Case::Full
            | Case::Elsewhere
            | Case::Sender
            | Case::Other => RowState::Accepted,
        });
        told.push(meaning.finding(services, said, row));
    }
    Ok(Judged { states, said: told })
}

async fn carry_out(
    services: &Services,
    tx: &mut Tx,
    batch: &Batch,
    meaning: &Meaning,
) -> anyhow::Result<()> {
    let Some(mail) = &meaning.mail else { return Ok(()) };
    match meaning.case {
        Case::Later => posting::delay(tx, mail.id, batch.id(), &meaning.why).await?,
        case if case.is_lost() => {
            let bell = match case {
                Case::Sender => Bell::Operator(meaning.of_sender(services)),
                _ => Bell::Firm(meaning.bell(services, mail)),
            };
            let bounced = decide::Bounced {
                report: batch.id(),
                why: &meaning.stored(),
                bell: &bell,
                suppress: case == Case::Address,
            };
            decide::bounced(services, tx, mail, bounced).await?;
        }
        _ => {}
    }
    Ok(())
}

/// One row for each recipient.
async fn keep(
    tx: &mut Tx,
    batch: &Batch,
    report: &Report,
    states: &[RowState],
) -> anyhow::Result<()> {
    let columns = (0..).zip(KEPT).map(|(at, name)| Column::new(at, name, None)).collect();
    let name = (SHEET, outbox::stem(&batch.file_name));
    rows::insert_sheet(tx, batch.id(), &rows::Sheet::new(name, 1, columns, Layout::default()))
        .await?;
    let cells: Vec<Vec<Cell>> = report.said.iter().map(|said| cells(report, said)).collect();
    let new: Vec<NewRow<'_>> = (1..)
        .zip(cells.iter().zip(states))
        .map(|(row_no, (cells, state))| NewRow {
            sheet: SHEET,
            row_no,
            kind: RowKind::Data,
            cells,
            state: Some(*state),
        })
        .collect();
    rows::insert(tx, batch.id(), &new).await?;
    Ok(())
}

fn cells(report: &Report, said: &Said) -> Vec<Cell> {
    let kept = [
        said.recipients.last().cloned(),
        Some(said.end.to_string()),
        said.status.clone(),
        said.why.as_deref().map(meaning::shown),
        report.message_ids.first().cloned(),
    ];
    kept.into_iter().map(|text| text.map_or(Cell::Empty, Cell::Text)).collect()
}
