//! What can be typed. Nothing is decided here.

mod orders;

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};

pub use self::orders::{
    Assign, Cancel, Confirm, CorrectLine, HoldLine, MatchPayment, Payments, RefundPayment, Resend,
    TransferLine, Unassign, UnmatchPayment, WaiveRest,
};
use super::{
    export::Exported,
    narrowed::{Narrowed, moment},
};
use crate::{
    domain::{
        batch::{BatchId, RowRef},
        client::CustomerType,
        email::Email,
        locale::Locale,
        mail::Purpose,
        order::{LineRef, OrderCode, Target},
        tax_id::TaxId,
    },
    flow::export::Format,
};

/// Takes client lists from an inbox folder and carries them through to licences, mails and money.
#[derive(Debug, Parser)]
#[command(name = "hangloat", version, max_term_width = 100, disable_help_subcommand = true)]
pub struct Cli {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Clone, Debug, Args)]
pub struct Global {
    /// The workspace; else `HANGLOAT_HOME`, else the nearest hangloat.toml upward
    #[arg(long, global = true, value_name = "DIR")]
    pub home: Option<PathBuf>,
    /// Print one JSON document and nothing else
    #[arg(long, global = true)]
    pub json: bool,
    /// A clock that stands still at this instant (in `serve`: that runs on from it)
    #[arg(long, global = true, value_name = "RFC3339", value_parser = moment)]
    pub now: Option<DateTime<Utc>>,
    /// Language of workbooks, mails and messages
    #[arg(long, global = true, value_name = "vi|en")]
    pub locale: Option<Locale>,
    /// Only errors
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// More log lines; twice for still more
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub verbose: u8,
    /// Colours: auto, always or never
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub color: When,
    /// How far it is: a bar on a terminal (auto), plain lines anywhere (plain), or nothing (off)
    #[arg(long, global = true, value_name = "HOW", default_value = "auto")]
    pub progress: ProgressHow,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum When {
    Auto,
    Always,
    Never,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ProgressHow {
    /// A bar on a terminal, nothing elsewhere
    Auto,
    Plain,
    Off,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make a workspace from samples and go the whole way: drop, check, confirm, activate, mail
    Demo {
        /// Default: hangloat-demo
        dir: Option<PathBuf>,
    },
    /// Make a workspace; nothing is ever overwritten
    Init {
        /// Where to make it; default: the current folder
        dir: Option<PathBuf>,
    },
    /// Write a workbook to fill in
    Template(Template),
    /// Read and check files, write the result workbook, store nothing
    Check(Check),
    /// Run one job now
    Run(Run),
    /// Run the scheduler, the inbox and the relays until SIGTERM
    Serve,
    /// Serve the embedded platform over HTTP, to try things on
    PlatformSandbox {
        /// Where it listens, on this machine (127.0.0.1:8080)
        #[arg(long, value_name = "ADDR")]
        listen: std::net::SocketAddr,
    },
    /// List the jobs
    Jobs,
    /// List the runs, or show one
    Runs {
        /// The number of a run
        id: Option<i64>,
        #[command(flatten)]
        narrowed: Narrowed,
    },
    /// List the batches, or show one
    Batches {
        /// A batch (B000123)
        id: Option<BatchId>,
        #[command(flatten)]
        narrowed: Narrowed,
    },
    /// List the orders, or show one with its lines and payment requests
    Orders {
        /// An order (DH-2611-000123)
        code: Option<OrderCode>,
        #[command(flatten)]
        narrowed: Narrowed,
    },
    /// List the payments of the statements, show one, or say that two are one
    Payments(Payments),
    /// List the licences
    Licences {
        #[command(flatten)]
        narrowed: Narrowed,
    },
    /// List the clients of the firms' catalogues, or say that two tax ids are one client's
    Clients(Clients),
    /// List the mails, or show one
    #[command(args_conflicts_with_subcommands = true)]
    Mails {
        #[command(subcommand)]
        what: Option<MailsCommand>,
        /// The number of a mail
        id: Option<i64>,
        #[command(flatten)]
        narrowed: Narrowed,
    },
    /// Send mails once more
    Resend(Resend),
    /// List the addresses that get no mail because a server refused one for good
    Suppressions {
        /// Let this address get mail again
        #[arg(long, value_name = "ADDRESS")]
        release: Option<Email>,
    },
    /// List what the bell rang for
    Notifications {
        #[command(flatten)]
        narrowed: Narrowed,
    },
    /// List what the firms said that headers mean, or forget one of it
    Mappings {
        /// Ask about this header again
        #[arg(long, value_name = "ID")]
        forget: Option<i64>,
        /// Only this firm
        #[arg(long, value_name = "CODE")]
        firm: Option<String>,
    },
    /// Take held rows as they are; also rows that were left out
    Accept {
        /// Rows of batches (B000123#17)
        #[arg(required = true, value_name = "ROW")]
        rows: Vec<RowRef>,
    },
    /// Leave rows out that wait to be fixed or decided
    Drop {
        /// Rows of batches (B000123#17)
        #[arg(required = true, value_name = "ROW")]
        rows: Vec<RowRef>,
    },
    /// Confirm an order as it stands, which places it
    Confirm(Confirm),
    /// Activate the licences of placed orders
    Activate {
        /// Orders (DH-2611-000123)
        #[arg(required = true)]
        orders: Vec<OrderCode>,
    },
    /// Write what there is into a file: clients, orders, lines, payments, licences, findings, invoices; or slips to pay by
    Export(Export),
    /// Cancel orders or lines; a line that works unpaid only where it is named itself
    Cancel(Cancel),
    /// Take a whole list back as far as nobody works with it, or put a held statement away
    Undo {
        /// A batch (B000123)
        batch: BatchId,
    },
    /// Say for what a payment is
    Match(MatchPayment),
    /// Say that a payment is not for what it was matched with, or not the same as another one
    Unmatch(UnmatchPayment),
    /// Give money back: from now on it pays for nothing, until it went
    Refund(RefundPayment),
    /// Forgive what is left of a code that was paid in part; with 0, take that back
    Waive(WaiveRest),
    /// Put the cut-off of an unpaid line off
    Hold(HoldLine),
    /// End that a cut-off is put off
    Release {
        /// A line of an order (DH-2611-000123/17)
        line: LineRef,
    },
    /// Put right what is known of a client of a line: its e-mail, its address and so on
    Correct(CorrectLine),
    /// Give a client with its licence to another firm
    Transfer(TransferLine),
    /// Let a member of staff work in the data of clients
    Assign(Assign),
    /// Take a member of staff off everywhere, or put another one there instead
    Unassign(Unassign),
    /// Say what a finding means: the rule, its source, an example, what to do
    Explain {
        /// As it stands in JSON: `tax_id.checksum`, `regime.not_allowed`
        code: String,
    },
    /// Write the user's guide, a page to read and to print
    Guide {
        /// Where to write it (guide.html)
        #[arg(short, long, value_name = "FILE")]
        output: PathBuf,
    },
    /// Look after the tables in jobs/catalogue/
    Catalogue {
        #[command(subcommand)]
        what: CatalogueCommand,
    },
    /// Recompute what must hold of rows, money, orders, mails and licences
    Prove,
    /// Check that folders, key, database, tables, mail, platform, backup and clock are right
    Doctor,
    /// List what is held after a restore or a long gap, by purpose and age
    Resume {
        /// Let it go
        #[arg(long)]
        confirm: bool,
    },
    /// Write everything that the workspace knows into one file
    Backup {
        /// A new file; nothing is ever overwritten
        file: PathBuf,
        /// The key too; keep such a file under lock
        #[arg(long)]
        with_key: bool,
    },
    /// Read a backup into an empty workspace; what it had not sent is held
    Restore {
        /// What `backup` wrote
        file: PathBuf,
    },
}

#[derive(Debug, Subcommand)]
pub enum MailsCommand {
    /// Note that a mail did not arrive; its address gets no more
    Refuse {
        /// The number of a mail
        mail: i64,
        /// Why, for the list of mails and the bell
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Write letters to invented clients as files to look at, with their words
    Preview {
        /// Which letter, by its purpose in `mails`; default: all
        purpose: Option<Purpose>,
        /// Where to write them; default: mail/preview
        #[arg(short, long, value_name = "FOLDER")]
        output: Option<PathBuf>,
    },
}

#[derive(Debug, Subcommand)]
pub enum CatalogueCommand {
    /// Say everything that is inconsistent in the tables
    Check,
    /// Compare the tables with those of this version
    Update {
        /// Replace those that nobody touched since they came
        #[arg(long)]
        apply: bool,
    },
}

#[derive(Debug, Args)]
pub struct Template {
    /// enterprise or household
    #[arg(long = "type", value_name = "TYPE")]
    pub customer_type: CustomerType,
    /// For which firm; needed where there are several
    #[arg(long, value_name = "CODE")]
    pub firm: Option<String>,
    /// List the clients whose licence ends, to be renewed for this fiscal year
    #[arg(long, value_name = "YEAR")]
    pub renew: Option<i32>,
    /// Where to write it; default: the outbox
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct Export {
    /// clients, orders, lines, payments, licences, findings, invoices or slips
    pub what: Exported,
    /// Of slips: orders (DH-2611-000123) or lines of them; default: all that is unpaid
    #[arg(value_name = "ORDER|LINE")]
    pub targets: Vec<Target>,
    /// xlsx, csv, parquet or json
    #[arg(long, default_value_t = Format::Xlsx)]
    pub format: Format,
    /// Only of this firm
    #[arg(long, value_name = "CODE")]
    pub firm: Option<String>,
    /// Of invoices: what no such export had before, and what changed since, under a new number
    #[arg(long, conflicts_with = "again")]
    pub new: bool,
    /// Of invoices: the export with this number once more, as it was
    #[arg(long = "export", value_name = "N")]
    pub again: Option<i64>,
    /// Where to write it; default: the outbox. Of slips a folder, which has to be named
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct Clients {
    /// Only this firm
    #[arg(long, value_name = "CODE")]
    pub firm: Option<String>,
    /// Make one client of two: the tax id of before, and the present one
    #[arg(long, num_args = 2, value_names = ["OLD", "NEW"], requires = "reason", group = "identity")]
    pub same: Vec<TaxId>,
    /// Take that back: two clients again
    #[arg(long, num_args = 2, value_names = ["OLD", "NEW"], requires = "reason", group = "identity")]
    pub apart: Vec<TaxId>,
    /// With --same: also where one is an enterprise and the other a household business
    #[arg(long, requires = "same")]
    pub yes: bool,
    /// Why they are one client, or two
    #[arg(long, value_name = "TEXT", requires = "identity")]
    pub reason: Option<String>,
}

#[derive(Debug, Args)]
pub struct Check {
    /// The client lists to look at
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
    /// Folder of the result workbooks; default: the outbox
    #[arg(short, long, value_name = "DIR")]
    pub output: Option<PathBuf>,
    /// Whose the files are that lie outside the inbox
    #[arg(long, value_name = "CODE")]
    pub firm: Option<String>,
    /// The files that lie outside the inbox are statements
    #[arg(long, conflicts_with = "firm")]
    pub bank: bool,
    /// What a list need not say: package=ASP-DN, package.household=ASP-HKD
    #[arg(long, value_name = "K=V")]
    pub set: Vec<String>,
}

#[derive(Debug, Args)]
pub struct Run {
    /// Its name, or its kind where that is unique
    pub job: String,
    /// For an import; default: what lies in the inbox
    pub files: Vec<PathBuf>,
    /// Whose the files are that lie outside the inbox
    #[arg(long, value_name = "CODE")]
    pub firm: Option<String>,
    /// The files that lie outside the inbox are statements
    #[arg(long, conflicts_with = "firm")]
    pub bank: bool,
    /// What a list need not say: package=ASP-DN, package.household=ASP-HKD
    #[arg(long, value_name = "K=V")]
    pub set: Vec<String>,
}
