//! Ticks of a workbook that came back: each confirms its order as that workbook showed it, or says why it does not.
//! Which ticks there are is decided in `answers`. And what a job confirms without being asked.

use anyhow::Context as _;
use minijinja::context;

use crate::{
    db::{
        batches::Batch,
        orders::{self, Order},
        shown::{self, Shown},
    },
    domain::{
        email::Email,
        finding::Finding,
        order::{OrderCode, OrderState},
    },
    flow::{
        Services, activate,
        answer::{
            identity::Answer,
            outbox,
            returned::{self, Ticks},
        },
        options::{Ask, ImportOptions},
        order::confirm::{self, Confirmed, Refusal, Wish},
    },
};

/// What is said of a tick for an order of which the same file cancels a line: it confirms what nobody was shown.
pub fn beside_cancelled(
    services: &Services,
    (answer, original): (&Answer, &Batch),
    (order, ticks): (&Order, Ticks),
    cancelled: &[String],
) -> Option<Finding> {
    let of_order = format!("{}/", order.code);
    let is_less = cancelled.iter().any(|line| line.starts_with(&of_order));
    let waits = order.state == OrderState::AwaitingConfirmation;
    let label = |key: &str| services.texts.label(&format!("message.refused.{key}"));
    (ticks.confirm && waits && is_less).then(|| {
        let said = returned::stale(answer, original, &[]).detail("order", order.code.as_str());
        said.detail("refused", label("cancelled_here")).detail("how", label("how.cancelled_here"))
    })
}

/// Confirms an order as the answer's revision showed it; says why it was not.
pub async fn carry_out(
    services: &Services,
    code: &OrderCode,
    ticks: Ticks,
    by: Option<&Email>,
    told: (&Answer, &Batch),
) -> anyhow::Result<Option<Finding>> {
    let order = orders::by_code(&services.db, code).await?.context("A wish has its order")?;
    let Some(shown) = shown_of(services, told.0, code).await? else {
        return Ok(Some(returned::stale(told.0, told.1, &[])));
    };
    let wish = Wish { by, code: ticks.code, shown: Some(&shown), activate: ticks.activate };
    Ok(match confirm::confirm(services, &order, &wish).await? {
        Confirmed::Placed | Confirmed::Already => None,
        Confirmed::Refused(refusal) => Some(not_placed(services, told, code, &refusal)),
    })
}

/// What `carry_out` would say of a tick, with the order as it is; nothing is stored.
pub async fn would_refuse(
    services: &Services,
    (order, ticks): (&Order, Ticks),
    by: Option<&Email>,
    told: (&Answer, &Batch),
) -> anyhow::Result<Option<Finding>> {
    let shown = shown_of(services, told.0, &order.code).await?;
    let Some(shown) = shown.filter(|_| order.state == OrderState::AwaitingConfirmation) else {
        return Ok(None);
    };
    let wish = Wish { by, code: ticks.code, shown: Some(&shown), activate: ticks.activate };
    let refusal = confirm::would_refuse(services, order, &wish).await?;
    Ok(refusal.map(|refusal| not_placed(services, told, &order.code, &refusal)))
}

async fn shown_of(
    services: &Services,
    answer: &Answer,
    code: &OrderCode,
) -> anyhow::Result<Option<Shown>> {
    let shown = shown::of_revision(&services.db, answer.batch, answer.revision).await?;
    Ok(shown.into_iter().find(|it| it.order_code == code.as_str()))
}

fn not_placed(
    services: &Services,
    (answer, original): (&Answer, &Batch),
    code: &OrderCode,
    refusal: &Refusal,
) -> Finding {
    let stale = |reasons: &[String]| returned::stale(answer, original, reasons);
    match refusal {
        Refusal::Changed(differences) | Refusal::Stale(differences) => {
            stale(differences).detail("order", code.as_str())
        }
        refusal => stale(&[])
            .detail("order", code.as_str())
            .detail("refused", in_words(services, refusal))
            .detail("how", how_to_go_on(services, refusal)),
    }
}

/// What to do about a refusal that no newer workbook helps against.
fn how_to_go_on(services: &Services, refusal: &Refusal) -> String {
    let key = match refusal {
        Refusal::SamePerson => "same_person",
        Refusal::Code => "code",
        Refusal::NoCode => "no_code",
        Refusal::Changed(_) | Refusal::Stale(_) | Refusal::State(_) => "state",
    };
    services.texts.label(&format!("message.refused.how.{key}"))
}

/// Why an order was not placed, for people.
pub fn in_words(services: &Services, refusal: &Refusal) -> String {
    let texts = services.texts;
    match refusal {
        Refusal::Changed(differences) => differences.join(" "),
        Refusal::Stale(differences) if !differences.is_empty() => differences.join(" "),
        Refusal::Stale(_) => texts.label("message.refused.stale"),
        Refusal::SamePerson => texts.label("message.refused.same_person"),
        Refusal::Code => texts.label("message.refused.code"),
        Refusal::NoCode => texts.label("message.refused.no_code"),
        Refusal::State(state) => {
            let state = texts.label(&format!("workbook.order_state.{state}"));
            texts.say("message.refused.state", context! { state })
        }
    }
}

/// `confirm = "auto"` and `activate = "auto"`: what a job may do without being asked.
pub async fn by_itself(
    services: &Services,
    batch: &Batch,
    options: &ImportOptions,
) -> anyhow::Result<()> {
    let orders = orders::of_batch(&services.db, batch.id()).await?;
    if options.confirm != Ask::Auto || orders.is_empty() {
        return Ok(());
    }
    let firm = services.firm(batch.firm.as_deref().context("A list has a firm")?)?;
    for order in orders {
        let by: Email = order
            .registered_by
            .as_deref()
            .map_or_else(|| Ok(firm.admin.email.clone()), str::parse)?;
        let wish = Wish {
            by: Some(&by),
            code: None,
            shown: None,
            activate: options.activate == Ask::Auto,
        };
        if let Confirmed::Refused(refusal) = confirm::confirm(services, &order, &wish).await? {
            tracing::warn!(order = %order.code, ?refusal, "{} was not placed by itself", order.code);
        }
        services.crash_point("placed");
        if wish.activate || order.kind.activates_when_confirmed() {
            activate::run_if_there(services, &order.code).await?;
        }
    }
    outbox::write_workbook(services, batch.id()).await
}
