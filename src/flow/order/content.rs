//! What exactly an order says: the hash that a confirmation is bound to, and what changed since it was shown.
//! What follows from a change is decided where the order is confirmed.

use chrono::NaiveDate;
use data_encoding::HEXLOWER;
use minijinja::context;
use sha2::{Digest as _, Sha256};

use crate::{
    catalogue::{Catalogue, rules::Dates},
    db::{lines::Line, orders::Order, shown::Shown},
    domain::{
        client::ClientRow,
        field::Field,
        money::Money,
        order::{Kind, OrderCode},
    },
    text::Texts,
};

/// The hash of an order's lines with their prices, in order.
pub fn hash<'a>(
    order: &OrderCode,
    lines: impl IntoIterator<Item = (i64, Money, &'a ClientRow)>,
) -> anyhow::Result<String> {
    let mut content = Content::of(order)?;
    lines.into_iter().try_for_each(|line| content.add(line))?;
    Ok(content.hash())
}

/// What an order says, told line by line and in order: a long one need not fit in memory.
pub struct Content {
    hasher: Sha256,
    is_empty: bool,
}

impl Content {
    pub fn of(order: &OrderCode) -> anyhow::Result<Content> {
        let mut hasher = Sha256::default();
        let order = serde_json::to_string(order)?;
        hasher.update(format!(r#"{{"order":{order},"lines":["#));
        Ok(Content { hasher, is_empty: true })
    }

    /// A line's number, its price and its client.
    pub fn add(&mut self, line: (i64, Money, &ClientRow)) -> anyhow::Result<()> {
        if !self.is_empty {
            self.hasher.update(b",");
        }
        self.is_empty = false;
        self.hasher.update(serde_json::to_vec(&line)?);
        Ok(())
    }

    pub fn hash(self) -> String {
        HEXLOWER.encode(&self.hasher.chain_update(b"]}").finalize())
    }
}

/// What an order was when it was shown, and what it is now.
pub fn difference(shown: &Shown, order: &Order, lines: usize, texts: &Texts) -> Vec<String> {
    if shown.order_revision == 0 {
        // Shown by a version that did not keep it.
        return Vec::new();
    }
    let values = context! {
        before => shown.order_revision, now => order.revision,
        lines_before => shown.lines, lines,
        amount_before => Money::dong(shown.amount).to_string(), amount => order.amount().to_string(),
        same_sum => shown.lines == i64::try_from(lines).unwrap_or(i64::MAX)
            && shown.amount == order.amount().as_dong(),
    };
    vec![texts.say("message.drift.order", values)]
}

/// What tables say today that they did not say when the order was shown. Its lines are looked at one by one.
pub struct Drift<'a> {
    order: &'a Order,
    catalogue: &'a Catalogue,
    today: NaiveDate,
    texts: &'a Texts,
    /// Today's price of each line; `None` where the package can no longer be bought.
    pub price: Option<Money>,
    /// How many lines have another price, and the first of these.
    repriced: Option<(usize, Money)>,
    not_allowed: Vec<String>,
}

impl<'a> Drift<'a> {
    pub fn of(
        order: &'a Order,
        catalogue: &'a Catalogue,
        today: NaiveDate,
        texts: &'a Texts,
    ) -> Drift<'a> {
        let package = catalogue.packages.get(&order.package);
        let price = package
            .filter(|package| package.is_on_sale(today))
            .and_then(|package| package.price_on(today))
            .map(|price| order.kind.price(price));
        Drift { order, catalogue, today, texts, price, repriced: None, not_allowed: Vec::new() }
    }

    pub fn look(&mut self, line: &Line) {
        if self.price.is_some_and(|price| price != line.amount()) {
            let (lines, first) = self.repriced.unwrap_or((0, line.amount()));
            self.repriced = Some((lines + 1, first));
        }
        let client = &line.client;
        let dates = Dates { fiscal_year_start: client.fiscal_year_start, order_date: self.today };
        let rules = self.catalogue.rules.as_of(client.customer_type, dates);
        for (field, word) in [
            (Field::VatMethod, client.vat_method.as_str()),
            (Field::Regime, client.regime.as_str()),
        ] {
            if !rules.allows(field, word) {
                let values =
                    context! { line => line.line_no, name => line.name.as_str(), value => word };
                self.not_allowed.push(self.texts.say("message.drift.not_allowed", values));
            }
        }
    }

    /// In words for the accountant.
    pub fn differences(&self) -> Vec<String> {
        let package = self.order.package.as_str();
        let say = |key: &str, values| self.texts.say(&format!("message.drift.{key}"), values);
        let of_price = match (self.price, self.repriced) {
            (None, _) => Some(say("not_on_sale", context! { package })),
            (Some(price), Some((lines, first))) => {
                let (old, new) = (first.to_string(), price.to_string());
                Some(say("price", context! { package, old, new, lines }))
            }
            (Some(_), None) => None,
        };
        let sold = self.catalogue.packages.get(package);
        let is_free = self.order.kind == Kind::Free;
        let of_kind = (is_free && sold.is_some_and(|package| !package.free_first_year))
            .then(|| say("no_free_year", context! { package }));
        of_price.into_iter().chain(of_kind).chain(self.not_allowed.iter().cloned()).collect()
    }
}
