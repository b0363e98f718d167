//! A letter → a message as mail programs expect it: text and HTML, the picture inline, stable headers.

use anyhow::Context;
use lettre::{
    Address, Message,
    message::{
        Attachment, Mailbox, MultiPart, MultiPartKind, SinglePart,
        header::{HeaderName, HeaderValue},
    },
};

use super::content::Content;
use crate::{db::mails::Mail, domain::email::Email, flow::Services, text::one_line};

const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// The bytes of the message, the same on every attempt.
pub fn build(services: &Services, mail: &Mail, content: &Content) -> anyhow::Result<Vec<u8>> {
    let settings = &services.settings.mail;
    let reply_to = settings.reply_to.as_ref().unwrap_or(&content.reply_to);
    let to: Email = mail.recipient.parse()?;
    let message = Message::builder()
        .message_id(Some(format!("<{}>", mail.message_id)))
        .date(mail.planned_at.into())
        .from(mailbox(&settings.from.name, &settings.from.email)?)
        .reply_to(mailbox("", reply_to)?)
        .to(mailbox(&mail.recipient_name, &to)?)
        .subject(content.letter.subject.as_str())
        .raw_header(plain_header("Auto-Submitted", "auto-generated"))
        .raw_header(plain_header(
            "List-Id",
            &format!("<{}.{}>", mail.purpose, settings.from.email.domain()),
        ))
        .multipart(with_workbook(content, &mail.message_id)?)
        .context("The message cannot be built")?;
    Ok(message.formatted())
}

/// The letter, and behind it a workbook where there is one.
fn with_workbook(content: &Content, message_id: &str) -> anyhow::Result<MultiPart> {
    let letter = body(content, message_id)?;
    let Some((name, bytes)) = &content.workbook else { return Ok(letter) };
    let workbook = Attachment::new(name.clone()).body(bytes.clone(), XLSX.parse()?);
    let mixed = MultiPart::builder().kind(MultiPartKind::Mixed).boundary(boundary("m", message_id));
    Ok(mixed.multipart(letter).singlepart(workbook))
}

/// Made of the message's id, so that the same mail is the same bytes.
fn boundary(part: &str, message_id: &str) -> String {
    format!("{part}-{}", message_id.replace(['@', '.'], "-"))
}

/// Text first, HTML with its picture second: a reader shows the last form it understands.
fn body(content: &Content, message_id: &str) -> anyhow::Result<MultiPart> {
    let boundary = |part: &str| boundary(part, message_id);
    let html = SinglePart::html(content.letter.html.clone());
    let alternative = MultiPart::builder()
        .kind(MultiPartKind::Alternative)
        .boundary(boundary("a"))
        .singlepart(SinglePart::plain(content.letter.text.clone()));
    let Some((cid, png)) = &content.picture else { return Ok(alternative.singlepart(html)) };
    let picture = Attachment::new_inline(cid.clone()).body(png.clone(), "image/png".parse()?);
    let related = MultiPart::builder()
        .kind(MultiPartKind::Related)
        .boundary(boundary("r"))
        .singlepart(html)
        .singlepart(picture);
    Ok(alternative.multipart(related))
}

/// A name with a line break would make another header of its rest.
fn mailbox(name: &str, email: &Email) -> anyhow::Result<Mailbox> {
    let name: String = one_line(name).chars().filter(|c| !c.is_control()).collect();
    let address: Address = email.as_str().parse().context("The address is not one for mails")?;
    Ok(Mailbox::new(Some(name).filter(|name| !name.is_empty()), address))
}

fn plain_header(name: &'static str, value: &str) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned())
}
