//! Lines that a person marked in the column *Hủy* are cancelled, under the same rules as by command.

use crate::{
    db::{
        batches::Batch,
        lines::{self, Line},
    },
    domain::{
        finding::{Code, Finding, Place},
        order::{LineState, OrderCode},
    },
    flow::{
        Services,
        answer::{
            cancels::{self, Mark},
            fixes::stale,
            identity::Answer,
        },
        order::{
            cancel::{self, Kept, Part},
            foreseen,
        },
        read::Document,
        staged::{self, Staged},
    },
};

/// Lines that are to be cancelled, and what is said of marks that answer for none.
#[derive(Default)]
pub struct Marked {
    lines: Vec<(Line, Mark)>,
    pub told: Vec<Finding>,
}

impl Marked {
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty() && self.told.is_empty()
    }

    /// Each order once.
    pub fn orders(&self) -> Vec<OrderCode> {
        let mut codes: Vec<OrderCode> =
            self.lines.iter().map(|(line, _)| line.order_code.clone()).collect();
        codes.sort();
        codes.dedup();
        codes
    }
}

/// The marks of a workbook that say something new: the reason of what was cancelled stands in the same column.
pub async fn marked(
    services: &Services,
    original: &Batch,
    (document, answer): (&Document, &Answer),
    staged: &Staged,
) -> anyhow::Result<Marked> {
    let marks = cancels::read((document, answer), staged);
    let mut marked = Marked::default();
    if marks.is_empty() {
        return Ok(marked);
    }
    let lines = lines::of_batch(&services.db, original.id()).await?;
    for mark in marks {
        let Some(table) = staged.tables.iter().find(|table| table.sheet == mark.sheet) else {
            continue;
        };
        let is_of = |line: &&Line| line.sheet == mark.sheet && line.row_no == i64::from(mark.row);
        match lines.iter().rev().find(is_of) {
            // Whatever became of it there is not this firm's business.
            Some(line) if original.firm.as_ref() != Some(&line.firm) => {
                let said = services.texts.label("workbook.payment.left");
                marked.told.push(stale(table, mark.row).detail("kept", said));
            }
            Some(line) if line.state == LineState::Cancelled => {}
            // Whoever wrote it did not know that the client works with it by now.
            Some(line) if line.state == LineState::Grace && !mark.knew_in_use => {
                marked.told.push(stale(table, mark.row));
            }
            Some(line) => marked.lines.push((line.clone(), mark)),
            None => {
                let said = services.texts.label("message.kept.none");
                marked.told.push(stale(table, mark.row).detail("kept", said));
            }
        }
    }
    Ok(marked)
}

/// Cancels what is marked in an answer to a batch; says which lines it cancelled, and what stays. After a sudden death
/// that is what was marked before it, too: by now it is cancelled, and not marked any more.
pub async fn carry_out(
    services: &Services,
    (answer, original): (&Batch, &Batch),
    staged: &Staged,
    marked: &Marked,
) -> anyhow::Result<(Vec<String>, Vec<Finding>)> {
    let wanted = keep(services, answer, marked).await?;
    let mut said = marked.told.clone();
    said.extend(cancel_all(services, staged, marked).await?);
    if wanted.is_empty() {
        return Ok((wanted, said));
    }
    let lines = lines::of_batch(&services.db, original.id()).await?;
    let gone = lines.iter().filter(|line| line.state == LineState::Cancelled);
    let gone = gone.map(|line| line.reference().to_string());
    Ok((gone.filter(|line| wanted.contains(line)).collect(), said))
}

/// Keeps which lines an answer is to cancel, before it does; those that it kept before with them.
async fn keep(services: &Services, answer: &Batch, marked: &Marked) -> anyhow::Result<Vec<String>> {
    let answer = super::by_id(services, answer.id()).await?;
    let mut wanted = staged::cancelled(&answer)?;
    let new = marked.lines.iter().map(|(line, _)| line.reference().to_string());
    let new: Vec<String> = new.filter(|line| !wanted.contains(line)).collect();
    if !new.is_empty() {
        wanted.extend(new);
        let mut tx = services.db.begin().await?;
        staged::keep_cancelled(&mut tx, &answer, wanted.clone()).await?;
        tx.commit().await?;
    }
    Ok(wanted)
}

/// What `carry_out` would do; nothing is stored.
pub async fn would(
    services: &Services,
    staged: &Staged,
    marked: &Marked,
) -> anyhow::Result<(Vec<String>, Vec<Finding>)> {
    let (mut gone, mut said) = (Vec::new(), marked.told.clone());
    for group in groups(services, marked) {
        let (cancelled, kept) = foreseen::cancelled(services, group.code, &group.part()).await?;
        gone.extend(cancelled.iter().map(ToString::to_string));
        said.extend(kept.iter().map(|kept| group.said(services, staged, kept)));
    }
    Ok((gone, said))
}

async fn cancel_all(
    services: &Services,
    staged: &Staged,
    marked: &Marked,
) -> anyhow::Result<Vec<Finding>> {
    let mut said = Vec::new();
    for group in groups(services, marked) {
        let cancelled = cancel::cancel(services, group.code, &group.part(), &group.reason).await?;
        said.extend(cancelled.kept.iter().map(|kept| group.said(services, staged, kept)));
    }
    Ok(said)
}

/// Lines of one order that are cancelled for one reason; never empty.
struct Group<'a> {
    code: &'a OrderCode,
    reason: String,
    firm: &'a str,
    lines: Vec<&'a Line>,
}

fn groups<'a>(services: &Services, marked: &'a Marked) -> Vec<Group<'a>> {
    let default = services.texts.label("message.kept.by_workbook");
    let mut groups: Vec<Group<'_>> = Vec::new();
    for (line, mark) in &marked.lines {
        let reason = if mark.reason.is_empty() { &default } else { &mark.reason };
        let (code, firm) = (&line.order_code, line.firm.as_str());
        match groups.iter_mut().find(|it| (it.code, &it.reason) == (code, reason)) {
            Some(group) => group.lines.push(line),
            None => groups.push(Group { code, reason: reason.clone(), firm, lines: vec![line] }),
        }
    }
    groups
}

impl Group<'_> {
    fn part(&self) -> Part {
        let lines = self.lines.iter().map(|line| line.line_no).collect();
        Part::OfFirm(self.firm.to_owned(), lines)
    }

    /// Why a line stays, at its row.
    fn said(&self, services: &Services, staged: &Staged, kept: &Kept) -> Finding {
        let line = self.lines.iter().find(|line| line.line_no == kept.line.line);
        let table = line.and_then(|line| {
            let table = staged.tables.iter().find(|table| table.sheet == line.sheet)?;
            Some((table, u32::try_from(line.row_no).ok()?))
        });
        let finding = table.map_or_else(
            || Finding::new(Code::RowStaleAnswer, Place::default()),
            |(table, row)| stale(table, row),
        );
        finding.detail("kept", kept.in_words(services.texts))
    }
}
