//! Drop-downs, and the hidden sheet that holds the long ones.
//! Which values they offer is the caller's business.

use rust_xlsxwriter::{DataValidation, DataValidationErrorStyle, Formula, Worksheet, XlsxError};

use super::fit::shown;
use super::look::{self};
use crate::text::Texts;

/// Excel's limit for a list inside a cell's rule, in UTF-16 units.
const INLINE_UNITS: usize = 255;
const SHEET: &str = "Lists";

/// The drop-downs of one workbook.
#[derive(Default)]
pub struct Lists {
    columns: Vec<Vec<String>>,
}

impl Lists {
    /// A drop-down that also lets other values pass, after a word: synonyms are understood.
    pub fn choice(
        &mut self,
        options: &[String],
        texts: &Texts,
    ) -> Result<DataValidation, XlsxError> {
        self.rule(options)?
            .set_error_style(DataValidationErrorStyle::Warning)
            .set_error_title(texts.label("workbook.choice.title"))?
            .set_error_message(texts.label("workbook.choice.hint"))
    }

    /// A drop-down of one's own words, where nothing else has a meaning.
    pub fn strict(options: &[String]) -> Result<DataValidation, XlsxError> {
        DataValidation::new().allow_list_strings(options)
    }

    fn rule(&mut self, options: &[String]) -> Result<DataValidation, XlsxError> {
        let units: usize = options.iter().map(|option| option.encode_utf16().count() + 1).sum();
        // A comma parts the values of an inline list.
        if units <= INLINE_UNITS && !options.iter().any(|option| option.contains(',')) {
            return DataValidation::new().allow_list_strings(options);
        }
        let at = self.columns.iter().position(|known| known == options).unwrap_or_else(|| {
            self.columns.push(options.to_vec());
            self.columns.len() - 1
        });
        let column = column_letters(at);
        let range = format!("={SHEET}!${column}$1:${column}${}", options.len());
        Ok(DataValidation::new().allow_list_formula(Formula::new(range)))
    }

    /// The sheet that the long drop-downs point at, where there are any.
    pub fn into_sheet(self) -> anyhow::Result<Option<Worksheet>> {
        if self.columns.is_empty() {
            return Ok(None);
        }
        let mut sheet = Worksheet::new();
        sheet.set_name(SHEET)?.set_hidden(true);
        for (column, options) in self.columns.iter().enumerate() {
            for (row, option) in (0..).zip(options) {
                let (row, column) = look::at(row, column)?;
                sheet.write_string(row, column, shown(option))?;
            }
        }
        Ok(Some(sheet))
    }
}

fn column_letters(at: usize) -> String {
    crate::domain::finding::column_letters(u32::try_from(at).unwrap_or_default())
}
