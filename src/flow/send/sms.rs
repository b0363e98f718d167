//! Order notices by phone, through the HTTP gateway of `[sms] url`: one request, and a second one only where the first
//! was surely not taken. What is told apart: taken, refused for good, to be tried again, and nobody knows.

use std::time::Duration;

use anyhow::Context as _;
use reqwest::{Client, Request, StatusCode, Url, header::CONTENT_TYPE, redirect};
use serde_json::json;

use super::{
    content::{firm_block, rest},
    letters::{self, Sms},
    over,
};
use crate::{
    db::{
        lines::{self, Line},
        mails::Mail,
        orders::{self, Order},
        requests,
    },
    domain::{
        mail::Purpose,
        order::{LineState, Recipient},
        phone::Phone,
    },
    flow::{Services, holder::LeaseLost},
    text::one_line,
};

const CONNECT: Duration = Duration::from_secs(5);
/// For the whole of a request.
const TIMEOUT: Duration = Duration::from_secs(20);
/// So much of what a gateway says is kept.
const SAID: usize = 120;

/// How a gateway answered.
pub enum Answer {
    Taken,
    /// For good: this message, or this number.
    Refused(String),
    /// Surely not taken.
    Later(String),
    /// It may have been taken.
    Lost(String),
}

/// Whose phone an order's notice also goes to.
pub fn phone<'a>(services: &'a Services, order: &Order, line: &'a Line) -> Option<&'a Phone> {
    let phone = match order.recipient {
        Recipient::Client => Some(&line.client.phone),
        Recipient::Firm => services.firm(&line.firm).ok()?.admin.phone.as_ref(),
        Recipient::Other => line.client.recipient_phone.as_ref(),
    };
    phone.filter(|phone| phone.is_mobile())
}

/// Nothing where there is nothing to pay any more, or no gateway.
pub async fn deliver(
    services: &Services,
    mail: &Mail,
    phone: &Phone,
) -> anyhow::Result<Option<Answer>> {
    services.crash_point("mail_claimed");
    let Some(url) = &services.settings.sms.url else { return Ok(None) };
    let Some(text) = text(services, mail, phone).await? else { return Ok(None) };
    let (client, request) = request(url, mail, phone, &text)?;
    if services.demand(mail.lease_until).is_err() {
        return Err(LeaseLost.into());
    }
    let answer = ask(&client, request).await;
    services.crash_point("sms_answered");
    Ok(Some(answer))
}

/// What whoever has this phone has to pay now.
async fn text(services: &Services, mail: &Mail, to: &Phone) -> anyhow::Result<Option<String>> {
    let db = &services.db;
    let code = mail.order_code.as_deref().context("A message is about an order")?.parse()?;
    let order = orders::by_code(db, &code).await?.context("A mail has its order")?;
    let mut payer = None;
    let lines = lines::of_order(db, &code).await?;
    for line in lines.into_iter().filter(|line| line.state != LineState::Failed) {
        let Some(request) = requests::of_line(db, line.id).await? else { continue };
        let is_it = phone(services, &order, &line) == Some(to);
        if is_it && request.payer_name == mail.recipient_name && request.rest().is_some() {
            payer = Some((request.payer_email, line));
            break;
        }
    }
    let Some((email, line)) = payer else { return Ok(None) };
    let open = requests::open_of_payer(db, order.batch(), &email).await?;
    let pooled = over::lying(services, &open).await?.came();
    let Some((rest, _)) = rest(services, &open, pooled)? else { return Ok(None) };
    let said = Sms {
        firm: firm_block(services, &order, &[&line]).await?,
        client: line.name.clone(),
        count: open.len(),
        transfer: rest.transfer,
    };
    Ok(Some(letters::sms(services.letters.of(Purpose::OrderNotice), &said)?))
}

/// An address with `{phone}` and `{text}` is asked for as it is filled in; any other one gets a JSON document. The same
/// id goes with every attempt.
fn request(url: &str, mail: &Mail, phone: &Phone, text: &str) -> anyhow::Result<(Client, Request)> {
    // Another part of the program may have chosen it already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = Client::builder()
        .timeout(TIMEOUT)
        .connect_timeout(CONNECT)
        .redirect(redirect::Policy::none())
        .retry(reqwest::retry::never())
        .user_agent(concat!("hangloat/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(reqwest::Error::without_url)?;
    let id = mail.message_id.as_str();
    let request = if url.contains("{text}") {
        let filled = url
            .replace("{phone}", &escaped(phone.as_str()))
            .replace("{id}", &escaped(id))
            .replace("{text}", &escaped(text));
        client.get(address(&filled)?)
    } else {
        let body = json!({ "id": id, "phone": phone, "text": text }).to_string();
        client.post(address(url)?).header(CONTENT_TYPE, "application/json").body(body)
    };
    let request = request.header("Idempotency-Key", id).build();
    Ok((client, request.map_err(reqwest::Error::without_url)?))
}

/// The address may bear the gateway's key: no error says it.
fn address(url: &str) -> anyhow::Result<Url> {
    url.parse().ok().context("[sms] url is no address")
}

/// As a part of an address (RFC 3986).
fn escaped(text: &str) -> String {
    let one = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
            char::from(byte).to_string()
        }
        byte => format!("%{byte:02X}"),
    };
    text.bytes().map(one).collect()
}

async fn ask(client: &Client, request: Request) -> Answer {
    let answer = match client.execute(request).await {
        Ok(answer) => answer,
        Err(error) if error.is_connect() => {
            return Answer::Later("the SMS gateway cannot be reached".to_owned());
        }
        Err(_) => return Answer::Lost("the SMS gateway did not answer".to_owned()),
    };
    let status = answer.status();
    if status.is_success() {
        return Answer::Taken;
    }
    let said = answer.text().await.unwrap_or_default();
    let why = format!("the SMS gateway answers {}: {}", status.as_u16(), masked(&said));
    if is_ours(status) || status.is_server_error() {
        Answer::Later(why)
    } else {
        Answer::Refused(why)
    }
}

/// Too fast, a wrong key or a wrong address: no fault of the number.
fn is_ours(status: StatusCode) -> bool {
    status.is_redirection()
        || matches!(
            status,
            StatusCode::UNAUTHORIZED
                | StatusCode::PAYMENT_REQUIRED
                | StatusCode::FORBIDDEN
                | StatusCode::NOT_FOUND
                | StatusCode::METHOD_NOT_ALLOWED
                | StatusCode::REQUEST_TIMEOUT
                | StatusCode::TOO_MANY_REQUESTS
        )
}

/// The beginning of what a gateway said, without the number that it may repeat.
fn masked(said: &str) -> String {
    let said: String = one_line(said).chars().take(SAID).collect();
    said.chars().map(|c| if c.is_ascii_digit() { '…' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_gateway_says_is_kept_without_its_digits() {
        let hidden = "…".repeat(11);
        assert_eq!(masked("number +84912345678\nis bad"), format!("number +{hidden} is bad"));
        assert_eq!(masked(&"x".repeat(500)).len(), SAID);
    }

    #[test]
    fn a_text_becomes_a_part_of_an_address() {
        assert_eq!(escaped("HL7 & 2.950.000 d"), "HL7%20%26%202.950.000%20d");
        assert_eq!(escaped("+84912345678"), "%2B84912345678");
    }
}
