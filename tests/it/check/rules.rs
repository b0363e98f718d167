//! Every rule of the shipped tables, for each customer type, on both sides of each date that decides.
//! How values are written, and what else is said of them, is tested beside it.

use super::*;

type Make = fn(u32) -> Client;

const NEW_YEAR_S_EVE: &str = "2025-12-31";
const NEW_YEAR: &str = "2026-01-01";

/// What the rules object to in a row, of all that is said of it: packages were not on sale at all times.
fn objections(client: Client, today: &str) -> Vec<String> {
    let world = World { today: day(today), ..World::default() };
    let said = world.check(&[client]);
    let is_rule = |said: &&String| {
        ["regime.", "vat_method.", "fiscal_year_start.", "books_start.", "tax_id."]
            .iter()
            .any(|field| said.starts_with(field))
    };
    said.of_row(2).iter().filter(is_rule).cloned().collect()
}

fn in_year(make: Make, start: &str) -> Client {
    let cells = [(Field::FiscalYear, text(&start[..4])), (Field::FiscalYearStart, date(start))];
    with(make(1), &cells)
}

#[test]
fn a_regime_is_allowed_by_the_start_of_the_fiscal_year_whatever_the_order_s_date() {
    let enterprises: &[(&str, &[&str])] = &[
        ("2025-01-01", &["TT200", "TT133", "TT132"]),
        ("2025-10-01", &["TT200", "TT133", "TT132"]),
        ("2026-01-01", &["TT99", "TT133", "TT132"]),
        ("2026-04-01", &["TT99", "TT133", "TT132"]),
        ("2026-10-01", &["TT99", "TT133", "TT132"]),
        ("2027-01-01", &["TT99", "TT133", "TT132"]),
    ];
    let households: &[(&str, &[&str])] =
        &[("2025-01-01", &["TT88"]), ("2026-01-01", &["TT152"]), ("2027-01-01", &["TT152"])];
    let all = [(enterprise as Make, enterprises), (household as Make, households)];
    for (make, years) in all {
        for (start, allowed) in years {
            for regime in ["TT99", "TT133", "TT132", "TT200", "TT152", "TT88"] {
                for today in [NEW_YEAR_S_EVE, NEW_YEAR, "2026-11-22"] {
                    let row = with(in_year(make, start), &[(Field::Regime, text(regime))]);
                    let row = if start.ends_with("01-01") {
                        without(row, &[Field::FiscalYearStart])
                    } else {
                        row
                    };
                    let expected: &[&str] =
                        if allowed.contains(&regime) { &[] } else { &["regime.not_allowed error"] };
                    assert_eq!(objections(row, today), expected, "{regime} {start} {today}");
                }
            }
        }
    }
}

#[test]
fn a_vat_method_is_allowed_by_the_customer_type() {
    for (make, refused) in [(enterprise as Make, &[][..]), (household as Make, &["deduction"][..])]
    {
        for method in ["deduction", "direct_revenue", "direct_value_added", "none"] {
            for today in ["2025-06-30", "2025-07-01", NEW_YEAR_S_EVE, NEW_YEAR, "2026-11-22"] {
                let row = with(make(1), &[(Field::VatMethod, text(method))]);
                let said = objections(row, today);
                let is_refused = said == ["vat_method.not_allowed error"];
                assert_eq!(is_refused, refused.contains(&method), "{method} {today} {said:?}");
                assert!(is_refused || said.is_empty(), "{said:?}");
            }
        }
    }
}

#[test]
fn a_fiscal_year_of_an_enterprise_starts_with_a_quarter_and_that_of_a_household_with_the_year() {
    let no = "fiscal_year_start.not_allowed error";
    for (make, start, said) in [
        (enterprise as Make, "2026-01-01", None),
        (enterprise, "2026-04-01", None),
        (enterprise, "2026-07-01", None),
        (enterprise, "2026-10-01", None),
        (enterprise, "2025-10-01", None),
        (enterprise, "2026-02-01", Some(no)),
        (enterprise, "2026-01-02", Some(no)),
        (enterprise, "2026-12-31", Some(no)),
        (household, "2026-01-01", None),
        (household, "2026-04-01", Some(no)),
        (household, "2026-07-01", Some(no)),
        (household, "2026-10-01", Some(no)),
    ] {
        let row = in_year(make, start);
        let row =
            if start == "2025-10-01" { with(row, &[(Field::Regime, text("TT200"))]) } else { row };
        assert_eq!(objections(row, "2026-11-22"), Vec::from_iter(said), "{start}");
    }
    let world = World::default();
    let start =
        |make: Make| world.check(&[with(make(1), &[(Field::FiscalYearStart, date("2026-02-01"))])]);
    let allowed = |said: &Said| said.detail("fiscal_year_start.not_allowed", "allowed").to_owned();
    assert_eq!(allowed(&start(enterprise)), "01/01, 01/04, 01/07, 01/10");
    assert_eq!(allowed(&start(household)), "01/01");
}

#[test]
fn books_begin_within_the_fiscal_year() {
    let no = "books_start.not_allowed error";
    for (start, books, said) in [
        ("2026-01-01", "2026-01-01", None),
        ("2026-01-01", "2026-12-31", None),
        ("2026-01-01", "2025-12-31", Some(no)),
        ("2026-01-01", "2027-01-01", Some(no)),
        ("2026-10-01", "2027-09-30", None),
        ("2026-10-01", "2027-10-01", Some(no)),
        ("2026-10-01", "2026-09-30", Some(no)),
    ] {
        let row = with(in_year(enterprise, start), &[(Field::BooksStart, date(books))]);
        assert_eq!(objections(row, "2026-11-22"), Vec::from_iter(said), "{start} {books}");
    }
}

#[test]
fn which_kind_of_tax_id_a_client_has_depends_on_its_type_and_the_order_s_date() {
    const ORGANISATION: &str = "0101243150";
    const FORMER: &str = "8037630690";
    const BRANCH: &str = "0100111948-110";
    const PERSON: &str = "079301123456";
    let (error, warning) = ("tax_id.wrong_kind error", "tax_id.wrong_kind warning");
    for (make, tax_id, before, since) in [
        (enterprise as Make, ORGANISATION, None, None),
        (enterprise, BRANCH, None, None),
        (enterprise, PERSON, Some(error), Some(error)),
        (household, PERSON, None, None),
        (household, FORMER, None, Some(warning)),
        (household, ORGANISATION, None, Some(warning)),
        (household, BRANCH, None, Some(warning)),
    ] {
        let row = || with(make(1), &[(Field::TaxId, text(tax_id))]);
        let says = |today: &str| {
            let said = objections(row(), today);
            said.into_iter().filter(|said| said.starts_with("tax_id.")).collect::<Vec<_>>()
        };
        for (today, expected) in
            [("2025-06-30", before), ("2025-07-01", since), ("2026-11-22", since)]
        {
            assert_eq!(says(today), Vec::from_iter(expected), "{tax_id} {today}");
        }
    }
}

#[test]
fn a_fiscal_year_is_bought_from_the_year_before_to_the_year_after_the_order() {
    for (today, years) in [(NEW_YEAR_S_EVE, [2024, 2025, 2026]), (NEW_YEAR, [2025, 2026, 2027])] {
        for (make, year) in [enterprise as Make, household]
            .into_iter()
            .flat_map(|make| (2023..2029).map(move |year: i32| (make, year)))
        {
            let world = World { today: day(today), ..World::default() };
            let row = with(make(1), &[(Field::FiscalYear, text(&year.to_string()))]);
            let is_out =
                world.check(&[row]).names().contains(&"fiscal_year.out_of_range".to_owned());
            assert_eq!(is_out, !years.contains(&year), "{year} on {today}");
        }
    }
}

#[test]
fn what_the_table_requires_of_a_type_is_missing_where_a_row_leaves_it_out() {
    let rules = &catalogue().rules;
    for (make, customer_type) in [
        (enterprise as Make, hangloat::domain::client::CustomerType::Enterprise),
        (household, hangloat::domain::client::CustomerType::Household),
    ] {
        assert_eq!(rules.required(customer_type).len(), 9);
        for field in rules.required(customer_type) {
            let said = World::default().check(&[without(make(1), &[*field])]);
            let missing = format!("{field}.missing");
            assert_eq!(said.names().iter().filter(|name| **name == missing).count(), 1, "{field}");
        }
    }
}
