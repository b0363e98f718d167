//! `template`: a workbook to fill in, for one customer type.

use std::path::Path;

use minijinja::context;

use super::{
    args::{Global, Template},
    init::Made,
    reply::{Exit, Reply},
    workspace,
};
use crate::{
    domain::{client::CustomerType, field::Field},
    flow::{
        Services,
        answer::{
            choices, outbox,
            template::{self},
            view::{OrderLevel, TemplateColumn, TemplatePackage, TemplateView},
        },
        files::write_whole,
    },
};

/// What a row must say; the package and the year may stand once for the whole order.
const REQUIRED: [Field; 9] = [
    Field::Name,
    Field::TaxId,
    Field::Representative,
    Field::Email,
    Field::Phone,
    Field::VatMethod,
    Field::Regime,
    Field::Package,
    Field::FiscalYear,
];
/// Said once, on a sheet of their own.
const ORDER_LEVEL: [Field; 4] =
    [Field::Package, Field::FiscalYear, Field::Recipient, Field::InvoiceTo];

pub async fn run(global: &Global, args: &Template) -> anyhow::Result<Reply> {
    let services = workspace::open(global).await?;
    let firm = workspace::firm(&services, args.firm.as_deref())?;
    let path = if let Some(path) = &args.output {
        std::path::absolute(path)?
    } else {
        let name = format!("template-{}__{}.xlsx", args.customer_type, services.today());
        outbox::folder(&services, Some(firm.code.as_str())).join(name)
    };
    let view = view(&services, args.customer_type, &firm.name);
    write_whole(&path, &template::write(&view)?)?;
    let shown = services.shown_path(&path);
    let made = Made { path: Path::new(&shown).to_owned(), kind: "template" };
    let human = services.texts.say("command.template", context! { file => shown });
    Reply::new(Exit::Done, human).with("files", [made])
}

fn view(services: &Services, customer_type: CustomerType, firm: &str) -> TemplateView {
    let locale = services.settings.locale;
    let columns = &services.catalogue.columns;
    let today = services.today();
    let label = |field: Field| columns.header(field, locale).to_owned();
    let once = |field: &Field| ORDER_LEVEL.contains(field);
    let column = |field: &Field| TemplateColumn {
        field: *field,
        label: label(*field),
        required: REQUIRED.contains(field) && !once(field),
    };
    let fitting = services
        .catalogue
        .packages
        .all()
        .iter()
        .filter(|package| package.customer_type == customer_type);
    let packages: Vec<TemplatePackage> = fitting
        .filter(|package| package.is_on_sale(today))
        .filter_map(|package| {
            let price = package.price_on(today)?;
            Some(TemplatePackage { code: package.code.clone(), name: package.name.clone(), price })
        })
        .collect();
    let value = |field: &Field| match field {
        Field::Package => packages.first().map(|package| package.code.clone()).unwrap_or_default(),
        Field::FiscalYear => chrono::Datelike::year(&today).to_string(),
        _ => columns.display(*field, "client", locale).to_owned(),
    };
    TemplateView {
        locale,
        customer_type,
        firm: firm.to_owned(),
        generated_at: services.local(services.now()),
        columns: Field::ALL.iter().filter(|field| !is_left_out(**field)).map(column).collect(),
        choices: choices(services)
            .into_iter()
            .filter(|(field, _)| *field != Field::Package)
            .chain([(
                Field::Package,
                packages.iter().map(|package| package.code.clone()).collect(),
            )])
            .collect(),
        order_level: ORDER_LEVEL
            .iter()
            .map(|field| OrderLevel { field: *field, label: label(*field), value: value(field) })
            .collect(),
        packages,
        rows: Vec::new(),
    }
}

/// Columns that few need: each can still be added by its header.
const fn is_left_out(field: Field) -> bool {
    matches!(
        field,
        Field::CustomerType | Field::OldTaxId | Field::Kind | Field::ExternalId | Field::Currency
    )
}
