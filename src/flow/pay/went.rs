//! Debits of a statement that say that money goes back, where that is not what was planned: a person is asked, since the
//! money left. Closing what was planned is the business of `back`.

use minijinja::context;

use super::{
    back::WORD,
    hand::{Now, reason},
    memo, waive,
};
use crate::{
    db::{
        findings::Numbered,
        payments::{self, Payment},
        refunds::{self, Debit, Refund},
    },
    domain::{
        batch::BatchId,
        finding::{Code, Finding, Place},
        money::Money,
        payment::PaymentState,
    },
    flow::Services,
};

/// A debit that closed nothing, and what is asked of it.
#[derive(Clone, Debug)]
pub struct Asked {
    pub debit: Debit,
    /// The payment that it names, or may be of.
    pub payment: Option<i64>,
    pub finding: Finding,
}

/// One for each debit of a batch that names a payment and closed nothing; where it has the word without a number, only if
/// just one refund of its amount is planned.
pub async fn questions(services: &Services, batch: BatchId) -> anyhow::Result<Vec<Numbered>> {
    let own = refunds::debits(&services.db, Some(batch.number())).await?;
    let open = open(services).await?.into_iter();
    let is_own = |it: &Asked| own.iter().any(|debit| debit.id == it.debit.id);
    Ok(open.filter(is_own).map(|it| (None, it.finding)).collect())
}

/// The same of all statements: what stands until a person says what it was.
pub async fn open(services: &Services) -> anyhow::Result<Vec<Asked>> {
    let debits = refunds::debits(&services.db, None).await?;
    asked(services, &debits, &refunds::all(&services.db, None).await?).await
}

/// Why a payment stands where it does, in words, and how it is transferred back; where one of these debits names it, that
/// money left already.
pub fn why(services: &Services, payment: &Payment, debits: &[Asked]) -> String {
    let now = Now {
        waits: payment.state == PaymentState::Held,
        returned: payment.returned,
        to_return: payment.to_return,
    };
    let why = reason(services, payment.tier, &payment.evidence.0, now);
    let back = match debits.iter().find(|it| it.payment == Some(payment.id)) {
        Some(left) => {
            let day = left.debit.booked_on.parse::<chrono::NaiveDate>().ok();
            let day = day.map(|day| day.format("%d/%m/%Y").to_string());
            let values = context! { day, amount => Money::dong(left.debit.amount).to_string() };
            Some(services.texts.say("workbook.money.went", values))
        }
        None => (payment.to_return != 0).then(|| {
            let amount = Money::dong(payment.to_return).to_string();
            services.texts.say("message.payment_back", context! { payment => payment.id, amount })
        }),
    };
    let said = [Some(why), waive::told(services, payment), back];
    said.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// One for each of these that names a payment, where it closed nothing of all that goes back, or went.
pub async fn asked(
    services: &Services,
    debits: &[Debit],
    all: &[Refund],
) -> anyhow::Result<Vec<Asked>> {
    let mut said = Vec::new();
    // What a person had said to have gone, without a debit.
    let mut told: Vec<&Refund> =
        all.iter().filter(|it| it.done_at.is_some() && it.debit_id.is_none()).collect();
    for debit in debits {
        let Some(named) = named(&debit.memo) else {
            if let Some(refund) = unnamed(debit, all) {
                let payment = refund.bank_line_id;
                let finding = finding(debit, "unnamed", &payment.to_string())?;
                said.push(Asked { debit: debit.clone(), payment: Some(payment), finding });
            }
            continue;
        };
        let payment = match named.parse() {
            Ok(id) => payments::by_id(&services.db, id).await?,
            Err(_) => None,
        };
        let id = payment.as_ref().map(|it| it.id);
        if let Some(at) = told.iter().position(|it| is_told(services, it, (debit, id))) {
            told.remove(at);
            continue;
        }
        if let Some(reference) = told_together(&told, (debit, id)) {
            told.retain(|it| plain(it.reference.as_deref()).as_ref() != Some(&reference));
            continue;
        }
        let room = match &payment {
            Some(payment) => Some(Room::of(services, payment, all).await?),
            None => None,
        };
        let noted = noted(&told, (debit, id)).unwrap_or_default();
        let finding = question(&Left { debit, noted }, &named, room.as_ref())?;
        said.push(Asked { debit: debit.clone(), payment: id, finding });
    }
    Ok(said)
}

/// What of a payment did not go back yet, in đồng.
struct Room {
    planned: Vec<i64>,
    /// What pays for nothing, with what is planned.
    free: i64,
    /// All that is there of it.
    all: i64,
}

impl Room {
    async fn of(services: &Services, payment: &Payment, all: &[Refund]) -> anyhow::Result<Room> {
        let own = all.iter().filter(|it| it.bank_line_id == payment.id);
        let (gone, planned): (Vec<&Refund>, Vec<&Refund>) =
            own.partition(|it| it.done_at.is_some());
        let all = payment.amount().as_dong() - gone.iter().map(|it| it.amount).sum::<i64>();
        let parts = payments::allocations(&services.db, Some(payment.id)).await?;
        let free = all - parts.iter().map(|part| part.amount).sum::<i64>();
        Ok(Room { planned: planned.iter().map(|it| it.amount).collect(), free, all })
    }
}

/// Whether a person said of this debit what it was: of the payment that it names, else, from its day on, of another one
/// with its reference, as far as it has one.
fn is_told(services: &Services, refund: &Refund, (debit, payment): (&Debit, Option<i64>)) -> bool {
    let reference = plain(debit.reference.as_deref());
    let is_same = || {
        reference.is_none() && payment.is_none()
            || reference.is_some() && plain(refund.reference.as_deref()) == reference
    };
    let done_on = refund.done_at.map(|at| services.local(at).date_naive().to_string());
    let is_later = || done_on.is_some_and(|day| day >= debit.booked_on);
    refund.amount == debit.amount
        && (payment == Some(refund.bank_line_id) || is_same() && is_later())
}

/// The reference with which a person said of several refunds, one of them of the payment that a debit names or with its
/// own reference, that they are it together: it was for more than one payment.
fn told_together(told: &[&Refund], (debit, payment): (&Debit, Option<i64>)) -> Option<String> {
    let of_payment = told.iter().filter(|it| payment == Some(it.bank_line_id));
    let references = of_payment.filter_map(|it| plain(it.reference.as_deref()));
    let mut references = references.chain(plain(debit.reference.as_deref()));
    references.find(|it| with_reference(told, it) == debit.amount)
}

/// How much of a debit a person noted with its reference, where a part of that is of the payment that it names. In đồng.
fn noted(told: &[&Refund], (debit, payment): (&Debit, Option<i64>)) -> Option<i64> {
    let reference = plain(debit.reference.as_deref())?;
    let of_payment = told.iter().filter(|it| payment == Some(it.bank_line_id));
    let mut references = of_payment.filter_map(|it| plain(it.reference.as_deref()));
    let is_own = references.any(|it| it == reference);
    Some(with_reference(told, &reference)).filter(|noted| is_own && *noted < debit.amount)
}

/// How much went with a reference, in đồng.
fn with_reference(told: &[&Refund], reference: &str) -> i64 {
    let own = told.iter().filter(|it| plain(it.reference.as_deref()).as_deref() == Some(reference));
    own.map(|it| it.amount).sum()
}

fn plain(reference: Option<&str>) -> Option<String> {
    reference.map(memo::squeezed).filter(|it| !it.is_empty())
}

/// Money that left, and how much of it a person noted, in đồng.
struct Left<'a> {
    debit: &'a Debit,
    noted: i64,
}

/// What is asked of it, and what can be noted of the rest.
fn question(
    Left { debit, noted }: &Left<'_>,
    named: &str,
    room: Option<&Room>,
) -> anyhow::Result<Finding> {
    let planned = room.map(|it| it.planned.as_slice()).unwrap_or_default();
    let case = match room {
        None => "unknown",
        Some(_) if planned.is_empty() => "nothing",
        Some(_) if planned.contains(&debit.amount) => "early",
        Some(_) => "other",
    };
    let money = |dong: i64| Money::dong(dong).to_string();
    let words = planned.iter().map(|amount| money(*amount)).collect::<Vec<_>>().join(", ");
    let left = debit.amount - noted;
    let mut finding =
        finding(debit, case, named)?.detail("planned", words).detail("dong", left.to_string());
    if *noted > 0 {
        finding = finding.detail("noted", money(*noted));
    }
    let planned: i64 = planned.iter().sum();
    Ok(match room {
        Some(room) if left > room.all => finding
            .detail("most", money(room.all))
            .detail("most_dong", room.all.to_string())
            .detail("more", money(left - room.all))
            .detail("more_dong", (left - room.all).to_string()),
        Some(room) if left > room.free && left < room.all => finding.detail("used", "yes"),
        Some(_) if planned > left => finding.detail("rest", money(planned - left)),
        _ => finding,
    })
}

fn finding(debit: &Debit, case: &str, payment: &str) -> anyhow::Result<Finding> {
    let day: chrono::NaiveDate = debit.booked_on.parse()?;
    let place = Place { row: Some(u32::try_from(debit.row_no)?), ..Place::default() };
    let finding = Finding::new(Code::StatementRefund, place)
        .value(debit.memo.as_str())
        .detail("case", case)
        .detail("payment", payment)
        .detail("day", day.format("%d/%m/%Y").to_string())
        .detail("went", Money::dong(debit.amount).to_string())
        .detail("dong", debit.amount.to_string());
    let reference = debit.reference.iter().filter(|it| !it.is_empty());
    Ok(reference.fold(finding, |finding, it| finding.detail("reference", it.as_str())))
}

/// The only refund that is planned with the amount of a debit which has the word alone.
fn unnamed<'a>(debit: &Debit, all: &'a [Refund]) -> Option<&'a Refund> {
    if !memo::squeezed(&debit.memo).contains(WORD) {
        return None;
    }
    let mut planned = all.iter().filter(|it| it.done_at.is_none() && it.amount == debit.amount);
    planned.next().filter(|_| planned.next().is_none())
}

/// The number behind the word, as it is written.
fn named(text: &str) -> Option<String> {
    let text = memo::squeezed(text);
    let number = |(at, _): (usize, &str)| -> String {
        text[at + WORD.len()..].chars().take_while(char::is_ascii_digit).collect()
    };
    text.match_indices(WORD).map(number).find(|number| !number.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_debit_names_a_payment_by_the_number_behind_the_word() {
        for (memo, number) in [
            ("hoan tien 17", Some("17")),
            ("MBVCB.1.HOANTIEN 170.CT tu 001", Some("170")),
            ("Hoàn tiền, HOANTIEN99999999999999999999", Some("99999999999999999999")),
            ("hoan tien thue", None),
            ("17", None),
        ] {
            assert_eq!(named(memo).as_deref(), number, "{memo}");
        }
    }
}
