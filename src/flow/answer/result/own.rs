//! Our columns beside a list: where each row stands, why, and what to do about it.
//! Where they are on the sheet is decided with the rows.

use chrono::DateTime;
use chrono_tz::Tz;
use rust_xlsxwriter::{Worksheet, XlsxError};

use crate::{
    domain::{batch::RowState, order::LineState},
    flow::answer::{
        fit::width,
        look::{Look, Tone, as_number, put_link, put_text},
        view::{DataRow, FindingText, LeftOut, LineView},
    },
    text::Texts,
};

/// Our columns in order; `workbook.column.<name>` is the heading of each.
pub const COLUMNS: [&str; 12] = [
    "state",
    "reason",
    "fix",
    "order",
    "line",
    "amount",
    "payment_code",
    "activated_at",
    "pay_by",
    "mail",
    "payment",
    CANCEL,
];
/// The column in which a person writes that a line is to be cancelled.
pub const CANCEL: &str = "cancel";
/// The column that says since when a line works.
pub const ACTIVATED_AT: &str = "activated_at";
const WIDEST: f64 = 30.0;
/// Of what is read rather than looked up.
const WIDEST_PROSE: f64 = 44.0;
pub const NARROWEST: f64 = 11.0;

/// A cell of ours.
pub enum Own {
    Nothing,
    /// To be filled in.
    Input,
    Text(String),
    State(String, Tone),
    Whole(i64),
    Money(i64),
    Moment(DateTime<Tz>),
}

/// The cells of a row, in the order of the columns.
pub fn cells(texts: &Texts, row: &DataRow) -> [Own; 12] {
    let line = row.line.as_ref();
    let text =
        |text: &dyn Fn(&LineView) -> String| line.map_or(Own::Nothing, |l| Own::Text(text(l)));
    let moment = |at: Option<DateTime<Tz>>| at.map_or(Own::Nothing, Own::Moment);
    [
        {
            let (text, tone) = state(texts, row);
            Own::State(text, tone)
        },
        Own::Text(said(&row.findings, |finding| &finding.message)),
        Own::Text(said(&row.findings, |finding| &finding.fix)),
        text(&|line| line.order.clone()),
        line.map_or(Own::Nothing, |line| Own::Whole(line.line)),
        line.filter(|line| line.cancelled.is_none())
            .map_or(Own::Nothing, |line| Own::Money(line.amount.as_dong())),
        text(&|line| line.payment_code.clone().unwrap_or_default()),
        moment(line.and_then(|line| line.activated_at)),
        moment(line.and_then(|line| line.pay_by)),
        text(&|line| line.mail.clone()),
        text(&|line| line.payment.clone()),
        cancel(line),
    ]
}

/// What stands in our columns as it is read back, but for times, which programs write in their own ways, and for the
/// column that is filled in.
pub fn contents(texts: &Texts, row: &DataRow) -> Vec<String> {
    let text = |cell: Own| match cell {
        Own::Nothing | Own::Input | Own::Moment(_) => String::new(),
        Own::Text(text) | Own::State(text, _) => text,
        Own::Whole(number) | Own::Money(number) => number.to_string(),
    };
    let cells = cells(texts, row).into_iter().zip(COLUMNS).filter(|(_, name)| is_lasting(name));
    cells.map(|(cell, _)| text(cell)).collect()
}

/// Whether a column of ours comes back as it went out.
pub fn is_lasting(name: &str) -> bool {
    ![ACTIVATED_AT, "pay_by", CANCEL].contains(&name)
}

/// Why the line was cancelled; while it may be, a cell to write in.
fn cancel(line: Option<&LineView>) -> Own {
    use LineState::{Failed, Grace, Placed, Uncertain, Waiting};
    match line {
        None => Own::Nothing,
        Some(line) => match &line.cancelled {
            Some(reason) => Own::Text(reason.clone()),
            None if matches!(line.state, Waiting | Placed | Failed | Uncertain | Grace) => {
                Own::Input
            }
            None => Own::Nothing,
        },
    }
}

/// No column of ours is wider.
pub fn widest(column: &str) -> f64 {
    if ["reason", "fix"].contains(&column) { WIDEST_PROSE } else { WIDEST }
}

impl Own {
    /// What its column needs for it.
    pub fn width(&self, column: &str) -> f64 {
        (self.room() + 3.0).min(widest(column))
    }

    fn room(&self) -> f64 {
        match self {
            Own::Nothing | Own::Input => 0.0,
            Own::Text(text) => text.split('\n').map(width).fold(0.0, f64::max),
            // Its sign stands before it.
            Own::State(text, _) => width(text) + 3.0,
            Own::Whole(_) => 6.0,
            Own::Money(_) => 14.0,
            Own::Moment(_) => 16.0,
        }
    }
}

/// Where the row stands; once its order is placed, where its line does.
pub fn state(texts: &Texts, row: &DataRow) -> (String, Tone) {
    let label = |key: &str| texts.label(&format!("workbook.{key}"));
    let left_out = row.left_out.map(|why| match why {
        LeftOut::Decided => "left_out.state",
        LeftOut::Hidden => "left_out.hidden",
        LeftOut::NotChosen => "left_out.not_chosen",
        LeftOut::TakenBack => "left_out.taken_back",
    });
    if let Some(key) = left_out {
        return (label(key), Tone::Quiet);
    }
    if row.is_corrected {
        return (label("corrected.state"), Tone::Good);
    }
    let line = row.line.as_ref().map(|line| line.state);
    match line.filter(|line| row.state == RowState::Accepted && *line != LineState::Waiting) {
        Some(line) => (label(&format!("line_state.{line}")), line.into()),
        None => (label(&format!("row_state.{}", row.state)), row.state.into()),
    }
}

/// What the findings say, each once, the gravest first.
pub fn said(findings: &[FindingText], text: impl Fn(&FindingText) -> &String) -> String {
    let mut findings: Vec<&FindingText> = findings.iter().collect();
    findings.sort_by_key(|finding| finding.severity);
    let mut said = Vec::<&str>::new();
    for text in findings.into_iter().map(|finding| text(finding).as_str()) {
        if !text.is_empty() && !said.contains(&text) {
            said.push(text);
        }
    }
    said.join("\n")
}

pub fn put(
    sheet: &mut Worksheet,
    (row, column): (u32, u16),
    (cell, target): (&Own, Option<&str>),
    look: &Look,
) -> Result<(), XlsxError> {
    let own = &look.own;
    match (cell, target) {
        (Own::Text(text), Some(target)) => {
            put_link(sheet, (row, column), (text, target), &own.link)?;
        }
        (Own::Nothing, _) => put_text(sheet, (row, column), "", &own.text)?,
        (Own::Input, _) => put_text(sheet, (row, column), "", &look.input)?,
        (Own::Text(text), None) => put_text(sheet, (row, column), text, &own.text)?,
        // Never a link: LibreOffice shows those without their sign.
        (Own::State(text, tone), _) => {
            put_text(sheet, (row, column), text, look.state(*tone))?;
        }
        (Own::Whole(number), _) => {
            sheet.write_number_with_format(row, column, as_number(*number), &own.number)?;
        }
        (Own::Money(dong), _) => {
            sheet.write_number_with_format(row, column, as_number(*dong), &own.money)?;
        }
        (Own::Moment(at), _) => {
            let local = at.naive_local();
            sheet.write_datetime_with_format(row, column, local, &own.moment)?;
        }
    }
    Ok(())
}
