//! What there is, as files for other programs: orders, lines, licences, findings, and what is to be invoiced.
//! Which of them is asked for, and where it goes, is decided by the caller.

mod clients;

mod columnar;

mod delimited;

mod invoices;

pub mod numbered;

pub mod payments;

pub mod slips;

mod tables;

use std::{
    borrow::Cow,
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use chrono::{DateTime, NaiveDate};
use chrono_tz::Tz;
use serde::{Deserialize, Deserializer, de::Error as _};
use serde_json::Value;

use super::{
    Services,
    answer::{self, outbox, view::ControlTotals},
    files::write_whole,
};
use crate::domain::{batch::BatchId, words::words};

words! {
    /// What can be exported.
    pub enum What {
        /// The firms' catalogues of clients.
        Clients = "clients",
        Orders = "orders",
        Lines = "lines",
        /// The credits of the payee's account; of a firm those that pay for something of it.
        Payments = "payments",
        Licences = "licences",
        Findings = "findings",
        /// One row for each paid request: the buyer (NĐ123/2020 Art. 10), the package, the amount without VAT.
        Invoices = "invoices",
    }
}

words! {
    /// As which kind of file.
    pub enum Format {
        Xlsx = "xlsx",
        /// UTF-8 with a mark, as Excel wants it; no field begins like a formula, but a phone with its plus.
        Csv = "csv",
        /// Each column with its type.
        Parquet = "parquet",
        Json = "json",
    }
}

/// What a job exports, by the names that `[options]` has for it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ExportOptions {
    #[serde(deserialize_with = "some")]
    pub what: Vec<What>,
    pub format: Format,
    /// Nothing: of all firms at once, into the outbox itself.
    pub firm: Option<String>,
}

impl Default for ExportOptions {
    fn default() -> ExportOptions {
        ExportOptions { what: vec![What::Lines], format: Format::Xlsx, firm: None }
    }
}

/// At least one.
fn some<'de, D: Deserializer<'de>>(source: D) -> Result<Vec<What>, D::Error> {
    let what = Vec::deserialize(source)?;
    if what.is_empty() {
        return Err(D::Error::custom("this names nothing to export"));
    }
    Ok(what)
}

/// Writes what a job exports, and how many files and rows that were.
pub async fn by_job(
    services: &Services,
    options: &ExportOptions,
) -> anyhow::Result<Vec<(&'static str, u64)>> {
    let firm = options.firm.as_deref().map(|code| services.firm(code)).transpose()?;
    let firm = firm.map(|firm| firm.code.as_str());
    let (mut files, mut rows) = (0, 0);
    for what in &options.what {
        let table = gather(services, *what, firm).await?;
        let path = free_path(services, *what, options.format, firm);
        let written =
            tokio::task::block_in_place(|| write(services, &table, options.format, &path))?;
        outbox::set_others_aside(what.as_str(), &written)?;
        files += written.len() as u64;
        rows += table.rows.len() as u64;
    }
    Ok(vec![("files", files), ("rows", rows)])
}

/// `lines__2026-11-22__r1.xlsx`, under the next number that nothing has.
pub fn free_path(services: &Services, what: What, format: Format, firm: Option<&str>) -> PathBuf {
    let folder = match firm {
        Some(_) => outbox::folder(services, firm),
        None => services.settings.files.outbox.clone(),
    };
    outbox::free_path(&folder, what.as_str(), services.today(), format.as_str())
}

/// Excel has so many rows, one of which is the header: what is longer goes on in a next file.
const ROWS_OF_A_FILE: usize = 1_048_575;

/// A cell of a table.
#[derive(Clone, Debug, PartialEq)]
pub enum Datum {
    Nothing,
    Text(String),
    Whole(i64),
    /// Whole đồng.
    Money(i64),
    Day(NaiveDate),
    Moment(DateTime<Tz>),
}

impl Datum {
    fn json(&self) -> Value {
        match self {
            Datum::Nothing => Value::Null,
            Datum::Whole(number) | Datum::Money(number) => (*number).into(),
            other => other.text().into(),
        }
    }

    /// About as wide as a cell shows it.
    pub fn shown(&self) -> String {
        match self {
            Datum::Money(_) => format!("{}  ", self.text()),
            Datum::Moment(at) => at.format("%d/%m/%Y %H:%M").to_string(),
            other => other.text(),
        }
    }

    /// Dates by ISO 8601, moments by RFC 3339.
    fn text(&self) -> String {
        match self {
            Datum::Nothing => String::new(),
            Datum::Text(text) => text.clone(),
            Datum::Whole(number) | Datum::Money(number) => number.to_string(),
            Datum::Day(day) => day.to_string(),
            Datum::Moment(at) => at.to_rfc3339(),
        }
    }
}

/// What stands in a column, where anything does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Text,
    Whole,
    /// Whole đồng.
    Money,
    Day,
    Moment,
}

/// A stable name, and what stands below it.
pub type Column = (&'static str, Kind);

/// Rows under stable names.
#[derive(Clone, Debug)]
pub struct Table {
    pub what: What,
    pub columns: Vec<Column>,
    pub rows: Vec<Vec<Datum>>,
    /// Of each batch of which there are lines, as its result workbook has them.
    pub totals: BTreeMap<BatchId, ControlTotals>,
}

impl Table {
    fn new(what: What, columns: Vec<Column>, rows: Vec<Vec<Datum>>) -> Table {
        Table { what, columns, rows, totals: BTreeMap::new() }
    }
}

/// Gathers a table, of one firm or of all.
pub async fn gather(services: &Services, what: What, firm: Option<&str>) -> anyhow::Result<Table> {
    match what {
        What::Clients => clients::table(services, firm).await,
        What::Orders => tables::orders(services, firm).await,
        What::Lines => tables::lines(services, firm).await,
        What::Payments => payments::table(services, firm).await,
        What::Licences => tables::licences(services, firm).await,
        What::Findings => tables::findings(services, firm).await,
        What::Invoices => invoices::table(services, firm).await,
    }
}

/// Whether these are exactly the columns of a table that looks like a client list, in their order: delimited text bears no
/// other mark of ours.
pub fn is_own(names: &[Cow<'_, str>]) -> bool {
    let tables = [clients::columns(), tables::columns_of_lines()];
    tables
        .iter()
        .any(|columns| columns.iter().map(|(name, _)| *name).eq(names.iter().map(|name| &**name)))
}

/// Writes a table as one file, or as several where a sheet has too few rows; what lies there is replaced.
pub fn write(
    services: &Services,
    table: &Table,
    format: Format,
    path: &Path,
) -> anyhow::Result<Vec<PathBuf>> {
    let whole = [table.rows.as_slice()];
    let parts: Vec<&[Vec<Datum>]> = match format {
        Format::Xlsx if !table.rows.is_empty() => table.rows.chunks(ROWS_OF_A_FILE).collect(),
        _ => whole.to_vec(),
    };
    let mut written = Vec::new();
    for (number, rows) in (1..).zip(parts) {
        let bytes = match format {
            Format::Xlsx => answer::export::write(services, table, rows)?,
            Format::Csv => delimited::write(table)?,
            Format::Parquet => columnar::write(table)?,
            Format::Json => json(table)?,
        };
        let path = part_of(path, number)?;
        write_whole(&path, &bytes)?;
        written.push(path);
    }
    Ok(written)
}

/// `lines.xlsx`, `lines-2.xlsx` …
fn part_of(path: &Path, number: usize) -> anyhow::Result<PathBuf> {
    if number == 1 {
        return Ok(path.to_owned());
    }
    let mut name = path.file_stem().context("An export has a name")?.to_owned();
    name.push(format!("-{number}"));
    Ok(path.with_file_name(name).with_extension(path.extension().unwrap_or_default()))
}

fn json(table: &Table) -> anyhow::Result<Vec<u8>> {
    let object = |row: &Vec<Datum>| {
        let names = table.columns.iter().map(|(name, _)| (*name).to_owned());
        Value::Object(names.zip(row.iter().map(Datum::json)).collect())
    };
    Ok(serde_json::to_vec_pretty(&table.rows.iter().map(object).collect::<Vec<_>>())?)
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: [Column; 3] =
        [("name", Kind::Text), ("amount", Kind::Money), ("note", Kind::Text)];

    fn table(text: &str) -> Table {
        let row = vec![Datum::Text(text.to_owned()), Datum::Money(2_950_000), Datum::Nothing];
        Table::new(What::Lines, COLUMNS.to_vec(), vec![row])
    }

    #[test]
    fn a_csv_is_quoted_and_has_no_formula() {
        let lines =
            |text: &str| String::from_utf8(delimited::write(&table(text)).unwrap()).unwrap();
        assert_eq!(
            lines("An, \"Bình\""),
            "\u{feff}name,amount,note\r\n\"An, \"\"Bình\"\"\",2950000,\r\n"
        );
        for formula in ["=1+1", "+84912345678", "+84912345678+1", "-1", "@SUM(A1)", "\t=1"] {
            assert!(lines(formula).contains(&format!("'{formula}")), "{formula}");
        }
    }

    #[test]
    fn json_has_numbers_as_numbers_and_nothing_as_null() {
        let value: Value = serde_json::from_slice(&json(&table("=A")).unwrap()).unwrap();
        assert_eq!(value, serde_json::json!([{ "name": "=A", "amount": 2_950_000, "note": null }]));
    }

    #[test]
    fn what_goes_on_in_another_file_says_which() {
        let path = |number| part_of(Path::new("out/lines.xlsx"), number).unwrap();
        assert_eq!(path(1), Path::new("out/lines.xlsx"));
        assert_eq!(path(2), Path::new("out/lines-2.xlsx"));
    }
}
