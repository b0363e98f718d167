//! Lists whose rows wait for nothing any more: a later list of the firm ordered the same clients for the same years.
//! Who is reminded of which list is decided by `reminders` and by the letter.

use std::collections::{HashMap, HashSet};

use crate::{
    db::{
        batches::Batch,
        lines::{self, Known},
        rows,
    },
    domain::{field::Field, fiscal_year::only_year},
    flow::{
        Services, check,
        map::{Reading, Table, TableRow},
        staged,
    },
};

/// Of a list of which more rows wait nobody looks which.
const ROWS_AT_MOST: usize = 1_000;

/// The client that a row names, by any of its tax ids, and the year where it says one.
struct Named {
    tax_ids: Vec<String>,
    year: Option<i64>,
}

/// Whether each row of a list that waits was ordered by a list that came later.
pub async fn is_overtaken(services: &Services, list: &Batch) -> anyhow::Result<bool> {
    let waiting = named(services, list).await?;
    if waiting.is_empty() || waiting.iter().any(|row| row.tax_ids.is_empty()) {
        return Ok(false);
    }
    let tax_ids: HashSet<&str> =
        waiting.iter().flat_map(|row| &row.tax_ids).map(String::as_str).collect();
    let known = lines::known(&services.db, &tax_ids.into_iter().collect::<Vec<_>>()).await?;
    let is_later = |line: &Known| {
        Some(&line.firm) == list.firm.as_ref() && line.batch().number() > list.id().number()
    };
    let mut later: HashMap<&str, Vec<i64>> = HashMap::new();
    for line in known.iter().filter(|line| is_later(line)) {
        later.entry(line.client.tax_id.as_str()).or_default().push(line.fiscal_year);
    }
    let is_ordered = |row: &Named| {
        let mut years = row.tax_ids.iter().filter_map(|it| later.get(it.as_str())).flatten();
        years.any(|year| row.year.is_none_or(|wanted| wanted == *year))
    };
    Ok(waiting.iter().all(is_ordered))
}

/// Nothing of a list of which too many rows wait.
async fn named(services: &Services, list: &Batch) -> anyhow::Result<Vec<Named>> {
    let waiting = rows::waiting(&services.db, list.id()).await?;
    if waiting.len() > ROWS_AT_MOST {
        return Ok(Vec::new());
    }
    let tables = staged::tables(services, list.id()).await?;
    let mut all = Vec::new();
    for row in waiting {
        let sheet = row.sheet;
        let Some(table) = tables.iter().find(|table| table.sheet == sheet) else { continue };
        all.push(name(services, table, staged::row(row)?));
    }
    Ok(all)
}

fn name(services: &Services, table: &Table, row: TableRow) -> Named {
    let columns = &services.catalogue.columns;
    let year = Reading::of(table, columns).only(&row, &[Field::FiscalYear]);
    let year = year.take(Field::FiscalYear).and_then(|year| only_year(&year.text));
    let year = year.map(|year| year.year().into());
    let alone = Table { rows: vec![row], ..table.clone() };
    Named { tax_ids: check::wanted(&[alone], columns).tax_ids, year }
}
