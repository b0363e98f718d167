//! What a client may have, by what it had: one free year, one licence for a time, and its own details as the firm knows
//! them. The same client, family and year at the firm itself is said in `history`.

use std::collections::BTreeSet;

use chrono::NaiveDate;

use super::{
    Context, History,
    history::{changed, is_licence},
    row::Judged,
};
use crate::{
    db::lines::Known,
    domain::{
        client::ClientRow,
        field::Field,
        finding::{Code, Finding, Severity},
        fiscal_year::{self, FiscalYear},
        order::{Kind, LineState},
        tax_id::TaxId,
    },
};

/// What a person signs in with: another one is asked about, all else is only shown.
const LOG_IN: [Field; 2] = [Field::Email, Field::Phone];
/// What is said of an order, and no property of the client; of tax ids the list itself says which is which.
const OF_ORDER: [Field; 11] = [
    Field::TaxId,
    Field::OldTaxId,
    Field::Kind,
    Field::Package,
    Field::FiscalYear,
    Field::FiscalYearStart,
    Field::BooksStart,
    Field::Recipient,
    Field::InvoiceTo,
    Field::RegisteredBy,
    Field::Note,
];

/// Says it of every row but those that are told already to be an earlier line.
pub fn look(
    rows: &mut [Judged<'_>],
    told: &BTreeSet<usize>,
    context: &Context<'_>,
    history: &History,
) {
    for (at, row) in rows.iter_mut().enumerate() {
        if told.contains(&at) {
            continue;
        }
        let asked = Asked { row, context, history };
        let said = [
            asked.unknown_here().or_else(|| asked.elsewhere()),
            asked.free_year(),
            asked.other_year(),
            asked.bought_long_ago(),
            asked.free_instead(),
            asked.new_details(),
            asked.cancelled_before(),
        ];
        row.findings.extend(said.into_iter().flatten());
    }
}

/// One row and what is asked about it.
struct Asked<'a> {
    row: &'a Judged<'a>,
    context: &'a Context<'a>,
    history: &'a History,
}

impl Asked<'_> {
    /// A licence on the platform that no line here has: ordered before the data were restored, by whichever firm.
    fn unknown_here(&self) -> Option<Finding> {
        let (tax_ids, ..) = self.bought()?;
        let said = || self.say(Code::ClientLicensedElsewhere, Field::TaxId).detail("lost", "1");
        self.history.is_unknown(&tax_ids).then(said)
    }

    /// A licence at another firm for the same time. Neither the firm nor anything of its order is named.
    fn elsewhere(&self) -> Option<Finding> {
        let (tax_ids, family, year) = self.bought()?;
        let is_same_time =
            |line: &Known| line.fiscal_year == i64::from(year.year()) || self.overlaps(line);
        let mut lines = self.history.of(&tax_ids).filter(|line| !self.is_own(line));
        let running =
            lines.any(|line| line.family == family && is_running(line) && is_same_time(line));
        running.then(|| self.say(Code::ClientLicensedElsewhere, Field::TaxId))
    }

    /// One free year for a client, ever, whichever firm registered it.
    fn free_year(&self) -> Option<Finding> {
        if self.row.seen.kind != Some(Kind::Free) {
            return None;
        }
        let (tax_ids, ..) = self.bought()?;
        let mut free =
            self.history.of(&tax_ids).filter(|line| line.client.kind == Kind::Free).peekable();
        if !self.history.gone(&tax_ids).any(|had| had.kind == Kind::Free) {
            free.peek()?;
        }
        let finding = self.say(Code::FreeYearAlreadyUsed, Field::Kind);
        Some(match free.find(|line| self.is_own(line)) {
            Some(own) => finding.detail("other", self.history.place_of(self.context, own)),
            None => finding,
        })
    }

    /// A licence that runs into the year of the row, or a year that is before the one the client has.
    fn other_year(&self) -> Option<Finding> {
        let (tax_ids, family, year) = self.bought()?;
        let licences = || {
            let lines = self.history.of(&tax_ids).filter(|line| self.is_own(line));
            lines.filter(|line| line.family == family && is_licence(line))
        };
        let overlapping = licences().find(|line| is_running(line) && self.overlaps(line));
        let later = licences().filter(|line| line.fiscal_year > i64::from(year.year()));
        let (line, earlier) = match overlapping {
            Some(line) => (line, false),
            None => (later.max_by_key(|line| line.fiscal_year)?, true),
        };
        let finding = self
            .say(Code::ClientAlreadyOrdered, Field::FiscalYear)
            .detail("other", self.history.place_of(self.context, line))
            .detail("running", span(&line.client));
        Some(if earlier { finding.detail("earlier", "1") } else { finding })
    }

    /// The same family and year, of which nothing but this is known any more: neither which firm nor which order it was.
    fn bought_long_ago(&self) -> Option<Finding> {
        let (tax_ids, family, year) = self.bought()?;
        let year = i64::from(year.year());
        let mut gone = self.history.gone(&tax_ids);
        let is_same = gone.any(|had| had.family == family && had.fiscal_year == year);
        is_same.then(|| self.say(Code::ClientAlreadyOrdered, Field::TaxId))
    }

    /// A purchase where the first year would have been free, and nobody said that it is to be bought.
    fn free_instead(&self) -> Option<Finding> {
        if self.row.seen.is_kind_said {
            return None;
        }
        let client = self.row.client.as_ref()?;
        let (tax_ids, family, _) = self.bought()?;
        let package = self.context.catalogue.packages.get(&client.package)?;
        let is_first = !self.history.of(&tax_ids).any(|line| line.family == family)
            && !self.history.gone(&tax_ids).any(|had| had.family == family);
        let free = client.kind == Kind::Purchase && package.free_first_year && is_first;
        let finding = free.then(|| self.say(Code::FreeYearAvailable, Field::Kind))?;
        Some(match package.price_on(self.context.today) {
            Some(price) => finding.detail("saved", price.to_string()),
            None => finding,
        })
    }

    /// What the row says of a client that the firm knows, and that the firm has otherwise: taken with the row, but
    /// shown; what the client signs in with only when a person says so.
    fn new_details(&self) -> Option<Finding> {
        let client = self.row.client.as_ref()?;
        let record = self.history.record(&self.tax_ids(&client.tax_id))?;
        let mut changes = changed(self.context, self.row, client, record);
        changes.retain(|it| !OF_ORDER.contains(&it.field));
        let first = changes.first()?.field;
        let asked = changes.iter().map(|it| it.field).find(|field| LOG_IN.contains(field));
        let texts = self.context.texts;
        let shown: Vec<String> = changes.iter().map(|it| it.in_words(texts)).collect();
        let finding = self
            .say(Code::ClientChanged, asked.unwrap_or(first))
            .detail("reason", shown.join("; "))
            .detail("record", "1");
        Some(if asked.is_some() { finding } else { finding.severity(Severity::Info) })
    }

    /// The same was ordered and cancelled: an old list that comes again may not mean to order it anew.
    fn cancelled_before(&self) -> Option<Finding> {
        let (tax_ids, family, year) = self.bought()?;
        let before = self.history.cancelled(&tax_ids, (family, year))?;
        let finding = self
            .say(Code::ClientCancelledBefore, Field::TaxId)
            .detail("day", before.day.format("%d/%m/%Y").to_string())
            .detail("reason", before.reason.as_str());
        Some(finding.detail("cancelled", format!("{}/{}", before.order_code, before.line_no)))
    }

    fn say(&self, code: Code, field: Field) -> Finding {
        let written = self.row.written;
        let finding = Finding::new(code, written.place(field));
        match written.value(field) {
            Some(value) => finding.value(value.shown()),
            None => finding,
        }
    }

    /// The tax ids of the client, the family of the package and the year, as far as they can be read.
    fn bought(&self) -> Option<(Vec<TaxId>, &str, FiscalYear)> {
        let (tax_id, family, year) = self.row.seen.bought.as_ref()?;
        Some((self.tax_ids(tax_id), family, *year))
    }

    /// With the one that the row says to be that of before.
    fn tax_ids(&self, tax_id: &TaxId) -> Vec<TaxId> {
        let old = self.row.client.as_ref().and_then(|client| client.old_tax_id.clone());
        std::iter::once(tax_id.clone()).chain(old).collect()
    }

    fn is_own(&self, line: &Known) -> bool {
        line.firm == self.context.firm.code.as_str()
    }

    fn overlaps(&self, line: &Known) -> bool {
        self.row.client.as_ref().is_some_and(|client| {
            let (ours, theirs) = (client.fiscal_year_start, line.client.fiscal_year_start);
            let ends = fiscal_year::last_day;
            ours <= ends(theirs) && theirs <= ends(ours)
        })
    }
}

/// Whether a line is a licence that works, or is about to be one.
fn is_running(line: &Known) -> bool {
    matches!(
        line.state,
        LineState::Grace | LineState::Active | LineState::Activating | LineState::Uncertain
    )
}

/// `2026 (01/01/2026–31/12/2026)`.
fn span(client: &ClientRow) -> String {
    let day = |date: NaiveDate| date.format("%d/%m/%Y").to_string();
    let start = client.fiscal_year_start;
    format!("{} ({}–{})", client.fiscal_year, day(start), day(fiscal_year::last_day(start)))
}
