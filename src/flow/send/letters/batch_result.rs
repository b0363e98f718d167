//! The letter on what became of a file: counts, orders with their confirmation codes, the first things to fix, and what
//! to do next. To whoever is to confirm as the second person it says that, and no more than that one needs.

use minijinja::{Value, context};

use super::{
    FirmBlock, Letter,
    draft::{Draft, Item},
};
use crate::{
    domain::{
        confirmation_code::ConfirmationCode, fiscal_year::FiscalYear, money::Money,
        order::OrderCode,
    },
    text::Texts,
};

/// What the letter says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchResult {
    pub reader: Reader,
    pub to_name: String,
    pub firm: FirmBlock,
    pub file: String,
    pub batch: String,
    pub counts: Counts,
    /// Of the orders that are told.
    pub amount: Money,
    pub orders: Vec<ResultOrder>,
    /// The clients of those that wait who were cancelled before.
    pub again: Vec<String>,
    /// The first things to fix, ready sentences.
    pub to_fix: Vec<String>,
    /// How many more there are.
    pub more: usize,
    /// What to do next, ready sentences.
    pub steps: Vec<String>,
    pub workbook: Workbook,
}

/// Who reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reader {
    /// Who registered the file.
    Maker,
    /// Who registered it, and must leave the confirmation to these.
    MakerOfTwo(Vec<String>),
    /// Who registered it, where nobody of the firm may confirm these orders.
    MakerAlone(Vec<OrderCode>),
    /// The second person.
    Checker,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub rows: i64,
    pub accepted: i64,
    /// Rejected and held.
    pub waiting: i64,
    pub unchanged: i64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResultOrder {
    pub code: OrderCode,
    pub package: String,
    pub fiscal_year: FiscalYear,
    pub lines: usize,
    pub amount: Money,
    /// In words.
    pub state: String,
    /// By which this reader confirms it.
    pub confirmation: Option<ConfirmationCode>,
}

/// Where the result workbook is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Workbook {
    Attached,
    /// Too large for a mail: it lies in the outbox under this name.
    InOutbox(String),
    None,
}

/// Writes the letter to one member of the firm.
pub fn batch_result(texts: &Texts, said: &BatchResult) -> anyhow::Result<Letter> {
    let key = match said.reader {
        Reader::Maker | Reader::MakerOfTwo(_) | Reader::MakerAlone(_) => "batch_result.maker",
        Reader::Checker => "batch_result.checker",
    };
    let mut draft = Draft::new(texts, values(said))?;
    draft.paragraph("batch_result.greeting")?;
    draft.paragraph(&format!("{key}.intro"))?;
    draft.paragraph("batch_result.workbook")?;
    facts(&mut draft, said)?;
    if !said.orders.is_empty() {
        draft.heading("batch_result.orders")?;
        orders(&mut draft, said)?;
        draft.paragraph("batch_result.again")?;
        draft.paragraph(&format!("{key}.codes"))?;
        draft.paragraph("batch_result.second")?;
        draft.paragraph("batch_result.alone")?;
    }
    if said.reader != Reader::Checker {
        if !said.to_fix.is_empty() {
            draft.heading("batch_result.to_fix")?;
            draft.points(&said.to_fix);
            draft.paragraph("batch_result.more")?;
        }
        if !said.steps.is_empty() {
            draft.heading("batch_result.steps")?;
            draft.points(&said.steps);
        }
    }
    draft.finish(key, &said.firm)
}

fn values(said: &BatchResult) -> Value {
    let checkers = match &said.reader {
        Reader::MakerOfTwo(checkers) => checkers.join(", "),
        Reader::Maker | Reader::MakerAlone(_) | Reader::Checker => String::new(),
    };
    let alone: Vec<&str> = match &said.reader {
        Reader::MakerAlone(orders) => orders.iter().map(OrderCode::as_str).collect(),
        Reader::Maker | Reader::MakerOfTwo(_) | Reader::Checker => Vec::new(),
    };
    let workbook = match &said.workbook {
        Workbook::InOutbox(name) => Some(name.as_str()),
        Workbook::Attached | Workbook::None => None,
    };
    context! {
        to_name => said.to_name.as_str(),
        file => said.file.as_str(),
        batch => said.batch.as_str(),
        rows => said.counts.rows,
        accepted => said.counts.accepted,
        waiting => said.counts.waiting,
        order_count => said.orders.len(),
        to_confirm => said.orders.iter().filter(|order| order.confirmation.is_some()).count(),
        again => &said.again,
        more => said.more,
        checkers,
        alone => alone.join(", "),
        workbook,
        attached => said.workbook == Workbook::Attached,
        ..said.firm.values()
    }
}

fn facts(draft: &mut Draft<'_>, said: &BatchResult) -> anyhow::Result<()> {
    let mut facts = vec![draft.fact("file", &said.file)?, draft.fact("batch", &said.batch)?];
    // The second person may have to confirm but a part of the list.
    if said.reader != Reader::Checker {
        let Counts { rows, accepted, waiting, unchanged } = said.counts;
        facts.push(draft.fact("rows", &rows.to_string())?);
        facts.push(draft.fact("accepted", &accepted.to_string())?);
        for (name, count) in [("waiting", waiting), ("unchanged", unchanged)] {
            if count > 0 {
                facts.push(draft.fact(name, &count.to_string())?);
            }
        }
    }
    if !said.orders.is_empty() {
        facts.push(draft.fact("total", &said.amount.to_string())?);
    }
    draft.facts(facts);
    Ok(())
}

fn orders(draft: &mut Draft<'_>, said: &BatchResult) -> anyhow::Result<()> {
    let items = said.orders.iter().map(|order| {
        let values = context! {
            package => order.package.as_str(),
            fiscal_year => order.fiscal_year.year(),
            lines => order.lines,
            state => order.state.as_str(),
        };
        let detail =
            |part: &str| draft.say_with(&format!("batch_result.item.{part}"), values.clone());
        let code = order.confirmation.map(|code| code.to_string());
        Ok(Item {
            title: order.code.to_string(),
            details: vec![detail("package")?, detail("lines")?],
            amount: order.amount.to_string(),
            code_label: draft.say("batch_result.item.code")?,
            code: code.unwrap_or_default(),
            ..Item::default()
        })
    });
    let items = items.collect::<anyhow::Result<Vec<Item>>>()?;
    draft.list(items);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;
    use crate::domain::locale::Locale;

    fn in_both_languages(said: &BatchResult) -> [Letter; 2] {
        [Locale::Vi, Locale::En].map(|locale| batch_result(Texts::of(locale), said).unwrap())
    }

    #[test]
    fn who_registered_a_list_reads_what_became_of_it_and_the_codes_to_confirm() {
        let said = samples::result(&samples::given(), Reader::Maker);
        let code = said.orders[0].confirmation.unwrap().to_string();
        for letter in in_both_languages(&said) {
            for needed in [
                "danh-sach.xlsx",
                "B000045",
                "DH-2611-000123",
                "5.900.000 đ",
                "Dòng 17, cột B",
                code.as_str(),
            ] {
                assert!(letter.text.contains(needed), "{needed}: {}", letter.text);
                assert!(letter.html.contains(needed), "{needed}: {}", letter.html);
            }
            assert!(letter.subject.contains("danh-sach.xlsx"));
        }
    }

    #[test]
    fn the_second_person_is_told_that_the_code_is_their_own() {
        let mut said = samples::result(&samples::given(), Reader::Checker);
        let [vi, en] = in_both_languages(&said);
        assert!(vi.subject.contains("xác nhận") && vi.text.contains("dành riêng"), "{}", vi.text);
        assert!(en.text.contains("for you alone"), "{}", en.text);
        assert!(!vi.text.contains("Dòng 17"), "what is to be fixed is the other one's work");
        assert!(!vi.text.contains("Số dòng"), "nor are the rows: {}", vi.text);
        said.reader = Reader::MakerOfTwo(vec!["binh@minhan.example".to_owned()]);
        said.orders[0].confirmation = None;
        for letter in in_both_languages(&said) {
            assert!(letter.text.contains("binh@minhan.example"), "{}", letter.text);
        }
    }

    #[test]
    fn whoever_confirms_reads_which_clients_were_cancelled_before() {
        for reader in [Reader::Maker, Reader::Checker] {
            let mut said = samples::result(&samples::given(), reader);
            for letter in in_both_languages(&said) {
                assert!(!letter.text.contains("An Phát 1"), "{}", letter.text);
            }
            said.again = (1..=7).map(|number| format!("An Phát {number}")).collect();
            let [vi, en] = in_both_languages(&said);
            let first = "An Phát 1, An Phát 2, An Phát 3, An Phát 4, An Phát 5";
            for (letter, whole) in [
                (vi, ["Có 7 khách hàng từng bị hủy", &format!("{first} và 2 khách hàng khác")]),
                (en, ["7 clients were cancelled before", &format!("{first} and 2 more")]),
            ] {
                for needed in whole {
                    assert!(letter.text.contains(needed), "{needed}: {}", letter.text);
                    assert!(letter.html.contains(needed), "{needed}: {}", letter.html);
                }
            }
        }
    }

    #[test]
    fn where_nobody_is_left_to_confirm_the_letter_says_so_and_what_to_do() {
        let mut said = samples::result(&samples::given(), Reader::Maker);
        said.reader = Reader::MakerAlone(vec![said.orders[0].code.clone()]);
        said.orders[0].confirmation = None;
        let [vi, en] = in_both_languages(&said);
        for needed in ["Chưa ai xác nhận được đơn DH-2611-000123", "undo B000045", "maker_checker"]
        {
            assert!(vi.text.contains(needed) && vi.html.contains(needed), "{needed}: {}", vi.text);
        }
        assert!(en.text.contains("Nobody can confirm DH-2611-000123"), "{}", en.text);
    }

    #[test]
    fn a_workbook_that_is_too_large_is_named_where_it_lies() {
        let mut said = samples::result(&samples::given(), Reader::Maker);
        said.workbook = Workbook::InOutbox("outbox/danh-sach__B000045__r1.xlsx".to_owned());
        for letter in in_both_languages(&said) {
            assert!(letter.text.contains("outbox/danh-sach__B000045__r1.xlsx"), "{}", letter.text);
        }
    }
}
