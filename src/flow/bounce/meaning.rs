//! Which of our mails a report is about, and what it means for that one: its address is wrong, its mailbox full, or only
//! this mail was not wanted. A report about a mail that nobody here sent changes nothing.
//! What follows is done by whoever asks.

use chrono::TimeDelta;
use minijinja::context;

use super::report::{End, Report, Said};
use crate::{
    db::{Tx, mails::Mail, posting},
    domain::{
        finding::{Code, Finding, Place},
        mail::MailState,
    },
    flow::{
        Services,
        send::{
            self,
            transport::{self, Blame},
        },
    },
};

/// So long before a report its mail was sent, at most: servers give up after five days.
const LONGEST: TimeDelta = TimeDelta::days(7);
/// Clocks differ.
const SLACK: TimeDelta = TimeDelta::hours(1);
/// Where a report gives none; what is stored is English, and shown in the person's language.
const NO_REASON: &str = "the delivery report gives no reason";

crate::domain::words::words! {
    pub enum Case {
        /// No mail of ours.
        Unknown = "unknown",
        /// It is known not to have arrived.
        Before = "before",
        Delivered = "delivered",
        /// Its server goes on trying.
        Later = "later",
        /// Another address is needed.
        Address = "address",
        /// The address is right, its mailbox full (RFC 3463: X.2.2).
        Full = "full",
        /// Of this mail, of who sends it, or of the way there.
        Other = "other",
    }
}

/// What a report says of one recipient, for the mail of ours that it is about.
#[derive(Clone, Debug)]
pub struct Meaning {
    pub mail: Option<Mail>,
    pub case: Case,
    /// In the words of the server that said no.
    pub why: String,
    /// Whether somebody was warned by it, and is not any more.
    withdraws: bool,
}

impl Meaning {
    pub async fn of(
        services: &Services,
        tx: &mut Tx,
        report: &Report,
        said: &Said,
    ) -> anyhow::Result<Meaning> {
        let mail = mail(services, tx, report, said).await?;
        let why = said.why.as_deref().map(shown).filter(|why| !why.is_empty());
        let why = why.or_else(|| said.status.clone()).unwrap_or_else(|| NO_REASON.to_owned());
        let case = match (&mail, said.end) {
            (None, _) => Case::Unknown,
            (Some(_), End::Delivered) => Case::Delivered,
            (Some(mail), _) if mail.state == MailState::Refused => Case::Before,
            (Some(_), End::Delayed) => Case::Later,
            (Some(_), End::Failed) => fault(said.status.as_deref().unwrap_or_default(), &why),
        };
        let withdraws = match &mail {
            Some(mail) if matches!(case, Case::Address | Case::Full | Case::Other) => {
                posting::warns(tx, mail).await?
            }
            _ => false,
        };
        Ok(Meaning { mail, case, why, withdraws })
    }

    /// What people are told of it.
    pub fn finding(&self, services: &Services, said: &Said, row: u32) -> Finding {
        let place = Place { row: Some(row), ..Place::default() };
        let Some(mail) = &self.mail else {
            let finding = Finding::new(Code::BounceUnknownMail, place);
            return match said.recipients.first() {
                Some(recipient) => finding.value(recipient),
                None => finding,
            };
        };
        let finding = Finding::new(Code::BounceTold, place)
            .detail("case", self.case.as_str())
            .detail("mail", mail.id.to_string())
            .detail("subject", mail.subject.as_str())
            .detail("to", mail.recipient.as_str())
            .detail("why", services.texts.translated(&self.why));
        if self.withdraws { finding.detail("warning", "1") } else { finding }
    }

    /// What the bell tells of a mail that came back.
    pub fn bell(&self, services: &Services, mail: &Mail) -> String {
        let purpose = send::purpose_in_words(services, mail);
        let values = context! {
            purpose, to => mail.recipient.as_str(), subject => mail.subject.as_str(), mail => mail.id,
            why => services.texts.translated(&self.why), case => self.case.as_str(),
            warning => self.withdraws,
        };
        services.texts.say("message.bell.mail_bounced", values)
    }
}

/// What a server said, as it may be stored and shown.
pub fn shown(text: &str) -> String {
    transport::plain(text)
}

fn fault(status: &str, why: &str) -> Case {
    if status.ends_with(".2.2") {
        return Case::Full;
    }
    // Given up after days: nobody said that the address is wrong.
    if status.starts_with('4') {
        return Case::Other;
    }
    match transport::blame_of_report(status, why) {
        Blame::Recipient => Case::Address,
        Blame::Message | Blame::Sender => Case::Other,
    }
}

/// By its id. Servers on the way may write another one: then the last mail to that address, if it was one from here.
async fn mail(
    services: &Services,
    tx: &mut Tx,
    report: &Report,
    said: &Said,
) -> anyhow::Result<Option<Mail>> {
    for id in &report.message_ids {
        if let Some(mail) = posting::by_message_id(tx, id).await? {
            return Ok(Some(mail));
        }
    }
    let own = &services.settings.mail.from.email;
    let is_ours =
        |id: &String| id.rsplit_once('@').is_some_and(|(_, domain)| domain == own.domain());
    let is_foreign = report.from.as_deref().is_some_and(|from| from != own.as_str());
    // One of ours that is not here was deleted since, or is another workspace's.
    if is_foreign || report.message_ids.iter().any(is_ours) {
        return Ok(None);
    }
    let at = report.at.unwrap_or_else(|| services.now());
    for address in &said.recipients {
        let mail = posting::last_to(tx, address, (at - LONGEST, at + SLACK)).await?;
        if mail.is_some() {
            return Ok(mail);
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::locale::Locale,
        text::{Texts, findings as words},
    };

    #[test]
    fn an_address_is_at_fault_only_where_the_server_says_so() {
        for (status, why, expected) in [
            ("5.1.1", "550 5.1.1 user unknown", Case::Address),
            ("5.1.10", "550 5.1.10 RESOLVER.ADR.RecipientNotFound", Case::Address),
            ("5.4.1", "550 5.4.1 Recipient address rejected: Access denied", Case::Address),
            ("5.0.0", "550 no such user here", Case::Address),
            ("", "no such user", Case::Address),
            ("5.2.2", "552 5.2.2 over quota", Case::Full),
            ("4.2.2", "452 4.2.2 over quota", Case::Full),
            ("4.4.1", "connection timed out", Case::Other),
            ("5.7.1", "550 5.7.1 looks like spam", Case::Other),
            ("5.3.4", "552 5.3.4 message too big", Case::Other),
        ] {
            assert_eq!(fault(status, why), expected, "{status} {why}");
        }
    }

    #[test]
    fn every_case_is_told_in_whole_sentences() {
        for texts in [Texts::of(Locale::Vi), Texts::of(Locale::En)] {
            for case in Case::ALL.iter().filter(|case| **case != Case::Unknown) {
                let finding = Finding::new(Code::BounceTold, Place::default())
                    .detail("case", case.as_str())
                    .detail("mail", "7")
                    .detail("subject", "DH-2611-000001")
                    .detail("to", "a@b.example")
                    .detail("why", "550 5.1.1 user unknown.")
                    .detail("warning", "1");
                for said in [words::message(texts, &finding), words::fix(texts, &finding)] {
                    let is_clean = !["  ", "..", " .", "{{"].iter().any(|bad| said.contains(bad));
                    assert!(said.ends_with('.') && is_clean, "{case}: {said}");
                }
            }
        }
    }
}
