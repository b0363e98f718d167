//! A letter → a message as mail programs expect it: text and HTML, the picture inline, stable headers.

use anyhow::Context;
use data_encoding::BASE64;
use lettre::{
    Address, Message,
    message::{
        Attachment, Mailbox, MultiPart, MultiPartKind, SinglePart,
        header::{HeaderName, HeaderValue},
    },
};

use super::content::Content;
use crate::{
    db::mails::Mail,
    domain::{email::Email, mail::Purpose},
    flow::Services,
    text::one_line,
};

const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// The bytes of the message, under the same id on every attempt. It says what is so now, and has that date; a warning
/// that of the morning for which it was planned.
pub fn build(services: &Services, mail: &Mail, content: &Content) -> anyhow::Result<Vec<u8>> {
    let settings = &services.settings.mail;
    let reply_to = settings.reply_to.as_ref().unwrap_or(&content.reply_to);
    let to: Email = mail.recipient.parse()?;
    let date = if mail.purpose == Purpose::GraceWarning { mail.planned_at } else { services.now() };
    let message = Message::builder()
        .message_id(Some(format!("<{}>", mail.message_id)))
        .date(date.into())
        .from(mailbox(&settings.from.name, &settings.from.email)?)
        .reply_to(mailbox("", reply_to)?)
        .to(mailbox(&mail.recipient_name, &to)?)
        .subject(one_line(&content.letter.subject))
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
    let workbook = Attachment::new(name.clone()).body(bytes.clone(), kind_of(name).parse()?);
    let mixed = MultiPart::builder().kind(MultiPartKind::Mixed).boundary(boundary("m", message_id));
    Ok(mixed.multipart(letter).singlepart(workbook))
}

/// New mail programs read the name of a file as RFC 2231 has it, which lettre writes; old ones look for encoded words
/// behind the kind (RFC 2047).
fn kind_of(name: &str) -> String {
    if name.is_ascii() {
        return XLSX.to_owned();
    }
    let mut words = vec![String::new()];
    for letter in name.chars().filter(|c| !c.is_control()) {
        // With its frame an encoded word has 75 characters at most.
        let is_full = words.last().is_some_and(|word| word.len() + letter.len_utf8() > 45);
        if is_full {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut() {
            word.push(letter);
        }
    }
    let encoded =
        words.iter().map(|word| format!("=?utf-8?B?{}?=", BASE64.encode(word.as_bytes())));
    format!("{XLSX}; name=\"{}\"", encoded.collect::<Vec<_>>().join(" "))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_makes_no_further_header() {
        let email: Email = "lan@minhan.example".parse().unwrap();
        let to = mailbox("Lan\r\nBcc: ai@khac.example\u{0}", &email).unwrap();
        let text = to.to_string();
        assert!(
            !text.contains(['\r', '\n', '\0']) && text.contains("lan@minhan.example"),
            "{text}"
        );
        assert!(!kind_of("Đơn\r\nBcc: x.xlsx").contains(['\r', '\n']));
    }

    #[test]
    fn an_encoded_word_is_no_longer_than_allowed_and_parts_no_letter() {
        let name = "ế".repeat(100);
        let kind = kind_of(&name);
        let (_, words) = kind.split_once("name=\"").unwrap();
        let words: Vec<&str> = words.trim_end_matches('"').split(' ').collect();
        assert!(words.len() > 2 && words.iter().all(|word| word.len() <= 75), "{words:?}");
        let read = words.iter().map(|word| {
            let word = word.trim_start_matches("=?utf-8?B?").trim_end_matches("?=");
            String::from_utf8(BASE64.decode(word.as_bytes()).unwrap()).unwrap()
        });
        assert_eq!(read.collect::<String>(), name);
        assert_eq!(kind_of("plain.xlsx"), XLSX);
    }
}
