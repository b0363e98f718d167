//! Where things stand in a result workbook, so that its sheets can lead to each other.
//! What stands there is written by the sheets.

use std::collections::{BTreeMap, HashMap};

use crate::{
    flow::answer::{
        fit::sheet_name,
        look::reference,
        view::{ResultView, SheetView},
    },
    text::Texts,
};

/// A list by its place in the file, and Excel's own number of a row of it.
pub type At = (usize, u32);

pub struct Places {
    summary: String,
    fix: String,
    /// The name of the sheet of each list.
    pub results: Vec<String>,
    /// The column of each list at which ours begin.
    own: Vec<usize>,
    /// The first row of each order, once the rows were seen.
    pub first_rows: BTreeMap<String, At>,
    /// Where each order stands on the summary, counted from 0.
    pub orders: HashMap<String, u32>,
}

impl Places {
    pub fn of(view: &ResultView, texts: &Texts) -> Places {
        let label = |sheet: &str| texts.label(&format!("workbook.sheet.{sheet}"));
        Places {
            summary: label("summary"),
            fix: label("fix"),
            results: result_names(view, texts),
            own: view.sheets.iter().map(|list| list.width).collect(),
            first_rows: BTreeMap::new(),
            orders: HashMap::new(),
        }
    }

    /// A row among the results, where our columns begin.
    pub fn result(&self, (list, number): At) -> String {
        let name = self.results.get(list).map(String::as_str).unwrap_or_default();
        let column = self.own.get(list).and_then(|own| u16::try_from(*own).ok());
        reference(name, (number.saturating_sub(1), column.unwrap_or_default()))
    }

    /// The first row of an order among the results.
    pub fn first_of(&self, order: &str) -> Option<String> {
        self.first_rows.get(order).map(|at| self.result(*at))
    }

    /// A row on the sheet to fix, counted from 0.
    pub fn fix(&self, row: u32) -> String {
        reference(&self.fix, (row, 0))
    }

    /// An order on the summary.
    pub fn order(&self, order: &str) -> Option<String> {
        self.orders.get(order).map(|row| reference(&self.summary, (*row, 0)))
    }
}

/// *Kết quả*; with the name of its list where there are several.
fn result_names(view: &ResultView, texts: &Texts) -> Vec<String> {
    let label = |sheet: &str| texts.label(&format!("workbook.sheet.{sheet}"));
    let base = label("result");
    if view.sheets.len() == 1 {
        return vec![base];
    }
    let mut taken: Vec<String> = ["summary", "fix", "origin", "qr", "messages", "order"]
        .map(|sheet| label(sheet).to_lowercase())
        .into();
    let name =
        |list: &SheetView| sheet_name(&list.name, &mut taken, |name| format!("{base} ({name})"));
    view.sheets.iter().map(name).collect()
}
