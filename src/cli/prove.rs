//! `prove`: recomputes the laws, and lists what breaks them.

use super::{
    args::Global,
    reply::{Exit, Reply},
    table::table,
    workspace,
};
use crate::flow::prove::{self, Law};

pub async fn run(global: &Global) -> anyhow::Result<Reply> {
    let services = workspace::open(global).await?;
    let laws = prove::laws(&services).await?;
    let row = |law: &Law| {
        let holds = if law.holds { "ok" } else { "wrong" };
        [
            services.texts.label(&format!("command.law.{}", law.name)),
            services.texts.label(&format!("command.doctor.{holds}")),
            law.checked.to_string(),
            law.exceptions.join(", "),
        ]
    };
    let human =
        table(services.texts, ["law", "state", "checked", "exceptions"], laws.iter().map(row));
    let all_hold = laws.iter().all(|law| law.holds);
    let exit = if all_hold { Exit::Done } else { Exit::NeedsPerson };
    Reply::new(exit, human).with("laws", laws)
}
