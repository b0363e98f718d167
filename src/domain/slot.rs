//! Scheduled moments of a job, and what became of each.

use super::words::words;

words! {
    /// What became of a scheduled moment.
    pub enum SlotOutcome {
        /// It has a run of its own; how that went is the run's.
        Ran = "ran",
        /// The run of another moment accounts for it.
        Coalesced = "coalesced",
        Skipped = "skipped",
    }
}

words! {
    /// Why a scheduled moment was skipped.
    pub enum SlotReason {
        /// Longer ago than missed moments are made up for.
        TooOld = "too_old",
        /// Nobody was there, and the job makes up for nothing.
        Missed = "missed",
        /// The job was still running.
        Running = "running",
        /// A job that it comes after did not succeed.
        After = "after",
    }
}
