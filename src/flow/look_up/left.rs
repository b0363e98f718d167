//! Clients that went to another firm: that they did and when, for whoever asks the firm of before. What became of them
//! there is not its business.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use minijinja::context;

use crate::{
    db::{
        corrections,
        lines::{self, Line},
    },
    domain::{field::Field, firm::Firm},
    flow::{Services, answer::look_up::Entry, map::fields, staged},
};

/// One for each such line.
pub(super) async fn of(services: &Services, firm: &Firm) -> anyhow::Result<Vec<Entry>> {
    let gone = corrections::gone_from(&services.db, firm.code.as_str()).await?;
    // Of one that went twice the last time.
    let gone: BTreeMap<i64, DateTime<Utc>> = gone.into_iter().collect();
    let mut entries = Vec::new();
    for (id, at) in gone {
        if let Some(line) = lines::by_id(&services.db, id).await? {
            let day = services.local(at).format("%d/%m/%Y").to_string();
            entries.push(Entry {
                name: name(services, &line).await?,
                tax_id: line.client.tax_id.to_string(),
                state: services.texts.say("workbook.look_up.left", context! { day }),
                batch: line.batch().to_string(),
                line: line.reference().to_string(),
                ..Entry::default()
            });
        }
    }
    Ok(entries)
}

/// As the list says it, which stays as it was when the client went.
async fn name(services: &Services, line: &Line) -> anyhow::Result<String> {
    let Some((table, row)) = staged::row_of(services, line).await? else {
        return Ok(line.name.clone());
    };
    let said = fields(&table, &row, &services.catalogue.columns);
    let name = said.get(Field::Name).map(|it| it.shown().to_owned());
    Ok(name.unwrap_or_else(|| line.name.clone()))
}
