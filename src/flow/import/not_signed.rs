//! What is said of a workbook that comes back without the signature of our key: it was altered, or written before the data
//! were restored. Whether it bears one is seen by `answer::identity`.

use chrono::NaiveDate;

use super::answers;
use crate::{
    db::copied,
    domain::{
        batch::BatchKind,
        finding::{Code, Finding, Place},
    },
    flow::{
        Services,
        answer::{identity::Claimed, outbox, returned},
        inbox::BANK,
        sweep::cut_offs,
    },
};

pub(super) async fn said(
    services: &Services,
    firm: Option<&str>,
    claimed: &Claimed,
) -> anyhow::Result<Finding> {
    let restored = copied::doubted_until(&mut services.db.begin().await?).await?;
    Ok(match claimed {
        Claimed::Result(batch, revision) => {
            let batch = answers::of_firm(services, firm, *batch).await?;
            let batch = batch.filter(|it| it.kind == BatchKind::Clients && it.written > 0);
            returned::not_signed(services, batch.as_ref().ok_or(restored), *revision)
        }
        Claimed::OfDay(what, of) => {
            let finding = of_day(services, what, *of);
            match restored.map(|at| services.local(at).format("%d/%m/%Y").to_string()) {
                Some(at) => finding.detail("restored", at),
                None => finding,
            }
        }
    })
}

/// Of a workbook about money or cut-offs. A newer one alone is named: that of the same name may be the one of before, read
/// in with the data.
fn of_day(services: &Services, what: &str, (day, revision): (NaiveDate, u32)) -> Finding {
    let folder = outbox::folder(services, Some(BANK));
    let finding = Finding::new(Code::FileForgedAnswer, Place::default())
        .detail("workbook", format!("{what}__{day}__r{revision}.xlsx"))
        .detail("job", if what == cut_offs::WHAT { "cut-offs" } else { "reconcile" })
        .detail("outbox", services.shown_path(&folder));
    match outbox::workbook_since(what, &folder, (day, revision)) {
        Some(newer) => finding.suggest(newer),
        None => finding,
    }
}
