//! One row against the rules that every row needs.
//! How a field is read is said in `values`; rows are compared with each other and with history elsewhere.

use super::{
    Context, History,
    addressees::{self, Addressees},
    kind, tax_id, term,
    values::Reader,
};
use crate::catalogue::packages::Package;
use crate::domain::{
    client::{ClientRow, CustomerType},
    email::{self, Email},
    field::Field,
    finding::{Code, Finding, Place},
    fiscal_year::FiscalYear,
    fold::fold,
    order::Kind,
    phone::{Phone, PhoneRepair},
    phones,
    tax_id::TaxId,
};
use crate::flow::{
    map::{Fields, Reading, Table, TableRow, Value},
    options::NewClients,
};

/// A row as it stands in its list. Its fields are read again where they are asked for: those of all rows at once would
/// take several times the room of the list.
#[derive(Clone, Copy, Debug)]
pub struct Written<'a> {
    pub reading: &'a Reading<'a>,
    pub row: &'a TableRow,
}

impl Written<'_> {
    pub fn sheet(&self) -> &Table {
        self.reading.table
    }

    pub fn value(&self, field: Field) -> Option<Value> {
        self.reading.only(self.row, &[field]).take(field)
    }

    pub fn place(&self, field: Field) -> Place {
        self.reading.only(self.row, &[]).place(Some(field))
    }
}

/// A row, what it means if it is right, and what is said of it.
#[derive(Clone, Debug)]
pub struct Judged<'a> {
    pub written: Written<'a>,
    /// The fields that the row says something about.
    pub given: Vec<Field>,
    pub client: Option<ClientRow>,
    pub findings: Vec<Finding>,
    pub seen: Seen,
}

/// What rows are compared by, as far as it can be read; also where more is wrong with a row.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    pub tax_id: Option<TaxId>,
    /// Client, package family and year: what is ordered once.
    pub bought: Option<(TaxId, String, FiscalYear)>,
    pub email: Option<Email>,
    pub phone: Option<Phone>,
    /// Folded.
    pub name: Option<String>,
    /// Folded.
    pub representative: Option<String>,
    pub customer_type: Option<CustomerType>,
    pub kind: Option<Kind>,
    /// By the row, or for the whole list.
    pub is_kind_said: bool,
}

/// Reads every field, so that all is said at once. `fields` are those of the row.
pub fn judge<'a>(
    written: Written<'a>,
    fields: &Fields,
    context: &Context<'_>,
    history: &History,
) -> Judged<'a> {
    let tax_ids = tax_id::likely(fields);
    let mut reader = Reader::new(fields, context, history.record(&tax_ids));
    reader.next_year = kind::year_to_renew(&reader, history, &tax_ids);
    reader.look_at_cells();
    let (client, seen) = read(&mut reader, history);
    term::doubt_package(&mut reader);
    let findings = reader.findings;
    let given = fields.given().map(|(field, _)| field).collect();
    Judged { written, given, client, findings, seen }
}

/// Nothing is left out because something else is wrong: `?` comes when all is read.
fn read(reader: &mut Reader<'_>, history: &History) -> (Option<ClientRow>, Seen) {
    let package = term::package(reader);
    let tax_id = tax_id::read(reader);
    let old_tax_id = tax_id::read_other(reader, Field::OldTaxId);
    if tax_id.is_some() {
        refuse_new(reader);
    }
    let name = reader.required_text(Field::Name);
    let representative = reader.required_text(Field::Representative);
    let (email, phone) = (log_in_email(reader), log_in_phone(reader));
    let contact_phone = any_phone(reader, Field::ContactPhone);
    let term = term::read(reader, package);
    let bought = bought(tax_id.as_ref(), package, term.year);
    let before = before(history, bought.as_ref(), old_tax_id.as_ref());
    let kind = kind::read(reader, package, before);
    let addressees = addressees::read(reader, kind);
    let currency = currency(reader);
    let inventory_method = reader.word(Field::InventoryMethod);
    reader.require_what_rules_say();
    let (registered_by, assigned_to) =
        (member(reader, Field::RegisteredBy), member(reader, Field::AssignedTo));
    let seen = Seen {
        tax_id: tax_id.clone(),
        bought,
        email: email.clone(),
        phone: phone.clone(),
        name: name.as_deref().map(fold),
        representative: representative.as_deref().map(fold),
        customer_type: reader.customer_type,
        kind,
        is_kind_said: reader.has(Field::Kind),
    };
    let client = || {
        let (phone, starts) = (phone?, term.starts?);
        let Addressees { recipient, recipient_email, recipient_phone, .. } = addressees;
        Some(ClientRow {
            name: name?,
            tax_id: tax_id?,
            old_tax_id,
            customer_type: reader.customer_type?,
            representative: representative?,
            representative_title: reader.said(Field::RepresentativeTitle),
            email: email?,
            contact_phone: contact_phone.unwrap_or_else(|| phone.clone()),
            phone,
            address: reader.said(Field::Address),
            kind: kind?,
            package: package?.code.clone(),
            fiscal_year: term.year?,
            vat_method: term.vat_method?,
            regime: term.regime?,
            fiscal_year_start: starts.fiscal_year,
            books_start: starts.books,
            currency: currency?,
            inventory_method,
            recipient: recipient?,
            recipient_name: reader.said(Field::RecipientName),
            recipient_email,
            recipient_phone,
            invoice_to: addressees.invoice_to?,
            invoice_name: reader.said(Field::InvoiceName),
            invoice_tax_id: addressees.invoice_tax_id,
            invoice_address: reader.said(Field::InvoiceAddress),
            invoice_email: addressees.invoice_email,
            registered_by,
            assigned_to,
            note: reader.said(Field::Note),
            external_id: reader.said(Field::ExternalId),
        })
    };
    (client(), seen)
}

/// A client that the firm's catalogue does not have, where the job takes known ones only.
fn refuse_new(reader: &mut Reader<'_>) {
    let refuses = reader.context.options.new_clients == NewClients::Refuse;
    if refuses && reader.record.is_none() {
        reader.find(Code::Unknown, Field::TaxId);
    }
}

/// Whether the client has a licence of the family for the year before, and whether it had its free year.
fn before(
    history: &History,
    bought: Option<&(TaxId, String, FiscalYear)>,
    old_tax_id: Option<&TaxId>,
) -> kind::Before {
    let Some((tax_id, family, year)) = bought else {
        return kind::Before { renews: None, had_free_year: false };
    };
    let tax_ids: Vec<TaxId> = [Some(tax_id), old_tax_id].into_iter().flatten().cloned().collect();
    kind::Before {
        renews: Some(history.has_licence(&tax_ids, family, year.previous())),
        had_free_year: history.of(&tax_ids).any(|line| line.client.kind == Kind::Free),
    }
}

/// What is ordered once, as far as it can be read.
fn bought(
    tax_id: Option<&TaxId>,
    package: Option<&Package>,
    year: Option<FiscalYear>,
) -> Option<(TaxId, String, FiscalYear)> {
    Some((tax_id?.clone(), package?.family.clone(), year?))
}

/// `None` also for an address that nobody has.
fn log_in_email(reader: &mut Reader<'_>) -> Option<Email> {
    reader.require(Field::Email);
    let email = any_email(reader, Field::Email)?;
    if reader.record.is_some_and(|record| record.email == email) {
        // Looked at when the client was first ordered for.
        return Some(email);
    }
    let emails = &reader.context.catalogue.rules.emails;
    let firm = reader.context.firm;
    if emails.is_placeholder(&email) {
        reader.find(Code::EmailPlaceholder, Field::Email);
        return None;
    }
    if let Some(domain) = emails.domain_suggestion(&email) {
        let suggestion = format!("{}@{domain}", email.local_part());
        reader.find(Code::EmailDomainTypo, Field::Email).suggestion = Some(suggestion);
    } else if firm.name_of(&email).is_some() {
        reader.find(Code::EmailOfFirm, Field::Email);
    }
    Some(email)
}

/// An address, freed from what stands around it.
pub fn any_email(reader: &mut Reader<'_>, field: Field) -> Option<Email> {
    let likely = |text: &str| email::likely(text).map(|email| email.to_string());
    let read = reader.parsed_or(field, |text| Email::read(text).ok(), likely)?;
    if read.is_repaired {
        reader.normalised(field, read.email.to_string());
    }
    Some(read.email)
}

fn log_in_phone(reader: &mut Reader<'_>) -> Option<Phone> {
    reader.require(Field::Phone);
    phone(reader, Field::Phone, Phone::is_mobile)
}

/// A mobile or a landline.
pub fn any_phone(reader: &mut Reader<'_>, field: Field) -> Option<Phone> {
    phone(reader, field, |_| true)
}

fn phone(reader: &mut Reader<'_>, field: Field, fits: impl Fn(&Phone) -> bool) -> Option<Phone> {
    let text = reader.said(field)?;
    let Some((phone, repair)) = Phone::read(&text).ok().filter(|(phone, _)| fits(phone)) else {
        return one_of_several(reader, field, &text, fits);
    };
    let bare = reader.own(field).and_then(Value::without_shown_zeros);
    let code = match repair {
        Some(PhoneRepair::ZeroRestored) => Some(Code::PhoneZeroRestored),
        Some(PhoneRepair::Renumbered) => Some(Code::PhoneRenumbered),
        None => bare.as_ref().map(|_| Code::PhoneZeroRestored),
    };
    if let Some(code) = code {
        let finding = reader.find(code, field);
        finding.suggestion = Some(phone.national());
        finding.value = bare.or(finding.value.take());
    } else if is_full_width(&text) {
        reader.normalised(field, phone.national());
    }
    Some(phone)
}

/// The only one of several numbers that fits; which of two is meant, or what else stands there, is not ours to guess.
fn one_of_several(
    reader: &mut Reader<'_>,
    field: Field,
    text: &str,
    fits: impl Fn(&Phone) -> bool,
) -> Option<Phone> {
    let phones::Among { phones, alone } = phones::among(text);
    let mut fitting = phones.into_iter().filter(&fits);
    let first = fitting.next();
    if let Some(phone) = first.clone().filter(|_| alone && fitting.next().is_none()) {
        reader.normalised(field, phone.national());
        return Some(phone);
    }
    let meant = first.or_else(|| phones::with_letters_as_digits(text).filter(&fits));
    reader.find(Code::Malformed, field).suggestion = meant.map(|phone| phone.national());
    None
}

/// Digits of a Chinese or Japanese keyboard.
pub fn is_full_width(text: &str) -> bool {
    text.contains(|c| ('０'..='９').contains(&c))
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

/// A member of the firm, by e-mail, name or alias.
fn member(reader: &mut Reader<'_>, field: Field) -> Option<Email> {
    let text = reader.said(field)?;
    let firm = reader.context.firm;
    let found = firm.member(&text).cloned();
    if found.is_none() {
        let staff = firm.staff.iter().map(|staff| staff.name.as_str());
        let names: Vec<&str> = std::iter::once(firm.admin.name.as_str()).chain(staff).collect();
        reader.find_instead(Code::Unknown, field, &names);
    }
    found
}
