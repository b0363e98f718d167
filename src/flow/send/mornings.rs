//! The letter of a stored morning page, gathered when it is sent: it says what its page says.
//! Who gets one is decided by `plan`.

use anyhow::Context as _;
use chrono::NaiveDate;

use super::{
    content::{Content, block_of},
    letters::{self, Done, Morning, Told},
};
use crate::{
    db::{
        mails::Mail,
        reports::{self, Report},
    },
    domain::money::Money,
    flow::{
        Services,
        morning::{
            self,
            page::{Figure, Page, Task},
        },
    },
};

/// So many things to do are told; the workbook has all.
const TASKS: usize = 10;

/// Nothing where the page was deleted.
pub async fn of(services: &Services, mail: &Mail, id: i64) -> anyhow::Result<Option<Content>> {
    let Some(report) = reports::by_id(&services.db, id).await? else { return Ok(None) };
    let firm = services.firm(report.firm.as_deref().context("A firm's page has a firm")?)?;
    let page: Page = report.content()?;
    let (block, reply_to) = block_of(firm, None);
    let path = morning::path(services, &report);
    let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let said = Morning {
        to_name: mail.recipient_name.clone(),
        firm: block,
        day: shown_day(&report)?,
        since: services.local(report.since).format("%H:%M %d/%m/%Y").to_string(),
        waiting: page.tasks.len(),
        amount: amount(page.at_risk()),
        more: page.tasks.len().saturating_sub(TASKS),
        tasks: page.tasks.iter().take(TASKS).map(|task| told(services, task)).collect(),
        done: page
            .done
            .iter()
            .filter(|figure| figure.count > 0)
            .map(|figure| done(services, figure))
            .collect(),
        file: file.clone(),
    };
    let letter = letters::morning(services.letters.of(mail.purpose), &said)?;
    let bytes = tokio::task::block_in_place(|| morning::workbook(services, &report))?;
    Ok(Some(Content { letter, picture: None, workbook: Some((file, bytes)), reply_to }))
}

fn shown_day(report: &Report) -> anyhow::Result<String> {
    Ok(shown(report.day.parse()?))
}

fn shown(day: NaiveDate) -> String {
    day.format("%d/%m/%Y").to_string()
}

fn amount(money: Money) -> Option<String> {
    (money != Money::ZERO).then(|| money.to_string())
}

fn told(services: &Services, task: &Task) -> Told {
    Told {
        kind: services.texts.label(&format!("workbook.morning.task.{}", task.kind)),
        about: task.about.clone(),
        count: task.count,
        amount: amount(task.amount),
        due: task.due.map(shown),
        to_do: task.to_do.clone(),
    }
}

fn done(services: &Services, figure: &Figure) -> Done {
    Done {
        name: services.texts.label(&format!("workbook.morning.done.{}", figure.key)),
        count: figure.count,
        amount: figure.amount.and_then(amount),
    }
}
