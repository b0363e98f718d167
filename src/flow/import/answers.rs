//! A workbook of ours that came back: its ticks confirm exactly what it showed.

use anyhow::Context;
use minijinja::context;

use super::{
    by_id,
    cancels::{self, Marked},
    corrections::{self, Edits, Parted},
    fixes, headers, ticks,
};
use crate::{
    db::{
        batches::{self, Batch, Staged as Told},
        findings::{self, Numbered},
        notifications::{self, NewNotification, NotificationKind},
        orders::{self, Order},
        shown,
    },
    domain::{
        batch::{BatchId, BatchKind, BatchState},
        email::Email,
        field::Field,
        finding::{Code, Finding, Place, Severity},
        firm::Firm,
        order::{OrderCode, OrderState},
    },
    flow::{
        Services, activate,
        answer::{
            fixes::{self as fixed_rows, Fixes},
            identity::Answer,
            outbox,
            questions::{self, Explained},
            returned::{self, Edited, Returned, Ticks},
        },
        options::ImportOptions,
        read::Document,
        staged,
    },
    text::findings as words,
};

/// Carries out what a returned workbook says, and stores what became of it.
pub async fn take(
    services: &Services,
    batch: &Batch,
    document: &Document,
    answer: &Answer,
    options: &ImportOptions,
) -> anyhow::Result<()> {
    let original = match original(services, batch.firm.as_deref(), answer).await? {
        Ok(original) => original,
        Err(said) => return super::refuse(services, batch, Some(&document.format), *said).await,
    };
    let original = headers::judged(services, original, options).await?;
    let mut decided = decide(services, &original, document, answer).await?;
    let firm = services.firm(original.firm.as_deref().context("An answered batch has a firm")?)?;
    let mut refused: Vec<Finding> =
        decided.edited.iter().chain(&decided.refused).cloned().collect();
    let mut is_done = refused.is_empty() && decided.is_nothing();
    if decided.refused.is_empty() {
        let before = staged::load(services, &original).await?;
        let by = decided.by.as_ref().map(Email::as_str);
        let edits = Edits { rows: &decided.changed, by };
        let both = (original.id(), batch);
        let (said, is_any) = corrections::edited(services, both, &before, &edits).await?;
        refused.extend(said);
        is_done |= is_any;
    }
    let drops = headers::drops(&mut decided.fixes);
    is_done |= !drops.rows.is_empty();
    let both = (original.id(), Some(batch));
    refused.extend(fixes::apply(services, both, &drops, options).await?);
    if !decided.explained.is_empty() {
        let by = decided.by.as_ref().unwrap_or(&firm.admin.email);
        let explained = &decided.explained;
        let is_taken = headers::explain(services, &original, explained, by, options).await?;
        is_done |= is_taken;
        refused.extend((!is_taken).then(|| returned::stale(answer, &original, &[])));
    }
    headers::keep_unclear(services, &original, &decided.unclear).await?;
    let staged = staged::load(services, &original).await?;
    // First, so that a tick beside it confirms nothing that nobody was shown.
    let (cancelled, kept) =
        cancels::carry_out(services, (batch, &original), &staged, &decided.cancels).await?;
    // What is to be cancelled is kept beside it by now.
    let batch = &by_id(services, batch.id()).await?;
    let both = (original.id(), Some(batch));
    is_done |= !cancelled.is_empty();
    refused.extend(kept);
    for (order, ticks) in &decided.wishes {
        let (by, told) = (decided.by.as_ref(), (answer, &original));
        let refusal = match ticks::beside_cancelled(services, told, (order, *ticks), &cancelled) {
            Some(said) => Some(said),
            None => ticks::carry_out(services, &order.code, *ticks, by, told).await?,
        };
        is_done |= refusal.is_none();
        refused.extend(refusal);
        services.crash_point("confirmed");
    }
    for order in &decided.to_activate {
        activate::run_if_there(services, order).await?;
    }
    let fixes = headers::while_held(services, &original, decided.fixes).await?;
    let said = fixes::apply(services, both, &fixes, options).await?;
    is_done |= !fixes.rows.is_empty();
    refused.extend(said);
    returned::name_newest(&mut refused, &by_id(services, original.id()).await?);
    // Each order's decision stands alone: one that was carried out is not undone by another's refusal.
    let state = if is_done { BatchState::Done } else { BatchState::Rejected };
    settle(services, (batch, state), document, answer, (&refused, cancelled)).await?;
    outbox::write_workbook(services, original.id()).await
}

/// The batch that an answer is about, of the same firm; or what is said where there is none, or it is behind: the data
/// were restored, and what the workbook shows came after.
pub(super) async fn original(
    services: &Services,
    firm: Option<&str>,
    answer: &Answer,
) -> anyhow::Result<Result<Batch, Box<Finding>>> {
    Ok(match of_firm(services, firm, answer.batch).await? {
        Some(batch) if batch.revision >= answer.revision => Ok(batch),
        Some(batch) => {
            let ahead = services.texts.label("message.refused.ahead");
            Err(Box::new(returned::stale(answer, &batch, &[]).detail("refused", ahead)))
        }
        None if batches::by_id(&services.db, answer.batch).await?.is_none() => {
            Err(Box::new(returned::lost(services.texts, answer)))
        }
        // Signed by our key, and written for another folder: of another firm, say.
        None => Err(Box::new(Finding::new(Code::FileWrongFolder, Place::default()))),
    })
}

pub(super) async fn of_firm(
    services: &Services,
    firm: Option<&str>,
    batch: BatchId,
) -> anyhow::Result<Option<Batch>> {
    let batch = batches::by_id(&services.db, batch).await?;
    Ok(batch.filter(|batch| batch.firm.as_deref() == firm))
}

/// What is to be done, and what is refused before anything is done.
#[derive(Default)]
pub(super) struct Decided {
    /// Who decided, where that is written; else the firm's admin.
    pub by: Option<Email>,
    /// Lines marked in the column *Hủy*.
    pub cancels: Marked,
    pub wishes: Vec<(Order, Ticks)>,
    /// Headers that were asked about.
    pub explained: Vec<Explained>,
    /// Answers about headers that are none.
    pub unclear: Vec<Finding>,
    pub fixes: Fixes,
    /// Cells of the user's rows that were edited, and correct nothing.
    pub edited: Vec<Finding>,
    /// Those that correct a line.
    pub changed: Vec<Edited>,
    /// Also what was asked for before a sudden death, and not carried out.
    pub to_activate: Vec<OrderCode>,
    pub refused: Vec<Finding>,
}

impl Decided {
    pub fn is_nothing(&self) -> bool {
        self.wishes.is_empty()
            && self.cancels.is_empty()
            && self.explained.is_empty()
            && self.changed.is_empty()
            && self.fixes.rows.is_empty()
            && self.fixes.told.iter().all(|it| it.severity == Severity::Info)
    }
}

pub(super) async fn decide(
    services: &Services,
    original: &Batch,
    document: &Document,
    answer: &Answer,
) -> anyhow::Result<Decided> {
    if original.state == BatchState::Undone {
        return Ok(taken_back(services, original, answer));
    }
    let firm = services.firm(original.firm.as_deref().context("An answered batch has a firm")?)?;
    let shown = shown::of_revision(&services.db, answer.batch, answer.revision).await?;
    let mut orders = orders::of_batch(&services.db, original.id()).await?;
    // A follow-on order that came later has no box in this workbook.
    orders.retain(|order| shown.iter().any(|it| it.order_code == order.code.as_str()));
    let staged = staged::load(services, original).await?;
    let Returned { ticks, by, edited, changed, told } =
        returned::read(document, answer, orders.len(), &staged, services.texts);
    let is_ticked = orders.iter().zip(&ticks).any(|(order, ticks)| is_new(order, *ticks));
    let columns = &services.catalogue.columns;
    let language = (services.texts, services.settings.locale);
    let asked = questions::views((&staged.tables, &[]), columns, language);
    let (mut explained, unclear) = questions::read(document, columns, &asked);
    let mut refused = unclear.clone();
    let known = headers::known(services, original.firm.as_deref()).await?;
    let fixes = fixed_rows::read((document, answer), &staged, columns, services.texts);
    let mut fixes = headers::without_unknown(fixes, &questions::unknown_then(document, &known));
    fixes.told.extend(told);
    let Parted { rest: changed, is_any: is_edited } =
        corrections::part(&staged, changed, &mut fixes);
    if is_edited && is_ticked {
        let told = fixed_rows::told(services.texts, &Place::default(), "ticks", "");
        fixes.told.push(told.severity(Severity::Hold));
    }
    let by = who(firm, &by).unwrap_or_else(|finding| {
        refused.push(*finding);
        explained.clear();
        None
    });
    if !headers::leave_answered(&mut explained, &staged.tables, &known) {
        refused.push(returned::stale(answer, original, &[]));
    }
    let is_question = !(edited.is_empty() && refused.is_empty());
    let decided = Decided {
        by,
        cancels: Marked::default(),
        wishes: Vec::new(),
        explained,
        unclear,
        fixes,
        edited,
        changed,
        to_activate: Vec::new(),
        refused,
    };
    // A row of which nothing follows is a question; a tick beside it confirms something that nobody was shown.
    if is_question {
        return Ok(decided);
    }
    let cancels = cancels::marked(services, original, (document, answer), &staged).await?;
    // What is confirmed is what was shown, and that is another one now.
    let ticks = if is_edited { Vec::new() } else { ticks };
    let wishes: Vec<(Order, Ticks)> = orders.into_iter().zip(ticks).collect();
    let activates = |(order, ticks): &&(Order, Ticks)| {
        ticks.activate || (ticks.confirm && order.kind.activates_when_confirmed())
    };
    let to_activate = wishes.iter().filter(activates);
    let to_activate = to_activate.map(|(order, _)| order.code.clone()).collect();
    let wishes = wishes.into_iter().filter(|(order, ticks)| is_new(order, *ticks)).collect();
    Ok(Decided { cancels, wishes, to_activate, ..decided })
}

/// Nothing of an answer is taken where the list was taken back, and that is all there is to say of it.
fn taken_back(services: &Services, original: &Batch, answer: &Answer) -> Decided {
    let label = |key: &str| services.texts.label(&format!("message.undone.{key}"));
    let said = returned::stale(answer, original, &[]).detail("refused", label("refused"));
    Decided { refused: vec![said.detail("how", label("how"))], ..Decided::default() }
}

/// Whether a tick asks for something that is not done yet.
fn is_new(order: &Order, ticks: Ticks) -> bool {
    let waits = order.state == OrderState::AwaitingConfirmation;
    (ticks.confirm && waits) || (ticks.activate && !waits && order.activation_asked_at.is_none())
}

/// An e-mail of the firm, if one is written.
fn who(firm: &Firm, text: &str) -> Result<Option<Email>, Box<Finding>> {
    if text.is_empty() {
        return Ok(None);
    }
    let all: Vec<&str> = firm.members().map(Email::as_str).collect();
    firm.member(text).cloned().map(Some).ok_or_else(|| {
        let place = Place { field: Some(Field::RegisteredBy), ..Place::default() };
        Box::new(
            Finding::new(Code::Unknown, place)
                .value(text)
                .detail("confirms", "1")
                .detail("allowed", all.join(", ")),
        )
    })
}

/// The verdict on the answer itself, and the bell where something of it was refused.
async fn settle(
    services: &Services,
    (batch, state): (&Batch, BatchState),
    document: &Document,
    answer: &Answer,
    (refused, cancelled): (&[Finding], Vec<String>),
) -> anyhow::Result<()> {
    // What was fixed is kept beside it.
    let batch = &by_id(services, batch.id()).await?;
    let told =
        Told { answers: Some(answer.batch), ..staged::told(BatchKind::Answer, &document.format) };
    let numbered: Vec<Numbered> = refused.iter().map(|finding| (None, finding.clone())).collect();
    let mut tx = services.db.begin().await?;
    batches::stage(&mut tx, batch.id(), &told).await?;
    staged::keep_cancelled(&mut tx, batch, cancelled).await?;
    findings::insert(&mut tx, batch.id(), &numbered).await?;
    batches::judge(&mut tx, batch.id(), state, &services.catalogue.version(), services.now())
        .await?;
    let grave: Vec<&Finding> = refused.iter().filter(|finding| finding.is_to_do()).collect();
    if let (Some(first), Some(firm)) = (grave.first(), batch.firm.as_deref()) {
        let reason = words::message(services.texts, first);
        let key = if state == BatchState::Done { "answer_partly" } else { "answer_refused" };
        let values = context! { file => batch.file_name.as_str(), reason, more => grave.len() - 1 };
        let text = services.texts.say(&format!("message.bell.{key}"), values);
        let new = NewNotification {
            firm,
            kind: NotificationKind::AnswerRefused,
            text: &text,
            order: None,
        };
        notifications::insert(&mut tx, new, services.now()).await?;
    }
    tx.commit().await?;
    Ok(())
}
