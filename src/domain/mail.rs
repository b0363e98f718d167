//! Mails: why one is sent, and where it stands on its way.

use super::words::words;

words! {
    /// Why a mail is sent; one mail for one purpose, subject and recipient.
    pub enum Purpose {
        /// What was done since yesterday and what waits, to the firm's admin.
        Morning = "morning",
        /// What became of a file, to whoever registered it and to whoever is to confirm it.
        BatchResult = "batch_result",
        /// What is to be paid, to whoever pays.
        OrderNotice = "order_notice",
        /// What is no longer to be paid, to whoever got the notice.
        OrderCancelled = "order_cancelled",
        /// A one-time link to set a password.
        LoginFirst = "login_first",
        /// Sign in as before.
        LoginExisting = "login_existing",
        /// How a bulk activation ended, to whoever registered the order.
        ActivationResult = "activation_result",
        /// Rows still wait to be fixed or decided, to whoever registered the list.
        FindingsWaiting = "findings_waiting",
        /// Money came, to whoever pays.
        PaymentReceived = "payment_received",
        /// The unpaid week ends, to whoever pays; a copy to whoever registered the order.
        GraceWarning = "grace_warning",
        /// It ended, to the same.
        Suspended = "suspended",
        /// The software works again, to whoever pays.
        Restored = "restored",
        /// What differs or waits after a night, to the firm's admin.
        Reconciliation = "reconciliation",
        /// A job failed, mail was paused, or a letter came back because of who sends, to whoever runs the program.
        Operator = "operator",
    }
}

words! {
    /// The life of a mail.
    pub enum MailState {
        /// Written in the transaction that causes it.
        Planned = "planned",
        /// Claimed by a relay. After a crash: planned again where mails are files, uncertain where a server may have it.
        Sending = "sending",
        Sent = "sent",
        /// The mail server said no for good.
        Refused = "refused",
        /// The answer was lost after the last dot; only a person sends it again.
        Uncertain = "uncertain",
        /// Too many tries.
        Dead = "dead",
        /// Kept back by `[mail] hold`, by the allow-list, or because its address refused one before.
        Held = "held",
        /// Its reason is gone.
        Cancelled = "cancelled",
    }
}
