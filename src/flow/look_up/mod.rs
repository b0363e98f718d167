//! *Tra cứu*: where each client of a firm stands, for whoever is asked on the phone. A workbook is written where it
//! would say something else than the newest one. `gather` says what stands in it, `answer::look_up` how it looks.

mod gather;

mod left;

mod letters;

mod stands;

use chrono::Days;

use self::gather::OfAll;
use super::{
    Services,
    answer::{self, outbox},
    files::write_whole,
    pay::{concerned, pooled, unused::Unused},
    sweep,
};
use crate::{
    db::look_up::{digest, forget, keep},
    domain::firm::Firm,
};

/// What it is called: `tra-cuu__2026-11-23__r1.xlsx`.
pub const WHAT: &str = "tra-cuu";
/// So long older ones stay in `cu/`: of an hour that is over nobody asks again, and clients stand in them.
const KEPT: Days = Days::new(7);

/// Writes the look-up of each firm of which something changed; how many these are.
pub async fn run(services: &Services) -> anyhow::Result<u64> {
    let judged = sweep::judge(services).await?;
    let going_back = concerned::going_back(services).await?;
    let pools = pooled::all(&services.db).await?;
    let unused = Unused::read(services).await?;
    let of_all = OfAll { judged: &judged, going_back: &going_back, pools: &pools, unused: &unused };
    let mut written = 0;
    for firm in &services.settings.firms {
        let view = gather::of_firm(services, firm, of_all).await?;
        written += u64::from(write(services, firm, &view).await?);
    }
    Ok(written)
}

async fn write(
    services: &Services,
    firm: &Firm,
    view: &answer::look_up::View,
) -> anyhow::Result<bool> {
    let (db, code) = (&services.db, firm.code.as_str());
    let folder = outbox::folder(services, Some(code));
    if view.is_empty() {
        outbox::set_workbooks_aside(WHAT, &folder)?;
        forget(db, code).await?;
        return Ok(false);
    }
    let says = view.digest()?;
    // What was handed over to a bucket lies here no more.
    let is_elsewhere = services.settings.files.buckets.outbox.is_some();
    let is_there = is_elsewhere || outbox::has_workbook(WHAT, &folder);
    if is_there && digest(db, code).await?.as_ref() == Some(&says) {
        return Ok(false);
    }
    fs_err::create_dir_all(&folder)?;
    let path = outbox::free_path(&folder, WHAT, services.today(), "xlsx");
    let bytes = tokio::task::block_in_place(|| answer::look_up::write(view))?;
    write_whole(&path, &bytes)?;
    services.crash_point("look_up_written");
    outbox::set_others_aside(WHAT, &[path])?;
    outbox::forget_aside(WHAT, &folder, services.today() - KEPT)?;
    keep(db, code, &says).await?;
    Ok(true)
}
