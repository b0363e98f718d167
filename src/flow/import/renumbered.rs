//! A row that says of an ordered client that it has another tax id now, and names the one that it was ordered under. What
//! is ordered stays under that one; both are one client's from then on, as by `clients --same`.

use minijinja::context;

use crate::{
    db::lines,
    domain::{
        cell::Cell,
        client::ClientRow,
        field::Field,
        order::{LineRef, LineState},
        tax_id::TaxId,
    },
    flow::{
        Services,
        order::clients::{self, Joined},
    },
};

/// Two tax ids that a row says to be one client's.
pub struct Renumbered<'a> {
    firm: &'a str,
    old: TaxId,
    new: &'a TaxId,
}

impl<'a> Renumbered<'a> {
    /// Nothing where the line awaits its confirmation: its tax id is corrected as all else.
    pub async fn of(
        services: &Services,
        (named, firm): (&LineRef, Option<&'a str>),
        client: &'a ClientRow,
    ) -> anyhow::Result<Option<Renumbered<'a>>> {
        let lines = lines::of_order(&services.db, &named.order).await?;
        let line = lines.into_iter().find(|line| line.line_no == named.line);
        let is_ordered = |line: &lines::Line| {
            line.state != LineState::Waiting
                && Some(line.firm.as_str()) == firm
                && client.tax_id != line.client.tax_id
                && client.old_tax_id.as_ref() == Some(&line.client.tax_id)
        };
        let line = line.filter(is_ordered);
        Ok(line.zip(firm).map(|(line, firm)| {
            let old = line.client.tax_id.clone();
            Renumbered { firm, old, new: &client.tax_id }
        }))
    }

    /// Makes both one client's; why they cannot be. Nothing is stored where `stores` is not given.
    pub async fn join(&self, services: &Services, stores: bool) -> anyhow::Result<Option<String>> {
        let (mut tx, both) = (services.db.begin().await?, (&self.old, self.new));
        let is_odd = clients::of_a_person(&mut tx, self.firm, both).await?.is_some()
            || clients::of_other_types(&mut tx, self.firm, both).await?.is_some();
        let reason = services.texts.label("message.kept.by_decision");
        let is_joined = !is_odd
            && matches!(
                clients::join(&mut tx, self.firm, both, &reason, services.now()).await?,
                Joined::Done | Joined::Already
            );
        if !is_joined {
            let values = context! { old => self.old.as_str(), new => self.new.as_str() };
            return Ok(Some(services.texts.say("message.not_corrected.not_joined", values)));
        }
        if stores {
            tx.commit().await?;
        }
        Ok(None)
    }
}

/// What else a row says otherwise.
pub fn rest(changes: Vec<(Field, Cell)>) -> Vec<(Field, Cell)> {
    let is_other = |(field, _): &(Field, Cell)| !matches!(field, Field::TaxId | Field::OldTaxId);
    changes.into_iter().filter(is_other).collect()
}
