//! The fields of a client row, by the names of the contract.
//! Which header means which field is data: `jobs/catalogue/columns.toml`.

use super::words::words;

words! {
    /// A field of a client row.
    pub enum Field {
        Name = "name",
        TaxId = "tax_id",
        OldTaxId = "old_tax_id",
        CustomerType = "customer_type",
        Representative = "representative",
        RepresentativeTitle = "representative_title",
        Email = "email",
        Phone = "phone",
        ContactPhone = "contact_phone",
        Address = "address",
        Kind = "kind",
        Package = "package",
        FiscalYear = "fiscal_year",
        VatMethod = "vat_method",
        Regime = "regime",
        FiscalYearStart = "fiscal_year_start",
        BooksStart = "books_start",
        Currency = "currency",
        InventoryMethod = "inventory_method",
        Recipient = "recipient",
        RecipientName = "recipient_name",
        RecipientEmail = "recipient_email",
        RecipientPhone = "recipient_phone",
        InvoiceTo = "invoice_to",
        InvoiceName = "invoice_name",
        InvoiceTaxId = "invoice_tax_id",
        InvoiceAddress = "invoice_address",
        InvoiceEmail = "invoice_email",
        RegisteredBy = "registered_by",
        AssignedTo = "assigned_to",
        Note = "note",
        ExternalId = "external_id",
    }
}

impl Field {
    /// The longest text it may hold, in characters.
    pub const fn max_chars(self) -> usize {
        match self {
            Field::Address | Field::InvoiceAddress | Field::Note => 1_000,
            _ => 250,
        }
    }

    /// Said for a whole order rather than for one client.
    pub const fn is_order_level(self) -> bool {
        matches!(
            self,
            Field::Kind
                | Field::Package
                | Field::FiscalYear
                | Field::Recipient
                | Field::InvoiceTo
                | Field::RegisteredBy
        )
    }
}
