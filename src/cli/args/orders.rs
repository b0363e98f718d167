//! What is typed to confirm, cancel and correct orders, and to give their lines to members of staff.

use clap::Args;

use crate::config::file::nearest;
use crate::domain::{
    confirmation_code::ConfirmationCode,
    date::{self, Order},
    email::Email,
    field::Field,
    firm::StaffRole,
    order::{LineRef, OrderCode, Target},
    words::UnknownWord,
};
use crate::{cli::narrowed::Narrowed, flow::pay::amount};

#[derive(Debug, Args)]
pub struct Confirm {
    /// An order (DH-2611-000123)
    pub order: OrderCode,
    /// Only if the order still has this revision
    #[arg(long, value_name = "N")]
    pub revision: Option<i64>,
    /// Who checked it, a member of the firm; default: the firm's admin
    #[arg(long, value_name = "EMAIL")]
    pub by: Option<Email>,
    /// The confirmation code that was said on the phone; it holds for the present content alone
    #[arg(long, value_name = "CODE")]
    pub code: Option<ConfirmationCode>,
    /// Activate the licences at once
    #[arg(long)]
    pub activate: bool,
}

#[derive(Debug, Args)]
pub struct Cancel {
    /// Orders (DH-2611-000123) and lines (DH-2611-000123/17)
    #[arg(required = true, value_name = "ORDER|LINE")]
    pub targets: Vec<Target>,
    /// Why, for the workbook and the bell
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
}

#[derive(Debug, Args)]
pub struct Payments {
    /// The number of a payment
    #[arg(value_parser = payment)]
    pub id: Option<i64>,
    #[command(flatten)]
    pub narrowed: Narrowed,
    /// Say that two payments are the same money: the one that counts for nothing from now on, and the one that it is
    #[arg(
        long, num_args = 2, value_names = ["PAYMENT", "OTHER"], requires = "reason",
        conflicts_with_all = ["id", "state", "firm", "since"], value_parser = payment
    )]
    pub same: Vec<i64>,
    /// Why they are the same money
    #[arg(long, value_name = "TEXT", requires = "same")]
    pub reason: Option<String>,
}

#[derive(Debug, Args)]
pub struct MatchPayment {
    /// A payment, by its number
    #[arg(value_parser = payment)]
    pub payment: i64,
    /// Codes of what it is for, each with an amount where it is not all that is left (HLACDEFGHJ=2950000);
    /// other codes that it pays stay, one that is named again gets the new amount, and with 0 it is paid no more
    #[arg(required = true, value_name = "CODE[=AMOUNT]", value_parser = code_and_amount)]
    pub codes: Vec<(String, Option<i64>)>,
    /// Why, for the record
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
}

#[derive(Debug, Args)]
pub struct RefundPayment {
    /// A payment, by its number
    #[arg(value_parser = payment)]
    pub payment: i64,
    /// How much goes back in all that has not gone yet (2950000), in the place of what was planned; 0 takes that back
    #[arg(value_parser = dong, allow_negative_numbers = true)]
    pub amount: i64,
    /// Why, for the record
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    /// So much went already: the bank's reference of the transfer; what was planned beyond it stays
    #[arg(long, value_name = "REF")]
    pub done: Option<String>,
}

#[derive(Debug, Args)]
pub struct WaiveRest {
    /// A payment code, of one request or of all of a payer's
    pub code: String,
    /// 0 takes back what was forgiven; without it all that is left is forgiven
    #[arg(value_parser = nothing, allow_negative_numbers = true)]
    pub amount: Option<i64>,
    /// Why, for the record
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
}

#[derive(Debug, Args)]
pub struct HoldLine {
    /// A line of an order (DH-2611-000123/17)
    pub line: LineRef,
    /// It works up to the end of this day
    #[arg(long, value_name = "DATE", value_parser = day)]
    pub until: chrono::NaiveDate,
    /// Why, for the record
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
}

#[derive(Debug, Args)]
pub struct UnmatchPayment {
    /// A payment, by its number
    #[arg(value_parser = payment)]
    pub payment: i64,
    /// Why, for the record
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
}

/// As people write it, or as JSON has it.
fn day(text: &str) -> Result<chrono::NaiveDate, String> {
    let wrong = || format!("`{text}` is no day; one looks like 10/12/2026 or 2026-12-10");
    date::read(text.trim(), Order::DayFirst).ok_or_else(wrong)
}

fn payment(text: &str) -> Result<i64, String> {
    let wrong = |_| format!("`{text}` is no number of a payment; `hangloat payments` shows them");
    text.trim().parse().map_err(wrong)
}

fn dong(text: &str) -> Result<i64, String> {
    match amount::of_text(text) {
        Ok(Some(money)) if money.as_dong() >= 0 => Ok(money.as_dong()),
        _ => Err(format!("`{text}` is no amount; one looks like 2950000")),
    }
}

/// Of a rest all is forgiven, or nothing.
fn nothing(text: &str) -> Result<i64, String> {
    match dong(text) {
        Ok(0) => Ok(0),
        _ => Err(format!("`{text}` cannot be forgiven: leave the amount out, or write 0")),
    }
}

fn code_and_amount(text: &str) -> Result<(String, Option<i64>), String> {
    let (code, amount) = text.split_once('=').map_or((text, None), |(code, it)| (code, Some(it)));
    let wrong = || format!("`{text}` is no code with an amount; one looks like HLACDEFGHJ=2950000");
    let amount = amount.map(|amount| match amount::of_text(amount) {
        Ok(Some(money)) if money.as_dong() >= 0 => Ok(money.as_dong()),
        _ => Err(wrong()),
    });
    let code = code.trim().to_uppercase();
    if code.is_empty() { Err(wrong()) } else { Ok((code, amount.transpose()?)) }
}

#[derive(Debug, Args)]
pub struct CorrectLine {
    /// A line of an order (DH-2611-000123/17)
    pub line: LineRef,
    /// Fields with their new values, as a list has them (email=lan@hoasen.example); nothing behind `=` takes a value away
    #[arg(required_unless_present = "done", value_name = "FIELD=VALUE", value_parser = field_and_value)]
    pub changes: Vec<(Field, String)>,
    /// Why, for the record
    #[arg(long, value_name = "TEXT", required_unless_present = "done")]
    pub reason: Option<String>,
    /// What stands in the reconciliation as to be corrected on the platform was corrected there
    #[arg(long, conflicts_with_all = ["changes", "reason"])]
    pub done: bool,
    /// An e-mail that looks mistyped, or is the firm's own, is meant so
    #[arg(long, conflicts_with = "done")]
    pub yes: bool,
}

fn field_and_value(text: &str) -> Result<(Field, String), String> {
    let wrong =
        || format!("`{text}` is no field with a value; one looks like email=lan@hoasen.example");
    let (name, value) = text.split_once('=').ok_or_else(wrong)?;
    let name = name.trim();
    let unknown = |_| {
        let near = nearest(name, Field::ALL.iter().map(|field| field.as_str()));
        format!("there is no field `{name}`; did you mean `{}`?", near.unwrap_or("email"))
    };
    Ok((name.parse().map_err(unknown)?, value.to_owned()))
}

#[derive(Debug, Args)]
pub struct TransferLine {
    /// A line of an order (DH-2611-000123/17)
    pub line: LineRef,
    /// The firm that the client goes to
    pub firm: String,
    /// Why, for the record
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
}

#[derive(Debug, Args)]
pub struct Assign {
    /// Lines of orders (DH-2611-000123/17)
    #[arg(required = true, value_name = "LINE")]
    pub lines: Vec<LineRef>,
    /// A member of staff: e-mail, name or alias in hangloat.toml
    #[arg(required = true, value_name = "WHO")]
    pub email: String,
    /// `manager` or `data_entry`; default: the role that hangloat.toml gives
    #[arg(long, value_parser = staff_role)]
    pub role: Option<StaffRole>,
}

#[derive(Debug, Args)]
pub struct Unassign {
    /// Who leaves; need not stand in hangloat.toml any more
    pub email: Email,
    /// Who takes over: e-mail, name or alias in hangloat.toml
    #[arg(long, value_name = "WHO")]
    pub to: Option<String>,
    /// Only at this firm
    #[arg(long, value_name = "CODE")]
    pub firm: Option<String>,
}

/// Also by the platform's names: `asp_manager`.
fn staff_role(text: &str) -> Result<StaffRole, String> {
    let role = text.strip_prefix("asp_").unwrap_or(text);
    role.parse().map_err(|error: UnknownWord| error.to_string())
}

#[derive(Debug, Args)]
pub struct Resend {
    /// The numbers of mails
    #[arg(required_unless_present = "order", value_name = "MAIL")]
    pub mails: Vec<i64>,
    /// Those notices of an order that may have told payment codes of before a restore
    #[arg(long, conflicts_with = "mails")]
    pub order: Option<OrderCode>,
}
