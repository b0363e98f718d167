//! Runs: one execution of a job each.

use super::words::words;

words! {
    /// What a job does.
    pub enum JobKind {
        Import = "import",
        Activate = "activate",
        Mail = "mail",
        /// Takes statements, and compares orders, payments and licences.
        Reconcile = "reconcile",
        /// The warnings of the end of grace alone.
        Remind = "remind",
        /// Restores, warns and suspends.
        Sweep = "sweep",
        /// The morning page: what was done, and what waits for whom.
        Report = "report",
        Export = "export",
        /// Deletes personal data whose time is over.
        Retention = "retention",
        Backup = "backup",
    }
}

words! {
    /// The life of a run.
    pub enum RunState {
        Queued = "queued",
        /// Under a lease; a dead process's lease has expired.
        Running = "running",
        Succeeded = "succeeded",
        /// Done, and something needs a person.
        CompletedWithRejects = "completed_with_rejects",
        Failed = "failed",
        /// Its process died; the next run goes on with its work.
        Interrupted = "interrupted",
        Cancelled = "cancelled",
    }
}
