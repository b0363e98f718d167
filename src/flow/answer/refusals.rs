//! What of the last answer to a list was not taken: its next workbook says it beside what it asks for.
//! What is still wrong with a row stands at that row, and is not said here once more.

use std::collections::HashMap;

use minijinja::context;

use super::{
    rows::{At, in_words},
    view::FindingText,
};
use crate::{
    db::{batches, findings},
    domain::{
        batch::BatchId,
        finding::{Code, Finding, Severity},
    },
    flow::{Services, map::Table},
};

/// Marks an edited cell by which nothing was corrected: the line stays as it was, so the next workbook says so.
pub const REFUSED_EDIT: &str = "refused_edit";

/// What is said beside its newest workbook, and the same for each row whose edited cells corrected nothing.
pub async fn of_newest(
    services: &Services,
    (id, tables): (BatchId, &[Table]),
) -> anyhow::Result<(Vec<FindingText>, HashMap<At, Vec<FindingText>>)> {
    let Some(answer) = batches::newest_answer(&services.db, id).await? else {
        return Ok((Vec::new(), HashMap::new()));
    };
    let said = findings::of_batch(&services.db, answer.id()).await?;
    let mut of_rows = HashMap::<At, Vec<FindingText>>::new();
    for (_, finding) in said.iter().filter(|(_, it)| it.detail.contains_key(REFUSED_EDIT)) {
        let name = finding.place.sheet.as_ref();
        let table = tables.iter().find(|table| Some(&table.name) == name);
        if let Some(at) = table.map(|table| table.sheet).zip(finding.place.row) {
            of_rows.entry(at).or_default().push(in_words(services.texts, finding));
        }
    }
    let refused = said.iter().map(|(_, finding)| finding).filter(|it| is_about_answer(it));
    let text = |finding: &Finding| {
        let (place, text) = (&finding.place, in_words(services.texts, finding));
        let said = match place.row {
            Some(row) => {
                let at = context! {
                    row, column => &place.column, sheet => &place.sheet, said => text.message,
                };
                services.texts.say("message.receipt_answer.told", at)
            }
            None => text.message,
        };
        let values = context! { file => answer.file_name.as_str(), said };
        FindingText {
            column: None,
            field: None,
            message: services.texts.say("message.receipt_answer.refused", values),
            ..text
        }
    };
    Ok((refused.map(text).collect(), of_rows))
}

fn is_about_answer(finding: &Finding) -> bool {
    let is_said = match finding.code {
        Code::RowStaleAnswer | Code::RowUnknownAnswer | Code::FileStaleAnswer => true,
        Code::ClientChanged => finding.detail.contains_key("edited"),
        Code::Unknown => finding.detail.contains_key("confirms"),
        _ => finding.detail.contains_key(REFUSED_EDIT),
    };
    is_said && finding.severity != Severity::Info
}
