//! What the clients of the firms' catalogues hold: all their tax ids and licences, by their present tax id.
//! How that is shown is decided by whoever lists or exports them.

use std::collections::HashMap;

use minijinja::context;

use crate::{
    db::{
        Db,
        clients::{self, Client, Tie},
        licences::Licence,
    },
    text::Texts,
};

/// A firm, and the present tax id of a client of it.
type Key<'a> = (&'a str, &'a str);

/// By client.
#[derive(Debug, Default)]
pub struct Held<'a> {
    tax_ids: HashMap<Key<'a>, Vec<&'a str>>,
    licences: HashMap<Key<'a>, Vec<&'a Licence>>,
}

impl<'a> Held<'a> {
    /// A licence of before is under a tax id of before: the ties say whose that is.
    pub fn of(ties: &'a [Tie], licences: &'a [Licence]) -> Held<'a> {
        let mut held = Held::default();
        let mut present = HashMap::new();
        for tie in ties {
            present.insert((tie.firm.as_str(), tie.tax_id.as_str()), tie.client.as_str());
            held.tax_ids.entry((&tie.firm, &tie.client)).or_default().push(&tie.tax_id);
        }
        for licence in licences {
            let own = (licence.firm.as_str(), licence.tax_id.as_str());
            let client = present.get(&own).copied().unwrap_or(own.1);
            held.licences.entry((own.0, client)).or_default().push(licence);
        }
        held
    }

    pub fn tax_ids<'b>(&'b self, client: &'b Client) -> &'b [&'b str] {
        self.tax_ids.get(&key(client)).map(Vec::as_slice).unwrap_or_default()
    }

    pub fn licences<'b>(&'b self, client: &'b Client) -> &'b [&'b Licence] {
        self.licences.get(&key(client)).map(Vec::as_slice).unwrap_or_default()
    }
}

/// The present tax ids of clients that had another one before, by firm and that one.
#[derive(Debug, Default)]
pub struct Renamed(HashMap<(String, String), String>);

impl Renamed {
    /// Of one firm or of all.
    pub async fn of(db: &Db, firm: Option<&str>) -> anyhow::Result<Renamed> {
        let former = clients::former(db, firm).await?.into_iter();
        Ok(Renamed(former.map(|tie| ((tie.firm, tie.tax_id), tie.client)).collect()))
    }

    /// A tax id as people look for it: `8037630690 (nay là 079180000001)`.
    pub fn in_words(&self, texts: &Texts, (firm, tax_id): (&str, &str)) -> String {
        match self.0.get(&(firm.to_owned(), tax_id.to_owned())) {
            Some(present) => texts.say("workbook.look_up.renamed", context! { tax_id, present }),
            None => tax_id.to_owned(),
        }
    }
}

fn key(client: &Client) -> Key<'_> {
    (&client.firm, &client.tax_id)
}
