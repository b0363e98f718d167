//! A sheet written from top to bottom on a grid of fixed columns: titles, paragraphs, small tables.
//! Lists of rows at places of their own are written elsewhere.

use rust_xlsxwriter::{Chart, DataValidation, Format, Image, ObjectMovement, Worksheet, XlsxError};

use super::{
    fit::{height, lines, shown},
    look::{self, Look, put_link, put_text},
    paper,
};

/// Pixels and points of a row whose height nobody sets.
const ROW: (u32, f64) = (20, 15.0);

/// The row in work, and what is above it.
pub struct Page<'a> {
    pub sheet: Worksheet,
    pub look: &'a Look,
    grid: &'static [f64],
    row: u32,
    /// The lines of the tallest text in the row in work.
    tallest: u32,
    /// Points of rows on a printed page, and how many of them the page in work has.
    room: f64,
    used: f64,
    /// The first row of each printed page but the first, where it was told.
    breaks: Vec<u32>,
}

impl<'a> Page<'a> {
    pub fn new(name: &str, grid: &'static [f64], look: &'a Look) -> Result<Page<'a>, XlsxError> {
        Page::on(Worksheet::new(), name, grid, look)
    }

    /// On a sheet whose rows may leave memory as they come.
    pub fn on(
        mut sheet: Worksheet,
        name: &str,
        grid: &'static [f64],
        look: &'a Look,
    ) -> Result<Page<'a>, XlsxError> {
        sheet.set_name(name)?.set_screen_gridlines(false);
        let room = paper::one_wide(&mut sheet, grid);
        look::protect(&mut sheet);
        for (column, width) in (0..).zip(grid) {
            sheet.set_column_width(column, *width)?;
        }
        Ok(Page { sheet, look, grid, row: 0, tallest: 1, room, used: 0.0, breaks: Vec::new() })
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

    /// Writes a text that leads to another cell, over the columns from `first` to `last`.
    pub fn link(
        &mut self,
        (first, last): (u16, u16),
        link: (&str, &str),
        format: &Format,
    ) -> Result<(), XlsxError> {
        self.text((first, last), link.0, format)?;
        put_link(&mut self.sheet, (self.row, first), link, format)
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

    /// Charts beside each other, each from a column on, and rows as high as they.
    pub fn charts(&mut self, charts: &[(u16, Chart)], pixels: u32) -> Result<(), XlsxError> {
        for (column, chart) in charts {
            self.sheet.insert_chart_with_offset(self.row, *column, chart, 2, 4)?;
        }
        for _ in 0..(pixels + 8).div_ceil(ROW.0) {
            self.skip();
        }
        Ok(())
    }

    pub fn end_row(&mut self) -> Result<(), XlsxError> {
        self.end_row_of(height(self.tallest))
    }

    fn end_row_of(&mut self, points: f64) -> Result<(), XlsxError> {
        self.sheet.set_row_height(self.row, points)?;
        self.next(points);
        Ok(())
    }

    pub fn skip(&mut self) {
        self.next(ROW.1);
    }

    fn next(&mut self, points: f64) {
        self.used = if self.used + points > self.room { points } else { self.used + points };
        self.row += 1;
        self.tallest = 1;
    }

    /// Begins a new printed page.
    pub fn break_here(&mut self) -> Result<(), XlsxError> {
        self.breaks.push(self.row);
        self.sheet.set_page_breaks(&self.breaks)?;
        self.used = 0.0;
        Ok(())
    }

    /// Begins a new printed page where what follows, so many points of it, would be torn apart.
    pub fn keep(&mut self, points: f64) -> Result<(), XlsxError> {
        if self.used > 0.0 && self.used + points > self.room && points <= self.room {
            self.break_here()?;
        }
        Ok(())
    }

    /// A whole row for one text.
    pub fn line(&mut self, text: &str, format: &Format) -> Result<(), XlsxError> {
        self.text((0, self.last_column()), text, format)?;
        self.end_row()
    }

    /// A title row; it may run over the edge of its cell, never over a second line.
    pub fn title(&mut self, text: &str) -> Result<(), XlsxError> {
        self.sheet.write_string_with_format(self.row, 0, shown(text), &self.look.title)?;
        self.end_row_of(26.0)
    }

    pub fn section(&mut self, text: &str) -> Result<(), XlsxError> {
        // A heading alone at the foot of a page says nothing.
        self.keep(100.0)?;
        self.skip();
        self.sheet.write_string_with_format(self.row, 0, shown(text), &self.look.section)?;
        self.end_row_of(20.0)
    }

    /// A row of column headings; each covers its columns.
    pub fn headings(&mut self, headings: &[((u16, u16), String)]) -> Result<(), XlsxError> {
        for (columns, text) in headings {
            self.text(*columns, text, &self.look.heading)?;
        }
        self.end_row()
    }

    /// The row in work, counted from 0.
    pub fn row(&self) -> u32 {
        self.row
    }

    /// The absolute place of a cell of the row in work, as a defined name wants it.
    pub fn reference(&self, column: u16) -> String {
        let sheet = self.sheet.name().replace('\'', "''");
        let column = crate::domain::finding::column_letters(column.into());
        format!("='{sheet}'!${column}${}", self.row + 1)
    }
}
