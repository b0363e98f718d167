//! Findings: what is said about a file, a row or a cell, by stable codes.
//! Each code has its severity here, its words in `text/`, and is a name that people and scripts rely on.

use std::{collections::BTreeMap, fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::{field::Field, words::words};

words! {
    /// What a finding does to its row, or without a row to its file.
    pub enum Severity {
        Error = "error",
        /// A person decides.
        Hold = "hold",
        Warning = "warning",
        Info = "info",
    }
}

words! {
    /// What kind of thing was found; the four general ones get their field's name in front.
    pub enum Code {
        Missing = "missing",
        Malformed = "malformed",
        Unknown = "unknown",
        NotAllowed = "not_allowed",
        FileEmpty = "file.empty",
        FileUnreadable = "file.unreadable",
        FileEncrypted = "file.encrypted",
        FileTooLarge = "file.too_large",
        FileUnsupported = "file.unsupported",
        FileNotATable = "file.not_a_table",
        FileEncoding = "file.encoding",
        FileBadShare = "file.bad_share",
        FileWrongFolder = "file.wrong_folder",
        FileStaleAnswer = "file.stale_answer",
        FileForgedAnswer = "file.forged_answer",
        FileAnswerLostIdentity = "file.answer_lost_identity",
        /// A workbook of ours that asks nothing.
        FileToRead = "file.to_read",
        RowStaleAnswer = "row.stale_answer",
        SheetSkipped = "sheet.skipped",
        SheetHidden = "sheet.hidden",
        HeaderNotFound = "header.not_found",
        HeaderMissing = "header.missing",
        HeaderAmbiguous = "header.ambiguous",
        HeaderDuplicate = "header.duplicate",
        HeaderUnknown = "header.unknown",
        CellErrorValue = "cell.error_value",
        CellNoCachedValue = "cell.no_cached_value",
        CellMergedFilled = "cell.merged_filled",
        CellTooLong = "cell.too_long",
        CellControlCharacters = "cell.control_characters",
        TaxIdDigitsLost = "tax_id.digits_lost",
        TaxIdAmbiguous = "tax_id.ambiguous",
        TaxIdLength = "tax_id.length",
        TaxIdChecksum = "tax_id.checksum",
        TaxIdWrongKind = "tax_id.wrong_kind",
        TaxIdUnknownProvince = "tax_id.unknown_province",
        TaxIdZeroRestored = "tax_id.zero_restored",
        PhoneZeroRestored = "phone.zero_restored",
        PhoneRenumbered = "phone.renumbered",
        TextRecoded = "text.recoded",
        TextNormalised = "text.normalised",
        DateFromText = "date.from_text",
        ClientDuplicateInFile = "client.duplicate_in_file",
        ClientAlreadyOrdered = "client.already_ordered",
        ClientSameAsBefore = "client.same_as_before",
        ClientChanged = "client.changed",
        ClientMaybeSame = "client.maybe_same",
        ClientLicensedElsewhere = "client.licensed_elsewhere",
        /// The firm had the same cancelled, and orders it anew.
        ClientCancelledBefore = "client.cancelled_before",
        FreeYearAlreadyUsed = "free_year.already_used",
        FreeYearAvailable = "free_year.available",
        EmailShared = "email.shared",
        EmailPlaceholder = "email.placeholder",
        EmailDomainTypo = "email.domain_typo",
        EmailOfFirm = "email.of_firm",
        /// Letters to it are held.
        EmailHeld = "email.held",
        PhoneShared = "phone.shared",
        OrderMixedTypes = "order.mixed_types",
        PackageWrongType = "package.wrong_type",
        PackageNotOnSale = "package.not_on_sale",
        FiscalYearOutOfRange = "fiscal_year.out_of_range",
        FiscalYearDiffers = "fiscal_year.differs",
        RecipientIncomplete = "recipient.incomplete",
        InvoiceIncomplete = "invoice.incomplete",
        StatementOtherAccount = "statement.other_account",
        StatementUnknownLayout = "statement.unknown_layout",
        StatementBalance = "statement.balance",
        StatementDate = "statement.date",
        /// A debit says that money goes back, and that is not what was planned.
        StatementRefund = "statement.refund",
        /// What a delivery report means for a mail of ours.
        BounceTold = "bounce.told",
        /// It is about none of ours.
        BounceUnknownMail = "bounce.unknown_mail",
        /// A reply that a program wrote, or a receipt.
        BounceAutomatic = "bounce.automatic",
        /// A mail that is no delivery report.
        BounceNotAReport = "bounce.not_a_report",
        RowHidden = "row.hidden",
        /// A person decided that nothing of the row is ordered.
        RowLeftOut = "row.left_out",
        /// What is written on the sheet to fix and belongs to no row of the list, or to no one row.
        RowUnknownAnswer = "row.unknown_answer",
        /// What an answer says of a row is so already.
        RowAlreadyDone = "row.already_done",
    }
}

impl Code {
    /// What it means where the finding itself says nothing else.
    pub const fn severity(self) -> Severity {
        match self {
            Code::TaxIdAmbiguous
            | Code::ClientAlreadyOrdered
            | Code::ClientChanged
            | Code::ClientMaybeSame
            | Code::ClientLicensedElsewhere
            | Code::FreeYearAlreadyUsed
            | Code::ClientDuplicateInFile
            | Code::EmailDomainTypo
            | Code::EmailOfFirm
            | Code::RowHidden
            | Code::RowUnknownAnswer
            | Code::StatementBalance
            | Code::StatementDate
            | Code::StatementRefund
            | Code::SheetHidden
            | Code::HeaderAmbiguous => Severity::Hold,
            Code::EmailShared
            | Code::EmailHeld
            | Code::PhoneShared
            | Code::FreeYearAvailable
            | Code::ClientCancelledBefore
            | Code::TaxIdUnknownProvince
            | Code::FiscalYearDiffers
            | Code::HeaderDuplicate => Severity::Warning,
            Code::TaxIdZeroRestored
            | Code::PhoneZeroRestored
            | Code::PhoneRenumbered
            | Code::CellMergedFilled
            | Code::TextRecoded
            | Code::TextNormalised
            | Code::DateFromText
            | Code::HeaderUnknown
            | Code::SheetSkipped
            | Code::ClientSameAsBefore
            | Code::RowLeftOut
            | Code::RowAlreadyDone
            | Code::BounceTold
            | Code::BounceAutomatic
            | Code::OrderMixedTypes => Severity::Info,
            _ => Severity::Error,
        }
    }

    /// One of the four whose full name begins with a field.
    pub const fn is_general(self) -> bool {
        matches!(self, Code::Missing | Code::Malformed | Code::Unknown | Code::NotAllowed)
    }
}

/// A place in a file as the spreadsheet shows it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    pub sheet: Option<String>,
    /// Excel's own row number; in a CSV the line on which the record starts.
    pub row: Option<u32>,
    /// `A`, `B` … `XFD`.
    pub column: Option<String>,
    pub field: Option<Field>,
}

/// One thing said about a file, a row or a cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub code: Code,
    pub severity: Severity,
    pub place: Place,
    /// As found.
    pub value: Option<String>,
    pub suggestion: Option<String>,
    /// What its words need besides value, field and suggestion.
    pub detail: BTreeMap<String, String>,
}

impl Finding {
    pub fn new(code: Code, place: Place) -> Finding {
        let (value, suggestion, detail) = (None, None, BTreeMap::new());
        Finding { code, severity: code.severity(), place, value, suggestion, detail }
    }

    /// Says that its row is hidden, and left out for that.
    pub fn is_skipped(&self) -> bool {
        self.code == Code::RowHidden && self.detail.contains_key("skipped")
    }

    /// Whether what is said of an answer leaves something to do: of an address that clients share it may be right.
    pub fn is_to_do(&self) -> bool {
        self.severity != Severity::Info && self.code != Code::EmailShared
    }

    #[must_use]
    pub fn value(self, value: impl Into<String>) -> Finding {
        Finding { value: Some(value.into()), ..self }
    }

    #[must_use]
    pub fn suggest(self, suggestion: impl Into<String>) -> Finding {
        Finding { suggestion: Some(suggestion.into()), ..self }
    }

    #[must_use]
    pub fn severity(self, severity: Severity) -> Finding {
        Finding { severity, ..self }
    }

    #[must_use]
    pub fn detail(mut self, key: &str, text: impl Into<String>) -> Finding {
        self.detail.insert(key.to_owned(), text.into());
        self
    }

    /// The stable name: `tax_id.checksum`, `name.missing`.
    pub fn name(&self) -> String {
        match self.place.field {
            Some(field) if self.code.is_general() => format!("{field}.{}", self.code),
            _ => self.code.to_string(),
        }
    }
}

/// Reads a stable name back.
pub fn code_of(name: &str) -> Option<Code> {
    let general = || name.split_once('.').filter(|(field, _)| Field::from_str(field).is_ok());
    Code::from_str(name).ok().or_else(|| general().and_then(|(_, word)| Code::from_str(word).ok()))
}

/// Reads a stable name back with its field: `vat_method.not_allowed`. One of the four general words alone is no name.
pub fn named(name: &str) -> Option<(Code, Option<Field>)> {
    if let Ok(code) = Code::from_str(name) {
        return (!code.is_general()).then_some((code, None));
    }
    let (field, word) = name.split_once('.')?;
    let code = Code::from_str(word).ok().filter(|code| code.is_general())?;
    Some((code, Some(Field::from_str(field).ok()?)))
}

/// Every stable name there is.
pub fn names() -> Vec<String> {
    let (general, own): (Vec<Code>, Vec<Code>) =
        Code::ALL.iter().partition(|code| code.is_general());
    let of_field = |code: Code| Field::ALL.iter().map(move |field| format!("{field}.{code}"));
    own.iter().map(ToString::to_string).chain(general.into_iter().flat_map(of_field)).collect()
}

/// The letters of a column, counted from 0: `A`, `B` … `XFD`.
pub fn column_letters(index: u32) -> String {
    let mut letters = Vec::new();
    let mut rest = index + 1;
    while rest > 0 {
        letters.push(b'A' + ((rest - 1) % 26) as u8);
        rest = (rest - 1) / 26;
    }
    letters.iter().rev().map(|letter| char::from(*letter)).collect()
}

/// The column of its letters, counted from 0, if a sheet has it: `A` is 0, `XFD` is 16,383.
pub fn column_index(letters: &str) -> Option<u32> {
    let value = |byte: u8| {
        byte.is_ascii_alphabetic().then(|| u32::from(byte.to_ascii_uppercase() - b'A') + 1)
    };
    let is_short = (1..=3).contains(&letters.len());
    let number = letters
        .bytes()
        .filter(|_| is_short)
        .try_fold(0, |sum, byte| Some(sum * 26 + value(byte)?))?;
    number.checked_sub(1).filter(|index| *index < 16_384)
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(sheet) = &self.sheet {
            write!(f, "{sheet}!")?;
        }
        write!(f, "{}", self.column.as_deref().unwrap_or_default())?;
        self.row.map_or(Ok(()), |row| write!(f, "{row}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_named_as_a_spreadsheet_names_them() {
        let names = [(0, "A"), (25, "Z"), (26, "AA"), (16383, "XFD")];
        assert!(names.iter().all(|(index, name)| column_letters(*index) == *name));
        assert!(names.iter().all(|(index, name)| column_index(name) == Some(*index)));
        assert!(
            ["", "XFE", "ZZZZZZZZZZZZZZZZ", "A1"].iter().all(|name| column_index(name).is_none())
        );
    }

    #[test]
    fn a_stable_name_is_read_back() {
        let place = Place { field: Some(Field::VatMethod), ..Place::default() };
        let finding = Finding::new(Code::NotAllowed, place);
        assert_eq!(finding.name(), "vat_method.not_allowed");
        assert_eq!(code_of("vat_method.not_allowed"), Some(Code::NotAllowed));
        assert_eq!(code_of("tax_id.checksum"), Some(Code::TaxIdChecksum));
        assert_eq!(code_of("nothing.at_all"), None);
    }
}
