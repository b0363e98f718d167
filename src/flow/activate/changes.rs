//! Licences that are there are changed: suspended because they were cancelled or their grace is over, paid, or given to
//! other people. As with activations the intent is stored before the call, and the same key and body go with every
//! attempt.

use super::{Summary, accounts::Account, carry, platform::Platform, staff};
use crate::{
    db::{
        self, Tx,
        activations::ActivationState,
        changes::{self, Change, ChangeKind, NewChange},
        licences::Login,
        lines::Line,
        orders::Order,
    },
    domain::{licence::Role, order::OrderCode},
    flow::{Clock, Services, holder::Holder, order::cancel},
};

/// Changes that are carried out together, at most.
const GROUP: usize = 64;

/// Plans that the licences of lines are suspended, as part of a cancellation.
pub async fn plan_suspensions(
    services: &Services,
    tx: &mut Tx,
    lines: &[Line],
    cancellation: i64,
) -> anyhow::Result<()> {
    let new = lines.iter().map(|line| NewChange {
        line_id: line.id,
        kind: ChangeKind::Suspend,
        cancellation_id: Some(cancellation),
        idempotency_key: key(services, line, &format!("suspend/{cancellation}")),
    });
    changes::plan(tx, &new.collect::<Vec<_>>(), services.now()).await?;
    Ok(())
}

/// Plans that the licences of lines are suspended because their grace is over; `night` tells one such wish from
/// another.
pub async fn plan_cut_offs(
    services: &Services,
    tx: &mut Tx,
    lines: &[Line],
    night: &str,
) -> anyhow::Result<u64> {
    let new = lines.iter().map(|line| NewChange {
        line_id: line.id,
        kind: ChangeKind::Suspend,
        cancellation_id: None,
        idempotency_key: key(services, line, &format!("suspend/{night}")),
    });
    Ok(changes::plan(tx, &new.collect::<Vec<_>>(), services.now()).await?)
}

/// Plans that the platform is told of paid lines; `payment` tells one payment of a line from a later one.
pub async fn plan_paid(
    services: &Services,
    tx: &mut Tx,
    lines: &[Line],
    payment: &str,
) -> anyhow::Result<()> {
    let new = lines.iter().map(|line| NewChange {
        line_id: line.id,
        kind: ChangeKind::Paid,
        cancellation_id: None,
        idempotency_key: key(services, line, &format!("paid/{payment}")),
    });
    changes::plan(tx, &new.collect::<Vec<_>>(), services.now()).await?;
    Ok(())
}

/// Plans that the platform is told who works in the data of licensed lines. Who that is is looked up when it is told.
pub async fn plan_accounts(
    services: &Services,
    tx: &mut Tx,
    lines: &[&Line],
) -> anyhow::Result<()> {
    plan_people(services, tx, lines, ChangeKind::Accounts).await
}

/// The same, and that another one signs in for the client: the old log-in ends, and a letter tells the new one.
pub async fn plan_log_in(services: &Services, tx: &mut Tx, line: &Line) -> anyhow::Result<()> {
    plan_people(services, tx, &[line], ChangeKind::LogIn).await
}

async fn plan_people(
    services: &Services,
    tx: &mut Tx,
    lines: &[&Line],
    kind: ChangeKind,
) -> anyhow::Result<()> {
    let new = lines.iter().map(|line| NewChange {
        line_id: line.id,
        kind,
        cancellation_id: None,
        idempotency_key: key(services, line, &format!("{kind}/{}", uuid::Uuid::new_v4())),
    });
    changes::plan(tx, &new.collect::<Vec<_>>(), services.now()).await?;
    Ok(())
}

/// Somebody was assigned after the activation was asked for, and before it was done.
pub async fn plan_accounts_if_changed(
    services: &Services,
    tx: &mut Tx,
    (order, line): (&Order, &Line),
    logins: &[Login],
) -> anyhow::Result<()> {
    let said = db::staff::of_lines(tx, &[line.id]).await?;
    let firm = services.firm(&line.firm)?;
    let wanted = staff::of_firm(firm, &staff::of(firm, order, line, &said));
    let has = |account: &Account| {
        logins.iter().any(|it| it.email == account.email && it.role == account.role)
    };
    let is_client = |login: &Login| matches!(login.role, Role::ClientAdmin | Role::ClientSender);
    let extra = |login: &Login| wanted.iter().all(|account| account.email != login.email);
    if wanted.iter().all(has) && !logins.iter().any(|login| !is_client(login) && extra(login)) {
        return Ok(());
    }
    plan_accounts(services, tx, &[line]).await
}

fn key(services: &Services, line: &Line, what: &str) -> String {
    let name = format!("{}/{}/{what}", services.instance, line.reference());
    uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_OID, name.as_bytes()).to_string()
}

/// Carries out what is open, of one order or of all; what follows from cancelled lines comes once for all of them.
pub async fn run(
    services: &Services,
    order: Option<&OrderCode>,
    summary: &mut Summary,
) -> anyhow::Result<()> {
    let db = &services.db;
    let at_once = match services.platform {
        Platform::Embedded(_) => GROUP,
        // One that takes its time would keep the leases of the others waiting.
        Platform::Http(_) => 1,
    };
    let mut after = 0;
    loop {
        let span = (after, i64::MAX, at_once);
        let claimed = changes::claim(db, order, span, services.lease()).await?;
        let tried: Vec<(i64, i64)> = claimed.iter().map(|it| (it.id, it.line_id)).collect();
        let Some((last, _)) = tried.last().copied() else { break };
        carry_out(services, claimed, summary).await?;
        let lines: Vec<i64> = tried.iter().map(|(_, line)| *line).collect();
        // What waited for one of these, of the same licence, is next for it.
        for id in changes::between(db, &lines, (after, last)).await? {
            if tried.iter().all(|(tried, _)| *tried != id) {
                let next = changes::claim(db, order, (id - 1, id, 1), services.lease()).await?;
                carry_out(services, next, summary).await?;
            }
        }
        after = last;
    }
    cancel::follow_up(services, order).await
}

async fn carry_out(
    services: &Services,
    claimed: Vec<Change>,
    summary: &mut Summary,
) -> anyhow::Result<()> {
    let mut done = Ok(());
    for ended in carry::out(services, claimed).await {
        // A cut-off that waits is neither done nor gone wrong.
        let Some(ended) = ended.transpose() else { continue };
        match super::or_later(ended, "A change of a licence") {
            Ok(ActivationState::Done) => summary.changed += 1,
            Ok(ActivationState::Refused) => summary.failed += 1,
            Ok(_) => summary.uncertain += 1,
            Err(error) => done = done.and(Err(error)),
        }
    }
    services.crash_point("change_settled");
    done
}

/// Gives back what this process still has when it ends.
pub async fn release_own(services: &Services) -> anyhow::Result<()> {
    changes::release(&services.db, services.holder.as_str()).await?;
    Ok(())
}

/// Gives back the claims of processes of this machine that are no more, and those whose time is over.
pub async fn release_dead(services: &Services) -> anyhow::Result<()> {
    changes::release_lapsed(&services.db, Clock::System.now()).await?;
    for (holder,) in changes::holders(&services.db).await? {
        if Holder::is_dead(&holder) {
            changes::release(&services.db, &holder).await?;
        }
    }
    Ok(())
}
