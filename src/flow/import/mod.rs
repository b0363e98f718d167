//! One file from the inbox to its answer. Each step stores what it did and that it did it; stopped anywhere,
//! the same file goes on where it was.

mod accepted;

mod answers;

mod cancels;

mod corrections;

mod cut_offs;

mod dry;

mod fixes;

mod foreseen;

pub mod decisions;

mod headers;

mod misplaced;

mod not_signed;

mod reading;

mod renumbered;

mod taking;

mod ticks;

mod tries;

pub use dry::{Whose, check_file};
pub use reading::{limits, read};
pub use taking::{Arrival, file, is_begun, keep, unfinished};
pub use ticks::in_words as answers_in_words;

use anyhow::Context as _;

use super::{
    Services,
    answer::{identity, outbox, receipt},
    bounce,
    check::{self, Checked, Context, History, refuses},
    files::hash,
    inbox::{self, StillWritten},
    map::{self, Mapped},
    options::{HiddenRows, ImportOptions},
    order::collect::{self, Stored},
    past, pay,
    progress::Step,
    read::{self, Document, Refusal, Sheet},
    report::{self, FileReport},
    staged,
};
use crate::{
    catalogue::Columns,
    db::{
        self, Tx,
        batches::{self, Batch, Staged as Told},
        findings,
    },
    domain::{
        batch::{BatchId, BatchKind, BatchState},
        finding::{Code, Finding, Place},
        firm::Firm,
    },
};

/// How often a list is checked again because another one ordered the same clients meanwhile.
const OVERTAKEN_AT_MOST: usize = 5;

/// What all files of a run share.
#[derive(Clone, Copy, Debug)]
pub struct How<'a> {
    pub options: &'a ImportOptions,
    pub run_id: Option<i64>,
    pub told: report::Told,
}

/// Takes a batch from where it is to its answer.
async fn go_on(services: &Services, id: BatchId, how: How<'_>) -> anyhow::Result<FileReport> {
    let batch = by_id(services, id).await?;
    let mut list = None;
    if batch.state == BatchState::Received {
        list = stage(services, &batch, how).await?;
        services.crash_point("staged");
    }
    let batch = by_id(services, id).await?;
    if batch.state == BatchState::Staged && batch.kind == BatchKind::Statement {
        pay::take::judge(services, &batch).await?;
        services.crash_point("checked");
    } else if batch.state == BatchState::Staged {
        judge(services, &batch, list.take(), how.options).await?;
        services.crash_point("checked");
    }
    outbox::write_workbook(services, id).await?;
    services.crash_point("answered");
    let batch = by_id(services, id).await?;
    if !batch.archived {
        ticks::by_itself(services, &batch, how.options).await?;
        receipt::write(services, &batch).await?;
        // Last, since nobody goes on with an archived file.
        inbox::archive(services, &batch).await?;
        services.crash_point("archived");
    }
    report::of_batch(services, id, how.told).await
}

async fn by_id(services: &Services, id: BatchId) -> anyhow::Result<Batch> {
    batches::by_id(&services.db, id).await?.with_context(|| format!("The batch {id} is not there"))
}

/// received → staged: what kind of file it is, and all its rows. Says which of them a list has.
async fn stage(services: &Services, batch: &Batch, how: How<'_>) -> anyhow::Result<Option<Mapped>> {
    if batch.firm.is_none() {
        // Naming the right folder would name other firms.
        let finding = Finding::new(Code::FileWrongFolder, Place::default());
        refuse(services, batch, None, finding).await?;
        return Ok(None);
    }
    if let Some(stray) = staged::stray(batch)? {
        refuse(services, batch, None, misplaced::nobodys(services, batch, &stray)?).await?;
        return Ok(None);
    }
    let path = inbox::work_path(services, batch.id(), &batch.file_name);
    if batch.firm.as_deref() == Some(inbox::BOUNCE) {
        if let Some(finding) = bounce::take(services, batch, &path).await? {
            refuse(services, batch, None, finding).await?;
        }
        return Ok(None);
    }
    services.progress.tell(Step::Begin("read"));
    let columns = headers::known(services, batch.firm.as_deref()).await?;
    let read = tokio::task::block_in_place(|| read(services, &path, &columns))?;
    services.progress.tell(Step::End);
    // Who had it open when it was claimed may write on.
    if tokio::task::block_in_place(|| hash(&path))? != batch.sha256 {
        return Err(StillWritten(batch.file_name.clone()).into());
    }
    services.crash_point("read");
    let document = match read {
        Ok(document) => named_after(batch, document),
        Err(refusal) => {
            let format = refusal.format.as_deref();
            refuse(services, batch, format, said_of(&refusal)).await?;
            return Ok(None);
        }
    };
    let known = identity::known(&document, &services.key);
    let is_of_bank = batch.firm.as_deref() == Some(inbox::BANK);
    if !matches!(known, identity::Known::No) || is_of_bank || is_statement(services, &document) {
        return Box::pin(other(services, batch, &document, (known, how.options)))
            .await
            .map(|()| None);
    }
    if misplaced::is_of_another_firm(services, &document, batch.firm.as_deref()) {
        refuse(services, batch, Some(&document.format), misplaced::template_of_another()).await?;
        return Ok(None);
    }
    let (format, rows) = (document.format.clone(), how.options.hidden_rows);
    let mapped = tokio::task::block_in_place(|| tables(services, document, &columns, rows));
    staged::store(services, batch, &format, &mapped).await?;
    Ok(Some(mapped))
}

/// Takes what is no list: an answer, or a statement.
async fn other(
    services: &Services,
    batch: &Batch,
    document: &Document,
    (known, options): (identity::Known, &ImportOptions),
) -> anyhow::Result<()> {
    let format = Some(&document.format);
    let is_elsewhere = batch.firm.as_deref() != Some(inbox::BANK) && services.only_firm().is_none();
    match known {
        identity::Known::Ours(answer) => {
            answers::take(services, batch, document, &answer, options).await
        }
        identity::Known::CutOffs(answer) => {
            cut_offs::take(services, batch, document, &answer).await
        }
        identity::Known::Money(_) | identity::Known::No if is_elsewhere => {
            let finding = Finding::new(Code::FileWrongFolder, Place::default());
            refuse(services, batch, format, finding).await
        }
        identity::Known::Money(issue) => {
            pay::answers::take(services, batch, document, &issue).await
        }
        identity::Known::No => statement(services, batch, document).await,
        identity::Known::NotSigned(claimed) => {
            let finding = not_signed::said(services, batch.firm.as_deref(), &claimed);
            refuse(services, batch, format, finding.await?).await
        }
        identity::Known::Refused(code) => {
            refuse(services, batch, format, Finding::new(code, Place::default())).await
        }
    }
}

/// Whether a file that lies where lists lie is a statement, and no list.
fn is_statement(services: &Services, document: &Document) -> bool {
    let is_list = |sheet: &Sheet| map::is_list(sheet, &services.catalogue.columns);
    let banks = &services.catalogue.banks;
    let mut sheets = document.sheets.iter();
    sheets.any(|sheet| !is_list(sheet) && pay::statement::is_statement(sheet, banks))
}

/// Takes a statement of the payee's account.
async fn statement(services: &Services, batch: &Batch, document: &Document) -> anyhow::Result<()> {
    match tokio::task::block_in_place(|| pay::take::own(services, document)) {
        Ok(found) => pay::take::stage(services, batch, document, &found).await,
        Err(finding) => refuse(services, batch, Some(&document.format), *finding).await,
    }
}

/// The list of a CSV is called as its file was: in `work/` that bears the batch's number.
fn named_after(batch: &Batch, mut document: Document) -> Document {
    if document.format.container == "csv" {
        for sheet in &mut document.sheets {
            outbox::stem(&batch.file_name).clone_into(&mut sheet.name);
        }
    }
    document
}

/// The lists of a document, and whether it is a template of former tables.
fn tables(services: &Services, document: Document, columns: &Columns, rows: HiddenRows) -> Mapped {
    let made_by = identity::template(&document);
    let is_old_template = made_by.is_some_and(|version| version != services.catalogue.offers());
    Mapped { is_old_template, ..map::tables(document.sheets, columns, rows) }
}

/// What is said of a file that could not be read.
pub fn said_of(refusal: &Refusal) -> Finding {
    let place = Place { sheet: refusal.sheet.clone(), ..Place::default() };
    let finding = Finding::new(refusal.code(), place).detail("why", refusal.why.as_str());
    refusal.values.iter().fold(finding, |finding, (name, value)| finding.detail(name, value))
}

/// Ends a batch of which nothing is taken, with the reason.
async fn refuse(
    services: &Services,
    batch: &Batch,
    format: Option<&read::Format>,
    finding: Finding,
) -> anyhow::Result<()> {
    let told = Told {
        kind: BatchKind::Unknown,
        container: format.map_or("unknown", |format| &format.container),
        encoding: format.and_then(|format| format.encoding.as_deref()),
        delimiter: format.and_then(|format| format.delimiter.as_deref()),
        answers: None,
    };
    let mut tx = services.db.begin().await?;
    batches::stage(&mut tx, batch.id(), &told).await?;
    rejected(services, tx, batch.id(), finding).await
}

async fn rejected(
    services: &Services,
    mut tx: Tx,
    id: BatchId,
    finding: Finding,
) -> anyhow::Result<()> {
    findings::insert(&mut tx, id, &[(None, finding)]).await?;
    let version = services.catalogue.version();
    batches::judge(&mut tx, id, BatchState::Rejected, &version, services.now()).await?;
    tx.commit().await?;
    Ok(())
}

/// staged → judged: verdicts, findings and orders, in one transaction.
/// `list` is read again where it is not at hand.
async fn judge(
    services: &Services,
    batch: &Batch,
    mut list: Option<Mapped>,
    options: &ImportOptions,
) -> anyhow::Result<()> {
    let firm = services.firm(batch.firm.as_deref().context("A staged list has a firm")?)?;
    let from_csv = batch.container.as_deref() == Some("csv");
    for _ in 0..OVERTAKEN_AT_MOST {
        let mapped = match list.take() {
            Some(mapped) => mapped,
            None => staged::mapped(services, batch).await?,
        };
        let context = context(services, firm, &mapped, options, from_csv);
        let checked = checked(services, &mapped, &context).await?;
        // Long lists would be in memory twice while they are stored.
        drop(mapped);
        services.progress.tell(Step::Begin("store"));
        let stored = collect::store(services, batch, &checked).await?;
        services.progress.tell(Step::End);
        if stored == Stored::Done {
            return Ok(());
        }
    }
    anyhow::bail!("Other lists kept ordering the clients of {}; try again", batch.file_name)
}

/// What the checks know of a list.
pub fn context<'a>(
    services: &'a Services,
    firm: &'a Firm,
    mapped: &'a Mapped,
    options: &'a ImportOptions,
    from_csv: bool,
) -> Context<'a> {
    Context {
        catalogue: &services.catalogue,
        firm,
        options,
        order_level: &mapped.order_level,
        today: services.today(),
        from_csv,
        max_bad_share: services.settings.limits.max_bad_share,
        max_cell_chars: usize::try_from(services.settings.limits.max_cell_chars)
            .unwrap_or(usize::MAX),
        texts: services.texts,
        locale: services.settings.locale,
        progress: &services.progress,
    }
}

/// Judges a list, with the firm's history at hand.
pub async fn checked(
    services: &Services,
    mapped: &Mapped,
    context: &Context<'_>,
) -> anyhow::Result<Checked> {
    if refuses(mapped.findings.iter()) && mapped.tables.is_empty() {
        return Ok(Checked { is_refused: true, ..Checked::default() });
    }
    services.progress.tell(Step::Begin("check"));
    let columns = &context.catalogue.columns;
    let wanted = tokio::task::block_in_place(|| check::wanted(&mapped.tables, columns));
    let past = past::of(services, context.firm, &wanted).await?;
    let history = History::new(past, &wanted.pairs);
    drop(wanted);
    let checked = tokio::task::block_in_place(|| check::check(mapped, context, &history));
    services.progress.tell(Step::End);
    Ok(checked)
}

/// How many rows of a batch ended in each state.
pub async fn counts(services: &Services, id: BatchId) -> anyhow::Result<report::Rows> {
    Ok(report::Rows::of(&db::rows::counts(&services.db, Some(id)).await?))
}
