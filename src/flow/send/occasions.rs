//! Which of the letters about what is paid, or not, a mail is, and on which day it speaks. What it says is gathered by
//! `standings`.

use chrono::{DateTime, NaiveDate, Utc};

use super::{letters::Occasion, warned::Warned};
use crate::{
    db::mails::Mail,
    domain::mail::Purpose,
    flow::{Services, sweep::rules},
};

pub(super) fn is_received(mail: &Mail) -> bool {
    mail.purpose == Purpose::PaymentReceived && !is_taken_back(mail)
}

/// A copy about all lines of an order that were cut off on a day.
pub(super) fn is_of_cut_offs(mail: &Mail) -> bool {
    mail.purpose == Purpose::Suspended && mail.line_id.is_none()
}

/// A letter about money which names a line says that the money does not count any more.
pub(super) fn is_taken_back(mail: &Mail) -> bool {
    mail.purpose == Purpose::PaymentReceived && mail.line_id.is_some()
}

pub(super) fn occasion(
    services: &Services,
    mail: &Mail,
    (cutoff_at, warned): (Option<DateTime<Utc>>, &Warned),
) -> Occasion {
    match mail.purpose {
        Purpose::GraceWarning => {
            let on = says_on(services, mail);
            let last_day = |at| rules::last_day(at, services.settings.timezone);
            let days = cutoff_at.map_or(0, |at| (last_day(at) - on).num_days());
            let fewest = services.settings.grace.warn_days_before.last().copied().unwrap_or(0);
            Occasion::Warning { days, is_last: warned.is_last(days, fewest.into()) }
        }
        Purpose::Suspended => Occasion::Suspended,
        Purpose::Restored => Occasion::Restored,
        _ if is_taken_back(mail) => Occasion::TakenBack,
        _ => Occasion::Received,
    }
}

/// The local day of which a letter speaks: one that was held says what is so when it leaves.
pub(super) fn says_on(services: &Services, mail: &Mail) -> NaiveDate {
    services.local(mail.planned_at.max(services.now())).date_naive()
}
