//! Letters that money which came was for something else, and where it is now, gathered when they are sent. Who reads them is
//! decided by `pay::moved`.

use chrono::NaiveDate;

use super::{
    content::{Content, firm_block, notice_line, reply_to, rest},
    letters::{self, NoticeLine},
    over, returned,
};
use crate::{
    db::{
        Tx, dues,
        mails::Mail,
        orders::Order,
        owed,
        payments::{self, Payment},
        requests, standing,
    },
    domain::{mail::Purpose, money::Money, order::OrderCode},
    flow::{
        Services,
        pay::moved::{self, Moved},
    },
};

/// Between an order and the number of a payment, in what a letter is about: `DH-2611-000123/CHUYEN-17`.
const ABOUT: &str = "/CHUYEN-";

/// Whether a letter about money says that it was moved.
pub(super) fn is_meant(mail: &Mail) -> bool {
    mail.purpose == Purpose::PaymentReceived && mail.subject.contains(ABOUT)
}

/// That money of a payment is for something else, to whom it was for: once for each change of all money.
pub async fn plan(
    services: &Services,
    tx: &mut Tx,
    (order, payer): (&OrderCode, (&str, &str)),
    (payment, change): (i64, i64),
) -> anyhow::Result<()> {
    let subject = format!("{order}{ABOUT}{payment}");
    returned::plan_about(services, tx, (order, payer), (&subject, change)).await
}

pub(super) async fn of(
    services: &Services,
    mail: &Mail,
    order: &Order,
) -> anyhow::Result<Option<Content>> {
    let db = &services.db;
    let Some((payment, moved)) = standing_move(services, mail).await? else { return Ok(None) };
    let mut dues = dues::named(db, &moved.from).await?;
    dues.retain(|due| due.payer_email == mail.recipient && due.batch_id == order.batch().number());
    if dues.is_empty() {
        return Ok(None);
    }
    let ids: Vec<i64> = dues.iter().map(|due| due.line_id).collect();
    let requests = owed::of_lines(db, &ids).await?;
    let told = standing::with_ids(db, &ids).await?;
    let of_line = |request| notice_line(services, &told, request);
    let lines = requests.iter().map(of_line).collect::<anyhow::Result<Vec<NoticeLine>>>()?;
    let lying = over::lying(services, &requests).await?;
    let mut open = requests;
    open.retain(|request| request.rest().is_some());
    // With what lies under the code for all only all of it can be paid.
    if !open.is_empty() && lying.under > Money::ZERO {
        open = requests::open_of_payer(db, order.batch(), &mail.recipient).await?;
    }
    let (rest, picture) = rest(services, &open, lying.came())?.unzip();
    let day = payment.booked_on.parse::<NaiveDate>()?.format("%d/%m/%Y").to_string();
    let told: Vec<_> = told.iter().collect();
    let said = letters::Moved {
        recipient: order.recipient,
        to_name: mail.recipient_name.clone(),
        firm: firm_block(services, order, &told).await?,
        counted: moved.parts().iter().map(|(_, _, counted)| Money::dong(*counted)).sum(),
        to: moved.to.into_iter().map(|(code, amount)| (code, Money::dong(amount))).collect(),
        payment: (payment.amount(), day),
        lines,
        rest,
    };
    let letter = letters::moved(services.letters.of(mail.purpose), &said)?;
    let reply_to = reply_to(services, (order, &told), order.registered_by.as_deref())?;
    Ok(Some(Content { letter, picture, workbook: None, reply_to }))
}

/// What a letter tells of, while nothing else was said of the payment since.
async fn standing_move(
    services: &Services,
    mail: &Mail,
) -> anyhow::Result<Option<(Payment, Moved)>> {
    let db = &services.db;
    let Some((_, payment)) = mail.subject.rsplit_once(ABOUT) else { return Ok(None) };
    let Some(payment) = payments::by_id(db, payment.parse()?).await? else { return Ok(None) };
    let moved = moved::of(db, payment.id).await?.pop();
    let parts = payments::allocations(db, Some(payment.id)).await?;
    let pays = |code: &str| parts.iter().any(|part| part.code == code);
    let stands =
        |it: &Moved| it.change == mail.occasion() && it.to.iter().all(|(code, _)| pays(code));
    Ok(moved.filter(stands).map(|moved| (payment, moved)))
}
