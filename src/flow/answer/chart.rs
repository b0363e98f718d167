//! How a chart looks, wherever there is one: bars from left to right, each with its number, the first on top.

use rust_xlsxwriter::{
    Chart, ChartDataLabel, ChartFont, ChartFormat, ChartPoint, ChartSolidFill, ObjectMovement,
};

use super::look::{ACCENT, FONT, Tone};

/// Where the numbers of a chart stand, each in a row of its own, and of what colour its bar is.
pub struct Bars<'a> {
    pub sheet: &'a str,
    pub first: u32,
    pub labels: u16,
    pub numbers: u16,
    pub tones: &'a [Option<Tone>],
}

/// How high a chart of so many bars is.
pub fn pixels(bars: usize) -> u32 {
    70 + 28 * u32::try_from(bars).unwrap_or(u32::MAX / 64)
}

/// `num_format`: how a bar is labelled.
pub fn bars(title: &str, bars: &Bars<'_>, num_format: &str) -> Chart {
    let Bars { sheet, first, labels, numbers, tones } = *bars;
    let last = first + u32::try_from(tones.len()).unwrap_or(1) - 1;
    let mut font = ChartFont::new();
    font.set_name(FONT).set_size(9);
    let mut bold = font.clone();
    bold.set_bold().set_size(10);
    let fill = |tone: &Option<Tone>| {
        let mut fill = ChartSolidFill::new();
        fill.set_color(tone.map_or(ACCENT, Tone::strong));
        let mut format = ChartFormat::new();
        format.set_solid_fill(&fill);
        format
    };
    let points: Vec<ChartPoint> =
        tones.iter().map(|tone| ChartPoint::new().set_format(&mut fill(tone))).collect();
    let mut label = ChartDataLabel::new();
    label.show_value().set_num_format(num_format).set_font(&font);
    let mut chart = Chart::new_bar();
    chart
        .add_series()
        .set_categories((sheet, first, labels, last, labels))
        .set_values((sheet, first, numbers, last, numbers))
        .set_gap(50)
        .set_points(&points)
        .set_data_label(&label);
    chart.title().set_name(title).set_font(&bold);
    chart.set_alt_text(title);
    chart.legend().set_hidden();
    // Of a bar chart the vertical axis has the labels; reversed, the first stands on top.
    chart.y_axis().set_reverse().set_font(&font);
    chart.x_axis().set_hidden(true).set_major_gridlines(false).set_min(0);
    chart.chart_area().set_format(ChartFormat::new().set_no_border());
    chart.set_object_movement(ObjectMovement::MoveButDontSizeWithCells);
    chart
}
