//! What a delivery report says: of which mail, to whom it was, how it ended and why. As RFC 3464 has it, and as Gmail and
//! Exim write it without (`X-Failed-Recipients`).
//! Which of our mails it is about is found by `meaning`.

use chrono::{DateTime, Utc};

use super::mime::{self, Fields, Part};

/// More recipients than any mail of ours has.
const MOST: usize = 50;
const LONGEST_ADDRESS: usize = 320;
const LONGEST_ID: usize = 300;

const STATUS: [&str; 2] = ["message/delivery-status", "message/global-delivery-status"];
/// The mail that is reported, or its head.
const RETURNED: [&str; 5] = [
    "message/rfc822",
    "text/rfc822-headers",
    "message/rfc822-headers",
    "message/global",
    "message/global-headers",
];

/// What a mail in the folder of reports is.
#[derive(Clone, Debug)]
pub enum Letter {
    Report(Report),
    /// Out of office, read, received: it says nothing of the way.
    Automatic,
    Other,
}

#[derive(Clone, Debug)]
pub struct Report {
    /// Ids that the reported mail may have, the surest first.
    pub message_ids: Vec<String>,
    /// The address that it says it comes from.
    pub from: Option<String>,
    /// About when it was under way.
    pub at: Option<DateTime<Utc>>,
    /// At least one.
    pub said: Vec<Said>,
}

/// What is said of one recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// As it was addressed, and where that led to.
    pub recipients: Vec<String>,
    pub end: End,
    /// `5.1.1` (RFC 3463).
    pub status: Option<String>,
    /// In the words of the server that said no.
    pub why: Option<String>,
}

crate::domain::words::words! {
    /// What became of a mail, in the words of RFC 3464.
    pub enum End {
        Failed = "failed",
        Delayed = "delayed",
        Delivered = "delivered",
    }
}

/// Reads a mail, of which the end may be missing.
pub fn read(text: &str) -> Letter {
    let (fields, body) = Fields::read(text);
    let parts = mime::parts(fields.clone(), body);
    let status = parts.iter().find(|part| STATUS.contains(&part.kind().as_str()));
    let groups = status.map(|part| groups(&part.text())).unwrap_or_default();
    let mut said: Vec<Said> = groups.iter().filter_map(of_group).collect();
    let words = words(&parts);
    if said.is_empty() {
        said = of_failed(fields.get("x-failed-recipients").unwrap_or_default(), &words);
    }
    if said.is_empty() {
        return if is_automatic(&fields, &parts) { Letter::Automatic } else { Letter::Other };
    }
    let returned = parts.iter().find(|part| RETURNED.contains(&part.kind().as_str()));
    let text = returned.map(Part::text).unwrap_or_default();
    let (returned, _) = Fields::read(text.trim_start_matches('\n'));
    let arrived = groups.first().and_then(|group| group.get("arrival-date"));
    let dates = [arrived, returned.get("date"), fields.get("date")];
    Letter::Report(Report {
        message_ids: message_ids(&returned, &words, &fields),
        from: returned.get("from").and_then(sender),
        at: dates.into_iter().flatten().find_map(date),
        said,
    })
}

/// The blocks of a status: one about the mail, then one for each recipient.
fn groups(text: &str) -> Vec<Fields> {
    let mut found = Vec::new();
    let mut rest = text.trim_start_matches('\n');
    while !rest.is_empty() && found.len() <= MOST {
        let (fields, behind) = Fields::read(rest);
        found.push(fields);
        rest = behind.trim_start_matches('\n');
    }
    found
}

fn of_group(fields: &Fields) -> Option<Said> {
    let mut recipients: Vec<String> = ["original-recipient", "final-recipient"]
        .iter()
        .filter_map(|name| address(fields.get(name)?))
        .collect();
    recipients.dedup();
    let status = status_of(fields);
    let end = end(fields.get("action"), status.as_deref())?;
    // `smtp; 550 5.1.1 …`
    let why = fields.get("diagnostic-code").map(|text| match text.split_once(';') {
        Some((kind, words)) if !kind.trim().contains(' ') => words.trim().to_owned(),
        _ => text.to_owned(),
    });
    Some(Said { recipients, end, status, why: why.filter(|why| !why.is_empty()) })
}

/// Where the field leaves open what the fault is, what the server said.
fn status_of(fields: &Fields) -> Option<String> {
    let told = fields.get("status").and_then(enhanced);
    let by_server = fields.get("diagnostic-code").and_then(enhanced);
    match told {
        Some(told) if told.ends_with(".0.0") => {
            by_server.filter(|it| it[..1] == told[..1]).or(Some(told))
        }
        told => told.or(by_server),
    }
}

fn by_class(class: char) -> Option<End> {
    match class {
        '5' => Some(End::Failed),
        '4' => Some(End::Delayed),
        '2' => Some(End::Delivered),
        _ => None,
    }
}

/// What was done says more than the class of the status: a mail that was given up after days has the status of a fault
/// that passes.
fn end(action: Option<&str>, status: Option<&str>) -> Option<End> {
    let action = action.unwrap_or_default().to_lowercase();
    let action = action.split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default();
    match (action, status.and_then(|status| status.chars().next())) {
        ("failed", _) => Some(End::Failed),
        ("delayed", _) => Some(End::Delayed),
        ("delivered" | "relayed" | "expanded", _) => Some(End::Delivered),
        (_, class) => by_class(class?),
    }
}

/// The recipients that a field names; why is said in words, before the returned mail.
fn of_failed(recipients: &str, words: &str) -> Vec<Said> {
    let words = words.split("\n-----").next().unwrap_or_default();
    let line = || words.lines().find(|line| enhanced(line).is_some());
    let line = line().or_else(|| words.lines().find(|line| is_reply(line)));
    let said = |recipient: String| Said {
        recipients: vec![recipient],
        end: End::Failed,
        status: line.and_then(enhanced),
        why: line.map(|line| line.trim().to_owned()),
    };
    recipients.split(',').filter_map(address).take(MOST).map(said).collect()
}

/// What people read of it.
fn words(parts: &[Part<'_>]) -> String {
    let texts = parts.iter().filter(|part| part.kind() == "text/plain");
    texts.map(|part| part.text().into_owned()).collect::<Vec<_>>().join("\n")
}

/// A status such as `5.1.1` within words; versions and addresses of machines look otherwise.
fn enhanced(text: &str) -> Option<String> {
    let numbers = text.split(|c: char| !c.is_ascii_digit() && c != '.');
    numbers.map(|it| it.trim_matches('.')).find_map(|number| {
        let parts: Vec<&str> = number.split('.').collect();
        let [class, subject, detail] = parts[..] else { return None };
        let is_status = matches!(class, "2" | "4" | "5")
            && subject.len() == 1
            && (1..=3).contains(&detail.len());
        is_status.then(|| number.to_owned())
    })
}

/// A line with the code of a server's no: `550 no such user`.
fn is_reply(line: &str) -> bool {
    let is_code = |word: &str| {
        word.len() == 3 && word.starts_with(['4', '5']) && word.bytes().all(|b| b.is_ascii_digit())
    };
    line.split(|c: char| c.is_whitespace() || c == '-').any(is_code)
}

/// Of the returned head; where that is missing as the words name it; and what the report answers.
fn message_ids(returned: &Fields, words: &str, report: &Fields) -> Vec<String> {
    let mut found: Vec<String> = ids(returned.get("message-id").unwrap_or_default()).collect();
    if found.is_empty() {
        let lines = || words.lines().map(|line| line.trim_start_matches(['>', ' ', '\t']));
        for (line, next) in lines().zip(lines().skip(1).chain([""])) {
            let name = line.get(..11).unwrap_or_default();
            if name.eq_ignore_ascii_case("message-id:") {
                found.extend(ids(&format!("{line} {next}")).next());
            }
        }
    }
    for name in ["in-reply-to", "references"] {
        found.extend(ids(report.get(name).unwrap_or_default()).take(MOST));
    }
    found.truncate(MOST);
    found
}

/// What stands in angles.
fn ids(text: &str) -> impl Iterator<Item = String> {
    let angled = text.split('<').skip(1).filter_map(|part| part.split_once('>'));
    let ids = angled.map(|(id, _)| id.trim().to_owned());
    ids.filter(|id| id.contains('@') && id.len() <= LONGEST_ID)
}

/// `rfc822; <lan@x.example>` → `lan@x.example`.
fn address(text: &str) -> Option<String> {
    let text = text.split_once(';').map_or(text, |(_, address)| address);
    let word = text.split_whitespace().next()?.trim_matches(['<', '>', '"', ',']);
    let is_address = word.contains('@') && word.len() <= LONGEST_ADDRESS;
    is_address.then(|| word.to_lowercase())
}

/// `Minh An <no-reply@x.example>` → `no-reply@x.example`.
fn sender(text: &str) -> Option<String> {
    address(text.rsplit_once('<').map_or(text, |(_, address)| address))
}

/// `Mon, 23 Nov 2026 08:30:00 +0700 (ICT)`
fn date(text: &str) -> Option<DateTime<Utc>> {
    let plain = text.split('(').next().unwrap_or_default().trim();
    DateTime::parse_from_rfc2822(plain).ok().map(|at| at.to_utc())
}

fn is_automatic(fields: &Fields, parts: &[Part<'_>]) -> bool {
    let submitted = fields.get("auto-submitted").unwrap_or("no");
    !submitted.eq_ignore_ascii_case("no")
        || fields.get("x-autoreply").or(fields.get("x-autorespond")).is_some()
        || fields.get("precedence").is_some_and(|it| it.eq_ignore_ascii_case("auto_reply"))
        || parts.iter().any(|part| part.kind() == "message/disposition-notification")
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "dh-2611-000001.5f3a@hangloat.example";
    const TO: &str = "giamdoc@congty1.example";

    macro_rules! sample {
        ($name:literal) => {
            include_str!(concat!("../../../tests/it/story/reports/", $name))
        };
    }

    fn letter(sample: &str) -> Letter {
        let mail = sample.replace("{id}", ID).replace("{to}", TO).replace('\n', "\r\n");
        read(&mime::plain(mail.as_bytes()))
    }

    fn report(sample: &str) -> Report {
        match letter(sample) {
            Letter::Report(report) => report,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn each_kind_of_server_names_the_mail_its_recipient_and_why() {
        for (sample, status, why) in [
            (sample!("postfix.eml"), "5.1.1", "User unknown in virtual mailbox table"),
            (sample!("exchange.eml"), "5.1.10", "RESOLVER.ADR.RecipientNotFound"),
            (sample!("gmail.eml"), "5.1.1", "does not exist"),
            (sample!("failed-recipients.eml"), "5.1.1", "550 5.1.1"),
            (sample!("full.eml"), "5.2.2", "over quota"),
        ] {
            let report = report(sample);
            assert_eq!(report.message_ids[0], ID, "{report:?}");
            let [said] = &report.said[..] else { panic!("{report:?}") };
            assert_eq!((&said.recipients[..], said.end), (&[TO.to_owned()][..], End::Failed));
            assert_eq!(said.status.as_deref(), Some(status));
            assert!(said.why.as_ref().unwrap().contains(why), "{said:?}");
            assert!(!said.why.as_ref().unwrap().starts_with("smtp"), "{said:?}");
        }
        let postfix = report(sample!("postfix.eml"));
        assert_eq!(postfix.from.as_deref(), Some("no-reply@hangloat.example"));
        assert_eq!(postfix.at.unwrap().to_rfc3339(), "2026-11-23T02:02:09+00:00");
    }

    #[test]
    fn a_mail_that_is_late_has_not_failed_and_what_programs_reply_is_no_report() {
        let late = report(sample!("delayed.eml"));
        assert_eq!(
            (late.said[0].end, late.said[0].status.as_deref()),
            (End::Delayed, Some("4.4.1"))
        );
        assert!(matches!(letter(sample!("out-of-office.eml")), Letter::Automatic));
        assert!(matches!(
            letter("From: a@b.example\nSubject: x\n\nhello 550 5.1.1\n"),
            Letter::Other
        ));
        let receipt = "Content-Type: multipart/report; boundary=b\n\n--b\n\nread\n--b\n\
                       Content-Type: message/disposition-notification\n\nDisposition: x; displayed\n--b--\n";
        assert!(matches!(letter(receipt), Letter::Automatic));
    }

    #[test]
    fn what_was_done_counts_before_the_class_of_the_status() {
        assert_eq!(end(Some("failed"), Some("4.4.7")), Some(End::Failed));
        assert_eq!(end(Some("Delayed (4 hours)"), None), Some(End::Delayed));
        assert_eq!(end(None, Some("5.0.0")), Some(End::Failed));
        assert_eq!(end(Some("relayed"), None), Some(End::Delivered));
        assert_eq!(end(Some("?"), None), None);
    }

    #[test]
    fn a_status_is_no_version_and_no_address_of_a_machine() {
        assert_eq!(enhanced("550-5.1.1 The (#5.7.1)").as_deref(), Some("5.1.1"));
        assert_eq!(enhanced("said: 452 4.2.2.").as_deref(), Some("4.2.2"));
        for other in ["Exim 4.94.2", "5.196.10.2", "192.0.2.25", "3.1.1", "550 no", "5.1.1000"] {
            assert_eq!(enhanced(other), None, "{other}");
        }
    }

    #[test]
    fn a_report_that_is_cut_off_anywhere_is_read_as_far_as_it_goes() {
        for sample in [sample!("postfix.eml"), sample!("exchange.eml"), sample!("gmail.eml")] {
            for end in 0..sample.len() {
                if let Letter::Report(report) = letter(&sample[..end]) {
                    assert!(!report.said.is_empty());
                }
            }
        }
    }

    #[test]
    fn garbage_does_no_harm() {
        let mut seed = 7_u64;
        let mut next = move || {
            seed = seed
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            seed >> 33
        };
        let sample = sample!("gmail.eml").as_bytes();
        for _ in 0..300 {
            let mut bytes = sample.to_vec();
            for _ in 0..40 {
                let at = usize::try_from(next()).unwrap() % bytes.len();
                bytes[at] = next().to_le_bytes()[0];
            }
            read(&mime::plain(&bytes));
        }
        let many = "Final-Recipient: rfc822; a@b.example\nAction: failed\n\n".repeat(10_000);
        let status = format!("Content-Type: message/delivery-status\n\n{many}");
        assert!(report(&status).said.len() <= MOST + 1);
        let failed = format!("X-Failed-Recipients: {}\n\nx", "a@b.example,".repeat(10_000));
        assert_eq!(report(&failed).said.len(), MOST);
        for hostile in
            ["", "\n\n", ":", "Content-Type: multipart/; boundary=\n\n--\n--\n", "=?:<<>>@"]
        {
            assert!(matches!(letter(hostile), Letter::Other), "{hostile:?}");
        }
    }
}
