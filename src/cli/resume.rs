//! `resume`: what is held after a restore or a long gap, by purpose and age; and `--confirm` lets it go.

use minijinja::context;
use serde::Serialize;
use serde_json::{Value, json};

use super::{
    args::Global,
    reply::{Exit, Failure, Reply},
    table::table,
    workspace,
};
use crate::{
    db::{
        batches,
        guard::{self as stored, Hold, Waiting},
    },
    domain::licence::LicenceState,
    flow::{Services, activate::platform::wire::Licence, answer::returned, guard, sweep::unknown},
};

/// A licence in the platform's list of all, without its links.
#[derive(Serialize)]
struct Listed {
    licence_id: String,
    order_code: String,
    line: i64,
    tax_id: String,
    package: String,
    fiscal_year: i64,
    status: LicenceState,
}

impl From<Licence> for Listed {
    fn from(licence: Licence) -> Listed {
        let Licence { licence_id, order_code, line, tax_id, package, fiscal_year, status, .. } =
            licence;
        Listed { licence_id, order_code, line, tax_id, package, fiscal_year, status }
    }
}

pub async fn run(global: &Global, confirm: bool) -> anyhow::Result<Reply> {
    let services = workspace::open(global).await?;
    let hold = guard::hold(&services).await?;
    // First of all: what became of licences while this database knew nothing of it.
    let unknown = unknown::find(&services).await?.into_iter().map(Listed::from).collect::<Vec<_>>();
    let before = hold.and_then(|hold| hold.before);
    let kept = match hold {
        Some(_) => stored::waiting(&services.db, before).await?,
        None => Vec::new(),
    };
    let uncertain = stored::uncertain(&services.db).await?;
    let lifted = confirm && guard::lift(&services).await?;
    let renewed = if lifted { renewed(&services).await? } else { Vec::new() };
    let exit = if hold.is_some() && !lifted { Exit::NeedsPerson } else { Exit::Done };
    let mut human = in_words(&services, (hold, lifted), (&kept, &uncertain, &unknown));
    if !renewed.is_empty() {
        let values = context! { n => renewed.len(), files => renewed.join("\n  ") };
        let said = services.texts.say("command.resume.renewed", values);
        human = format!("{human}\n\n{}", said.trim());
    }
    let list = |all: &[Waiting]| all.iter().map(|one| json_of(&services, one)).collect::<Vec<_>>();
    Reply::new(exit, human)
        .with("hold", hold.map(|hold| json_of_hold(&services, hold)))?
        .with("confirmed", lifted)?
        .with("held", list(&kept))?
        .with("uncertain", list(&uncertain))?
        .with("unknown_here", unknown)?
        .with("renewed", renewed)
}

/// The workbooks that were written anew, as the key of before is lost; they say what they said.
async fn renewed(services: &Services) -> anyhow::Result<Vec<String>> {
    let mut names = Vec::new();
    for id in guard::show_again(services).await? {
        names.extend(batches::by_id(&services.db, id).await?.as_ref().map(returned::newest));
    }
    Ok(names)
}

/// Why nothing is sent, where everything is held.
pub async fn refuse_while_held(services: &Services) -> anyhow::Result<()> {
    match guard::hold(services).await? {
        Some(hold) if hold.before.is_none() => Err(refusal(services, &hold).into()),
        _ => Ok(()),
    }
}

/// The same of a hold, where nothing could be done because of it.
pub fn refusal(services: &Services, hold: &Hold) -> Failure {
    let why = guard::in_words(services, hold);
    let said = Failure::not_allowed(services.texts, "held", context! { why });
    Failure { exit: Exit::NotRun, code: "held", ..said }
}

fn in_words(
    services: &Services,
    (hold, lifted): (Option<Hold>, bool),
    (kept, uncertain, unknown): (&[Waiting], &[Waiting], &[Listed]),
) -> String {
    let texts = services.texts;
    let part = match hold {
        None => texts.label("command.resume.nothing"),
        Some(hold) => {
            let why = guard::in_words(services, &hold);
            let key = if lifted { "lifted" } else { "held" };
            let waiting = purposes(services, kept);
            texts.say(&format!("command.resume.{key}"), context! { why, waiting })
        }
    };
    let mut parts = vec![part.trim().to_owned()];
    if !uncertain.is_empty() {
        let values = context! { table => purposes(services, uncertain) };
        parts.push(texts.say("command.resume.uncertain", values).trim().to_owned());
    }
    if !unknown.is_empty() {
        let row = |it: &Listed| {
            let line = format!("{}/{}", it.order_code, it.line);
            [it.licence_id.clone(), line, it.tax_id.clone(), it.package.clone()]
        };
        let columns = ["licence", "line", "tax_id", "package"];
        let values = context! { table => table(texts, columns, unknown.iter().map(row)) };
        parts.push(texts.say("command.resume.unknown", values).trim().to_owned());
    }
    parts.join("\n\n")
}

fn purposes(services: &Services, all: &[Waiting]) -> String {
    let local = |at| services.local(at).format("%d/%m/%Y %H:%M").to_string();
    let row = |one: &Waiting| {
        let purpose = services.texts.label(&format!("message.purpose.{}", one.purpose));
        [purpose, one.count.to_string(), local(one.oldest), local(one.newest)]
    };
    table(services.texts, ["purpose", "count", "oldest", "newest"], all.iter().map(row))
}

fn json_of(services: &Services, one: &Waiting) -> Value {
    json!({
        "purpose": one.purpose, "count": one.count,
        "oldest": services.rfc3339(one.oldest), "newest": services.rfc3339(one.newest),
        "age_hours": (services.now() - one.oldest).num_hours(),
    })
}

fn json_of_hold(services: &Services, hold: Hold) -> Value {
    json!({
        "why": hold.why, "since": services.rfc3339(hold.since),
        "before": hold.before.map(|at| services.rfc3339(at)),
    })
}
