//! `transfer`: a client goes to another firm, with its licence.

use minijinja::context;

use super::{
    args::{Global, TransferLine},
    assign::told,
    correct::find,
    reply::{Failure, Reply},
    workspace,
};
use crate::flow::{
    answer::outbox,
    order::transfer::{self as transferring, Transferred},
};

pub async fn transfer(global: &Global, args: &TransferLine) -> anyhow::Result<Reply> {
    let services = workspace::open(global).await?;
    let reason = args.reason.trim();
    if reason.is_empty() {
        return Err(Failure::misused(services.texts, "no_reason", context! {}).into());
    }
    let firm = workspace::firm(&services, Some(&args.firm))?;
    find(&services, &args.line).await?;
    crate::runner::recover(&services).await?;
    let done = transferring::transfer(&services, &args.line, (firm, reason)).await?;
    let (named, code) = (args.line.to_string(), firm.code.as_str());
    let is_new = match done {
        Transferred::Done => true,
        Transferred::Already => false,
        Transferred::NotLicensed(state) => {
            let state = services.texts.label(&format!("workbook.line_state.{state}"));
            let values = context! { line => named, firm => code, state };
            return Err(Failure::not_allowed(services.texts, "not_transferred", values).into());
        }
        Transferred::Taken => {
            let values = context! { line => named, firm => code };
            return Err(Failure::not_allowed(services.texts, "transfer_taken", values).into());
        }
        Transferred::BeingCancelled => {
            let values = context! { line => named, firm => code };
            return Err(Failure::not_allowed(services.texts, "transfer_cancelled", values).into());
        }
    };
    let line = find(&services, &args.line).await?;
    let reply = told(&services, std::slice::from_ref(&line), None).await?;
    outbox::write_workbook(&services, line.batch()).await?;
    let values = context! { line => named, name => line.name, firm => code, is_new };
    let words = services.texts.say("command.transferred", values);
    let human = format!("{}\n{}", words.trim_end(), reply.human);
    Ok(Reply { human, ..reply })
}
