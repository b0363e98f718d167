//! *Sắp ngắt* that came back: what it says is done and noted in one transaction. What may be done is decided by `sweep`.

use super::dry::Asked;
use crate::{
    db::{
        batches::{self, Batch},
        findings::{self, Numbered},
        grace::Side,
    },
    domain::{
        batch::{BatchKind, BatchState},
        email::Email,
        field::Field,
        finding::{Code, Finding, Place},
    },
    flow::{
        Services,
        answer::cut_offs::{
            back::{self, Back},
            identity::Answer,
        },
        inbox::BANK,
        read::Document,
        report::{self, FileReport, Rows},
        staged::{self, PutOff},
        sweep::{
            cut_offs::{self, Done, Who},
            hold,
        },
    },
};

/// Carries out what a returned workbook says, and stores what became of it.
pub async fn take(
    services: &Services,
    batch: &Batch,
    document: &Document,
    answer: &Answer,
) -> anyhow::Result<()> {
    let format = Some(&document.format);
    let folder = batch.firm.as_deref().unwrap_or_default();
    let Some(side) = side(services, folder) else {
        let finding = Finding::new(Code::FileWrongFolder, Place::default());
        return super::refuse(services, batch, format, finding).await;
    };
    let Some(back) = back::read(document) else {
        let finding = Finding::new(Code::FileAnswerLostIdentity, Place::default());
        return super::refuse(services, batch, format, finding).await;
    };
    let by = match who(services, side, &back.by) {
        Ok(by) => by,
        Err(finding) => return note(services, (batch, document), &back, Err(*finding)).await,
    };
    let who = Who { by: &by, side };
    let mut done = cut_offs::decide(services, (answer, &back), who).await?;
    note(services, (batch, document), &back, Ok((&mut done, who))).await?;
    services.crash_point("put_off");
    let is_stale = |finding: &Finding| finding.code == Code::RowStaleAnswer;
    let asks_anew = |it: &Done| match it {
        Done::PutOff { .. } | Done::Released { .. } => true,
        Done::Refused(finding) => is_stale(finding),
        Done::Already(_) => false,
    };
    if done.iter().any(asks_anew) {
        cut_offs::write(services).await?;
    }
    Ok(())
}

/// What it would do, for `check`; folder rules do not apply.
pub async fn would_do(
    services: &Services,
    asked: Asked<'_>,
    answer: &Answer,
) -> anyhow::Result<FileReport> {
    let Some(back) = back::read(asked.document) else {
        let finding = Finding::new(Code::FileAnswerLostIdentity, Place::default());
        return Ok(asked.refused(services, &finding));
    };
    let who = Who { by: asked.firm.admin.email.as_str(), side: Side::Operator };
    let done = cut_offs::decide(services, (answer, &back), who).await?;
    let told = (rows(services, &back, &done), said(&done));
    Ok(report::of_put_off(services, asked.file, &asked.document.format, told))
}

/// Where a file lies says who answers: with several firms no firm may.
fn side(services: &Services, folder: &str) -> Option<Side> {
    match folder {
        BANK => Some(Side::Operator),
        _ => services.only_firm().map(|_| Side::Firm),
    }
}

/// Of a firm one of its members, the admin where none is named; else whoever writes it.
fn who(services: &Services, side: Side, written: &str) -> Result<String, Box<Finding>> {
    let operator = services.settings.operator.email.as_ref().map(Email::as_str);
    let firm = services.only_firm();
    match (side, firm) {
        (Side::Operator, _) if !written.is_empty() => Ok(written.to_owned()),
        (Side::Operator, _) => Ok(operator.unwrap_or(BANK).to_owned()),
        (Side::Firm, Some(firm)) if written.is_empty() => Ok(firm.admin.email.to_string()),
        (Side::Firm, firm) => {
            let member = firm.and_then(|firm| firm.member(written));
            member.map(ToString::to_string).ok_or_else(|| {
                let all = firm.map(|firm| firm.members().map(Email::as_str).collect::<Vec<_>>());
                let place = Place { field: Some(Field::RegisteredBy), ..Place::default() };
                let finding = Finding::new(Code::Unknown, place).value(written);
                let all = all.unwrap_or_default().join(", ");
                Box::new(finding.detail("confirms", "1").detail("allowed", all))
            })
        }
    }
}

/// What is done of an answer, with all that is said of it.
async fn note(
    services: &Services,
    (batch, document): (&Batch, &Document),
    back: &Back,
    decided: Result<(&mut [Done], Who<'_>), Finding>,
) -> anyhow::Result<()> {
    let told = staged::told(BatchKind::Answer, &document.format);
    let mut tx = services.db.begin().await?;
    if !batches::stage(&mut tx, batch.id(), &told).await? {
        return Ok(());
    }
    let (kept, findings, state) = match decided {
        Ok((done, who)) => {
            cut_offs::carry_out(services, &mut tx, done, who).await?;
            let is_done = refused(done) < done.len() || done.is_empty();
            let state = if is_done { BatchState::Done } else { BatchState::Rejected };
            (put_off(services, back, (done, who.by)), said(done), state)
        }
        Err(finding) => {
            (put_off(services, back, (&[], &back.by)), vec![finding], BatchState::Rejected)
        }
    };
    staged::keep_put_off(&mut tx, batch, kept).await?;
    let numbered: Vec<Numbered> = findings.into_iter().map(|finding| (None, finding)).collect();
    findings::insert(&mut tx, batch.id(), &numbered).await?;
    let version = services.catalogue.version();
    batches::judge(&mut tx, batch.id(), state, &version, services.now()).await?;
    tx.commit().await?;
    Ok(())
}

/// What is said of rows that are not done, and of those that were so already.
fn said(done: &[Done]) -> Vec<Finding> {
    let said = done.iter().filter_map(|it| match it {
        Done::Refused(finding) | Done::Already(finding) => Some(finding.clone()),
        Done::PutOff { .. } | Done::Released { .. } => None,
    });
    said.collect()
}

fn refused(done: &[Done]) -> usize {
    done.iter().filter(|it| matches!(it, Done::Refused(_))).count()
}

/// What is kept of it for the receipt.
fn put_off(services: &Services, back: &Back, (done, by): (&[Done], &str)) -> PutOff {
    let held = done.iter().filter_map(|it| match it {
        Done::PutOff { line, until, .. } => {
            let last = hold::last_day_if_held(services, line, Some(*until)).unwrap_or(*until);
            Some((line.reference().to_string(), Some(last)))
        }
        Done::Released { line } => Some((line.reference().to_string(), None)),
        Done::Already(_) | Done::Refused(_) => None,
    });
    PutOff { by: by.to_owned(), lines: back.lines, held: held.collect() }
}

fn rows(services: &Services, back: &Back, done: &[Done]) -> Rows {
    Rows::of_put_off(&put_off(services, back, (done, "")), refused(done))
}
