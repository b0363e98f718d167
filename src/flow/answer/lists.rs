//! Drop-downs, and the hidden sheet that holds the long ones.
//! Which values they offer is the caller's business.

use rust_xlsxwriter::{DataValidation, DataValidationErrorStyle, Formula, Worksheet, XlsxError};

use super::fit::shown;
use super::look::{self};
use crate::{domain::fiscal_year::FiscalYear, text::Texts};

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

    /// A drop-down that only helps to type: any other value is as good.
    pub fn suggestion(&mut self, options: &[String]) -> Result<DataValidation, XlsxError> {
        Ok(self.rule(options)?.show_error_message(false))
    }

    /// A drop-down that depends on a year: the options of the last group that begins with it or before.
    /// `year` is a formula of the cell that the rule stands on.
    pub fn by_year(
        &mut self,
        (year, groups): (&str, &[(FiscalYear, Vec<String>)]),
        texts: &Texts,
    ) -> Result<DataValidation, XlsxError> {
        let Some(((_, first), later)) = groups.split_first() else {
            return Ok(DataValidation::new());
        };
        let mut formula = self.range(first);
        for (from, options) in later {
            formula = format!("IF({year}<{from},{formula},{})", self.range(options));
        }
        DataValidation::new()
            .allow_list_formula(Formula::new(format!("={formula}")))
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
        let range = format!("={}", self.range(options));
        Ok(DataValidation::new().allow_list_formula(Formula::new(range)))
    }

    /// Where some options lie on the hidden sheet.
    fn range(&mut self, options: &[String]) -> String {
        let at = self.columns.iter().position(|known| known == options).unwrap_or_else(|| {
            self.columns.push(options.to_vec());
            self.columns.len() - 1
        });
        let column = column_letters(at);
        format!("{SHEET}!${column}$1:${column}${}", options.len())
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
