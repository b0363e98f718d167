//! New clients that are very probably one that is known, under another tax id.

use super::{history::after, *};
use Severity::{Hold, Warning};
use hangloat::domain::order::LineState;

/// The client as it is, under another tax id.
fn renumbered(client: Client, tax_id: &str) -> Client {
    with(client, &[(Field::TaxId, text(tax_id)), (Field::FiscalYear, text("2027"))])
}

#[test]
fn a_client_of_the_catalogue_under_another_tax_id_is_asked_about() {
    let world = after(&[enterprise(1)], LineState::Active);
    let said =
        says(&world, renumbered(enterprise(1), "0101243150"), &[("client.maybe_same", Hold)]);
    let finding = said.only();
    assert_eq!(finding.detail["other"], format!("Công ty TNHH Số 1, {}", organisation(2)));
    assert_eq!(
        (finding.place.field, finding.suggestion.as_ref()),
        (Some(Field::OldTaxId), Some(&organisation(2)))
    );
    let words = hangloat::text::findings::fix(Texts::of(Locale::Vi), finding);
    assert!(words.contains("Mã số thuế cũ") && words.contains("“nhận”"), "{words}");
    // Said to be one, it is one.
    let told =
        with(renumbered(enterprise(1), "0101243150"), &[(Field::OldTaxId, text(&organisation(2)))]);
    assert_eq!(says(&world, told, &[]).client(0).kind.as_str(), "renewal");
}

#[test]
fn a_household_that_goes_by_its_owners_id_now_is_asked_about() {
    let former = with(
        household(1),
        &[(Field::TaxId, text("8037630690")), (Field::Name, text("Quán Phở Số 1"))],
    );
    let world = after(std::slice::from_ref(&former), LineState::Active);
    let next = with(household(1), &[(Field::FiscalYear, text("2027"))]);
    says(&world, next, &[("client.maybe_same", Hold)]);
    // The other way round it is the tax id of before that is written again.
    let world = after(&[household(1)], LineState::Active);
    let again = with(former, &[(Field::FiscalYear, text("2027"))]);
    let said = says(&world, again, &[("client.maybe_same", Hold), ("tax_id.wrong_kind", Warning)]);
    let finding = said.finding("client.maybe_same");
    assert_eq!(
        (finding.place.field, finding.suggestion.as_deref()),
        (Some(Field::TaxId), Some("079180000001"))
    );
}

#[test]
fn of_two_that_resemble_each_other_in_a_list_the_first_stays() {
    let second = with(
        enterprise(1),
        &[(Field::TaxId, text("0101243150")), (Field::Phone, text("0987654321"))],
    );
    let said = World::default().check(&[enterprise(1), second]);
    assert_eq!(said.states(), [RowState::Accepted, RowState::Held]);
    assert_eq!(said.detail("client.maybe_same", "other"), "dòng 2");
    assert_eq!(said.of_row(3), ["email.shared info", "client.maybe_same hold"]);
}

#[test]
fn who_only_resembles_another_is_nobody_else() {
    let same_as = |number, fields: &[Field]| {
        let first = enterprise(1);
        let cells: Vec<_> = fields.iter().map(|field| (*field, first[field].clone())).collect();
        with(enterprise(number), &cells)
    };
    let asked = |clients: &[Client]| {
        World::default().check(clients).names().iter().any(|name| name == "client.maybe_same")
    };
    // One owner of two enterprises; two enterprises of one name.
    let owner = [Field::Representative, Field::Phone, Field::Email];
    assert!(!asked(&[enterprise(1), same_as(2, &owner)]));
    assert!(!asked(&[enterprise(1), same_as(2, &[Field::Name])]));
    // Two people of one name with a household each.
    let namesake = with(
        household(2),
        &[
            (Field::Name, household(1)[&Field::Name].clone()),
            (Field::Representative, household(1)[&Field::Representative].clone()),
        ],
    );
    assert!(!asked(&[household(1), namesake]));
    // A branch and its head office.
    let branch = with(enterprise(1), &[(Field::TaxId, text(&format!("{}-001", organisation(2))))]);
    assert!(!asked(&[enterprise(1), branch]));
}
