//! What follows where the platform changed a licence, or did not: for its line, the firm and who is told.
//! What is asked of the platform is the business of `carry`, and when that of `changes`.

use minijinja::context;

use super::{
    carry::About,
    changes::plan_paid,
    platform::{PlatformError, wire::Licence as Answer},
};
use crate::{
    db::{
        Tx,
        activations::{ActivationState, Settled},
        batches,
        changes::{self, Change, ChangeKind},
        dues,
        licences::{self, Login},
        lines, mails,
        notifications::{self, NewNotification, NotificationKind},
        requests, standing,
    },
    domain::{licence::Role, mail::Purpose, order::LineState},
    flow::{
        Services,
        holder::LeaseLost,
        order::cancel::{self, Why},
        pay::tell,
        send,
        sweep::rules::Waits,
    },
};

/// Why a licence was not changed.
pub(super) enum NotChanged {
    /// What is paid is not stopped, not even where it is a part; the platform was not asked.
    Paid,
    /// What is not paid any more is not told as paid.
    Unpaid,
    /// Its cut-off waits for what came meanwhile: a person or a new holiday put it off, money may be its, or nobody is
    /// cut off today. The next sweep looks again.
    Waits(Waits),
    ByPlatform(PlatformError),
}

impl NotChanged {
    /// As it is stored beside the change.
    fn stored(&self) -> String {
        match self {
            NotChanged::Paid => "paid".to_owned(),
            NotChanged::Unpaid => "unpaid".to_owned(),
            NotChanged::Waits(why) => why.to_string(),
            NotChanged::ByPlatform(error) => error.stored(),
        }
    }
}

pub(super) async fn settle_done(
    services: &Services,
    tx: &mut Tx,
    (change, about): (&Change, &About),
    answer: &Answer,
) -> anyhow::Result<ActivationState> {
    let (now, licence_id) = (services.now(), about.licence.licence_id.as_str());
    let settled = Settled { state: ActivationState::Done, error: None };
    if !changes::settle(tx, change.id, change.claim(), settled, now).await? {
        return Err(LeaseLost.into());
    }
    match change.kind {
        ChangeKind::Suspend => {
            licences::suspend(tx, licence_id, now).await?;
            suspended(services, tx, change, about).await?;
        }
        ChangeKind::Paid => {
            let paid_on = answer.paid_on.unwrap_or_else(|| services.today());
            licences::pay(tx, licence_id, paid_on).await?;
            restored(services, tx, about).await?;
        }
        ChangeKind::Accounts | ChangeKind::LogIn => {
            let logins: Vec<Login> = answer.logins.iter().map(|it| it.login.clone()).collect();
            licences::set_logins(tx, licence_id, &logins).await?;
            if change.kind == ChangeKind::LogIn {
                signs_in(services, tx, about, &logins).await?;
            }
        }
    }
    Ok(ActivationState::Done)
}

/// The line of a suspended licence is cancelled, unless it was paid while the platform was asked: then it is one that
/// is to be restored. A line that stands elsewhere by now is left as it is.
async fn suspended(
    services: &Services,
    tx: &mut Tx,
    change: &Change,
    About { order, line, .. }: &About,
) -> anyhow::Result<()> {
    // What was paid and is not any more is active, and may be cancelled; its grace is not over.
    let from: &[LineState] = match change.cancellation_id {
        Some(_) => &[LineState::Grace, LineState::Active],
        None => &[LineState::Grace],
    };
    let ids = &[line.id];
    let is_paid = !requests::hold_paid(tx, ids).await?.is_empty();
    if is_paid {
        let key = format!("restore/{}", change.id);
        plan_paid(services, tx, std::slice::from_ref(line), &key).await?;
    }
    let Some(cancellation) = change.cancellation_id else {
        if lines::move_on(tx, line.id, from, LineState::Suspended).await? {
            tell::suspended(services, tx, (order, line), change.id).await?;
            dues::workbook_is_due(tx, line.batch()).await?;
        }
        return Ok(());
    };
    if !is_paid {
        if lines::cancel(tx, ids, from, cancellation).await? == 1 {
            requests::cancel(tx, ids).await?;
            mails::cancel_of_lines(tx, ids).await?;
        }
    } else if lines::move_on(tx, line.id, from, LineState::Suspended).await? {
        cancel::tell_kept(services, tx, line, Why::Paid).await?;
        dues::workbook_is_due(tx, line.batch()).await?;
    }
    cancel::tell(services, tx, cancellation).await
}

/// The line of a paid licence works without an end of grace; one that was cut off works again.
async fn restored(
    services: &Services,
    tx: &mut Tx,
    About { line, .. }: &About,
) -> anyhow::Result<()> {
    if lines::move_on(tx, line.id, &[LineState::Suspended], LineState::Active).await? {
        tell::restored(services, tx, line).await?;
    } else {
        lines::move_on(tx, line.id, &[LineState::Grace], LineState::Active).await?;
    }
    dues::workbook_is_due(tx, line.batch()).await?;
    Ok(())
}

/// Whoever signs in for the client now is told how; not where that was corrected once more meanwhile: what was planned
/// then tells it.
async fn signs_in(
    services: &Services,
    tx: &mut Tx,
    About { order, line, .. }: &About,
    logins: &[Login],
) -> anyhow::Result<()> {
    let now = standing::by_ids(tx, &[line.id]).await?;
    let (Some(line), Some(admin)) =
        (now.first(), logins.iter().find(|login| login.role == Role::ClientAdmin))
    else {
        return Ok(());
    };
    if admin.email != line.client.email || line.state == LineState::Cancelled {
        return Ok(());
    }
    let purpose = if admin.first_time { Purpose::LoginFirst } else { Purpose::LoginExisting };
    let sequence = send::plan::withdraw_log_in(tx, line).await?;
    send::plan::log_in(services, tx, (order, line), (purpose, sequence)).await?;
    batches::ask_for_workbook(tx, line.batch()).await?;
    Ok(())
}

/// Nothing where a cut-off waits: that is as it should be.
pub(super) async fn settle_failed(
    services: &Services,
    tx: &mut Tx,
    (change, About { line, .. }): (&Change, &About),
    error: &NotChanged,
) -> anyhow::Result<Option<ActivationState>> {
    let waits = matches!(error, NotChanged::Waits(_));
    let (state, why) = match error {
        NotChanged::Paid | NotChanged::Unpaid | NotChanged::Waits(_) => {
            (ActivationState::Refused, Why::Paid)
        }
        NotChanged::ByPlatform(PlatformError::Refused { .. }) => {
            (ActivationState::Refused, Why::Refused)
        }
        NotChanged::ByPlatform(_) => (ActivationState::Uncertain, Why::Planned),
    };
    let error = error.stored();
    let settled = Settled { state, error: Some(&error) };
    if !changes::settle(tx, change.id, change.claim(), settled, services.now()).await? {
        return Err(LeaseLost.into());
    }
    if let Some(cancellation) = change.cancellation_id.filter(|_| state.is_final()) {
        cancel::tell_kept(services, tx, line, why).await?;
        cancel::tell(services, tx, cancellation).await?;
    }
    if change.kind == ChangeKind::LogIn && state == ActivationState::Refused {
        let values = context! { line => line.reference().to_string(), name => line.name.as_str() };
        let text = services.texts.say("message.bell.log_in_refused", values);
        let (kind, order) = (NotificationKind::LineChanged, Some(&line.order_code));
        let bell = NewNotification { firm: &line.firm, kind, text: &text, order };
        notifications::insert(tx, bell, services.now()).await?;
    }
    let line = line.reference();
    if waits {
        tracing::info!(%line, why = %error, "The cut-off of {line} waits");
        return Ok(None);
    }
    tracing::warn!(%line, kind = %change.kind, %error, "The platform did not change the licence of {line}");
    Ok(Some(state))
}
