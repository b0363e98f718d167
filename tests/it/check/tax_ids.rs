//! Tax ids: one code for a cell, with what a person needs to decide.
//! The digits themselves are tested in `domain`.

use super::*;
use Severity::{Error, Hold, Info, Warning};

const NUMBER: fn(&str) -> Cell = |digits| number(digits.parse().unwrap());

fn company(tax_id: Cell) -> Client {
    with(enterprise(1), &[(Field::TaxId, tax_id)])
}

fn home(tax_id: Cell) -> Client {
    with(household(1), &[(Field::TaxId, tax_id)])
}

#[test]
fn public_tax_ids_of_enterprises_are_accepted_without_a_word() {
    for (written, stored) in [
        ("0101243150", "0101243150"),
        ("0100109106", "0100109106"),
        ("0100684378", "0100684378"),
        ("0104128565", "0104128565"),
        ("0102182292", "0102182292"),
        ("0101360697", "0101360697"),
        ("0100112437", "0100112437"),
        ("0100150619", "0100150619"),
        ("0100230800", "0100230800"),
        ("0300588569", "0300588569"),
        ("0301883398", "0301883398"),
        ("0316794479", "0316794479"),
        ("8037630690", "8037630690"),
        ("1190003456", "1190003456"),
        ("0100109106066", "0100109106-066"),
        ("0100111948-110", "0100111948-110"),
        ("0314409058-002", "0314409058-002"),
        ("0312 68 78 78 - 001", "0312687878-001"),
        ("01.00.112.437", "0100112437"),
        ("0100112437.0", "0100112437"),
        ("'0101243150", "0101243150"),
    ] {
        let said = says(&World::default(), company(text(written)), &[]);
        assert_eq!(said.client(0).tax_id.as_str(), stored);
    }
}

#[test]
fn a_wrong_tax_id_has_one_code_with_its_place_and_value() {
    for (written, name) in [
        ("0100233480", "tax_id.checksum"),
        ("0123456789", "tax_id.checksum"),
        ("0107654321", "tax_id.checksum"),
        ("0100000008", "tax_id.malformed"),
        ("0314409058-000", "tax_id.malformed"),
        ("VV34567890", "tax_id.malformed"),
        ("0101243150 / 0100109106", "tax_id.malformed"),
        ("12345", "tax_id.length"),
        ("03002802384", "tax_id.length"),
        ("0100112571001001", "tax_id.length"),
        ("1052380000000", "tax_id.malformed"),
        ("1.00112E+11", "tax_id.digits_lost"),
        ("1,00112E+11", "tax_id.digits_lost"),
        ("", "tax_id.missing"),
        ("chưa có", "tax_id.missing"),
    ] {
        for world in [World::default(), World::csv()] {
            let said = says(&world, company(text(written)), &[(name, Error)]);
            let finding = said.only();
            let place = (finding.place.row, finding.place.column.as_deref(), finding.place.field);
            assert_eq!(place, (Some(2), Some("B"), Some(Field::TaxId)), "{written}");
            let value = (name != "tax_id.missing").then_some(written);
            assert_eq!(
                (finding.value.as_deref(), &finding.suggestion),
                (value, &None),
                "{written}"
            );
        }
    }
}

#[test]
fn a_lost_zero_comes_back_by_check_digit_or_number_format_and_is_said() {
    for (cell, value, stored) in [
        (text("101243150"), "101243150", "0101243150"),
        (NUMBER("101243150"), "101243150", "0101243150"),
        (NUMBER("100112437062"), "100112437062", "0100112437-062"),
        (formatted(101_243_150.0, "0000000000"), "101243150", "0101243150"),
        (formatted(101_243_150.0, "0#########"), "101243150", "0101243150"),
    ] {
        let said = says(&World::default(), company(cell), &[("tax_id.zero_restored", Info)]);
        let finding = said.only();
        assert_eq!(finding.value.as_deref(), Some(value));
        assert_eq!(finding.suggestion.as_deref(), Some(stored));
        assert_eq!(said.client(0).tax_id.as_str(), stored);
    }
    says(&World::default(), company(NUMBER("101243151")), &[("tax_id.length", Error)]);
    says(&World::default(), company(NUMBER("1e16")), &[("tax_id.digits_lost", Error)]);
    let kept = formatted(8_037_630_690.0, "0000000000");
    says(&World::default(), company(kept), &[]);
}

#[test]
fn personal_ids_belong_to_households() {
    for id in ["087084000999", "001190003456", "079301123456"] {
        says(&World::default(), home(text(id)), &[]);
        says(&World::default(), company(text(id)), &[("tax_id.wrong_kind", Error)]);
    }
    let padded = formatted(1_190_003_456.0, "000000000000");
    let said = says(&World::default(), home(padded), &[("tax_id.zero_restored", Info)]);
    assert_eq!(said.only().value.as_deref(), Some("1190003456"));
    assert_eq!(said.client(0).tax_id.as_str(), "001190003456");
    says(&World::default(), home(text("003190003456")), &[("tax_id.unknown_province", Warning)]);
    // Of two things the first in the contract's order.
    says(&World::default(), company(text("003190003456")), &[("tax_id.wrong_kind", Error)]);
}

#[test]
fn the_former_tax_id_of_a_household_is_accepted_with_a_warning_since_july_2025() {
    let wrong_kind = [("tax_id.wrong_kind", Warning)];
    for id in ["8037630690", "8463763902", "0100109106-066"] {
        says(&World::default(), home(text(id)), &wrong_kind);
        says(&World::csv(), home(text(id)), &wrong_kind);
    }
    // In a text cell nothing was lost.
    says(&World::default(), home(text("1190003456")), &wrong_kind);
    // A zero that came back is no second code.
    let said = says(&World::default(), home(NUMBER("101243150")), &wrong_kind);
    assert_eq!(said.only().suggestion.as_deref(), Some("0101243150"));
    let before = World { today: day("2025-06-30"), ..World::default() };
    let said = before.check(&[home(text("8037630690"))]);
    assert!(!said.names().contains(&"tax_id.wrong_kind".to_owned()));
}

#[test]
fn a_household_number_that_may_be_a_person_without_zeros_is_held_as_it_stands() {
    let ambiguous = [("tax_id.ambiguous", Hold)];
    for (world, cell) in
        [(World::default(), NUMBER("1190003456")), (World::csv(), text("1190003456"))]
    {
        let said = says(&world, home(cell), &ambiguous);
        assert_eq!(said.only().suggestion.as_deref(), Some("001190003456"));
        assert_eq!(said.client(0).tax_id.as_str(), "1190003456");
    }
    says(&World::csv(), company(text("1190003456")), &[]);
    says(&World::csv(), home(text("8037630690")), &[("tax_id.wrong_kind", Warning)]);
    says(&World::csv(), home(text("1190003457")), &[("tax_id.checksum", Error)]);
}

#[test]
fn eleven_digits_of_a_household_may_lack_a_zero_and_nothing_proves_it() {
    let length = [("tax_id.length", Error)];
    let said = says(&World::default(), home(NUMBER("79301123456")), &length);
    assert_eq!(said.only().suggestion.as_deref(), Some("079301123456"));
    let said = says(&World::default(), home(text("99301123456")), &length);
    assert_eq!(said.only().suggestion, None);
    let said = says(&World::default(), company(NUMBER("79301123456")), &length);
    assert_eq!(said.only().suggestion, None);
}

#[test]
fn other_tax_ids_of_a_row_are_read_too() {
    for field in [Field::OldTaxId, Field::InvoiceTaxId] {
        let wrong = with(enterprise(1), &[(field, text("0100233480"))]);
        says(&World::default(), wrong, &[(&format!("{field}.malformed"), Error)]);
        let right = with(enterprise(1), &[(field, text("0100112437"))]);
        says(&World::default(), right, &[]);
    }
    let zero = with(enterprise(1), &[(Field::OldTaxId, NUMBER("101243150"))]);
    let said = says(&World::default(), zero, &[("tax_id.zero_restored", Info)]);
    assert_eq!(said.only().place.field, Some(Field::OldTaxId));
    assert_eq!(said.client(0).old_tax_id.as_ref().unwrap().as_str(), "0101243150");
}
