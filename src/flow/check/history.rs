//! Rows against what was ordered before: the same client, package family and year twice.
//! What else the past forbids or asks is said in `rights`, who may be the same client in `same`.

use std::collections::{BTreeSet, HashMap};

use chrono::NaiveDate;
use minijinja::context;
use serde_json::Value;

use super::{
    Context,
    corrected::{self, Correction},
    groups::{self, Key},
    identity::Identities,
    row::Judged,
};
use crate::{
    catalogue::columns::Columns,
    db::{
        clients::{Client, Reached, Tie},
        lines::Known,
    },
    domain::{
        client::ClientRow,
        email::Email,
        field::Field,
        finding::{Code, Finding, Severity},
        fiscal_year::FiscalYear,
        locale::Locale,
        order::{LineState, OrderCode},
        phone::Phone,
        tax_id::TaxId,
    },
    flow::retention::Gone,
    text::Texts,
};

/// Details of a finding that points to an earlier line: its batch, and itself.
pub const BATCH: &str = "batch";
pub const LINE: &str = "line";
/// The names of the fields that say something else than that line, with commas between.
pub const CHANGED: &str = "changed";
/// What an unchanged row is not asked again: it was right on the day of its order.
const OF_ITS_DAY: [Code; 3] =
    [Code::PackageNotOnSale, Code::FiscalYearOutOfRange, Code::NotAllowed];

/// What the database knows of the clients of a list.
#[derive(Clone, Debug, Default)]
pub struct Past {
    /// Of every firm.
    pub lines: Vec<Known>,
    /// Of the firm's own catalogue; also those that only resemble a client of the list.
    pub clients: Vec<Client>,
    /// Of the same: who signs in with an e-mail of the list.
    pub reached: Vec<Reached>,
    /// Of the same: what one firm says of tax ids is nothing for another one's list.
    pub ties: Vec<Tie>,
    /// What is left of lines whose data were deleted.
    pub gone: Vec<Gone>,
    /// Of the firm's lines, the oldest first.
    pub corrections: Vec<Correction>,
    /// Tax ids with a licence on the platform that no line here has.
    pub unknown: Vec<String>,
    /// Lines of the firm's that came from another one, whose list is not the firm's business.
    pub came: BTreeSet<(OrderCode, i64)>,
    /// Lines that the firm had cancelled, the newest last; not those of lists that were taken back.
    pub cancelled: Vec<Cancelled>,
    /// Addresses that get no mail.
    pub suppressed: BTreeSet<String>,
}

/// A line that was cancelled.
#[derive(Clone, Debug)]
pub struct Cancelled {
    pub tax_id: String,
    pub family: String,
    pub fiscal_year: i64,
    pub order_code: OrderCode,
    pub line_no: i64,
    /// The local one.
    pub day: NaiveDate,
    pub reason: String,
}

/// The same, ready to be asked about.
#[derive(Clone, Debug, Default)]
pub struct History {
    identities: Identities,
    /// What is known already, without what the list says.
    known: Identities,
    lines: Vec<Known>,
    lines_of: HashMap<String, Vec<usize>>,
    clients: Vec<ClientRow>,
    client_of: HashMap<String, usize>,
    /// By their e-mails.
    reached: HashMap<String, Vec<Reached>>,
    gone: HashMap<String, Vec<Gone>>,
    /// By order and line.
    corrections: HashMap<(OrderCode, i64), Vec<Correction>>,
    unknown: BTreeSet<String>,
    came: BTreeSet<(OrderCode, i64)>,
    cancelled: HashMap<String, Vec<Cancelled>>,
    pub(super) suppressed: BTreeSet<String>,
}

impl History {
    /// `pairs` are the tax ids that rows of the list say to be one client's.
    pub fn new(past: Past, pairs: &[(String, String)]) -> History {
        let Past { lines, clients, ties, gone: deleted, corrections: done, unknown, .. } = past;
        let Past { came, cancelled: former, reached: at_emails, suppressed, .. } = past;
        let mut known = Identities::default();
        for tie in &ties {
            known.join(&tie.client, &tie.tax_id);
        }
        let mut identities = known.clone();
        for (one, other) in pairs {
            identities.join(one, other);
        }
        let mut lines_of: HashMap<String, Vec<usize>> = HashMap::new();
        for (at, line) in lines.iter().enumerate() {
            lines_of.entry(identities.who(line.client.tax_id.as_str())).or_default().push(at);
        }
        let mut client_of = HashMap::new();
        for (at, client) in clients.iter().enumerate() {
            client_of.insert(identities.who(&client.tax_id), at);
        }
        let clients = clients.into_iter().map(|client| client.record.0).collect();
        let mut reached: HashMap<String, Vec<Reached>> = HashMap::new();
        for client in at_emails {
            reached.entry(client.email.clone()).or_default().push(client);
        }
        let mut gone: HashMap<String, Vec<Gone>> = HashMap::new();
        for had in deleted {
            gone.entry(identities.who(&had.tax_id)).or_default().push(had);
        }
        let mut corrections: HashMap<(OrderCode, i64), Vec<Correction>> = HashMap::new();
        for it in done {
            let line = (it.event.order_code.clone(), it.event.line_no);
            corrections.entry(line).or_default().push(it);
        }
        let unknown = unknown.iter().map(|tax_id| identities.who(tax_id)).collect();
        let mut cancelled: HashMap<String, Vec<Cancelled>> = HashMap::new();
        for line in former {
            cancelled.entry(identities.who(&line.tax_id)).or_default().push(line);
        }
        History {
            identities,
            known,
            lines,
            lines_of,
            clients,
            client_of,
            reached,
            gone,
            corrections,
            unknown,
            came,
            cancelled,
            suppressed,
        }
    }

    /// The same for all tax ids of a client.
    pub(super) fn who(&self, tax_id: &TaxId) -> String {
        self.identities.who(tax_id.as_str())
    }

    /// The firm's record of a client, by any of its tax ids.
    pub(super) fn record(&self, tax_ids: &[TaxId]) -> Option<&ClientRow> {
        let known = tax_ids.iter().find_map(|tax_id| self.client_of.get(&self.who(tax_id)));
        known.map(|at| &self.clients[*at])
    }

    /// The firm's clients that may have to do with those of the list.
    pub(super) fn clients(&self) -> &[ClientRow] {
        &self.clients
    }

    /// The other clients that sign in with an e-mail; none where the client does so already.
    pub(super) fn reached_at(&self, email: &Email, tax_id: &TaxId) -> &[Reached] {
        let known = self.reached.get(email.as_str()).map(Vec::as_slice).unwrap_or_default();
        let own = self.who(tax_id);
        let has_it = known.iter().any(|client| self.identities.who(&client.tax_id) == own);
        if has_it { &[] } else { known }
    }

    /// Whether a client has, or had, a licence of a family for a year.
    pub fn has_licence(&self, tax_ids: &[TaxId], family: &str, year: FiscalYear) -> bool {
        let year = i64::from(year.year());
        self.of(tax_ids)
            .any(|line| line.family == family && line.fiscal_year == year && is_licence(line))
            || self.gone(tax_ids).any(|had| had.family == family && had.fiscal_year == year)
    }

    /// What a client had, of which nothing else is known any more.
    pub(super) fn gone(&self, tax_ids: &[TaxId]) -> impl Iterator<Item = &Gone> {
        let whos: BTreeSet<String> = tax_ids.iter().map(|tax_id| self.who(tax_id)).collect();
        whos.into_iter().filter_map(|who| self.gone.get(&who)).flatten()
    }

    /// Whether the platform has a licence of a client of which nothing is known here.
    pub(super) fn is_unknown(&self, tax_ids: &[TaxId]) -> bool {
        tax_ids.iter().any(|tax_id| self.unknown.contains(&self.who(tax_id)))
    }

    /// Says of each row that the firm has ordered already what came of it, and which rows those are.
    pub(super) fn compare(
        &self,
        rows: &mut [Judged<'_>],
        context: &Context<'_>,
    ) -> BTreeSet<usize> {
        let is_own = |line: &&Known| line.firm == context.firm.code.as_str();
        let own: Vec<&Known> = self.lines.iter().filter(is_own).collect();
        let bought = Key::of(own.iter().map(|line| {
            let who = self.who(&line.client.tax_id);
            Some([who, line.family.clone(), line.fiscal_year.to_string()])
        }));
        // Two for each row: by its tax id, then by the one before it.
        let wanted = Key::of(rows.iter().flat_map(|row| self.wanted(row, context)));
        let mut told = BTreeSet::new();
        for (asked, line) in groups::matches(&wanted, &bought) {
            let at = asked / 2;
            if told.insert(at) {
                tell((self, context), &mut rows[at], own[line]);
            }
        }
        told
    }

    /// What of a client was cancelled last, of a family and year.
    pub(super) fn cancelled(
        &self,
        tax_ids: &[TaxId],
        (family, year): (&str, FiscalYear),
    ) -> Option<&Cancelled> {
        let year = i64::from(year.year());
        let own = tax_ids.iter().filter_map(|tax_id| self.cancelled.get(&self.who(tax_id)));
        own.flatten()
            .filter(|line| line.family == family && line.fiscal_year == year)
            .max_by_key(|line| line.day)
    }

    /// Where an earlier line of the firm stands.
    pub(super) fn place_of(&self, context: &Context<'_>, line: &Known) -> String {
        let is_own = !self.came.contains(&(line.order_code.clone(), line.line_no));
        let values = context! {
            batch => is_own.then(|| line.batch().to_string()), row => line.row_no,
            order => line.order_code.to_string(), line => line.line_no,
        };
        context.texts.say("message.place.order", values)
    }

    /// Whether a row names an ordered client by another one of its tax ids: what is ordered stays under its own.
    fn is_known_as(&self, client: &ClientRow, line: &Known, field: Field) -> bool {
        let named = match field {
            Field::TaxId => Some(&client.tax_id),
            Field::OldTaxId => client.old_tax_id.as_ref(),
            _ => None,
        };
        let who = |tax_id: &TaxId| self.known.who(tax_id.as_str());
        line.state != LineState::Waiting
            && named.is_some_and(|named| who(named) == who(&line.client.tax_id))
    }

    /// The lines of a client, by any of its tax ids, at every firm.
    pub(super) fn of(&self, tax_ids: &[TaxId]) -> impl Iterator<Item = &Known> {
        let whos: BTreeSet<String> = tax_ids.iter().map(|tax_id| self.who(tax_id)).collect();
        let lines = whos.into_iter().filter_map(|who| self.lines_of.get(&who)).flatten();
        lines.map(|at| &self.lines[*at])
    }

    /// Client, package family and year, under each tax id of a client.
    fn wanted(&self, row: &Judged<'_>, context: &Context<'_>) -> [Option<[String; 3]>; 2] {
        let client = row.client.as_ref();
        let family = client
            .and_then(|client| context.catalogue.packages.get(&client.package))
            .map(|package| package.family.as_str());
        let key = |tax_id: &TaxId, client: &ClientRow| {
            Some([self.who(tax_id), family?.to_owned(), client.fiscal_year.year().to_string()])
        };
        let now = client.and_then(|client| key(&client.tax_id, client));
        let before = client.and_then(|client| key(client.old_tax_id.as_ref()?, client));
        [now, before]
    }
}

/// Whether a line became a licence, also one that is suspended.
pub(super) fn is_licence(line: &Known) -> bool {
    matches!(line.state, LineState::Grace | LineState::Active | LineState::Suspended)
}

fn tell(known: (&History, &Context<'_>), row: &mut Judged<'_>, line: &Known) {
    let Some(client) = &row.client else { return };
    let finding = said(known, row, client, line);
    if finding.code == Code::ClientSameAsBefore {
        let is_asked = |finding: &Finding| {
            finding.severity == Severity::Hold || OF_ITS_DAY.contains(&finding.code)
        };
        row.findings.retain(|finding| !is_asked(finding));
    }
    row.findings.push(finding);
}

/// The same again, the same with changes, or another package for the same year.
fn said(
    (history, context): (&History, &Context<'_>),
    row: &Judged<'_>,
    client: &ClientRow,
    line: &Known,
) -> Finding {
    let place = row.written.place(Field::TaxId);
    let mut changes = changed(context, row, client, &line.client);
    changes.retain(|it| !history.is_known_as(client, line, it.field));
    // The package may be said for the whole list, where no row gives it.
    let code = if client.package != line.client.package {
        Code::ClientAlreadyOrdered
    } else if changes.is_empty() {
        Code::ClientSameAsBefore
    } else {
        Code::ClientChanged
    };
    let value = row.written.value(Field::TaxId).map(|value| value.raw).unwrap_or_default();
    let other = history.place_of(context, line);
    let finding = Finding::new(code, place)
        .value(value)
        .detail("other", other)
        .detail(BATCH, line.batch().to_string())
        .detail(LINE, format!("{}/{}", line.order_code, line.line_no));
    if changes.is_empty() {
        return finding;
    }
    let names: Vec<&str> = changes.iter().map(|it| it.field.as_str()).collect();
    let shown: Vec<String> = changes.iter().map(|it| it.in_words(context.texts)).collect();
    let finding = finding.detail("reason", shown.join("; ")).detail(CHANGED, names.join(","));
    let corrections = history.corrections.get(&(line.order_code.clone(), line.line_no));
    let corrections = corrections.map(Vec::as_slice).unwrap_or_default();
    let since = changes.iter().filter_map(|it| corrected::since(context, corrections, it));
    let since: Vec<String> = since.collect();
    match since.len() {
        0 => finding,
        n if n < changes.len() => finding.detail("since", since.join("; ")),
        _ => finding.detail("since", since.join("; ")).detail("all_since", "1"),
    }
}

/// A field that a row has otherwise than what was before, both as people write them.
pub(super) struct Changed {
    pub field: Field,
    pub old: String,
    pub new: String,
}

impl Changed {
    pub fn in_words(&self, texts: &Texts) -> String {
        change_in_words(texts, self.field, [&self.old, &self.new])
    }
}

/// `Email: old → new`.
pub fn change_in_words(texts: &Texts, field: Field, [old, new]: [&str; 2]) -> String {
    format!("{}: {old} → {new}", texts.label(&format!("field.{field}")))
}

/// The given fields that say something else than before.
pub(super) fn changed(
    context: &Context<'_>,
    row: &Judged<'_>,
    client: &ClientRow,
    before: &ClientRow,
) -> Vec<Changed> {
    let (Ok(new), Ok(old)) = (serde_json::to_value(client), serde_json::to_value(before)) else {
        return Vec::new();
    };
    let shown = |field: Field, value: &Value| match value {
        Value::Null => "–".to_owned(),
        Value::String(text) => in_words(&context.catalogue.columns, context.locale, field, text),
        other => other.to_string(),
    };
    let change = |field: Field| {
        let (old, new) = (&old[field.as_str()], &new[field.as_str()]);
        (new != old).then(|| Changed { field, old: shown(field, old), new: shown(field, new) })
    };
    row.given.iter().filter_map(|field| change(*field)).collect()
}

/// A stored value as people write it: a word of a closed set, a day, a number to call.
pub fn in_words(columns: &Columns, locale: Locale, field: Field, stored: &str) -> String {
    match field {
        Field::FiscalYearStart | Field::BooksStart => {
            stored.split('-').rev().collect::<Vec<_>>().join("/")
        }
        Field::Phone | Field::ContactPhone | Field::RecipientPhone => {
            Phone::read(stored).map_or_else(|_| stored.to_owned(), |(phone, _)| phone.national())
        }
        _ => columns.display(field, stored, locale).to_owned(),
    }
}
