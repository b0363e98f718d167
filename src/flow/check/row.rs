//! One row against the rules that every row needs.

use std::str::FromStr;

use super::{Context, History, tax_id, values::Reader};
use crate::{
    catalogue::packages::Package,
    domain::{
        client::{ClientRow, CustomerType},
        email::Email,
        field::Field,
        finding::{Code, Finding},
        fiscal_year::{self, FiscalYear},
        order::{Kind, Recipient},
        phone::Phone,
        tax_id::TaxId,
    },
    flow::map::Fields,
};

/// A row, what it means if it is right, and what is said of it.
#[derive(Clone, Debug)]
pub struct Judged {
    pub fields: Fields,
    pub client: Option<ClientRow>,
    pub findings: Vec<Finding>,
}

/// Reads every field, so that all is said at once.
pub fn judge(fields: Fields, context: &Context<'_>, history: &History) -> Judged {
    let mut reader = Reader::new(&fields, context);
    reader.look_at_cells();
    let client = client(&mut reader, history);
    let findings = reader.findings;
    Judged { fields, client, findings }
}

fn client(reader: &mut Reader<'_>, history: &History) -> Option<ClientRow> {
    let (customer_type, package) = what(reader);
    let tax_id = tax_id::read(reader, customer_type);
    let name = reader.required_text(Field::Name);
    let representative = reader.required_text(Field::Representative);
    let email = log_in_email(reader);
    let phone = log_in_phone(reader);
    let contact_phone = reader.parsed(Field::ContactPhone, |text| Phone::from_str(text).ok());
    let year = fiscal_year(reader, customer_type, package);
    let starts = year.and_then(|year| starts(reader, year));
    let vat_method = reader.required_word(Field::VatMethod, customer_type);
    let regime = reader.required_word(Field::Regime, customer_type);
    if let (Some(customer_type), Some((start, _))) = (customer_type, starts) {
        reader.check_allowed(Field::VatMethod, customer_type, start);
        reader.check_allowed(Field::Regime, customer_type, start);
    }
    let family = package.map(|package| package.family.as_str());
    let kind = kind(reader, history, tax_id.as_ref(), family.zip(year));
    let addressees = addressees(reader, kind);
    let currency = currency(reader);
    let inventory_method = reader.word(Field::InventoryMethod, customer_type);
    let (registered_by, assigned_to) =
        (member(reader, Field::RegisteredBy), member(reader, Field::AssignedTo));
    let old_tax_id = reader.parsed(Field::OldTaxId, |text| TaxId::from_str(text).ok());
    let (fiscal_year_start, books_start) = starts?;
    let phone = phone?;
    let client = ClientRow {
        name: name?,
        tax_id: tax_id?,
        old_tax_id,
        customer_type: customer_type?,
        representative: representative?,
        representative_title: reader.text(Field::RepresentativeTitle),
        email: email?,
        contact_phone: contact_phone.unwrap_or_else(|| phone.clone()),
        phone,
        address: reader.text(Field::Address),
        kind: kind?,
        package: package?.code.clone(),
        fiscal_year: year?,
        vat_method: vat_method?,
        regime: regime?,
        fiscal_year_start,
        books_start,
        currency: currency?,
        inventory_method,
        recipient: addressees?.0,
        recipient_name: reader.text(Field::RecipientName),
        recipient_email: reader.parsed(Field::RecipientEmail, |text| Email::from_str(text).ok()),
        recipient_phone: reader.parsed(Field::RecipientPhone, |text| Phone::from_str(text).ok()),
        invoice_to: addressees?.1,
        invoice_name: reader.text(Field::InvoiceName),
        invoice_tax_id: reader.parsed(Field::InvoiceTaxId, |text| TaxId::from_str(text).ok()),
        invoice_address: reader.text(Field::InvoiceAddress),
        invoice_email: reader.parsed(Field::InvoiceEmail, |text| Email::from_str(text).ok()),
        registered_by,
        assigned_to,
        note: reader.text(Field::Note),
        external_id: reader.text(Field::ExternalId),
    };
    check_addressees(reader, &client);
    Some(client)
}

/// What is bought for whom: the package, and the customer type that the row or the package says.
fn what<'a>(reader: &mut Reader<'a>) -> (Option<CustomerType>, Option<&'a Package>) {
    let said: Option<CustomerType> = reader.word(Field::CustomerType, None);
    let Some(text) = reader.said(Field::Package, said) else {
        reader.find(Code::Missing, Field::Package);
        return (said, None);
    };
    let packages = &reader.context.catalogue.packages;
    let Some(package) = packages.find(&text) else {
        let codes: Vec<&str> = packages.all().iter().map(|package| package.code.as_str()).collect();
        reader
            .find(Code::Unknown, Field::Package)
            .detail
            .insert("allowed".to_owned(), codes.join(", "));
        return (said, None);
    };
    if said.is_some_and(|said| said != package.customer_type) {
        let fitting = |known: &&Package| Some(known.customer_type) == said;
        let codes: Vec<&str> =
            packages.all().iter().filter(fitting).map(|known| known.code.as_str()).collect();
        let finding = reader.find(Code::PackageWrongType, Field::Package);
        finding.detail.insert("allowed".to_owned(), codes.join(", "));
        return (said, None);
    }
    let today = reader.context.today;
    if !package.is_on_sale(today) || package.price_on(today).is_none() {
        reader.find(Code::PackageNotOnSale, Field::Package);
    }
    (Some(package.customer_type), Some(package))
}

fn log_in_email(reader: &mut Reader<'_>) -> Option<Email> {
    reader.require(Field::Email);
    let email = reader.parsed(Field::Email, |text| Email::from_str(text).ok())?;
    let rules = &reader.context.catalogue.rules;
    let firm = reader.context.firm;
    if rules.is_placeholder(&email) {
        reader.find(Code::EmailPlaceholder, Field::Email);
    } else if let Some(domain) = rules.domain_suggestion(&email) {
        let suggestion = format!("{}@{domain}", email.local_part());
        reader.find(Code::EmailDomainTypo, Field::Email).suggestion = Some(suggestion);
    } else if firm.name_of(&email).is_some() {
        reader.find(Code::EmailOfFirm, Field::Email);
    }
    Some(email)
}

fn log_in_phone(reader: &mut Reader<'_>) -> Option<Phone> {
    use crate::domain::phone::PhoneRepair::{Renumbered, ZeroRestored};
    reader.require(Field::Phone);
    let (phone, repair) = reader.parsed(Field::Phone, |text| {
        Phone::read(text).ok().filter(|(phone, _)| phone.is_mobile())
    })?;
    let code = repair.map(|repair| match repair {
        ZeroRestored => Code::PhoneZeroRestored,
        Renumbered => Code::PhoneRenumbered,
    });
    if let Some(code) = code {
        reader.find(code, Field::Phone).suggestion = Some(phone.national());
    }
    Some(phone)
}

fn fiscal_year(
    reader: &mut Reader<'_>,
    customer_type: Option<CustomerType>,
    package: Option<&Package>,
) -> Option<FiscalYear> {
    let Some(text) = reader.said(Field::FiscalYear, customer_type) else {
        reader.find(Code::Missing, Field::FiscalYear);
        return None;
    };
    let Ok(year) = FiscalYear::from_str(&text) else {
        reader.find(Code::Malformed, Field::FiscalYear);
        return None;
    };
    if package.is_some_and(|package| !package.allows_year(year, reader.context.today)) {
        reader.find(Code::FiscalYearOutOfRange, Field::FiscalYear);
    }
    Some(year)
}

/// The first day of the fiscal year, and the first day of the books.
fn starts(
    reader: &mut Reader<'_>,
    year: FiscalYear,
) -> Option<(chrono::NaiveDate, chrono::NaiveDate)> {
    let given = reader.has(Field::FiscalYearStart);
    let start = reader.date(Field::FiscalYearStart);
    if given && start.is_none() {
        return None;
    }
    let start = start.unwrap_or_else(|| year.usual_start());
    if !fiscal_year::may_start_on(start) {
        reader.find(Code::NotAllowed, Field::FiscalYearStart);
    } else if FiscalYear::try_from(chrono::Datelike::year(&start)) != Ok(year) {
        let finding = reader.find(Code::FiscalYearDiffers, Field::FiscalYearStart);
        finding.detail.insert("other".to_owned(), year.to_string());
    }
    let books_start = reader.date(Field::BooksStart).unwrap_or(start);
    Some((start, books_start))
}

/// As said; else a renewal where the client has the year before, else a purchase.
fn kind(
    reader: &mut Reader<'_>,
    history: &History,
    tax_id: Option<&TaxId>,
    bought: Option<(&str, FiscalYear)>,
) -> Option<Kind> {
    let said: Option<Kind> = reader.word(Field::Kind, None);
    if said == Some(Kind::Free) {
        let finding = reader.find(Code::NotAllowed, Field::Kind);
        finding
            .detail
            .insert("allowed".to_owned(), format!("{}, {}", Kind::Purchase, Kind::Renewal));
        return None;
    }
    if reader.has(Field::Kind) {
        return said;
    }
    let renewed = tax_id.zip(bought).is_some_and(|(tax_id, (family, year))| {
        history.has_licence(tax_id, family, year.previous())
    });
    Some(if renewed { Kind::Renewal } else { Kind::Purchase })
}

/// Who gets the notice and pays, and who the invoice is for.
fn addressees(reader: &mut Reader<'_>, kind: Option<Kind>) -> Option<(Recipient, Recipient)> {
    let usual = if kind == Some(Kind::Renewal) { Recipient::Firm } else { Recipient::Client };
    let recipient: Option<Recipient> = reader.word(Field::Recipient, None);
    let recipient = if reader.said(Field::Recipient, None).is_some() { recipient? } else { usual };
    let invoice_to: Option<Recipient> = reader.word(Field::InvoiceTo, None);
    if kind == Some(Kind::Renewal) && invoice_to == Some(Recipient::Firm) {
        let finding = reader.find(Code::NotAllowed, Field::InvoiceTo);
        finding
            .detail
            .insert("allowed".to_owned(), format!("{}, {}", Recipient::Client, Recipient::Other));
        return None;
    }
    let usual = if kind == Some(Kind::Renewal) { Recipient::Client } else { recipient };
    let invoice_to =
        if reader.said(Field::InvoiceTo, None).is_some() { invoice_to? } else { usual };
    Some((recipient, invoice_to))
}

/// `other` is named for each client; an invoice's buyer has an address (NĐ123/2020 Art. 10).
fn check_addressees(reader: &mut Reader<'_>, client: &ClientRow) {
    if client.recipient == Recipient::Other
        && (client.recipient_name.is_none() || client.recipient_email.is_none())
    {
        reader.find(Code::RecipientIncomplete, Field::RecipientEmail);
    }
    let complete = match client.invoice_to {
        Recipient::Client => client.address.is_some(),
        Recipient::Firm => true,
        Recipient::Other => client.invoice_name.is_some() && client.invoice_address.is_some(),
    };
    if !complete {
        let field = if client.invoice_to == Recipient::Client {
            Field::Address
        } else {
            Field::InvoiceAddress
        };
        reader.find(Code::InvoiceIncomplete, field);
    }
}

fn currency(reader: &mut Reader<'_>) -> Option<String> {
    let iso = |text: &str| {
        let code = text.to_ascii_uppercase();
        (code.len() == 3 && code.bytes().all(|b| b.is_ascii_uppercase())).then_some(code)
    };
    if !reader.has(Field::Currency) {
        return Some("VND".to_owned());
    }
    reader.parsed(Field::Currency, iso)
}

/// A member of the firm, by e-mail or name.
fn member(reader: &mut Reader<'_>, field: Field) -> Option<Email> {
    let text = reader.said(field, None)?;
    let found = reader.context.firm.member(&text).cloned();
    if found.is_none() {
        reader.find(Code::Unknown, field);
    }
    found
}
