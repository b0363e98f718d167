//! `template`: a workbook to fill in, for one customer type; with `--renew` the firm's clients to choose from.

use std::path::Path;

use minijinja::context;

use super::{
    args::{Global, Template},
    init::Made,
    reply::{Exit, Failure, Reply},
    workspace,
};
use crate::{
    domain::fiscal_year::FiscalYear,
    flow::{
        answer::{
            offer::{self, Wanted},
            outbox, template,
        },
        files::write_whole,
    },
};

pub async fn run(global: &Global, args: &Template) -> anyhow::Result<Reply> {
    let services = workspace::open(global).await?;
    let firm = workspace::firm(&services, args.firm.as_deref())?;
    let renews = args.renew.map(FiscalYear::try_from).transpose();
    let renews = renews.map_err(|_| {
        let year = args.renew.unwrap_or_default();
        Failure::misused(services.texts, "renew_year", context! { year })
    })?;
    let wanted = Wanted { firm, customer_type: args.customer_type, renews };
    let view = offer::of_today(&services, wanted).await?;
    if let Some(year) = renews.filter(|_| view.rows.is_empty()) {
        let of = services.texts.label(&format!("command.customer_type.{}", args.customer_type));
        let values = context! { year => year.year(), before => year.previous().year(), of };
        let human = services.texts.say("command.nobody_to_renew", values);
        return Reply::new(Exit::Done, human).with("files", Vec::<Made>::new());
    }
    let path = if let Some(path) = &args.output {
        std::path::absolute(path)?
    } else {
        let what = renews.map_or_else(|| "template".to_owned(), |year| format!("renew-{year}"));
        let folder = outbox::folder(&services, Some(firm.code.as_str()));
        let what = format!("{what}-{}", args.customer_type);
        outbox::free_path(&folder, &what, services.today(), "xlsx")
    };
    write_whole(&path, &template::write(&view)?)?;
    let shown = services.shown_path(&path);
    let made = Made { path: Path::new(&shown).to_owned(), kind: "template" };
    let human = services.texts.say(
        "command.template",
        context! { file => shown, renews => renews.map(FiscalYear::year), rows => view.rows.len() },
    );
    Reply::new(Exit::Done, human).with("files", [made])
}
