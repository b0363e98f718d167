//! Columns that nobody is sure of, on the summary: where, what stands in them, and a drop-down to say what they are.
//! What is asked, and what an answer means, is decided beside it.

use rust_xlsxwriter::XlsxError;

use super::{Kit, orders};
use crate::flow::answer::{lists::Lists, look::Tone, page::Page, view::QuestionView};

/// The cells to answer in: `COT_1` … in the order of the questions.
pub const NAME_COLUMN: &str = "COT";
/// Where the header stands beside its answer, counted from 0.
pub const HEADER_COLUMN: usize = 1;
/// The column of the answer.
const ANSWER: u16 = 7;

/// The questions, and the names of their cells.
pub fn section(
    kit: &Kit,
    page: &mut Page,
    lists: &mut Lists,
) -> Result<Vec<(String, String)>, XlsxError> {
    let mut names = Vec::new();
    if kit.view.questions.is_empty() {
        return Ok(names);
    }
    page.section(&kit.label("question.title"))?;
    page.line(&kit.label("question.hint"), &kit.look.hint)?;
    page.headings(&[
        ((0, 0), kit.label("question.column")),
        ((1, 2), kit.label("question.header")),
        ((3, 6), kit.label("question.samples")),
        ((ANSWER, 8), kit.label("question.choice")),
    ])?;
    for (number, question) in (1..).zip(&kit.view.questions) {
        names.push((format!("{NAME_COLUMN}_{number}"), page.reference(ANSWER)));
        row(kit, page, lists, question)?;
    }
    // Beside orders there is such a cell already.
    if kit.view.orders.is_empty() {
        names.push((orders::NAME_BY.to_owned(), orders::who(kit, page)?));
    }
    Ok(names)
}

fn row(
    kit: &Kit,
    page: &mut Page,
    lists: &mut Lists,
    question: &QuestionView,
) -> Result<(), XlsxError> {
    let look = &kit.look;
    page.cell(0, &question.columns, &look.label)?;
    page.text((1, 2), &question.header, &look.text)?;
    page.text((3, 6), &question.samples.join("\n"), &look.text)?;
    page.text((ANSWER, 8), "", &look.input)?;
    let choice = lists.choice(&question.choices, kit.texts)?;
    let choice = choice
        .set_input_title(kit.label("question.choice"))?
        .set_input_message(kit.label("question.input"))?;
    page.choice(ANSWER, &choice)?;
    page.end_row()?;
    match &question.remark {
        Some(remark) => page.line(remark, look.state(Tone::Bad)),
        None => Ok(()),
    }
}
