//! Rows that say what a line said before somebody corrected it: an old list that comes again wants nothing back.

use chrono::NaiveDate;
use minijinja::context;

use super::{Context, history::Changed};
use crate::{db::corrections::Event, domain::firm::Firm};

/// A correction of a line, and its local day.
#[derive(Clone, Debug)]
pub struct Correction {
    pub event: Event,
    pub day: NaiveDate,
}

/// Of what a row has otherwise than its line, that the line was corrected since, by whom and when; nothing where it never
/// said what the row says.
pub(super) fn since(
    context: &Context<'_>,
    corrections: &[Correction],
    changed: &Changed,
) -> Option<String> {
    let own = corrections.iter().filter_map(|it| Some((it, it.event.change(changed.field)?)));
    let own: Vec<(&Correction, [&str; 2])> = own.collect();
    let (last, [_, present]) = *own.last()?;
    if present != changed.old || own.iter().all(|(_, [before, _])| *before != changed.new) {
        return None;
    }
    let values = context! {
        field => context.texts.label(&format!("field.{}", changed.field)), present,
        day => last.day.format("%d/%m/%Y").to_string(), reason => last.event.reason.as_str(),
        by => last.event.said_by.as_deref().map(|by| name_of(context.firm, by)),
    };
    Some(context.texts.say("message.corrected_since", values))
}

/// An address that is no member's any more is better than nothing.
fn name_of<'a>(firm: &'a Firm, by: &'a str) -> &'a str {
    let member = firm.members().find(|member| member.as_str() == by);
    member.and_then(|member| firm.name_of(member)).unwrap_or(by)
}
