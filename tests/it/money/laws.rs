//! After any sequence of statements, of what people say, of cancellations, of sweeps and of sudden ends nothing is lost,
//! nothing counts twice, and the rules would decide the same again.

use std::panic::AssertUnwindSafe;

use futures::FutureExt;
use hangloat::{
    db::{
        lines,
        payments::{self, Payment},
    },
    domain::batch::BatchId,
    flow::{
        Services,
        order::cancel::{self, Part},
        pay::{
            back, hand,
            hand::{Back, Wish},
            said::By,
            same, waive,
        },
        sweep,
    },
};

use super::{
    Desk, Dice,
    desk::{Line, close},
};

/// At which a step ends all of a sudden.
const POINTS: [&str; 6] =
    ["staged", "checked", "money_settled", "change_answered", "swept", "answered"];

/// Does one thing, chosen by the dice; what is refused changes nothing.
async fn step(
    desk: &Desk,
    services: &Services,
    dice: &mut Dice,
    pool: &[Line],
) -> anyhow::Result<String> {
    let all = payments::all(&services.db).await?;
    let by = By { reason: "vì thế", who: Some("Hà"), answer: None };
    let payment = |dice: &mut Dice| -> Option<Payment> {
        if all.is_empty() { None } else { Some(dice.of(&all).clone()) }
    };
    let kind = dice.roll(15);
    let it = payment(dice);
    let said = match (kind, it) {
        (0..=4, _) | (_, None) => {
            let from = 16 + u32::try_from(dice.roll(12))?;
            let to = (from + u32::try_from(dice.roll(6))?).min(27);
            let with_reference = dice.roll(2) == 0;
            desk.take(services, pool, (from, to), with_reference).await?;
            format!("a statement {from}–{to} {with_reference}")
        }
        (5..=6, Some(payment)) => {
            let amount = [None, Some(1_000_000), Some(2_000_000)][dice.roll(3)];
            let codes = (0..=dice.roll(2)).map(|_| (dice.of(&desk.codes).clone(), amount));
            let wish = Wish {
                codes: codes.collect(),
                refund: (dice.roll(4) == 0).then_some(Back::Rest),
                waives: dice.roll(4) == 0,
            };
            let done = hand::carry_out(services, &payment, &wish, by).await?;
            format!("{wish:?} for {}: {done:?}", payment.id)
        }
        (7, Some(payment)) => {
            format!("unmatch {}: {}", payment.id, hand::part(services, &payment, by).await?)
        }
        (8, Some(payment)) => {
            let amount = [payment.amount().as_dong(), 500_000, 0][dice.roll(3)];
            let done = [None, Some("FT-BACK")][dice.roll(2)];
            let refunded = match amount {
                0 => back::keep(services, &payment, by).await?,
                _ => back::refund(services, &payment, (amount, done), by).await?,
            };
            format!("refund {amount} of {}: {refunded:?}", payment.id)
        }
        (9, _) => {
            let codes = [desk.codes.as_slice(), &desk.batch_codes].concat();
            let code = dice.of(&codes);
            format!("waive {code}: {:?}", waive::rest(services, code, by).await?)
        }
        (10, _) => {
            let lines = lines::of_batch(&services.db, BatchId::new(1)).await?;
            let line = dice.of(&lines);
            let part = Part::Lines(vec![line.line_no]);
            cancel::cancel(services, &line.order_code, &part, "thôi").await?;
            format!("cancel {}", line.reference())
        }
        (11, Some(payment)) => {
            let told =
                |it: &&Payment| it.account == payment.account && it.amount() == payment.amount();
            // Of those that may be it; itself is among them.
            let other = *dice.of(&all.iter().filter(told).collect::<Vec<_>>());
            let said = same::say(services, &payment, other, by).await?;
            format!("{} is {}: {said:?}", payment.id, other.id)
        }
        (12, _) => format!("{:?}", sweep::reconcile::run(services).await.map(|_| "reconcile")?),
        _ => format!("{:?}", sweep::run(services).await?),
    };
    Ok(said)
}

/// The same; a step that ends all of a sudden is gone on with.
async fn step_or_end(desk: &Desk, services: &Services, dice: &mut Dice, pool: &[Line]) -> String {
    if dice.roll(3) > 0 {
        return step(desk, services, dice, pool).await.unwrap();
    }
    let point = *dice.of(&POINTS);
    let failing = desk.open(Some(point)).await;
    let ended = AssertUnwindSafe(step(desk, &failing, dice, pool)).catch_unwind().await;
    let ended = ended.map(|it| it.unwrap_or_else(|error| format!("failed: {error:#}")));
    close(failing).await;
    desk.recover(services).await;
    format!("{point}, {}", ended.unwrap_or_else(|_| "ended".to_owned()))
}

async fn any_sequence(seed: u64, steps: usize) {
    let mut dice = Dice(seed);
    let desk = Desk::new().await;
    let pool = desk.lines(&mut dice, 30);
    let services = desk.open(None).await;
    let mut told = Vec::new();
    for _ in 0..steps {
        told.push(Box::pin(step_or_end(&desk, &services, &mut dice, &pool)).await);
        desk.prove(&services, &told.join("\n")).await;
    }
    assert!(told.iter().any(|it| it.ends_with("ended") || it.contains("failed")), "{told:#?}");
    close(services).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_any_sequence_of_statements_words_cancellations_and_ends_every_law_holds() {
    any_sequence(20_261_123, 40).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_of_another_sequence() {
    any_sequence(7, 40).await;
}
