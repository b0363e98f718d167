//! Lists whose rows wait for nothing any more: a later list of the firm ordered the same for the same clients, or somebody
//! left them out of it. Who is reminded of which list is decided by `reminders` and by the letter; what of a list waits in
//! another one too, by `lists`.

use std::collections::{HashMap, HashSet};

use crate::{
    db::{
        batches::{self, Batch},
        lines::{self, Known},
        morning::{self, Waiting},
        rows::{self, StagedRow},
    },
    domain::{cell::Cell, field::Field, fiscal_year::only_year},
    flow::{
        Services, check,
        map::{Reading, Table, TableRow},
        options::Defaults,
        staged,
    },
};

/// Of a list of which more rows wait nobody looks which.
const ROWS_AT_MOST: i64 = 1_000;

/// A package family and a year, as far as they are said.
#[derive(Clone)]
struct Bought {
    family: Option<String>,
    year: Option<i64>,
}

impl Bought {
    fn may_be(&self, other: &Bought) -> bool {
        let families = self.family.as_ref().zip(other.family.as_ref());
        let years = self.year.zip(other.year);
        families.is_none_or(|(own, other)| own == other)
            && years.is_none_or(|(own, other)| own == other)
    }
}

/// The client that a row names, by any of its tax ids, and what is bought for it.
pub(super) struct Named {
    tax_ids: Vec<String>,
    bought: Bought,
    pub cells: Vec<Cell>,
}

/// What is bought by later lists, by the tax ids of its clients.
#[derive(Default)]
pub(super) struct Later(HashMap<String, Vec<Bought>>);

impl Later {
    pub fn add(&mut self, row: Named) {
        for tax_id in row.tax_ids {
            self.0.entry(tax_id).or_default().push(row.bought.clone());
        }
    }

    /// Whether the same may be bought for the client of a row.
    pub fn has(&self, row: &Named) -> bool {
        let mut others = row.tax_ids.iter().filter_map(|it| self.0.get(it)).flatten();
        others.any(|other| other.may_be(&row.bought))
    }
}

/// Whether each row of a list that waits was ordered by a list that came later, or left out of one: a person who took it
/// out there is not asked about it here.
pub async fn is_overtaken(services: &Services, list: &Batch) -> anyhow::Result<bool> {
    let waiting = rows::waiting(&services.db, list.id()).await?;
    if i64::try_from(waiting.len())? > ROWS_AT_MOST {
        return Ok(false);
    }
    let waiting = named(services, list, waiting).await?;
    if waiting.is_empty() || waiting.iter().any(|row| row.tax_ids.is_empty()) {
        return Ok(false);
    }
    let mut later = Later::default();
    for line in ordered_later(services, list, &waiting).await? {
        let bought = Bought { family: Some(line.family), year: Some(line.fiscal_year) };
        later.0.entry(line.client.tax_id.to_string()).or_default().push(bought);
    }
    for id in morning::left_out_after(&services.db, list.id()).await? {
        let Some(list) = batches::by_id(&services.db, id).await? else { continue };
        let left_out = rows::left_out(&services.db, id).await?;
        for row in named(services, &list, left_out).await? {
            later.add(row);
        }
    }
    Ok(waiting.iter().all(|row| later.has(row)))
}

/// Whom the rows of a list that wait name; nobody where they are too many to look.
pub(super) async fn waiting(
    services: &Services,
    list: &Batch,
    waiting: &Waiting,
) -> anyhow::Result<Vec<Named>> {
    if waiting.rejected + waiting.held > ROWS_AT_MOST {
        return Ok(Vec::new());
    }
    named(services, list, rows::waiting(&services.db, list.id()).await?).await
}

/// What the firm ordered for these clients by later lists.
async fn ordered_later(
    services: &Services,
    list: &Batch,
    waiting: &[Named],
) -> anyhow::Result<Vec<Known>> {
    let tax_ids: HashSet<&str> =
        waiting.iter().flat_map(|row| &row.tax_ids).map(String::as_str).collect();
    let mut known = lines::known(&services.db, &tax_ids.into_iter().collect::<Vec<_>>()).await?;
    known.retain(|line| {
        Some(&line.firm) == list.firm.as_ref() && line.batch().number() > list.id().number()
    });
    Ok(known)
}

async fn named(
    services: &Services,
    list: &Batch,
    rows: Vec<StagedRow>,
) -> anyhow::Result<Vec<Named>> {
    let tables = staged::tables(services, list.id()).await?;
    let of_list = OfList {
        order_level: staged::order_level(list)?,
        defaults: staged::options(list)?.unwrap_or_default().defaults,
    };
    let mut all = Vec::new();
    for row in rows {
        let sheet = row.sheet;
        let Some(table) = tables.iter().find(|table| table.sheet == sheet) else { continue };
        all.push(name(services, &of_list, table, staged::row(row)?));
    }
    Ok(all)
}

/// What holds for the rows of a list that do not say it themselves.
struct OfList {
    order_level: Vec<(Field, String)>,
    defaults: Defaults,
}

impl OfList {
    fn get(&self, field: Field) -> Option<&str> {
        let said = self.order_level.iter().find(|(known, _)| *known == field);
        said.map(|(_, text)| text.as_str()).or_else(|| self.defaults.get(field, None))
    }
}

fn name(services: &Services, of_list: &OfList, table: &Table, row: TableRow) -> Named {
    let (columns, packages) = (&services.catalogue.columns, &services.catalogue.packages);
    let fields = Reading::of(table, columns).only(&row, &[Field::Package, Field::FiscalYear]);
    let said = |field| fields.get(field).map(|it| it.text.as_str()).or_else(|| of_list.get(field));
    let family = said(Field::Package).and_then(|text| packages.find(text));
    let year = said(Field::FiscalYear).and_then(only_year);
    let bought = Bought {
        family: family.map(|package| package.family.clone()),
        year: year.map(|year| year.year().into()),
    };
    let mut alone = [Table { rows: vec![row], ..table.clone() }];
    let tax_ids = check::wanted(&alone, columns).tax_ids;
    let cells = alone[0].rows.pop().map(|row| row.cells).unwrap_or_default();
    Named { tax_ids, bought, cells }
}
