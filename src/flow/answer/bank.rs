//! By what a workbook about money is known when it comes back, and each of its rows: signed, on a very hidden sheet, in
//! the document's properties, and beside each payment. What its rows say is read by `pay::answers`.

use std::path::Path;

use chrono::NaiveDate;
use minijinja::context;
use rust_xlsxwriter::DocProperties;
use serde::{Deserialize, Serialize};

use super::{
    identity::{RID, SHEET},
    outbox,
};
use crate::{
    db::{
        grace::Side,
        payments::{Allocation, Payment},
    },
    domain::finding::{Code, Finding, Place},
    flow::{
        Services,
        inbox::BANK,
        key::{Key, sha256},
        read::{Document, Sheet},
    },
};

/// What the key signs for.
const PURPOSE: &str = "money";
const ROW: &str = "money row";
const KIND: &str = "money";
/// Above the headings stand no more rows than these.
const TITLES: usize = 12;

/// A workbook of a day, under its number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Issue {
    pub day: String,
    pub revision: String,
}

impl Issue {
    /// Of a workbook by its name: `doi-soat__2026-11-23__r2.xlsx`.
    pub fn of(path: &Path, day: NaiveDate) -> Issue {
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        let revision = stem.rsplit_once("__").map_or("", |(_, revision)| revision);
        Issue { day: day.to_string(), revision: revision.to_owned() }
    }

    /// Day and number; nothing where they are none.
    pub fn parts(&self) -> Option<(NaiveDate, u32)> {
        Some((self.day.parse().ok()?, self.revision.strip_prefix('r')?.parse().ok()?))
    }
}

#[derive(Serialize, Deserialize)]
struct Signed {
    kind: String,
    #[serde(flatten)]
    issue: Issue,
    signature: String,
}

/// What a file says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    Genuine(Issue),
    Forged(Issue),
}

/// What the very hidden sheet says.
pub fn payload(key: &Key, issue: &Issue) -> anyhow::Result<String> {
    let signature = key.sign(PURPOSE, &text_of(issue));
    Ok(serde_json::to_string(&Signed { kind: KIND.to_owned(), issue: issue.clone(), signature })?)
}

pub fn properties(key: &Key, issue: &Issue, properties: DocProperties) -> DocProperties {
    properties
        .set_custom_property("hangloat.kind", KIND)
        .set_custom_property("hangloat.day", issue.day.as_str())
        .set_custom_property("hangloat.revision", issue.revision.as_str())
        .set_custom_property("hangloat.signature", key.sign(PURPOSE, &text_of(issue)))
}

/// Nothing where it is no workbook about money.
pub fn claim(document: &Document, key: &Key) -> Option<Claim> {
    let claims = [of_sheet(&document.sheets), of_properties(document)];
    let mut claims: Vec<Signed> =
        claims.into_iter().flatten().filter(|it| it.kind == KIND).collect();
    let is_genuine = |it: &Signed| key.verifies(PURPOSE, &text_of(&it.issue), &it.signature);
    match claims.iter().position(is_genuine) {
        Some(at) => Some(Claim::Genuine(claims.swap_remove(at).issue)),
        None => claims.into_iter().next().map(|it| Claim::Forged(it.issue)),
    }
}

fn of_sheet(sheets: &[Sheet]) -> Option<Signed> {
    let sheet = sheets.iter().find(|sheet| sheet.name == SHEET)?;
    let cells = sheet.rows.iter().filter_map(|row| row.cells.first());
    let text: String = cells.map(|cell| cell.text().into_owned()).collect();
    serde_json::from_str(&text).ok()
}

fn of_properties(document: &Document) -> Option<Signed> {
    let property = |name: &str| document.properties.get(&format!("hangloat.{name}")).cloned();
    let issue = Issue { day: property("day")?, revision: property("revision")? };
    Some(Signed { kind: property("kind")?, issue, signature: property("signature")? })
}

fn text_of(issue: &Issue) -> String {
    format!("{}/{}", issue.day, issue.revision)
}

/// What is said of a row of a workbook about money or cut-offs where things changed since: in which folder the newest one
/// lies, and into which whoever answers drops it.
pub fn stale(services: &Services, place: Place, side: Side) -> Finding {
    let (outbox, inbox) = folders(services, side);
    Finding::new(Code::RowStaleAnswer, place).detail("outbox", outbox).detail("inbox", inbox)
}

/// The same of a row that shows another payment or line than its hidden cell names, as where a part of the sheet was
/// sorted: what it shows, and what it is.
pub fn mixed(services: &Services, place: Place, (shows, is): (&str, &str), side: Side) -> Finding {
    let (outbox, inbox) = folders(services, side);
    let values = context! { shows, is, outbox, inbox };
    let say = |part: &str| services.texts.say(&format!("message.mixed.{part}"), values.clone());
    let finding = Finding::new(Code::RowUnknownAnswer, place);
    finding.detail("reason", say("reason")).detail("how", say("how"))
}

fn folders(services: &Services, side: Side) -> (String, String) {
    let outbox = outbox::folder(services, Some(BANK));
    let inbox = &services.settings.files.inbox;
    let inbox = match side {
        Side::Operator => &inbox.join(BANK),
        Side::Firm => inbox,
    };
    (services.shown_path(&outbox), services.shown_path(inbox))
}

/// Stands beside a payment: which it is, and how it stood.
pub fn row(key: &Key, payment: &Payment, parts: &[Allocation]) -> String {
    let text = format!("{}.{}", payment.id, standing(payment, parts));
    format!("{text}.{}", key.sign(ROW, &text))
}

/// The payment that a row is of, and how it stood; nothing where our key did not sign it.
pub fn payment_of(key: &Key, row: &str) -> Option<(i64, String)> {
    let (text, signature) = row.trim().rsplit_once('.')?;
    let (id, standing) = text.split_once('.')?;
    key.verifies(ROW, text, signature).then(|| Some((id.parse().ok()?, standing.to_owned())))?
}

/// Changes where money moved and with all that a person says, also where it is taken back; what may be suggested is no
/// part of it.
pub fn standing(payment: &Payment, parts: &[Allocation]) -> String {
    let parts: Vec<String> =
        parts.iter().map(|part| format!("{}={}", part.code, part.amount)).collect();
    let Payment { returned, closed, last_said, .. } = payment;
    let text = format!("{returned}/{closed}/{last_said}/{}", parts.join(","));
    sha256(text.as_bytes())[..8].to_owned()
}

/// The sheet with rows of payments, and the place of its headings among its rows.
pub fn sheet(document: &Document) -> Option<(usize, usize)> {
    document.sheets.iter().enumerate().find_map(|(at, sheet)| {
        let mut rows = sheet.rows.iter().take(TITLES);
        Some((at, rows.position(|row| row.cells.iter().any(|cell| cell.text() == RID))?))
    })
}
