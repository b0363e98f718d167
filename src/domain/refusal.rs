//! Why a file is not read: every reason there is, and the finding that it makes.
//! Where it shows is found by `flow::read`; its words are in `text`.

use super::{finding::Code, words::words};

words! {
    /// Beside it stand the values that its words name.
    pub enum Why {
        Empty = "empty",
        /// Neither a workbook nor text.
        Binary = "binary",

        /// A reader met what no program writes; `error` says what, for the log.
        Damaged = "damaged",
        /// The same at or after a `row`.
        DamagedRow = "damaged_row",
        /// A `cell` stands twice, out of order or outside of any sheet.
        MisplacedCell = "misplaced_cell",
        /// The file ends too soon, or a part of it is missing.
        CutOff = "cut_off",
        NoFile = "no_file",
        /// Opened on a `line`.
        OpenQuote = "open_quote",
        /// What follows a `line` has no end within `most` MB.
        EndlessRecord = "endless_record",

        Password = "password",
        ZipPassword = "zip_password",

        /// `size` MB where `most` are read.
        Bytes = "bytes",
        /// The same for xls, xlsb and ods.
        UnstreamedBytes = "unstreamed_bytes",
        /// More than `most` MB, on the disk or as text.
        Grown = "grown",
        /// Packs `size` files where `most` are read.
        Parts = "parts",
        /// A `part` is packed beyond belief.
        Packed = "packed",
        /// More than `most` MB altogether.
        Unpacked = "unpacked",
        /// A `part` has more than `most` MB.
        UnpackedPart = "unpacked_part",
        /// One cell or element.
        LongPiece = "long_piece",
        /// More than `most` different ones.
        Texts = "texts",
        Styles = "styles",
        /// Hidden rows, merged cells, formulas without a value.
        Stretches = "stretches",
        /// More than `most`, seen at a `cell`.
        Columns = "columns",
        /// More than `most`, seen at a `row`.
        Rows = "rows",
        /// More than `most` MB, seen at a `row`.
        Cells = "cells",
        /// More than `most` MB.
        LongRow = "long_row",
        /// Rows and columns of an ods.
        Repeated = "repeated",
        Slow = "slow",
        Memory = "memory",

        Document = "document",
        Presentation = "presentation",
        Numbers = "numbers",
        OpenDocument = "open_document",
        OldOffice = "old_office",
        Pdf = "pdf",
        Picture = "picture",
        Media = "media",
        Program = "program",
        Archive = "archive",
        Lotus = "lotus",
        OldExcel = "old_excel",
        /// Excel itself always wraps it.
        BareExcel = "bare_excel",
        Html = "html",
        ExcelXml = "excel_xml",
        Xml = "xml",
        Dif = "dif",
        /// As mail programs save one.
        Mail = "mail",

        /// A whole file in an `encoding` that is not read.
        Encoding = "encoding",
        /// A `line` that is not in the `encoding` of the others.
        Mixed = "mixed",
        /// A `line` that may be in several.
        Uncertain = "uncertain",
        /// Letters became question marks: a `line` and a `word` of it.
        LettersLost = "letters_lost",
    }
}

impl Why {
    /// Under which finding it is told.
    pub fn code(self) -> Code {
        use Why as W;
        match self {
            W::Empty => Code::FileEmpty,
            W::Binary => Code::FileNotATable,
            W::Damaged
            | W::DamagedRow
            | W::MisplacedCell
            | W::CutOff
            | W::NoFile
            | W::OpenQuote
            | W::EndlessRecord => Code::FileUnreadable,
            W::Password | W::ZipPassword => Code::FileEncrypted,
            W::Encoding | W::Mixed | W::Uncertain | W::LettersLost => Code::FileEncoding,
            _ if W::Bytes <= self && self <= W::Memory => Code::FileTooLarge,
            _ => Code::FileUnsupported,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_is_told_under_a_finding_of_files() {
        assert!(Why::ALL.iter().all(|why| why.code().as_str().starts_with("file.")));
        assert_eq!(Why::Memory.code(), Code::FileTooLarge);
        assert_eq!(Why::Document.code(), Code::FileUnsupported);
        assert_eq!(Why::Dif.code(), Code::FileUnsupported);
    }
}
