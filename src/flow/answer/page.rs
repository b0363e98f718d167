//! A sheet written from top to bottom on a grid of fixed columns: titles, paragraphs, small tables.
//! Lists of rows at places of their own are written elsewhere.

use rust_xlsxwriter::{DataValidation, Format, Image, ObjectMovement, Worksheet, XlsxError};

use super::fit::{height, lines, shown};
use super::look::{self, Look, put_text};

/// The row in work, and what is above it.
pub struct Page<'a> {
    pub sheet: Worksheet,
    pub look: &'a Look,
    grid: &'static [f64],
    row: u32,
    /// The lines of the tallest text in the row in work.
    tallest: u32,
}

impl<'a> Page<'a> {
    pub fn new(name: &str, grid: &'static [f64], look: &'a Look) -> Result<Page<'a>, XlsxError> {
        let mut sheet = Worksheet::new();
        sheet.set_name(name)?.set_screen_gridlines(false);
        look::lay_out_page(&mut sheet);
        for (column, width) in (0..).zip(grid) {
            sheet.set_column_width(column, *width)?;
        }
        Ok(Page { sheet, look, grid, row: 0, tallest: 1 })
    }

    pub fn last_column(&self) -> u16 {
        u16::try_from(self.grid.len()).unwrap_or(1) - 1
    }

    /// Writes a text over the columns from `first` to `last`.
    pub fn text(
        &mut self,
        (first, last): (u16, u16),
        text: &str,
        format: &Format,
    ) -> Result<(), XlsxError> {
        let room: f64 = self.grid[usize::from(first)..=usize::from(last)].iter().sum();
        self.tallest = self.tallest.max(lines(text, room - 2.0));
        if first < last {
            self.sheet.merge_range(self.row, first, self.row, last, "", format)?;
        }
        put_text(&mut self.sheet, (self.row, first), text, format)
    }

    /// Writes a text into one column.
    pub fn cell(&mut self, column: u16, text: &str, format: &Format) -> Result<(), XlsxError> {
        self.text((column, column), text, format)
    }

    pub fn number(
        &mut self,
        column: u16,
        number: impl Into<f64>,
        format: &Format,
    ) -> Result<(), XlsxError> {
        self.sheet.write_number_with_format(self.row, column, number, format).map(drop)
    }

    /// A box to tick: TRUE or FALSE where a program knows no boxes.
    pub fn tick(&mut self, column: u16, ticked: bool) -> Result<(), XlsxError> {
        self.sheet.insert_checkbox_with_format(self.row, column, ticked, &self.look.tick).map(drop)
    }

    /// A drop-down on a cell of the row in work.
    pub fn choice(&mut self, column: u16, rule: &DataValidation) -> Result<(), XlsxError> {
        self.sheet.add_data_validation(self.row, column, self.row, column, rule).map(drop)
    }

    /// A square picture, and a row as high as it.
    pub fn picture(&mut self, column: u16, png: &[u8], pixels: u32) -> Result<(), XlsxError> {
        let image = Image::new_from_buffer(png)?
            .set_scale_to_size(pixels, pixels, true)
            .set_object_movement(ObjectMovement::MoveButDontSizeWithCells);
        self.sheet.insert_image_with_offset(self.row, column, &image, 8, 4)?;
        self.tallest = self.tallest.max((pixels + 8).div_ceil(20));
        Ok(())
    }

    pub fn end_row(&mut self) -> Result<(), XlsxError> {
        self.sheet.set_row_height(self.row, height(self.tallest))?;
        self.skip();
        Ok(())
    }

    pub fn skip(&mut self) {
        self.row += 1;
        self.tallest = 1;
    }

    /// A whole row for one text.
    pub fn line(&mut self, text: &str, format: &Format) -> Result<(), XlsxError> {
        self.text((0, self.last_column()), text, format)?;
        self.end_row()
    }

    /// A title row; it may run over the edge of its cell, never over a second line.
    pub fn title(&mut self, text: &str) -> Result<(), XlsxError> {
        self.sheet.write_string_with_format(self.row, 0, shown(text), &self.look.title)?;
        self.sheet.set_row_height(self.row, 28)?;
        self.skip();
        Ok(())
    }

    pub fn section(&mut self, text: &str) -> Result<(), XlsxError> {
        self.skip();
        self.sheet.write_string_with_format(self.row, 0, shown(text), &self.look.section)?;
        self.sheet.set_row_height(self.row, 21)?;
        self.skip();
        Ok(())
    }

    /// A row of column headings; each covers its columns.
    pub fn headings(&mut self, headings: &[((u16, u16), String)]) -> Result<(), XlsxError> {
        for (columns, text) in headings {
            self.text(*columns, text, &self.look.heading)?;
        }
        self.end_row()
    }

    /// The absolute place of a cell of the row in work, as a defined name wants it.
    pub fn reference(&self, column: u16) -> String {
        let sheet = self.sheet.name().replace('\'', "''");
        let column = crate::domain::finding::column_letters(column.into());
        format!("='{sheet}'!${column}${}", self.row + 1)
    }
}
