//! What a morning page says, as plain values that are stored: its workbook and its mail are made of nothing else.
//! What stands in it is gathered by `gather`.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    domain::{batch::BatchId, money::Money, words::words},
    flow::key::sha256,
};

words! {
    /// Why something waits for a person.
    pub enum TaskKind {
        /// Lines whose access ends soon, unpaid.
        Grace = "grace",
        /// The same where money that may be theirs waits for a person: they are not cut off before.
        MaybePaid = "maybe_paid",
        /// Lines of which the platform refused the licence.
        Failed = "failed",
        /// Lines of which nobody knows whether they have a licence.
        Uncertain = "uncertain",
        /// A mail that did not arrive, or may not have.
        Mail = "mail",
        Confirm = "confirm",
        /// Rows of a list to fix or to decide.
        Rows = "rows",
        /// A placed order that nobody asked to activate.
        Activate = "activate",
        /// A job that fails.
        Job = "job",
        /// Days of which no bank statement has come.
        Statement = "statement",
        /// Payments of which nobody knows, or has said, for what they are.
        Payment = "payment",
        /// Money that is to go back, and did not yet.
        Refund = "refund",
        /// Money that left the account to go back, as its memo says, and was not planned so.
        Debit = "debit",
        /// A bank statement that was not taken.
        StatementHeld = "statement_held",
        /// A file about money that could not be read as one.
        FileRefused = "file_refused",
        /// Licences that differ from what the platform has.
        Difference = "difference",
        /// Lines whose time is over and that are not cut off, as somebody has to decide first.
        Late = "late",
    }
}

/// One page.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Page {
    /// The name of the firm; nothing where it is the page of all.
    pub firm: Option<String>,
    /// What was done since the page before.
    pub done: Vec<Figure>,
    /// In which state the lines are now.
    pub now: Vec<Figure>,
    /// The most money first.
    pub tasks: Vec<Task>,
    /// Lists that came, the newest first.
    pub lists: Vec<ListDone>,
    /// Of the page of all: a line for each firm.
    pub firms: Vec<Share>,
}

/// How many of something, and what they cost where that is to be told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figure {
    /// `workbook.morning.<done|now>.<key>` names it.
    pub key: String,
    pub count: i64,
    pub amount: Option<Money>,
}

/// Something that waits for a person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Task {
    pub kind: TaskKind,
    /// Ready: which list, order or client.
    pub about: String,
    pub count: i64,
    /// What is at risk; of rows that are no lines yet, what they would cost.
    pub amount: Money,
    /// What of that another task tells of too: in sums it counts there.
    #[serde(default, skip_serializing_if = "is_nothing")]
    pub again: Money,
    pub since: Option<DateTime<Utc>>,
    /// The last day to do something.
    pub due: Option<NaiveDate>,
    /// Ready: what to do.
    pub to_do: String,
    /// The name of the result workbook to do it in.
    pub workbook: Option<String>,
    pub batch: Option<BatchId>,
    pub details: Vec<Detail>,
    /// Of each payment that waits what of it pays for nothing, and the codes that it may be for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub came: Vec<(Money, Vec<String>)>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_nothing(amount: &Money) -> bool {
    *amount == Money::ZERO
}

impl Task {
    /// What it adds to sums.
    fn adds(&self) -> Money {
        Money::dong(self.amount.as_dong() - self.again.as_dong())
    }
}

/// A client of a task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Detail {
    pub name: String,
    pub tax_id: String,
    /// As people dial it.
    pub phone: String,
    /// `DH-2611-000123/17`.
    pub line: String,
    pub amount: Money,
    pub payment_code: Option<String>,
    /// Ready: why, where there is a reason.
    pub said: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListDone {
    pub file: String,
    pub batch: BatchId,
    pub rows: i64,
    pub accepted: i64,
    pub waiting: i64,
    /// Of its orders that stand.
    pub amount: Money,
    pub workbook: Option<String>,
}

/// What a firm has on the page of all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Share {
    pub firm: String,
    pub lists: i64,
    pub placed: Money,
    pub activated: i64,
    pub tasks: i64,
    pub at_risk: Money,
}

impl Page {
    /// Nothing happened, and nothing waits.
    pub fn is_quiet(&self) -> bool {
        self.tasks.is_empty()
            && self.done.iter().all(|figure| figure.count == 0)
            && self.firms.iter().all(|firm| firm.tasks == 0)
    }

    /// Of everything that waits: the sum of what each of them says, where money that came for a line which waits too, and a
    /// line that several tell of, count once.
    pub fn at_risk(&self) -> Money {
        let sum: Money = self.tasks.iter().map(Task::adds).sum();
        Money::dong(sum.as_dong() - self.counted_twice().as_dong())
    }

    /// What each kind of task adds to that, in the order of the tasks.
    pub fn parts(&self) -> Vec<(TaskKind, Money)> {
        let mut parts: Vec<(TaskKind, Money)> = Vec::new();
        for task in self.tasks.iter().filter(|task| task.adds() != Money::ZERO) {
            match parts.iter_mut().find(|(kind, _)| *kind == task.kind) {
                Some((_, sum)) => *sum = *sum + task.adds(),
                None => parts.push((task.kind, task.adds())),
            }
        }
        parts
    }

    /// Money that came for lines which wait too: it stands in both rows, and is taken off once.
    pub fn counted_twice(&self) -> Money {
        let mut due: HashMap<&str, i64> = HashMap::new();
        for detail in self.tasks.iter().flat_map(|task| &task.details) {
            if let Some(code) = &detail.payment_code {
                due.insert(code, detail.amount.as_dong());
            }
        }
        let mut twice = 0;
        for (came, codes) in self.tasks.iter().flat_map(|task| &task.came) {
            let mut left = came.as_dong();
            for code in codes {
                if let Some(due) = due.get_mut(code.as_str()) {
                    let both = left.min(*due);
                    (left, *due, twice) = (left - both, *due - both, twice + both);
                }
            }
        }
        Money::dong(twice)
    }

    pub fn done(&self, key: &str) -> Option<&Figure> {
        self.done.iter().find(|figure| figure.key == key)
    }

    /// The same for the same page.
    pub fn digest(&self) -> anyhow::Result<String> {
        Ok(sha256(&serde_json::to_vec(self)?))
    }

    /// Whether it tells of one of these batches.
    pub fn tells_of(&self, is_one: impl Fn(BatchId) -> bool) -> bool {
        let tasks = self.tasks.iter().filter_map(|task| task.batch);
        tasks.chain(self.lists.iter().map(|list| list.batch)).any(is_one)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_headline_is_the_sum_of_the_rows() {
        let task = |(kind, amount): (TaskKind, i64)| Task {
            kind,
            about: String::new(),
            count: 1,
            amount: Money::dong(amount),
            again: Money::ZERO,
            since: None,
            due: None,
            to_do: String::new(),
            workbook: None,
            batch: None,
            details: Vec::new(),
            came: Vec::new(),
        };
        let kinds =
            [(TaskKind::Late, 2_950_000), (TaskKind::Grace, 2_450_000), (TaskKind::Mail, 7)];
        let mut page = Page {
            firm: None,
            done: Vec::new(),
            now: Vec::new(),
            tasks: kinds.map(task).to_vec(),
            lists: Vec::new(),
            firms: Vec::new(),
        };
        assert_eq!(page.at_risk(), Money::dong(5_400_007));
        // Of a million that came for the first of them it is said once that it waits.
        let late = Detail {
            name: String::new(),
            tax_id: String::new(),
            phone: String::new(),
            line: String::new(),
            amount: Money::dong(2_950_000),
            payment_code: Some("HLACDEFGHJ".to_owned()),
            said: String::new(),
        };
        page.tasks[0].details.push(late);
        let codes = vec!["HLACDEFGHJ".to_owned()];
        let came = vec![(Money::dong(1_000_000), codes)];
        page.tasks.push(Task { came, ..task((TaskKind::Payment, 1_000_000)) });
        assert_eq!(page.at_risk(), Money::dong(5_400_007));
        assert_eq!(page.counted_twice(), Money::dong(1_000_000));
        page.tasks.push(task((TaskKind::Late, 50_000)));
        let parts = page.parts();
        assert_eq!(parts[0], (TaskKind::Late, Money::dong(3_000_000)));
        assert_eq!(parts.len(), 4);
        let sum: Money = parts.iter().map(|(_, amount)| *amount).sum();
        assert_eq!(page.at_risk() + page.counted_twice(), sum);
        // Two letters that came back about one line ask for its money once.
        let before = page.at_risk();
        let again = Money::dong(2_950_000);
        page.tasks.push(Task { again, ..task((TaskKind::Mail, 2_950_000)) });
        assert_eq!(page.at_risk(), before);
        assert_eq!(page.parts(), parts);
    }
}
