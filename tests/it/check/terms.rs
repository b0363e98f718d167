//! What is bought for which fiscal year, and how books are kept in it.
//! The rules themselves are data of the shipped catalogue.

use super::*;
use Severity::{Error, Info};

type Make = fn(u32) -> Client;

#[test]
fn methods_and_regimes_are_those_of_the_customer_type() {
    let yes: &[(&str, Make, &[&str])] = &[
        ("vat_method", enterprise, &["Khấu trừ", "KT", "TT", "Tỷ lệ %", "TTGTGT", "KCT", "Không"]),
        ("vat_method", household, &["Trực tiếp", "Trên giá trị gia tăng", "Không chịu thuế"]),
        ("regime", enterprise, &["TT99", "99/2025", "133", "TT 132/2018/TT-BTC"]),
        ("regime", household, &["TT152", "Thông tư 152", "152/2025/TT-BTC"]),
    ];
    for (field, client, values) in yes {
        for value in *values {
            let row = with(client(1), &[(field.parse().unwrap(), text(value))]);
            says(&World::default(), row, &[]);
        }
    }
    let no: &[(&str, Make, &str, &str)] = &[
        (
            "vat_method",
            household,
            "Khấu trừ",
            "Trực tiếp trên doanh thu, Trực tiếp trên GTGT, Không",
        ),
        ("regime", household, "TT133", "TT152"),
        ("regime", household, "TT88", "TT152"),
        ("regime", enterprise, "TT200", "TT99, TT133, TT132"),
        ("regime", enterprise, "TT152", "TT99, TT133, TT132"),
    ];
    for (field, client, value, allowed) in no {
        let name = format!("{field}.not_allowed");
        let row = with(client(1), &[(field.parse().unwrap(), text(value))]);
        let said = says(&World::default(), row, &[(&name, Error)]);
        assert_eq!(said.detail(&name, "allowed"), *allowed);
    }
    for (field, value) in [(Field::Regime, "QĐ48"), (Field::VatMethod, "khoán")] {
        said_of(field, value, &format!("{field}.unknown"), Error);
    }
    let numbered = with(enterprise(1), &[(Field::Regime, number(133.0))]);
    says(&World::default(), numbered, &[]);
}

#[test]
fn the_start_of_the_fiscal_year_decides_on_the_regime() {
    let row = |year: &str, start: &str, regime: &str| {
        with(
            enterprise(1),
            &[
                (Field::FiscalYear, text(year)),
                (Field::FiscalYearStart, date(start)),
                (Field::Regime, text(regime)),
            ],
        )
    };
    let not_allowed = [("regime.not_allowed", Error)];
    says(&World::default(), row("2025", "2025-10-01", "TT200"), &[]);
    says(&World::default(), row("2025", "2025-10-01", "TT99"), &not_allowed);
    says(&World::default(), row("2026", "2026-01-01", "TT99"), &[]);
    says(&World::default(), row("2026", "2026-01-01", "TT200"), &not_allowed);
    let without_start =
        with(enterprise(1), &[(Field::FiscalYear, text("2025")), (Field::Regime, text("TT200"))]);
    says(&World::default(), without_start, &[]);
    let tt88 =
        with(household(1), &[(Field::FiscalYear, text("2025")), (Field::Regime, text("TT88"))]);
    says(&World::default(), tt88, &[]);
}

#[test]
fn a_fiscal_year_is_one_year_on_sale() {
    for (cell, year) in [
        (number(2026.0), 2026),
        (text("2026.0"), 2026),
        (text("NTC 2027"), 2027),
        (text("Năm 2025"), 2025),
    ] {
        let said = says(&World::default(), one(Field::FiscalYear, cell), &[]);
        assert_eq!(said.client(0).fiscal_year.year(), year);
    }
    for written in ["2025-2027", "26", "nay", "2026/2026", "20260"] {
        said_of(Field::FiscalYear, written, "fiscal_year.malformed", Error);
    }
    for written in ["2024", "2028"] {
        let said = said_of(Field::FiscalYear, written, "fiscal_year.out_of_range", Error);
        assert_eq!(said.detail("fiscal_year.out_of_range", "allowed"), "2025, 2026, 2027");
    }
    let defaults = World::default().set(&["fiscal_year=2031"]);
    let row = without(enterprise(1), &[Field::FiscalYear]);
    let said = says(&defaults, row, &[("fiscal_year.out_of_range", Error)]);
    assert_eq!(said.only().value.as_deref(), Some("2031"));
}

#[test]
fn a_fiscal_year_starts_with_a_quarter() {
    for start in ["2026-02-01", "2026-01-02", "2026-12-31"] {
        let row = one(Field::FiscalYearStart, date(start));
        let said = says(&World::default(), row, &[("fiscal_year_start.not_allowed", Error)]);
        assert_eq!(said.only().value.as_deref(), Some(start));
    }
    said_of(Field::FiscalYearStart, "đầu năm", "fiscal_year_start.malformed", Error);
    said_of(Field::FiscalYearStart, "31/13/2026", "fiscal_year_start.malformed", Error);
}

#[test]
fn a_start_in_another_year_is_a_warning_at_the_year() {
    let row = one(Field::FiscalYearStart, date("2025-10-01"));
    let said = says(&World::default(), row, &[("fiscal_year.differs", Severity::Warning)]);
    let finding = said.only();
    assert_eq!(finding.place.field, Some(Field::FiscalYear));
    assert_eq!(finding.value.as_deref(), Some("2026"));
    assert_eq!(finding.suggestion.as_deref(), Some("2025"));
    assert_eq!(finding.detail["other"], "ngày bắt đầu năm tài chính 01/10/2025");
}

#[test]
fn dates_are_read_as_people_write_them_and_text_is_said() {
    for written in [
        "01/07/2026",
        "1/7/2026",
        "01-07-2026",
        "1.7.2026",
        "2026-07-01",
        "1/7/26",
        "01/07/2026 00:00:00",
    ] {
        let row = one(Field::FiscalYearStart, text(written));
        let said = says(&World::default(), row, &[("date.from_text", Info)]);
        assert_eq!(said.client(0).fiscal_year_start, day("2026-07-01"), "{written}");
        assert_eq!(said.client(0).books_start, day("2026-07-01"), "{written}");
        assert_eq!(said.only().suggestion.as_deref(), Some("01/07/2026"));
    }
    let row = one(Field::BooksStart, date("2026-03-15"));
    let said = says(&World::default(), row, &[]);
    let client = said.client(0);
    assert_eq!(
        (client.fiscal_year_start, client.books_start),
        (day("2026-01-01"), day("2026-03-15"))
    );
}

#[test]
fn a_package_is_on_sale_and_for_the_customer_type() {
    for written in ["asp-dn", "ASP DN", "ASP Kế toán – Doanh nghiệp", "ASP-DN-PRO"] {
        says(&World::default(), one(Field::Package, text(written)), &[]);
    }
    let said = said_of(Field::Package, "AMIS", "package.unknown", Error);
    assert_eq!(said.detail("package.unknown", "allowed"), "ASP-DN, ASP-DN-PRO");
    let said = said_of(Field::Package, "ASP-HKD", "package.wrong_type", Error);
    assert_eq!(said.detail("package.wrong_type", "allowed"), "ASP-DN, ASP-DN-PRO");
    let early = World { today: day("2025-12-31"), ..World::default() };
    let said = early.check(&[enterprise(1)]);
    assert_eq!(said.finding("package.not_on_sale").value.as_deref(), Some("ASP-DN"));
    assert_eq!(said.states(), [RowState::Rejected]);
}
