//! Differences between us and the platform as rows of a sheet, the same in the workbook that asks and in that of a firm.
//! Which there are is found by `sweep::reconcile`.

use minijinja::context;
use rust_xlsxwriter::XlsxError;

use super::{
    look::{TEXT, Tone},
    page::Page,
};
use crate::{
    flow::sweep::reconcile::{Difference, Kind},
    text::Texts,
};

/// What, line, licence, tax id, client, here, there.
pub const GRID: &[f64] = &[34.0, 22.0, 24.0, 16.0, 38.0, 26.0, 32.0];
const HEADINGS: [&str; 7] = ["kind", "line", "licence", "tax_id", "client", "here", "there"];

/// A section with a row for each of them.
pub fn each(texts: &Texts, sheet: &mut Page<'_>, all: &[Difference]) -> Result<(), XlsxError> {
    let label = |key: &str| texts.label(&format!("workbook.reconciliation.{key}"));
    sheet.section(&label("each"))?;
    let headings = (0..).zip(HEADINGS).map(|(at, name)| ((at, at), label(name)));
    let at = sheet.row();
    sheet.headings(&headings.collect::<Vec<_>>())?;
    sheet.sheet.set_repeat_rows(at, at)?;
    all.iter().try_for_each(|it| row(texts, sheet, it))
}

fn row(texts: &Texts, sheet: &mut Page<'_>, it: &Difference) -> Result<(), XlsxError> {
    let look = sheet.look;
    let id = look.text.clone().set_num_format(TEXT);
    let kind = texts.label(&format!("workbook.reconciliation.kinds.{}", it.kind));
    let (here, there) = sides(texts, it);
    sheet.cell(0, &kind, look.state(tone(it.kind)))?;
    sheet.cell(1, it.line.as_deref().unwrap_or_default(), &id)?;
    sheet.cell(2, &it.licence_id, &id)?;
    sheet.cell(3, &it.tax_id, &id)?;
    sheet.cell(4, &it.name, &look.text)?;
    sheet.cell(5, &here, &look.text)?;
    sheet.cell(6, &there, &look.text)?;
    sheet.end_row()
}

/// How grave a difference is.
pub fn tone(kind: Kind) -> Tone {
    match kind {
        Kind::PaidSuspended | Kind::Missing | Kind::UnknownHere => Tone::Bad,
        _ => Tone::Waiting,
    }
}

/// What we say and what the platform says, in words that tell wherein they differ.
fn sides(texts: &Texts, it: &Difference) -> (String, String) {
    let word = |state: &str| {
        let key = format!("workbook.line_state.{state}");
        if texts.has(&key) { texts.label(&key) } else { state.to_owned() }
    };
    let request = it.request.map(|it| texts.label(&format!("workbook.request_state.{it}")));
    let paid_on = it.paid_there.map(|day| day.format("%d/%m/%Y").to_string());
    let values = context! { here => word(&it.here), there => word(&it.there), request, paid_on };
    let side = |side: &str| {
        let key = format!("workbook.reconciliation.sides.{}.{side}", it.kind);
        texts.say(&key, values.clone())
    };
    (side("here"), side("there"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{licence::LicenceState, locale::Locale, order::RequestState};

    #[test]
    fn both_sides_of_every_kind_say_different_things_though_both_know_the_same_state() {
        for texts in Locale::ALL.iter().map(|locale| Texts::of(*locale)) {
            for kind in Kind::ALL {
                let mut it = Difference {
                    kind: *kind,
                    firm: None,
                    licence_id: "L-1".to_owned(),
                    line: None,
                    tax_id: "0101243150".to_owned(),
                    name: String::new(),
                    here: LicenceState::Suspended.to_string(),
                    there: LicenceState::Suspended.to_string(),
                    request: Some(RequestState::PartlyPaid),
                    paid_there: None,
                };
                if matches!(
                    kind,
                    Kind::OtherPackage
                        | Kind::OtherYear
                        | Kind::OtherTaxId
                        | Kind::OtherState
                        | Kind::FixOnPlatform
                ) {
                    it.there = LicenceState::Grace.to_string();
                }
                let (here, there) = sides(texts, &it);
                assert_ne!(here, there, "{kind}");
                assert!(
                    !here.contains("workbook.") && !there.contains("workbook."),
                    "{here} {there}"
                );
            }
        }
    }
}
