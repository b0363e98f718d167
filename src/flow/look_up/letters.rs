//! What was written about a line, to whom and when: its own letters, and those about its order to whoever pays for it.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use minijinja::context;

use super::gather::{Known, Of};
use crate::{
    db::{
        batches::Filter,
        corrections, grace,
        mails::{self, Mail},
        received, told as stored,
    },
    domain::{
        email::Email,
        field::Field,
        mail::{MailState, Purpose},
        order::LineState,
        phone::Phone,
    },
    flow::{
        Services,
        send::{self, came::Sums},
    },
};

/// So many stand in a cell, the newest.
const SHOWN: usize = 10;
/// Of whoever pays.
const REACHED_BY: [Field; 4] =
    [Field::Email, Field::RecipientEmail, Field::Phone, Field::RecipientPhone];

/// The letters of a firm by what they are about.
pub(super) struct Letters {
    of_lines: HashMap<i64, Vec<Mail>>,
    /// By order and recipient.
    of_payers: HashMap<(String, String), Vec<Mail>>,
    /// Those about money, by their numbers, and which of them tell of a code.
    of_money: HashMap<i64, Mail>,
    of_codes: HashMap<String, Vec<i64>>,
    /// Where a line's payer was reached before a correction, and until when.
    former: HashMap<i64, Vec<(String, DateTime<Utc>)>>,
    /// Of each warning the line, the order, the number of the letter and its recipient.
    warned: HashSet<(i64, String, i64, String)>,
}

impl Letters {
    pub async fn of(services: &Services, filter: &Filter, firm: &str) -> anyhow::Result<Letters> {
        let db = &services.db;
        let mut letters = Letters {
            of_lines: HashMap::new(),
            of_payers: HashMap::new(),
            of_money: HashMap::new(),
            of_codes: HashMap::new(),
            former: HashMap::new(),
            warned: grace::letters_of_firm(db, firm).await?.into_iter().collect(),
        };
        let others = services.settings.firms.iter().filter(|it| it.code.as_str() != firm);
        let others: HashSet<&str> = others.flat_map(|it| it.members().map(Email::as_str)).collect();
        let mut all = stored::of_arrived(db, firm).await?;
        // What the people of the firm of before were told is theirs.
        all.retain(|mail| !others.contains(mail.recipient.as_str()));
        all.extend(mails::list(db, filter).await?);
        all.sort_by_key(|mail| mail.id);
        let said: HashMap<i64, String> = received::told(db, firm).await?.into_iter().collect();
        letters.of_codes = by_codes(&all, &said);
        let of_money = all.iter().filter(|mail| said.contains_key(&mail.id));
        letters.of_money = of_money.map(|mail| (mail.id, mail.clone())).collect();
        for mail in all {
            match (mail.line_id, &mail.order_code) {
                (Some(line), _) => letters.of_lines.entry(line).or_default().push(mail),
                (None, Some(order)) => {
                    let about = (order.clone(), mail.recipient.clone());
                    letters.of_payers.entry(about).or_default().push(mail);
                }
                (None, None) => {}
            }
        }
        for event in corrections::of_firm(db, firm).await? {
            let former = REACHED_BY.iter().filter_map(|field| event.change(*field));
            let until = former.map(|[old, _]| (address(old), event.at));
            letters.former.entry(event.line_id).or_default().extend(until);
        }
        Ok(letters)
    }

    /// The last letter about a line to an address, where it did not arrive.
    pub fn lost(&self, of: &Of<'_>, to: &str) -> Option<&Mail> {
        let own = self.of_lines.get(&of.line.id).into_iter().flatten();
        let about = (of.line.order_code.to_string(), to.to_owned());
        let of_payer = self.of_payers.get(&about).into_iter().flatten();
        let to_it = own.chain(of_payer).filter(|mail| mail.recipient == to);
        to_it.max_by_key(|mail| mail.id).filter(|mail| mail.state == MailState::Refused)
    }

    /// `Thông báo đơn hàng → a@b.example: Đã gửi 23/11/2026 08:31`, a line each, the oldest first.
    pub fn of_line(&self, known: &Known<'_>, of: &Of<'_>) -> String {
        let own = self.of_lines.get(&of.line.id).into_iter().flatten();
        let client = &of.line.client;
        let phones = [Some(&client.phone), client.recipient_phone.as_ref()];
        let phones = phones.into_iter().flatten().map(Phone::as_str);
        let mut to: Vec<&str> =
            of.request.iter().map(|it| it.payer_email.as_str()).chain(phones).collect();
        to.dedup();
        let about = |to: &str| (of.line.order_code.to_string(), to.to_owned());
        let of_payer = to.iter().filter_map(|to| self.of_payers.get(&about(to))).flatten();
        let former = self.former.get(&of.line.id).into_iter().flatten();
        let of_former = former.flat_map(|(to, until)| {
            let told = self.of_payers.get(&about(to)).into_iter().flatten();
            told.filter(|mail| mail.planned_at <= *until || mail.purpose == Purpose::OrderCancelled)
        });
        let of_payer = of_payer.chain(of_former).filter(|mail| self.is_about(mail, of));
        let code = of.request.map(|it| it.code.as_str());
        let of_money = code.and_then(|code| self.of_codes.get(code)).into_iter().flatten();
        let of_money = of_money.filter_map(|id| self.of_money.get(id));
        let mut mails: Vec<&Mail> = own.chain(of_payer).chain(of_money).collect();
        mails.sort_by_key(|mail| mail.id);
        // An address may be the present one once more.
        mails.dedup_by_key(|mail| mail.id);
        let newest = mails.len().saturating_sub(SHOWN);
        let told = mails.into_iter().skip(newest).map(|mail| told(known, of, mail));
        told.collect::<Vec<_>>().join("\n")
    }

    /// Whoever pays for several lines of an order is told of others too.
    fn is_about(&self, mail: &Mail, of: &Of<'_>) -> bool {
        let was_paid = of.licence.is_some_and(|it| it.paid_on.is_some());
        let is_paid = was_paid || of.request.is_some_and(|it| it.state.is_paid());
        match mail.purpose {
            Purpose::OrderNotice => true,
            Purpose::OrderCancelled => of.cancelled.is_some(),
            Purpose::GraceWarning => {
                let order = of.line.order_code.to_string();
                let letter = (of.line.id, order, mail.occasion(), mail.recipient.clone());
                self.warned.contains(&letter)
            }
            Purpose::Suspended => of.line.state == LineState::Suspended,
            // Of what is paid no more, too.
            Purpose::PaymentReceived if send::returned::is_meant(mail) => true,
            Purpose::PaymentReceived | Purpose::Restored => is_paid,
            _ => false,
        }
    }
}

/// Which letters about money tell of a code: that something was paid of it, or waits under the code for all, or counts no
/// more. The letters are the oldest first.
fn by_codes(mails: &[Mail], said: &HashMap<i64, String>) -> HashMap<String, Vec<i64>> {
    let mut of_codes: HashMap<String, Vec<i64>> = HashMap::new();
    let mut before: HashMap<&str, i64> = HashMap::new();
    for (mail, said) in mails.iter().filter_map(|mail| Some((mail, said.get(&mail.id)?))) {
        let sums = Sums::read(said);
        for (code, paid) in sums.each() {
            let is_told = match mail.line_id {
                None => paid > 0 || sums.pooled > 0,
                Some(_) => paid < before.get(code).copied().unwrap_or_default(),
            };
            if is_told {
                of_codes.entry(code.to_owned()).or_default().push(mail.id);
            }
            if mail.state == MailState::Sent {
                before.insert(code, paid);
            }
        }
    }
    of_codes
}

/// As letters have it: phones are stored otherwise than people write them.
fn address(written: &str) -> String {
    Phone::read(written).map_or_else(|_| written.to_owned(), |(phone, _)| phone.as_str().to_owned())
}

fn told(known: &Known<'_>, of: &Of<'_>, mail: &Mail) -> String {
    let texts = known.services.texts;
    let at = mail.sent_at.filter(|_| mail.state == MailState::Sent);
    let values = context! {
        purpose => send::purpose_in_words(known.services, mail),
        to => mail.recipient.as_str(),
        state => texts.label(&format!("workbook.mail_state.{}", send::state_for(of.line.state, mail))),
        at => at.map(|at| known.clock(at).format("%d/%m/%Y %H:%M").to_string()),
    };
    texts.say("workbook.look_up.mail", values)
}
