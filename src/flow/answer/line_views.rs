//! What became of each line, as the workbook shows it beside its row: licence, mails, payment, cancellation.
//! Reading it from the database is the business of `pages`.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use super::{
    rows::At,
    view::{FindingText, LineView},
};
use crate::{
    db::{activations::Stuck, beside::Line, licences::Licence, mails::Mail, requests::Request},
    domain::{
        finding::Severity,
        mail::{MailState, Purpose},
        order::{Kind, LineState, RequestState},
    },
    flow::{
        Services,
        activate::reason::{self, Reason},
        send, sweep,
    },
};

/// All that the database holds about some lines.
pub struct Business {
    /// Of the list: what follows of a line that went to another firm is not its business.
    pub firm: Option<String>,
    pub lines: Vec<Line>,
    pub requests: Vec<Request>,
    pub licences: Vec<Licence>,
    pub mails: Vec<Mail>,
    /// Where the payer of a line was reached before a correction, and until when.
    pub former: Vec<(i64, String, DateTime<Utc>)>,
    /// Of each cancelled line why it was, and when.
    pub cancelled: Vec<(i64, String, DateTime<Utc>)>,
    pub stuck: Vec<Stuck>,
}

/// By sheet and row.
pub fn of(services: &Services, business: &Business) -> anyhow::Result<HashMap<At, LineView>> {
    let requests: HashMap<i64, &Request> =
        business.requests.iter().map(|request| (request.line_id, request)).collect();
    let licences: HashMap<i64, &Licence> =
        business.licences.iter().map(|licence| (licence.line_id, licence)).collect();
    let reasons: HashMap<i64, &String> =
        business.cancelled.iter().map(|(line, reason, _)| (*line, reason)).collect();
    let mut own: HashMap<i64, Vec<&Mail>> = HashMap::new();
    let mut notices: HashMap<(&str, &str), Vec<&Mail>> = HashMap::new();
    for mail in &business.mails {
        if let Some(line) = mail.line_id {
            own.entry(line).or_default().push(mail);
        } else if let Some(order) = &mail.order_code {
            notices.entry((order, &mail.recipient)).or_default().push(mail);
        }
    }
    let mut former: HashMap<i64, Vec<(&str, DateTime<Utc>)>> = HashMap::new();
    for (line, to, until) in &business.former {
        former.entry(*line).or_default().push((to, *until));
    }
    let view = |line: &Line| {
        let has_left = business.firm.as_ref().is_some_and(|firm| *firm != line.firm);
        let request = requests.get(&line.id).copied().filter(|_| !has_left);
        let licence = licences.get(&line.id);
        let notice = request.and_then(|request| {
            notices.get(&(line.order_code.as_str(), request.payer_email.as_str()))
        });
        let cancelled = reasons.get(&line.id).filter(|_| !has_left);
        let own = own.get(&line.id).filter(|_| !has_left);
        let former = former.get(&line.id).filter(|_| !has_left).into_iter().flatten();
        let to_former = former.flat_map(|(to, until)| {
            let told = notices.get(&(line.order_code.as_str(), *to)).into_iter().flatten();
            let is_its = move |mail: &&&Mail| {
                mail.planned_at <= *until || mail.purpose == Purpose::OrderCancelled
            };
            told.filter(is_its)
        });
        let mails = notice.into_iter().chain(own).flatten().chain(to_former).copied();
        // The payer may have been told of other lines.
        let mails =
            mails.filter(|mail| mail.purpose != Purpose::OrderCancelled || cancelled.is_some());
        let view = LineView {
            order: line.order_code.to_string(),
            line: line.line_no,
            amount: line.amount(),
            payment_code: request.map(|request| request.code.to_string()),
            activated_at: licence.map(|licence| services.local(licence.activated_at)),
            pay_by: licence
                .filter(|_| cancelled.is_none() && !has_left)
                .and_then(|licence| sweep::cutoff_of(services, licence))
                .map(|at| services.local(last_moment(at))),
            mail: mail_words(services, (&line.firm, line.state), mails),
            payment: match request {
                _ if has_left => services.texts.label("workbook.payment.left"),
                Some(request) => request_words(services, request.state),
                None if line.kind == Kind::Free => services.texts.label("workbook.payment.free"),
                None => String::new(),
            },
            // As it was when it went.
            state: if has_left { LineState::Active } else { line.state },
            cancelled: cancelled.map(|reason| (*reason).clone()),
        };
        Ok(((line.sheet, u32::try_from(line.row_no)?), view))
    };
    business.lines.iter().map(view).collect()
}

/// What the platform said of lines that have no licence though one was asked for, by sheet and row.
pub fn stuck(services: &Services, business: &Business) -> HashMap<At, FindingText> {
    let stuck: HashMap<i64, &Stuck> = business.stuck.iter().map(|it| (it.line_id, it)).collect();
    let said = |line: &Line| {
        let stuck = stuck.get(&line.id)?;
        let Reason { why, fix } = reason::of(services.texts, stuck);
        let (code, severity) = if reason::is_refused(stuck) {
            ("activation.refused", Severity::Error)
        } else {
            ("activation.uncertain", Severity::Warning)
        };
        let (column, field) = (None, None);
        let said =
            FindingText { code: code.to_owned(), severity, column, field, message: why, fix };
        Some(((line.sheet, u32::try_from(line.row_no).ok()?), said))
    };
    business.lines.iter().filter_map(said).collect()
}

/// The last minute of the day before a cut-off: a date that people read rightly.
fn last_moment(cutoff_at: DateTime<Utc>) -> DateTime<Utc> {
    cutoff_at - chrono::Duration::minutes(1)
}

/// `Thông báo đơn hàng: đã gửi`, one line for each purpose: where its newest mail stands;
/// the newest to the client and that to the people of the firm count alike.
fn mail_words<'a>(
    services: &Services,
    (firm, line): (&str, LineState),
    mails: impl Iterator<Item = &'a Mail>,
) -> String {
    let firm = services.firm(firm).ok();
    let is_copy = |mail: &Mail| firm.is_some_and(|it| it.has_member(&mail.recipient));
    let mut newest: Vec<(bool, &Mail)> = Vec::new();
    for mail in mails {
        let of = (is_copy(mail), mail.purpose);
        match newest.iter_mut().find(|(is_copy, known)| (*is_copy, known.purpose) == of) {
            // Who was corrected, or written to again, has a mail more; what was sent stays so where one after it was withdrawn.
            Some((_, known)) if is_withdrawn(known, mail) => {}
            Some((_, known)) if known.id < mail.id || is_withdrawn(mail, known) => *known = mail,
            Some(_) => {}
            None => newest.push((of.0, mail)),
        }
    }
    let mut worst: Vec<(&str, MailState)> = Vec::new();
    for (_, mail) in newest {
        let purpose = mail.purpose.as_str();
        match worst.iter_mut().find(|(known, _)| *known == purpose) {
            Some((_, state)) if *state == MailState::Sent => *state = send::state_for(line, mail),
            Some(_) => {}
            None => worst.push((purpose, send::state_for(line, mail))),
        }
    }
    let texts = services.texts;
    let words = worst.iter().map(|(purpose, state)| {
        let purpose = texts.label(&format!("message.purpose.{purpose}"));
        format!("{purpose}: {}", texts.label(&format!("workbook.mail_state.{state}")))
    });
    words.collect::<Vec<_>>().join("\n")
}

fn is_withdrawn(sent: &Mail, later: &Mail) -> bool {
    sent.state == MailState::Sent && later.state == MailState::Cancelled && sent.id < later.id
}

fn request_words(services: &Services, state: RequestState) -> String {
    services.texts.label(&format!("workbook.request_state.{state}"))
}
