//! What is put right with proof, and what is not: old encodings, merged cells, dates, phones, e-mails, formulas.
//! The parsers themselves are tested in `domain`.

use super::*;
use Severity::{Error, Info};
use hangloat::{
    db::rows::RowKind,
    domain::{legacy::Legacy, sheet::Merge},
    flow::map::fields,
};

const TCVN3: [(&str, &str); 4] = [
    ("C«ng ty TNHH Th\u{AD}¬ng m¹i Hßa B×nh", "Công ty TNHH Thương mại Hòa Bình"),
    ("Hîp t¸c x· N«ng nghiÖp", "Hợp tác xã Nông nghiệp"),
    ("Sè 5", "Số 5"),
    ("Cty ABC Trading", "Cty ABC Trading"),
];

fn named(names: &[&str]) -> Vec<Client> {
    let client =
        |(number, name): (u32, &&str)| with(enterprise(number), &[(Field::Name, text(name))]);
    (1..).zip(names).map(client).collect()
}

fn column(said: &Said, field: Field) -> &hangloat::db::rows::Column {
    let columns = &said.mapped.tables[0].columns;
    columns.iter().find(|column| column.field == Some(field)).unwrap()
}

#[test]
fn a_column_in_an_old_encoding_is_recoded_where_all_of_it_agrees() {
    let said = World::default().check(&named(&TCVN3.map(|(written, _)| written)));
    assert_eq!(column(&said, Field::Name).legacy, Some(Legacy::Tcvn3));
    for (at, (written, meant)) in TCVN3.iter().enumerate() {
        assert_eq!(said.client(at).name, *meant);
        let row = u32::try_from(at).unwrap() + 2;
        let recoded = said.all().find(|finding| finding.place.row == Some(row));
        let words =
            recoded.map(|f| (f.name(), f.value.clone().unwrap(), f.suggestion.clone().unwrap()));
        let expected = ("text.recoded".to_owned(), (*written).to_owned(), (*meant).to_owned());
        assert_eq!(words, (written != meant).then_some(expected));
    }
    let table = &said.mapped.tables[0];
    let row = table.rows.iter().find(|row| row.number == 2).unwrap();
    assert_eq!(row.cells[0], text(TCVN3[0].0), "the cells stay as they are");
    let fields = fields(table, row, &catalogue().columns);
    assert_eq!(fields.get(Field::Name).unwrap().shown(), TCVN3[0].1);
}

#[test]
fn each_old_encoding_is_known() {
    for (legacy, name) in [
        (Legacy::Vni, "Coâng ty TNHH Thöông maïi Hoøa Bình"),
        (Legacy::Utf8, "CÃ´ng ty TNHH ThÆ°Æ¡ng máº¡i HÃ²a BÃ¬nh"),
        (Legacy::Windows1258, "Công ty TNHH Thýõng maòi HoÌa BiÌnh"),
    ] {
        let said = World::default().check(&named(&[name]));
        assert_eq!(column(&said, Field::Name).legacy, Some(legacy));
        assert_eq!(said.client(0).name, "Công ty TNHH Thương mại Hòa Bình");
    }
}

#[test]
fn a_mixed_column_is_not_recoded_and_its_garbled_cells_are_said() {
    let said = World::default().check(&named(&["Công ty Hưng Thịnh", TCVN3[0].0]));
    assert_eq!(column(&said, Field::Name).legacy, None);
    assert_eq!(said.of_row(2), Vec::<String>::new());
    assert_eq!(said.of_row(3), ["name.malformed error"]);
    assert_eq!(said.finding("name.malformed").suggestion.as_deref(), Some(TCVN3[0].1));
    said_of(Field::Name, "Công ty H\u{FFFD}ng", "name.malformed", Error);
}

#[test]
fn names_of_other_languages_and_right_vietnamese_are_left_alone() {
    for name in ["Café Müller GmbH", "Hélène Loïc", "Công ty Tô Bá", "L’Oréal Hà Nội", "Hoà Bình"]
    {
        let said = says(&World::default(), one(Field::Name, text(name)), &[]);
        assert_eq!(said.client(0).name, name);
    }
    let said = says(
        &World::default(),
        one(Field::Address, text("\u{D0}à Nẵng")),
        &[("text.normalised", Info)],
    );
    assert_eq!(said.client(0).address.as_deref(), Some("Đà Nẵng"));
}

#[test]
fn values_and_headers_are_understood_through_their_old_encoding() {
    let row = one(Field::VatMethod, text("KhÊu trõ"));
    let said = says(&World::default(), row, &[("text.recoded", Info)]);
    assert_eq!(said.client(0).vat_method.as_str(), "deduction");

    let header = ["Tªn kh¸ch hµng", "M· sè thuÕ", "§Þa chØ", "Ng\u{AD}êi ®¹i diÖn"];
    let said =
        World::default().sheets(vec![sheet("DS", &[&header, &["A", "0101243150", "B", "C"]])]);
    let fields: Vec<_> = said.mapped.tables[0].columns.iter().map(|column| column.field).collect();
    let expected = [Field::Name, Field::TaxId, Field::Address, Field::Representative];
    assert_eq!(fields, expected.map(Some));
}

/// The cells of one column from row 2 on are one.
fn merged(clients: &[Client], field: Field, rows: (u32, u32)) -> Sheet {
    let at = Field::ALL.iter().position(|known| *known == field).unwrap();
    let index = u32::try_from(at).unwrap();
    let mut sheet = list(clients);
    sheet.layout.merges.push(Merge {
        first_row: rows.0,
        last_row: rows.1,
        first_column: index,
        last_column: index,
    });
    sheet
}

#[test]
fn a_merged_cell_holds_for_its_rows_in_fields_of_orders_and_types() {
    for field in [Field::Package, Field::CustomerType, Field::VatMethod, Field::Regime] {
        let rows =
            [enterprise(1), without(enterprise(2), &[field]), without(enterprise(3), &[field])];
        let said = World::default().sheets(vec![merged(&rows, field, (2, 3))]);
        assert_eq!(said.of_row(2), Vec::<String>::new());
        assert_eq!(said.of_row(3), ["cell.merged_filled info"], "{field}");
        let finding = said.finding("cell.merged_filled");
        let value = rows[0][&field].text().into_owned();
        assert_eq!((finding.value.as_ref(), finding.suggestion.as_ref()), (None, Some(&value)));
        assert_eq!(said.states()[1], RowState::Accepted);
        assert!(!said.of_row(4).contains(&"cell.merged_filled info".to_owned()));
    }
}

#[test]
fn a_merged_name_or_tax_id_is_nobody_elses() {
    for field in [Field::Name, Field::TaxId, Field::Email, Field::Phone] {
        let rows = [enterprise(1), without(enterprise(2), &[field])];
        let said = World::default().sheets(vec![merged(&rows, field, (2, 3))]);
        assert_eq!(said.of_row(3), [format!("{field}.missing error")]);
    }
}

#[test]
fn a_formula_without_its_value_is_an_error_in_a_field_alone() {
    let said = says(
        &World::default(),
        one(Field::Name, Cell::NoValue),
        &[("cell.no_cached_value", Error)],
    );
    assert_eq!(said.only().value, None);
    let mut sheet = list(&[enterprise(1)]);
    sheet.rows[1].cells.push(Cell::NoValue);
    let said = World::default().sheets(vec![sheet]);
    assert_eq!(said.of_row(2), ["cell.no_cached_value info"]);
    let mut sheet = list(&[enterprise(1)]);
    sheet.rows[1].cells = vec![Cell::NoValue; 12];
    let said = World::default().sheets(vec![sheet]);
    assert_eq!(said.mapped.tables[0].rows[1].kind, RowKind::Data);
}

fn started(cell: Cell) -> Client {
    one(Field::BooksStart, cell)
}

#[test]
fn dates_are_read_from_cells_numbers_and_texts() {
    says(&World::default(), started(date("2026-04-01")), &[]);
    for cell in [
        number(46113.0),
        text("46113"),
        text("1/4/26"),
        text("01.04.2026"),
        text("2026-04-01"),
        text("01/04/2026 00:00:00"),
        text("01-Apr-2026"),
    ] {
        let said = says(&World::default(), started(cell), &[("date.from_text", Info)]);
        assert_eq!(said.client(0).books_start, day("2026-04-01"));
        assert_eq!(said.only().suggestion.as_deref(), Some("01/04/2026"));
    }
    let mut sheet = list(&[started(number(44651.0))]);
    sheet.layout.from_1904 = true;
    let said = World::default().sheets(vec![sheet]);
    assert_eq!(said.client(0).books_start, day("2026-04-01"));
}

#[test]
fn a_column_is_month_first_where_one_cell_proves_it_and_none_is_against() {
    let rows = |texts: [&str; 2]| {
        [1, 2].map(|at: u32| {
            let start = text(texts[usize::try_from(at).unwrap() - 1]);
            with(enterprise(at), &[(Field::BooksStart, start)])
        })
    };
    let said = World::default().check(&rows(["04/05/2026", "04/15/2026"]));
    assert!(column(&said, Field::BooksStart).month_first);
    assert_eq!(said.client(0).books_start, day("2026-04-05"));
    let said = World::default().check(&rows(["04/05/2026", "15/04/2026"]));
    assert_eq!(said.client(0).books_start, day("2026-05-04"));
    let said = World::default().check(&rows(["15/04/2026", "04/15/2026"]));
    assert!(!column(&said, Field::BooksStart).month_first);
    assert_eq!(said.of_row(3), ["books_start.malformed error"]);
    assert_eq!(said.finding("books_start.malformed").suggestion.as_deref(), Some("15/04/2026"));
}

#[test]
fn a_fiscal_year_may_stand_as_two_years_or_as_its_first_day() {
    for (cell, year) in [
        (text("2026-2027"), 2026),
        (text("2025/2026"), 2025),
        (date("2026-01-01"), 2026),
        (text("01/01/2026"), 2026),
        // 2026 in a column that shows dates.
        (date("1905-07-18"), 2026),
    ] {
        let regime = if year == 2025 { "TT200" } else { "TT99" };
        let row = with(one(Field::FiscalYear, cell), &[(Field::Regime, text(regime))]);
        let said = says(&World::default(), row, &[("text.normalised", Info)]);
        assert_eq!(said.client(0).fiscal_year.year(), year);
        assert_eq!(said.only().suggestion, Some(year.to_string()));
    }
    for cell in [date("2026-12-31"), date("2026-10-01"), text("31/12/2026")] {
        let row = one(Field::FiscalYear, cell);
        let said = says(&World::default(), row, &[("fiscal_year.malformed", Error)]);
        assert_eq!(said.only().suggestion.as_deref(), Some("2026"));
    }
}

#[test]
fn of_several_phones_the_only_one_that_fits_is_taken() {
    for written in
        ["024 3825 1234 / 0912345678", "0912345678; 0912.345.678", "０９１２３４５６７８"]
    {
        let said = said_of(Field::Phone, written, "text.normalised", Info);
        assert_eq!(said.client(0).phone.as_str(), "+84912345678");
        assert_eq!(said.only().suggestion.as_deref(), Some("0912 345 678"));
    }
    for (written, suggestion) in [
        ("0909123456/ 0903123456", Some("0909 123 456")),
        ("0909123456 hoặc 0903123456", Some("0909 123 456")),
        ("0912345678 (chị Lan)", Some("0912 345 678")),
        ("O9l2345678", Some("0912 345 678")),
        ("fax:8535638", None),
    ] {
        let said = said_of(Field::Phone, written, "phone.malformed", Error);
        assert_eq!(said.only().suggestion.as_deref(), suggestion, "{written}");
    }
    said_of(Field::ContactPhone, "024 3825 1234 / 0912345678", "contact_phone.malformed", Error);
}

#[test]
fn an_email_is_freed_from_what_stands_around_it() {
    for field in [Field::Email, Field::RecipientEmail, Field::InvoiceEmail] {
        for written in ["Lan <lan@x.vn>", "mailto:lan@x.vn", "lan @x.vn", "lan＠x.vn", "lan@x.vn;"]
        {
            let said = said_of(field, written, "text.normalised", Info);
            assert_eq!(said.only().suggestion.as_deref(), Some("lan@x.vn"));
        }
        let name = format!("{field}.malformed");
        let said = said_of(field, "lan@x.vn; hoa@x.vn", &name, Error);
        assert_eq!(said.only().suggestion.as_deref(), Some("lan@x.vn"));
        said_of(field, "l\u{430}n@x.vn", &name, Error);
    }
}

#[test]
fn a_tax_id_among_other_things_is_suggested_and_a_fraction_is_none() {
    let said = said_of(Field::TaxId, "MST: 0101243150", "tax_id.malformed", Error);
    assert_eq!(said.only().suggestion.as_deref(), Some("0101243150"));
    said_of(Field::TaxId, "101243150.5", "tax_id.malformed", Error);
    for odd in [101_243_150.5, -101_243_150.0] {
        let row = one(Field::TaxId, number(odd));
        says(&World::default(), row, &[("tax_id.malformed", Error)]);
    }
    let said = said_of(Field::TaxId, "０１０１２４３１５０", "text.normalised", Info);
    assert_eq!(said.client(0).tax_id.as_str(), "0101243150");
}
