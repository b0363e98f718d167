//! Who gets the notice and pays, and who the invoice is for, with what each of them needs.
//! Which kind of order a row is, is decided before.

use super::{
    row::{any_email, any_phone},
    tax_id,
    values::Reader,
};
use crate::domain::{
    email::Email,
    field::Field,
    finding::Code,
    order::{Kind, Recipient},
    phone::Phone,
    tax_id::TaxId,
};

/// Recipient and buyer, as far as they are right.
#[derive(Clone, Debug)]
pub struct Addressees {
    pub recipient: Option<Recipient>,
    pub recipient_email: Option<Email>,
    pub recipient_phone: Option<Phone>,
    pub invoice_to: Option<Recipient>,
    pub invoice_tax_id: Option<TaxId>,
    pub invoice_email: Option<Email>,
}

pub fn read(reader: &mut Reader<'_>, kind: Option<Kind>) -> Addressees {
    let is_renewal = kind == Some(Kind::Renewal);
    let recipient = recipient(reader, is_renewal);
    let invoice_to = invoice_to(reader, is_renewal, recipient);
    let addressees = Addressees {
        recipient,
        recipient_email: any_email(reader, Field::RecipientEmail),
        recipient_phone: any_phone(reader, Field::RecipientPhone),
        invoice_to,
        invoice_tax_id: tax_id::read_other(reader, Field::InvoiceTaxId),
        invoice_email: any_email(reader, Field::InvoiceEmail),
    };
    // A free year has neither a notice nor an invoice.
    if kind != Some(Kind::Free) {
        check_complete(reader, &addressees);
    }
    addressees
}

fn recipient(reader: &mut Reader<'_>, is_renewal: bool) -> Option<Recipient> {
    let usual = if is_renewal { Recipient::Firm } else { Recipient::Client };
    let said = reader.word(Field::Recipient);
    if reader.has(Field::Recipient) { said } else { Some(usual) }
}

fn invoice_to(
    reader: &mut Reader<'_>,
    is_renewal: bool,
    recipient: Option<Recipient>,
) -> Option<Recipient> {
    let said = reader.word(Field::InvoiceTo);
    if is_renewal && said == Some(Recipient::Firm) {
        let others = [Recipient::Client, Recipient::Other].map(Recipient::as_str);
        let others = others.map(|other| reader.display(Field::InvoiceTo, other));
        reader.find_instead(Code::NotAllowed, Field::InvoiceTo, &others);
        return None;
    }
    if reader.has(Field::InvoiceTo) {
        return said;
    }
    if is_renewal { Some(Recipient::Client) } else { recipient }
}

/// `other` is named for each client; an invoice's buyer has an address (NĐ123/2020 Art. 10).
fn check_complete(reader: &mut Reader<'_>, addressees: &Addressees) {
    if addressees.recipient == Some(Recipient::Other) {
        let needed = [Field::RecipientName, Field::RecipientEmail];
        check_filled(reader, Code::RecipientIncomplete, &needed);
    }
    let needed: &[Field] = match addressees.invoice_to {
        Some(Recipient::Client) => &[Field::Address],
        Some(Recipient::Other) => &[Field::InvoiceName, Field::InvoiceAddress],
        Some(Recipient::Firm) | None => &[],
    };
    check_filled(reader, Code::InvoiceIncomplete, needed);
}

fn check_filled(reader: &mut Reader<'_>, code: Code, needed: &[Field]) {
    let is_missing = |field: &&Field| !reader.has(**field) && !reader.flawed.contains(*field);
    let missing: Vec<Field> = needed.iter().filter(is_missing).copied().collect();
    let Some(first) = missing.first() else { return };
    let texts = reader.context.texts;
    let label = |field: &Field| texts.label(&format!("field.{field}")).to_lowercase();
    let reason = missing.iter().map(label).collect::<Vec<_>>().join(", ");
    reader.find(code, *first).detail.insert("reason".to_owned(), reason);
}
