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
/// What is stored begins so where the address is not at fault.
const FORWARDED: &str = "it was forwarded, and did not arrive at ";
const OF_SENDER: &str = "who sends it was refused: ";
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
        /// It was forwarded to another address, and did not arrive there.
        Elsewhere = "elsewhere",
        /// Who sends it is refused, by quota or policy.
        Sender = "sender",
        /// Of this mail, or of the way there.
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
    /// The address that it was forwarded to.
    other: Option<String>,
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
            (Some(mail), End::Failed) if forwarded(mail, said).is_some() => Case::Elsewhere,
            (Some(_), End::Failed) => fault(said.status.as_deref().unwrap_or_default(), &why),
        };
        let withdraws = match &mail {
            Some(mail) if case.is_lost() => posting::warns(tx, mail).await?,
            _ => false,
        };
        let other = mail.as_ref().filter(|_| case == Case::Elsewhere);
        let other = other.and_then(|mail| forwarded(mail, said)).map(str::to_owned);
        Ok(Meaning { mail, case, why, other, withdraws })
    }

    /// As it is kept with the mail.
    pub fn stored(&self) -> String {
        match (&self.other, self.case) {
            (Some(other), _) => format!("{FORWARDED}{other}: {}", self.why),
            (None, Case::Sender) => format!("{OF_SENDER}{}", self.why),
            _ => self.why.clone(),
        }
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
            .detail("why", services.texts.translated(&self.why))
            .detail("other", self.other.as_deref().unwrap_or_default());
        if self.withdraws { finding.detail("warning", "1") } else { finding }
    }

    /// What the bell tells of a mail that came back.
    pub fn bell(&self, services: &Services, mail: &Mail) -> String {
        let purpose = send::purpose_in_words(services, mail);
        let values = context! {
            purpose, to => mail.recipient.as_str(), subject => mail.subject.as_str(), mail => mail.id,
            why => services.texts.translated(&self.why), case => self.case.as_str(),
            warning => self.withdraws, other => self.other.as_deref(),
        };
        services.texts.say("message.bell.mail_bounced", values)
    }

    /// What whoever runs the program is told where who sends is refused.
    pub fn of_sender(&self, services: &Services) -> String {
        let why = services.texts.translated(&self.why);
        services.texts.say("message.sender_bounced", context! { why => why.trim_end_matches('.') })
    }
}

impl Case {
    /// Whether the mail did not arrive, which nobody knew before.
    pub fn is_lost(self) -> bool {
        match self {
            Case::Address | Case::Full | Case::Elsewhere | Case::Sender | Case::Other => true,
            Case::Unknown | Case::Before | Case::Delivered | Case::Later => false,
        }
    }

    /// By what is kept with a mail; nothing where its address may be at fault.
    pub fn of_stored(error: &str) -> Option<Case> {
        if error.starts_with(FORWARDED) {
            Some(Case::Elsewhere)
        } else {
            error.starts_with(OF_SENDER).then_some(Case::Sender)
        }
    }
}

/// Whether a mailbox is full, by the words of its server alone.
pub fn is_full(error: &str) -> bool {
    let said = error.to_lowercase();
    let mut words = said.split_whitespace();
    words.any(|word| matches!(word.trim_matches(|c: char| !c.is_ascii_digit()), "5.2.2" | "4.2.2"))
        || ["mailbox full", "mailbox is full", "over quota"].iter().any(|it| said.contains(it))
}

/// Where a mail failed, where that is another address than ours: it was forwarded.
fn forwarded<'a>(mail: &Mail, said: &'a Said) -> Option<&'a str> {
    let last = said.recipients.last()?;
    (!last.eq_ignore_ascii_case(&mail.recipient)).then_some(last)
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
        Blame::Sender => Case::Sender,
        Blame::Message => Case::Other,
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
    fn a_full_mailbox_is_known_by_its_servers_words() {
        for said in ["552 5.2.2 over quota", "452 (4.2.2) later", "Mailbox is full"] {
            assert!(is_full(said), "{said}");
        }
        for said in ["550 5.1.1 user unknown", "552 5.3.4 message too big", ""] {
            assert!(!is_full(said), "{said}");
        }
    }

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
            ("5.7.1", "550 5.7.1 looks like spam", Case::Sender),
            ("5.4.5", "550 5.4.5 daily sending quota exceeded", Case::Sender),
            ("5.3.4", "552 5.3.4 message too big", Case::Other),
        ] {
            assert_eq!(fault(status, why), expected, "{status} {why}");
        }
    }

    #[test]
    fn of_what_is_kept_one_sees_that_the_address_is_not_at_fault_in_both_languages() {
        let meaning = |case, other: Option<&str>| Meaning {
            mail: None,
            case,
            why: NO_REASON.to_owned(),
            other: other.map(str::to_owned),
            withdraws: false,
        };
        for (case, other) in [(Case::Elsewhere, Some("a@b.example")), (Case::Sender, None)] {
            let stored = meaning(case, other).stored();
            assert_eq!(Case::of_stored(&stored), Some(case));
            let told = Texts::of(Locale::Vi).translated(&stored);
            assert!(told.ends_with("báo cáo của máy chủ thư không nêu lý do"), "{told}");
            assert!(other.is_none_or(|other| told.contains(other)), "{told}");
        }
        assert_eq!(Case::of_stored(&meaning(Case::Address, None).stored()), None);
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
                    .detail("other", "c@d.example")
                    .detail("warning", "1");
                for said in [words::message(texts, &finding), words::fix(texts, &finding)] {
                    let is_clean = !["  ", "..", " .", "{{"].iter().any(|bad| said.contains(bad));
                    assert!(said.ends_with('.') && is_clean, "{case}: {said}");
                }
            }
        }
    }
}
