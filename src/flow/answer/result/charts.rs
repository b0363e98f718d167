//! Charts on the summary, each below the numbers that it shows: where the lines stand, what each package costs, in
//! which columns something is wrong. One that would have a single bar says nothing, and is left out.

use rust_xlsxwriter::{Chart, XlsxError};

use super::{Kit, own};
use crate::{
    domain::{finding::Severity, order::OrderState},
    flow::answer::{
        chart::{self, Bars},
        look::{Tone, as_number},
        page::Page,
        view::DataRow,
    },
    text::Texts,
};

/// The columns of a table and its chart: those of the labels, and that of the numbers.
type Zone = ((u16, u16), u16);
const ZONES: [Zone; 3] = [((0, 0), 1), ((2, 2), 3), ((4, 6), 7)];
/// Pixels of a chart in each.
const WIDTHS: [u32; 3] = [296, 380, 360];
/// More bars than these nobody reads.
const MOST: usize = 8;

/// A bar and its number.
#[derive(Clone)]
struct Bar {
    label: String,
    number: i64,
    tone: Option<Tone>,
}

struct Figures {
    /// `workbook.chart.<key>` is the title.
    key: &'static str,
    /// `workbook.chart.<unit>` heads the numbers.
    unit: &'static str,
    bars: Vec<Bar>,
    /// How a bar is labelled; the number itself stands above.
    num_format: String,
}

const COUNT: &str = "#,##0";

pub fn section(kit: &Kit, page: &mut Page) -> Result<(), XlsxError> {
    let figures = [states(kit), amounts(kit), findings(kit)];
    let figures: Vec<Figures> = figures.into_iter().filter(|it| it.bars.len() > 1).collect();
    let most = figures.iter().map(|it| it.bars.len()).max().unwrap_or_default();
    if most == 0 {
        return Ok(());
    }
    let bars = u32::try_from(most).unwrap_or(u32::MAX);
    let pixels = chart::pixels(most);
    page.keep(f64::from(pixels) * 0.75 + f64::from(bars) * 18.0 + 90.0)?;
    page.section(&kit.label("chart.title"))?;
    let zones = || figures.iter().zip(ZONES);
    let headings = zones()
        .flat_map(|(it, (labels, numbers))| [(labels, it.key), ((numbers, numbers), it.unit)]);
    let headings: Vec<_> =
        headings.map(|(columns, key)| (columns, kit.label(&format!("chart.{key}")))).collect();
    page.headings(&headings)?;
    let first = page.row();
    for at in 0..most {
        for (it, (labels, numbers)) in zones() {
            if let Some(bar) = it.bars.get(at) {
                let format = bar.tone.map_or(&kit.look.label, |tone| kit.look.state(tone));
                page.text(labels, &bar.label, format)?;
                page.number(numbers, as_number(bar.number), &kit.look.money)?;
            }
        }
        page.end_row()?;
    }
    let sheet = page.sheet.name();
    let chart = |((it, (labels, numbers)), width): ((&Figures, Zone), u32)| {
        let tones: Vec<Option<Tone>> = it.bars.iter().map(|bar| bar.tone).collect();
        let bars = Bars { sheet: &sheet, first, labels: labels.0, numbers, tones: &tones };
        let title = kit.label(&format!("chart.{}", it.key));
        let mut chart = chart::bars(&title, &bars, &it.num_format);
        chart.set_width(width).set_height(pixels);
        (labels.0, chart)
    };
    let charts: Vec<(u16, Chart)> = zones().zip(WIDTHS).map(chart).collect();
    page.charts(&charts, pixels)
}

/// What is counted of the rows, as they are seen.
#[derive(Default)]
pub struct Tally {
    /// In the words of the rows' states, as the lists say them.
    states: Vec<Bar>,
    /// Of the rows that wait, the columns in which something is wrong.
    findings: Vec<Bar>,
}

impl Tally {
    pub fn add(&mut self, texts: &Texts, row: &DataRow) {
        let (label, tone) = own::state(texts, row);
        add(&mut self.states, label, 1, Some(tone));
        if !row.needs_fixing() {
            return;
        }
        let grave = |severity| matches!(severity, Severity::Error | Severity::Hold);
        let grave = row.findings.iter().filter(|finding| grave(finding.severity));
        let mut labels: Vec<String> = grave
            .map(|finding| match finding.field {
                Some(field) => texts.label(&format!("field.{field}")),
                None => texts.label("workbook.chart.whole_row"),
            })
            .collect();
        labels.sort_unstable();
        labels.dedup();
        for label in labels {
            add(&mut self.findings, label, 1, None);
        }
    }
}

fn states(kit: &Kit) -> Figures {
    Figures {
        key: "states",
        unit: "rows",
        bars: most(kit.survey.tally.states.clone()),
        num_format: COUNT.to_owned(),
    }
}

fn amounts(kit: &Kit) -> Figures {
    let mut bars = Vec::new();
    let orders = kit.view.orders.iter();
    for order in orders.filter(|order| order.state != OrderState::Cancelled) {
        let amount = order.amount.as_dong();
        if amount > 0 {
            add(&mut bars, order.package_name.clone(), amount, None);
        }
    }
    // In millions: long labels break in the middle of a number.
    let num_format = format!("#,##0.0,,\" {}\"", kit.label("chart.millions"));
    Figures { key: "amounts", unit: "amount", bars: most(bars), num_format }
}

fn findings(kit: &Kit) -> Figures {
    Figures {
        key: "findings",
        unit: "rows",
        bars: most(kit.survey.tally.findings.clone()),
        num_format: COUNT.to_owned(),
    }
}

fn add(bars: &mut Vec<Bar>, label: String, number: i64, tone: Option<Tone>) {
    match bars.iter_mut().find(|bar| bar.label == label) {
        Some(bar) => bar.number += number,
        None => bars.push(Bar { label, number, tone }),
    }
}

/// The longest first.
fn most(mut bars: Vec<Bar>) -> Vec<Bar> {
    bars.sort_by_key(|bar| std::cmp::Reverse(bar.number));
    bars.truncate(MOST);
    bars
}
