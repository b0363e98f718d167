//! Headers and words of the table, as lists have them.

use super::*;

#[test]
fn a_tick_of_any_kind_chooses_a_row_and_a_question_mark_is_no_answer() {
    let text = include_str!("../../../jobs/catalogue/columns.toml");
    let columns = read(text).unwrap();
    for yes in ["x", "X", "✓", "Có", "1", "TRUE", "x "] {
        assert!(columns.says_yes(yes) && !columns.says_no(yes), "{yes}");
    }
    for no in ["", " ", "-", "không", "chưa", "0"] {
        assert!(columns.says_no(no) && !columns.says_yes(no), "{no}");
    }
    for unclear in ["?", "để hỏi lại", "✗"] {
        assert!(!columns.says_no(unclear) && !columns.says_yes(unclear), "{unclear}");
    }
}

fn read(text: &str) -> Result<Columns, ConfigError> {
    let mut wrong = Vec::new();
    let columns = Columns::read(&Source::new("columns.toml", text), &mut wrong);
    wrong.into_iter().next().map_or_else(|| Ok(columns.unwrap()), Err)
}

fn built_in() -> Columns {
    read(crate::catalogue::BUILT_IN[2].1).unwrap()
}

#[test]
fn a_header_names_its_field_however_it_is_written() {
    let columns = built_in();
    for header in ["Mã số thuế (*)", "MST", "tax_id", "TAX CODE", "ma so\nthue"] {
        assert_eq!(columns.field(header), Some(Field::TaxId), "{header}");
    }
    assert_eq!(columns.field("Mã số thuế và tên"), None);
    assert_eq!(columns.field(""), None);
    assert!(columns.is_ignored("STT") && columns.is_ignored("#") && !columns.is_ignored("MST"));
}

#[test]
fn what_a_firm_said_of_a_header_goes_over_the_catalogue() {
    let said = [("Ghi chú / Mã", Some(Field::ExternalId)), ("Di động", None)];
    let columns = built_in().remembering(said);
    assert_eq!(columns.field("GHI CHU/MA"), Some(Field::ExternalId));
    assert_eq!((columns.field("Di động"), columns.is_ignored("di dong")), (None, true));
    assert_eq!(columns.synonym("di dong"), Some(Field::Phone));
    assert_eq!(columns.field("MST"), Some(Field::TaxId));
}

#[test]
fn a_value_is_understood_and_shown_in_both_languages() {
    let columns = built_in();
    for text in ["Khấu trừ", "khau tru", "deduction", "PP khấu trừ"] {
        assert_eq!(columns.value(Field::VatMethod, text), Some("deduction"), "{text}");
    }
    assert_eq!(columns.value(Field::VatMethod, "Không"), Some("none"));
    assert_eq!(columns.value(Field::VatMethod, "abc"), None);
    assert_eq!(columns.value(Field::Name, "deduction"), None);
    let shown = |locale| columns.display(Field::VatMethod, "deduction", locale);
    assert_eq!((shown(Locale::Vi), shown(Locale::En)), ("Khấu trừ", "Deduction"));
    assert_eq!(columns.header(Field::TaxId, Locale::Vi), "Mã số thuế");
    assert_eq!(columns.header(Field::TaxId, Locale::En), "Tax code");
    assert_eq!(columns.values(Field::CustomerType), ["enterprise", "household"]);
}

#[test]
fn every_field_and_value_of_the_built_in_table_is_shown_in_both_languages() {
    let columns = built_in();
    for field in Field::ALL {
        for locale in [Locale::Vi, Locale::En] {
            let header = columns.header(*field, locale);
            assert_eq!(columns.field(header), Some(*field), "{header}");
            for value in columns.values(*field) {
                let shown = columns.display(*field, value, locale);
                assert_eq!(columns.value(*field, shown), Some(value), "{shown}");
            }
        }
    }
}

#[test]
fn a_cell_of_signs_means_nothing() {
    let columns = built_in();
    for text in ["-", ".", "", "Không có", "N/A", " -- "] {
        assert!(columns.means_nothing(text), "{text}");
    }
    assert!(!columns.means_nothing("Không") && !columns.means_nothing("0"));
}

#[test]
fn a_synonym_under_two_names_is_told_where_it_stands() {
    let check = |text: &str, expected: &str| {
        assert_eq!(read(text).unwrap_err().to_string(), expected);
    };
    check(
        "[headers]\ntax_id = ['MST']\naddress = ['Địa chỉ', 'mst']",
        "columns.toml:3:23: `mst` is a header of address and of tax_id",
    );
    check(
        "[headers]\nemail = ['Phone']",
        "columns.toml:2:10: `Phone` is a header of email and of phone",
    );
    check(
        "[headers]\n[values.vat_method]\nnone = ['KT']\ndeduction = ['KT']",
        "columns.toml:3:9: `KT` means none and deduction",
    );
    check(
        "[headers]\n[ignored]\nheaders = ['Email']",
        "columns.toml:3:12: `Email` is a header of email already",
    );
    check("[headers]\n[values.name]\n", "columns.toml:2:9: `name` has no closed set of values");
}

#[test]
fn an_unknown_field_or_value_is_told_with_the_nearest() {
    let error = read("[headers]\ntax_ids = []").unwrap_err();
    assert_eq!(
        (error.place.as_str(), error.fix.as_deref()),
        ("columns.toml:2:1", Some("did you mean `tax_id`?"))
    );
    let error = read("[headers]\n[values.kind]\npurchaes = []").unwrap_err();
    assert_eq!(
        (error.place.as_str(), error.fix.as_deref()),
        ("columns.toml:3:1", Some("did you mean `purchase`?"))
    );
}
