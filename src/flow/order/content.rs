//! What exactly an order says: the hash that a confirmation is bound to, and what changed since it was shown.
//! What follows from a change is decided where the order is confirmed.

use chrono::NaiveDate;
use minijinja::context;
use serde::Serialize;

use crate::{
    catalogue::{Catalogue, rules::Dates},
    db::{lines::Line, orders::Order, shown::Shown},
    domain::{
        client::ClientRow,
        field::Field,
        money::Money,
        order::{Kind, OrderCode},
    },
    flow::key::sha256,
    text::Texts,
};

#[derive(Serialize)]
struct Content<'a> {
    order: &'a OrderCode,
    lines: Vec<(i64, Money, &'a ClientRow)>,
}

/// The hash of an order's lines with their prices, in order.
pub fn hash<'a>(
    order: &OrderCode,
    lines: impl IntoIterator<Item = (i64, Money, &'a ClientRow)>,
) -> anyhow::Result<String> {
    let content = Content { order, lines: lines.into_iter().collect() };
    Ok(sha256(&serde_json::to_vec(&content)?))
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

/// What tables say today that they did not say when the order was shown.
#[derive(Clone, Debug, Default)]
pub struct Drift {
    /// In words for the accountant.
    pub differences: Vec<String>,
    /// Today's price of each line; `None` where the package can no longer be bought.
    pub price: Option<Money>,
}

/// Compares an order with the tables of today.
pub fn drift(
    order: &Order,
    lines: &[Line],
    catalogue: &Catalogue,
    today: NaiveDate,
    texts: &Texts,
) -> Drift {
    let package = catalogue.packages.get(&order.package);
    let price = package
        .filter(|package| package.is_on_sale(today))
        .and_then(|package| package.price_on(today))
        .map(|price| order.kind.price(price));
    let mut differences = Vec::new();
    match price {
        None => differences.push(
            texts.say("message.drift.not_on_sale", context! { package => order.package.as_str() }),
        ),
        Some(price) => {
            let changed: Vec<&Line> = lines.iter().filter(|line| line.amount() != price).collect();
            if let Some(first) = changed.first() {
                let values = context! {
                    package => order.package.as_str(), old => first.amount().to_string(), new => price.to_string(),
                    lines => changed.len(),
                };
                differences.push(texts.say("message.drift.price", values));
            }
        }
    }
    if order.kind == Kind::Free && package.is_some_and(|package| !package.free_first_year) {
        let values = context! { package => order.package.as_str() };
        differences.push(texts.say("message.drift.no_free_year", values));
    }
    let allowed = |client: &ClientRow, field, word: &str| {
        let dates = Dates { fiscal_year_start: client.fiscal_year_start, order_date: today };
        catalogue.rules.as_of(client.customer_type, dates).allows(field, word)
    };
    for line in lines {
        let client = &line.client;
        for (field, word) in [
            (Field::VatMethod, client.vat_method.as_str()),
            (Field::Regime, client.regime.as_str()),
        ] {
            if !allowed(client, field, word) {
                let values =
                    context! { line => line.line_no, name => line.name.as_str(), value => word };
                differences.push(texts.say("message.drift.not_allowed", values));
            }
        }
    }
    Drift { differences, price }
}
