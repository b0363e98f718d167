//! `correct`: what is known of a client is put right after it was ordered for.

use minijinja::context;
use serde_json::{Value, json};

use super::{
    args::{CorrectLine, Global},
    assign::told,
    life::unknown_line,
    reply::{Failure, Reply},
    workspace,
};
use crate::{
    db::{
        lines::{self, Line},
        orders,
    },
    domain::{
        cell::Cell,
        field::Field,
        finding::Finding,
        order::{LineRef, OrderState},
    },
    flow::{
        Services,
        answer::outbox,
        order::correct::{self as correcting, Asked, Change, Corrected, Wish},
    },
    text::{Texts, findings as words},
};

pub async fn correct(global: &Global, args: &CorrectLine) -> anyhow::Result<Reply> {
    let services = workspace::open(global).await?;
    let line = find(&services, &args.line).await?;
    if args.done {
        let was_open = correcting::done_on_platform(&services, &line).await?;
        let values = context! { line => args.line.to_string(), was_open };
        let human = services.texts.say("command.done_on_platform", values);
        return with_words(told(&services, &[line], None).await?, &human, &[]);
    }
    let reason = args.reason.as_deref().unwrap_or_default().trim();
    if reason.is_empty() {
        return Err(Failure::misused(services.texts, "no_reason", context! {}).into());
    }
    crate::runner::recover(&services).await?;
    let cell = |text: &String| match text.trim() {
        "" => Cell::Empty,
        text => Cell::Text(text.to_owned()),
    };
    let changes: Vec<(Field, Cell)> =
        args.changes.iter().map(|(field, text)| (*field, cell(text))).collect();
    let wish = Wish { changes: &changes, by: None, reason, is_answered: args.yes, firm: None };
    let (done, warnings) = match correcting::correct(&services, &args.line, &wish).await? {
        Corrected::Done(done, warnings) => (done, warnings),
        Corrected::Already => (Vec::new(), Vec::new()),
        Corrected::Refused(findings) => {
            return Err(refused(&services, &args.line, &findings).into());
        }
        Corrected::NotAllowed(why) => {
            let reason = why.in_words(services.texts, &args.line, Asked::ByCommand);
            let values = context! { line => args.line.to_string(), reason };
            return Err(Failure::not_allowed(services.texts, "not_corrected", values).into());
        }
    };
    let line = find(&services, &args.line).await?;
    let reply = told(&services, std::slice::from_ref(&line), None).await?;
    outbox::write_workbook(&services, line.batch()).await?;
    let order = orders::by_code(&services.db, &line.order_code).await?;
    let waits = order.is_some_and(|order| order.state == OrderState::AwaitingConfirmation);
    let said: Vec<String> = done.iter().map(|it| it.in_words(services.texts)).collect();
    let values = context! { line => args.line.to_string(), said, waits };
    let mut words = services.texts.say("command.corrected", values);
    for it in &warnings {
        words = format!("{}\n{}", words.trim_end(), in_words(services.texts, it));
    }
    with_words(reply, &words, &done)
}

pub(super) async fn find(services: &Services, named: &LineRef) -> anyhow::Result<Line> {
    let lines = lines::of_order(&services.db, &named.order).await?;
    let found = lines.into_iter().find(|line| line.line_no == named.line);
    found.ok_or_else(|| unknown_line(services.texts, named).into())
}

/// The new values are wrong, or ask something.
fn refused(services: &Services, line: &LineRef, findings: &[Finding]) -> Failure {
    let texts = services.texts;
    let said = findings.iter().map(|finding| in_words(texts, finding));
    let said = said.collect::<Vec<_>>().join("\n  ");
    let failure =
        Failure::not_allowed(texts, "wrong_values", context! { line => line.to_string(), said });
    Failure { code: "values.refused", ..failure }
}

fn in_words(texts: &Texts, finding: &Finding) -> String {
    format!("{} {}", words::message(texts, finding), words::fix(texts, finding))
}

fn with_words(reply: Reply, words: &str, changed: &[Change]) -> anyhow::Result<Reply> {
    let human = format!("{}\n{}", words.trim_end(), reply.human);
    let shown = |it: &Change| json!({ "field": it.field, "old": it.old, "new": it.new });
    let shown: Vec<Value> = changed.iter().map(shown).collect();
    Reply { human, ..reply }.with("changes", shown)
}
