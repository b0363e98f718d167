//! Letters: what a mail says, as a subject, a text part and an HTML part that say the same.
//! Who gets one and when is decided by whoever plans the mail; the words stand in `text/`.

mod activation_result;

mod alarm;

mod batch_result;

mod draft;

mod findings_waiting;

mod listed;

mod log_in;

mod morning;

mod moved;

mod order_cancelled;

mod order_notice;

mod reconciliation;

mod returned;

mod sms;

mod standing;

mod sums;

pub mod own;

pub mod samples;

use minijinja::{Value, context};
use serde::{Deserialize, Serialize};

pub use activation_result::{Activated, ActivationResult, NotActivated, activation_result};
pub use alarm::{Alarm, alarm};
pub use batch_result::{BatchResult, Counts, Reader, ResultOrder, Workbook, batch_result};
pub use findings_waiting::{FindingsWaiting, findings_waiting};
pub use log_in::{LogIn, log_in};
pub use morning::{Done, Morning, Told, morning};
pub use moved::{Moved, moved};
pub use order_cancelled::{OrderCancelled, Rest, order_cancelled};
pub use order_notice::{NoticeLine, OrderNotice, Transfer, Went, Works, order_notice};
pub use reconciliation::{Reconciliation, reconciliation};
pub use returned::{Returned, returned};
pub use sms::{Sms, sms};
pub use standing::{
    Elsewhere, Lost, News, Occasion, Standing, StandingLine, StandingReader, standing,
};

/// A letter that is ready to be made into a mail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letter {
    /// Without line breaks.
    pub subject: String,
    pub text: String,
    pub html: String,
}

/// Whether a letter is the first of its kind, or takes the place of one that was planned before a correction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Turn {
    First,
    Anew,
}

/// The accounting firm as a letter names it, and whom to ask there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FirmBlock {
    pub name: String,
    pub accountant: String,
    pub email: String,
    /// As people dial it: `0912 345 678`.
    pub phone: Option<String>,
    /// Whose phone that is, where it is not the accountant's.
    pub phone_of: Option<String>,
}

impl FirmBlock {
    /// What a sentence may name of it.
    fn values(&self) -> Value {
        context! {
            firm => self.name.as_str(),
            accountant => self.accountant.as_str(),
            email => self.email.as_str(),
            phone => self.phone.as_deref(),
            phone_of => self.phone_of.as_deref(),
        }
    }
}
