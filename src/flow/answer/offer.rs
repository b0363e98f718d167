//! What a template offers on a day: the columns, the values that the rules allow, what is sold, whom the firm has.
//! How it is laid out is the business of `template`.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{Datelike, NaiveDate};
use minijinja::context;
use serde_json::Value as Json;

use super::{
    identity,
    view::{OrderLevel, TemplateColumn, TemplatePackage, TemplateView},
};
use crate::{
    catalogue::{packages::Package, rules::Dates},
    db::{
        clients::{self, Client},
        lines::{self, Known},
    },
    domain::{
        client::{ClientRow, CustomerType},
        field::Field,
        finding::Severity,
        firm::Firm,
        fiscal_year::{self, FiscalYear},
        order::LineState,
        phone::Phone,
    },
    flow::Services,
};

/// Said once for the whole order, on a sheet of their own.
const ORDER_LEVEL: [Field; 6] = [
    Field::Kind,
    Field::Package,
    Field::FiscalYear,
    Field::Recipient,
    Field::InvoiceTo,
    Field::RegisteredBy,
];
/// Columns that few need: each can still be added by its header.
const LEFT_OUT: [Field; 5] =
    [Field::CustomerType, Field::Kind, Field::ExternalId, Field::Currency, Field::RegisteredBy];

/// For whom a template is.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    pub firm: &'a Firm,
    pub customer_type: CustomerType,
    /// The fiscal year for which the firm's clients are listed to choose from.
    pub renews: Option<FiscalYear>,
}

pub async fn of_today(services: &Services, wanted: Wanted<'_>) -> anyhow::Result<TemplateView> {
    let firm = wanted.firm.code.as_str();
    let offer = Offer { services, wanted, today: services.today() };
    let clients = clients::list(&services.db, Some(firm)).await?;
    let of_type = |client: &&Client| client.record.customer_type == wanted.customer_type;
    // By the present tax ids.
    let clients: BTreeMap<&str, &ClientRow> = clients
        .iter()
        .filter(of_type)
        .map(|client| (client.tax_id.as_str(), &client.record.0))
        .collect();
    let Some(year) = wanted.renews else {
        let known =
            clients.iter().map(|(tax_id, client)| ((*tax_id).to_owned(), client.name.clone()));
        return Ok(offer.view(Vec::new(), known.collect()));
    };
    let lines = lines::of_firm(&services.db, firm).await?;
    let ties = clients::all_ties(&services.db, Some(firm)).await?;
    let present = ties.iter().map(|tie| (tie.tax_id.as_str(), tie.client.as_str())).collect();
    let due = due(&lines, (&clients, &present), year).into_iter();
    let rows = due.map(|(client, package)| offer.renewal(client, package, year)).collect();
    Ok(offer.view(rows, Vec::new()))
}

/// Whose licence ends before a year: it had the year before, and nothing of the family is ordered for the year yet.
fn due<'a>(
    lines: &'a [Known],
    (clients, present): (&BTreeMap<&str, &'a ClientRow>, &HashMap<&'a str, &'a str>),
    year: FiscalYear,
) -> Vec<(&'a ClientRow, &'a str)> {
    let of = |wanted: FiscalYear| {
        let wanted = i64::from(wanted.year());
        lines.iter().filter(move |line| line.fiscal_year == wanted)
    };
    // Whichever of its tax ids a line was ordered under.
    let client_of = |line: &'a Known| {
        let own = line.client.tax_id.as_str();
        present.get(own).copied().unwrap_or(own)
    };
    let key = |line: &'a Known| (client_of(line), line.family.as_str());
    let mut listed: BTreeSet<(&str, &str)> = of(year).map(key).collect();
    let is_licensed = |line: &&Known| {
        matches!(line.state, LineState::Grace | LineState::Active | LineState::Suspended)
    };
    let ending = of(year.previous()).filter(is_licensed).filter(|line| listed.insert(key(line)));
    ending
        .filter_map(|line| Some((*clients.get(client_of(line))?, line.client.package.as_str())))
        .collect()
}

struct Offer<'a> {
    services: &'a Services,
    wanted: Wanted<'a>,
    today: NaiveDate,
}

impl Offer<'_> {
    fn view(&self, rows: Vec<Vec<(Field, String)>>, known: Vec<(String, String)>) -> TemplateView {
        let services = self.services;
        let required = services.catalogue.rules.required(self.wanted.customer_type);
        let packages: Vec<TemplatePackage> =
            self.sold().map(|package| self.priced(package)).collect();
        let column = |field: Field| {
            let required = required.contains(&field) && !ORDER_LEVEL.contains(&field);
            TemplateColumn {
                field,
                label: self.label(field),
                required,
                note: self.note(field, required),
            }
        };
        let level = |field: Field| OrderLevel {
            field,
            label: self.label(field),
            value: self.usual(field),
            note: self.order_note(field),
        };
        TemplateView {
            locale: services.settings.locale,
            customer_type: self.wanted.customer_type,
            firm: self.wanted.firm.name.clone(),
            generated_at: services.local(services.now()),
            version: services.catalogue.offers(),
            mark: identity::template_mark(&services.key, self.wanted.firm.code.as_str()),
            renews: self.wanted.renews,
            columns: self.fields().map(column).collect(),
            choices: self.choices(),
            regimes: self.regimes(),
            packages,
            example: self.fields().map(|field| (field, self.example(field))).collect(),
            rows,
            known,
            order_level: ORDER_LEVEL.into_iter().map(level).collect(),
        }
    }

    fn fields(&self) -> impl Iterator<Item = Field> {
        let is_enterprise = self.wanted.customer_type == CustomerType::Enterprise;
        let is_left_out = move |field: &Field| {
            LEFT_OUT.contains(field) || (is_enterprise && *field == Field::OldTaxId)
        };
        Field::ALL.iter().copied().filter(move |field| !is_left_out(field))
    }

    fn sold(&self) -> impl Iterator<Item = &Package> {
        let all = self.services.catalogue.packages.all().iter();
        all.filter(|package| package.customer_type == self.wanted.customer_type)
            .filter(|package| package.is_sold(self.today))
    }

    fn priced(&self, package: &Package) -> TemplatePackage {
        let price = package.price_on(self.today).unwrap_or_default();
        TemplatePackage { code: package.code.clone(), name: package.name.clone(), price }
    }

    /// The years for which anything can be bought; of a renewal the one that it is for.
    fn years(&self) -> Vec<FiscalYear> {
        if let Some(year) = self.wanted.renews {
            return vec![year];
        }
        let all = (2000..2100).filter_map(|year| FiscalYear::try_from(year).ok());
        all.filter(|year| self.sold().any(|package| package.allows_year(*year, self.today)))
            .collect()
    }

    fn allowed(&self, field: Field, fiscal_year_start: NaiveDate) -> Vec<String> {
        let rules = &self.services.catalogue.rules;
        let dates = Dates { fiscal_year_start, order_date: self.today };
        let words = rules.as_of(self.wanted.customer_type, dates).allowed(field);
        words.into_iter().map(|word| self.shown(field, word)).collect()
    }

    /// Every regime of each year, whenever in the year it starts; years with the same regimes are one group.
    fn regimes(&self) -> Vec<(FiscalYear, Vec<String>)> {
        let mut groups: Vec<(FiscalYear, Vec<String>)> = Vec::new();
        for year in self.years() {
            let mut regimes: Vec<String> = Vec::new();
            for start in fiscal_year::QUARTERS {
                let start = format!("{year}-{start}").parse::<NaiveDate>().unwrap_or_default();
                let new = self.allowed(Field::Regime, start);
                regimes.extend(
                    new.into_iter().filter(|word| !regimes.contains(word)).collect::<Vec<_>>(),
                );
            }
            if groups.last().is_none_or(|(_, known)| *known != regimes) {
                groups.push((year, regimes));
            }
        }
        groups
    }

    fn choices(&self) -> Vec<(Field, Vec<String>)> {
        let columns = &self.services.catalogue.columns;
        let words = |field: Field| {
            let words = columns.values(field).into_iter();
            (field, words.map(|word| self.shown(field, word)).collect::<Vec<_>>())
        };
        let mut regimes: Vec<String> = Vec::new();
        for (_, group) in self.regimes() {
            regimes.extend(
                group.into_iter().filter(|word| !regimes.contains(word)).collect::<Vec<_>>(),
            );
        }
        let firm = self.wanted.firm;
        let staff = firm.staff.iter().map(|staff| staff.email.to_string());
        let people: Vec<String> =
            std::iter::once(firm.admin.email.to_string()).chain(staff).collect();
        let closed =
            [Field::Kind, Field::InventoryMethod, Field::Recipient, Field::InvoiceTo].map(words);
        let years = self.years().iter().map(ToString::to_string).collect();
        let own = [
            (Field::Package, self.sold().map(|package| package.code.clone()).collect()),
            (Field::FiscalYear, years),
            (Field::VatMethod, self.allowed(Field::VatMethod, self.usual_year().usual_start())),
            (Field::Regime, regimes),
            (Field::RegisteredBy, people.clone()),
            (Field::AssignedTo, people),
        ];
        closed.into_iter().chain(own).collect()
    }

    /// The year of the order, where it is sold.
    fn usual_year(&self) -> FiscalYear {
        let years = self.years();
        let this = years.iter().find(|year| year.year() == self.today.year());
        let this = this.or(years.last()).copied();
        this.or_else(|| FiscalYear::try_from(self.today.year()).ok()).unwrap_or_default()
    }

    /// What stands on the sheet of the order before anybody wrote on it; empty where the program finds out.
    fn usual(&self, field: Field) -> String {
        let is_renewal = self.wanted.renews.is_some();
        match field {
            // Each client keeps its own package.
            Field::Package if is_renewal => String::new(),
            Field::Package => {
                self.sold().next().map(|package| package.code.clone()).unwrap_or_default()
            }
            Field::FiscalYear => self.usual_year().to_string(),
            Field::Recipient => self.shown(field, if is_renewal { "firm" } else { "client" }),
            _ => String::new(),
        }
    }

    /// A right value, but for the tax id: of an example that is overwritten in part nothing must be ordered.
    fn example(&self, field: Field) -> String {
        let first = |options: Vec<String>| options.into_iter().next().unwrap_or_default();
        match field {
            Field::TaxId => self
                .text(&format!("workbook.template.example_tax_id.{}", self.wanted.customer_type)),
            Field::Name => {
                self.text(&format!("workbook.template.example_name.{}", self.wanted.customer_type))
            }
            Field::Package => first(self.sold().map(|package| package.code.clone()).collect()),
            Field::FiscalYear => self.usual_year().to_string(),
            Field::Regime | Field::VatMethod => {
                first(self.allowed(field, self.usual_year().usual_start()))
            }
            Field::FiscalYearStart | Field::BooksStart => format!("01/01/{}", self.usual_year()),
            Field::Representative
            | Field::RepresentativeTitle
            | Field::Email
            | Field::Phone
            | Field::ContactPhone
            | Field::Address
            | Field::InventoryMethod
            | Field::Recipient
            | Field::InvoiceTo => self.text(&format!("explain.right.{field}")),
            _ => String::new(),
        }
    }

    /// Whether it is needed, how to write it, and what may stand there.
    fn note(&self, field: Field, required: bool) -> String {
        let texts = self.services.texts;
        let needed = if required { "required" } else { "optional" };
        let mut parts = vec![self.text(&format!("workbook.template.note.{needed}"))];
        let customer_type = self.wanted.customer_type;
        let keys = [
            format!("workbook.template.note.{field}_{customer_type}"),
            format!("workbook.template.note.{field}"),
        ];
        parts.extend(keys.iter().find(|key| texts.has(key)).map(|key| self.text(key)));
        if field == Field::Package {
            let line = |package: &Package| {
                let TemplatePackage { code, name, price } = self.priced(package);
                format!("{code}: {name}, {price}")
            };
            parts.extend(self.sold().map(line));
        } else if field == Field::Regime {
            parts.extend(self.regimes().iter().map(|(year, words)| {
                let values = context! { year => year.to_string(), words => words.join(", ") };
                texts.say("workbook.template.note.from_year", values)
            }));
        } else {
            let example = self.text(&format!("explain.right.{field}"));
            let example = if field == Field::TaxId && customer_type == CustomerType::Household {
                "079301123456".to_owned()
            } else {
                example
            };
            parts.push(texts.say("workbook.template.note.example", context! { example }));
        }
        parts.join("\n")
    }

    /// What a field of the whole order is; beside the package what each costs.
    fn order_note(&self, field: Field) -> String {
        let about = self.text(&format!("workbook.template.order_level.{field}"));
        let price = |package: &Package| {
            let TemplatePackage { code, price, .. } = self.priced(package);
            format!("{code}: {price}")
        };
        match field {
            Field::Package => {
                let prices: Vec<String> = self.sold().map(price).collect();
                format!("{about}\n{}", prices.join("; "))
            }
            _ => about,
        }
    }

    /// A client as the firm has it, for another year: what holds no longer is left to be chosen.
    fn renewal(&self, client: &ClientRow, package: &str, year: FiscalYear) -> Vec<(Field, String)> {
        let record = serde_json::to_value(client).unwrap_or_default();
        let start =
            client.fiscal_year_start.with_year(year.year()).unwrap_or_else(|| year.usual_start());
        let sold = |code: &str| self.sold().any(|package| package.code == code);
        let value = |field: Field| match field {
            Field::FiscalYear => year.to_string(),
            Field::FiscalYearStart if start == year.usual_start() => String::new(),
            Field::FiscalYearStart => start.to_string(),
            Field::BooksStart | Field::Recipient | Field::InvoiceTo => String::new(),
            Field::Package => {
                if sold(package) {
                    package.to_owned()
                } else {
                    String::new()
                }
            }
            Field::Phone => client.phone.national(),
            Field::ContactPhone => client.contact_phone.national(),
            Field::RecipientPhone => {
                client.recipient_phone.as_ref().map(Phone::national).unwrap_or_default()
            }
            Field::VatMethod => self.kept(field, client.vat_method.as_str(), start),
            Field::Regime => self.kept(field, client.regime.as_str(), start),
            _ => match &record[field.as_str()] {
                Json::Null => String::new(),
                Json::String(text) => self.shown(field, text),
                other => other.to_string(),
            },
        };
        self.fields().map(|field| (field, value(field))).collect()
    }

    /// What a client had, where it is still allowed; else the only thing that is.
    fn kept(&self, field: Field, word: &str, start: NaiveDate) -> String {
        let dates = Dates { fiscal_year_start: start, order_date: self.today };
        let rules = self.services.catalogue.rules.as_of(self.wanted.customer_type, dates);
        let kept = rules.objection(field, word).is_none_or(|severity| severity != Severity::Error);
        match (kept, rules.allowed(field).as_slice()) {
            (true, _) => self.shown(field, word),
            (false, [only]) => self.shown(field, only),
            _ => String::new(),
        }
    }

    fn label(&self, field: Field) -> String {
        self.services.catalogue.columns.header(field, self.services.settings.locale).to_owned()
    }

    fn shown(&self, field: Field, word: &str) -> String {
        self.services
            .catalogue
            .columns
            .display(field, word, self.services.settings.locale)
            .to_owned()
    }

    fn text(&self, key: &str) -> String {
        self.services.texts.label(key)
    }
}
