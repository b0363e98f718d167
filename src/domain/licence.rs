//! Licences: what the platform made of a line.

use super::words::words;

words! {
    /// The platform's word for a licence.
    pub enum LicenceState {
        /// Works unpaid until `grace_until`.
        Grace = "grace",
        Active = "active",
        Suspended = "suspended",
    }
}

words! {
    /// Who a log-in is for.
    pub enum Role {
        /// The firm's admin.
        AspAdmin = "asp_admin",
        AspManager = "asp_manager",
        AspDataEntry = "asp_data_entry",
        /// The client's representative: sends documents and reads reports.
        ClientAdmin = "client_admin",
        /// Sends documents alone.
        ClientSender = "client_sender",
    }
}
