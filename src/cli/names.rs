//! The names of commands, as JSON and log lines have them. What each of them takes is said by `args`.

use super::args::Command;

impl Command {
    /// As it is named in JSON.
    pub const fn name(&self) -> &'static str {
        match self {
            Command::Demo { .. } => "demo",
            Command::Init { .. } => "init",
            Command::Template(_) => "template",
            Command::Check(_) => "check",
            Command::Run(_) => "run",
            Command::Serve => "serve",
            Command::PlatformSandbox { .. } => "platform-sandbox",
            Command::Jobs => "jobs",
            Command::Runs { .. } => "runs",
            Command::Batches { .. } => "batches",
            Command::Orders { .. } => "orders",
            Command::Payments(_) => "payments",
            Command::Match(_) => "match",
            Command::Unmatch(_) => "unmatch",
            Command::Refund(_) => "refund",
            Command::Waive(_) => "waive",
            Command::Hold(_) => "hold",
            Command::Release { .. } => "release",
            Command::Licences { .. } => "licences",
            Command::Clients(_) => "clients",
            Command::Mails { .. } => "mails",
            Command::Resend { .. } => "resend",
            Command::Suppressions { .. } => "suppressions",
            Command::Notifications { .. } => "notifications",
            Command::Mappings { .. } => "mappings",
            Command::Accept { .. } => "accept",
            Command::Drop { .. } => "drop",
            Command::Confirm(_) => "confirm",
            Command::Activate { .. } => "activate",
            Command::Export(_) => "export",
            Command::Cancel(_) => "cancel",
            Command::Undo { .. } => "undo",
            Command::Correct(_) => "correct",
            Command::Transfer(_) => "transfer",
            Command::Assign(_) => "assign",
            Command::Unassign(_) => "unassign",
            Command::Explain { .. } => "explain",
            Command::Guide { .. } => "guide",
            Command::Catalogue { .. } => "catalogue",
            Command::Prove => "prove",
            Command::Doctor => "doctor",
            Command::Resume { .. } => "resume",
            Command::Backup { .. } => "backup",
            Command::Restore { .. } => "restore",
        }
    }
}
