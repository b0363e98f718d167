//! Rows that say of an ordered client something else than its line, and are answered with `nhận`: the line is corrected,
//! or it is said why not. How one line is corrected is said in `corrections`, what `nhận` answers in `decisions`.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{
    corrections::{How, placed},
    decisions,
    fixes::At,
    renumbered::{self, Renumbered},
};
use crate::{
    domain::{
        batch::RowState,
        cell::Cell,
        client::ClientRow,
        field::Field,
        finding::{Code, Finding, Severity},
        order::LineRef,
    },
    flow::{
        Services,
        answer::fixes::Decision,
        check::{Checked, Verdict, history},
        order::correct::{Asked, Corrected, Why, Wish},
        staged::Staged,
    },
    text::findings::{BY_ANSWER, KEPT},
};

/// The rows of a list that were answered with `nhận`, and their lines that are corrected by that.
#[derive(Default)]
pub struct Accepted {
    tried: BTreeSet<At>,
    /// Which of these say now what their rows say, also by an attempt that ended suddenly, and what they were asked.
    corrected: BTreeMap<At, String>,
    /// Why a line was not.
    refused: Vec<Finding>,
    not_allowed: HashMap<At, String>,
}

impl Accepted {
    /// Corrects each line once; whether any was tried, so that the rows must be judged anew.
    pub async fn correct(
        &mut self,
        (services, how): (&Services, How),
        (staged, firm): (&Staged, Option<&str>),
        (checked, decisions): (&Checked, &HashMap<At, Decision>),
    ) -> anyhow::Result<bool> {
        let reason = services.texts.label("message.kept.by_decision");
        let mut is_any = false;
        for Correction { at, line, client, changes, asked } in wanted(checked, decisions)? {
            if !self.tried.insert(at) {
                continue;
            }
            is_any = true;
            let renumbered = Renumbered::of(services, (&line, firm), client).await?;
            let changes = match &renumbered {
                Some(_) => renumbered::rest(changes),
                None => changes,
            };
            let wish =
                Wish { changes: &changes, by: None, reason: &reason, is_answered: true, firm };
            let corrected = if changes.is_empty() {
                Corrected::Already
            } else {
                how.tell(services, &line, &wish).await?
            };
            match corrected {
                Corrected::Done(..) | Corrected::Already => {
                    let not = match renumbered {
                        Some(it) => it.join(services, matches!(how, How::Correct(_))).await?,
                        None => None,
                    };
                    if let Some(why) = not {
                        self.not_allowed.insert(at, why);
                    } else {
                        self.corrected.insert(at, asked);
                    }
                }
                Corrected::Refused(findings) => {
                    self.refused.extend(findings.into_iter().map(|it| placed(staged, at, it)));
                }
                Corrected::NotAllowed(why) => self.not(services, at, why, &line),
            }
        }
        Ok(is_any)
    }

    pub fn corrected(&self) -> usize {
        self.corrected.len()
    }

    /// A row that corrected a line counts as taken with the answer, though it orders nothing.
    pub fn state(&self, verdict: &Verdict) -> RowState {
        let is_corrected = self.corrected.contains_key(&(verdict.sheet, verdict.row));
        if is_corrected { RowState::Accepted } else { verdict.state }
    }

    /// That a row says what its line says is so because it corrected that.
    pub fn tell(&self, checked: &mut Checked) {
        for (sheet, finding) in &mut checked.findings {
            let at = sheet.zip(finding.place.row);
            let Some(asked) = at.and_then(|at| self.corrected.get(&at)) else { continue };
            if finding.code == Code::ClientSameAsBefore {
                finding.detail.insert(BY_ANSWER.to_owned(), asked.clone());
            }
        }
    }

    /// As the rows are judged once their lines say the same.
    pub fn settle(&self, checked: &mut Checked) {
        for verdict in &mut checked.verdicts {
            if self.corrected.contains_key(&(verdict.sheet, verdict.row)) {
                verdict.state = RowState::Unchanged;
            }
        }
        checked.findings.retain(|(sheet, finding)| {
            let at = sheet.zip(finding.place.row);
            finding.severity != Severity::Hold
                || at.is_none_or(|at| !self.corrected.contains_key(&at))
        });
    }

    fn not(&mut self, services: &Services, at: At, why: Why, line: &LineRef) {
        let why = why.in_words(services.texts, line, Asked::InFile);
        self.not_allowed.insert(at, why);
    }

    /// Of the findings of rows that wait on, those that could not be done say why.
    pub fn explain(self, said: Vec<(Option<At>, Finding)>) -> Vec<Finding> {
        let Accepted { refused, not_allowed, .. } = self;
        let explained = said.into_iter().map(|(at, finding)| {
            let why = at.and_then(|at| not_allowed.get(&at));
            match why.filter(|_| finding.code == Code::ClientChanged) {
                Some(why) => finding.detail(KEPT, why.clone()),
                None => finding,
            }
        });
        explained.chain(refused).collect()
    }
}

/// The line that a row is about, and what the row says of it.
struct Correction<'a> {
    at: At,
    line: LineRef,
    client: &'a ClientRow,
    changes: Vec<(Field, Cell)>,
    /// Old → new, as people read it.
    asked: String,
}

fn wanted<'a>(
    checked: &'a Checked,
    decisions: &HashMap<At, Decision>,
) -> anyhow::Result<Vec<Correction<'a>>> {
    let mut all = Vec::new();
    for verdict in checked.verdicts.iter().filter(|it| it.state == RowState::Held) {
        let at = (verdict.sheet, verdict.row);
        let Some(client) = verdict.client.as_ref() else { continue };
        if decisions.get(&at) != Some(&Decision::Accept) {
            continue;
        }
        let own = checked.findings.iter().filter(|(sheet, finding)| {
            sheet.zip(finding.place.row) == Some(at) && finding.severity == Severity::Hold
        });
        let holds: Vec<&Finding> = own.map(|(_, finding)| finding).collect();
        if !holds.iter().all(|it| decisions::can_be_accepted(it)) {
            continue;
        }
        let Some(asks) = holds.iter().find(|it| decisions::is_correction(it)) else { continue };
        let detail = |key: &str| asks.detail.get(key).map(String::as_str).unwrap_or_default();
        let stored = serde_json::to_value(client)?;
        let cell = |name: &str| match &stored[name] {
            serde_json::Value::Null => Cell::Empty,
            serde_json::Value::String(text) => Cell::Text(text.clone()),
            other => Cell::Text(other.to_string()),
        };
        let fields = detail(history::CHANGED).split(',');
        let changes = fields.filter_map(|name| Some((name.parse().ok()?, cell(name)))).collect();
        let (line, asked) = (detail(history::LINE).parse()?, detail("reason").to_owned());
        all.push(Correction { at, line, client, changes, asked });
    }
    Ok(all)
}
