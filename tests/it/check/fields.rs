//! Fields of a row: phones, e-mails, recipients, staff, and cells as such.
//! What is bought for which year is tested in `terms`, tax ids beside it.

use super::*;
use Severity::{Error, Hold, Info};

#[test]
fn a_mobile_is_read_in_every_usual_spelling() {
    for written in [
        "0912345678",
        "+84 912 345 678",
        "0084912345678",
        "84912345678",
        "0912.345.678",
        "(0912) 345-678",
    ] {
        let said = says(&World::default(), one(Field::Phone, text(written)), &[]);
        let client = said.client(0);
        assert_eq!(client.phone.as_str(), "+84912345678", "{written}");
        assert_eq!(client.contact_phone, client.phone);
    }
}

#[test]
fn what_is_no_mobile_is_refused_as_a_log_in() {
    for written in [
        "8610458",
        "0650. 790132",
        "3-9253861/3",
        "0909123456/ 0903123456",
        "0912345678 (chị Lan)",
        "fax:8535638",
        "19001234",
        "1800 1234",
        "024 3825 1234",
        "0712345678",
        "113",
    ] {
        said_of(Field::Phone, written, "phone.malformed", Error);
    }
}

#[test]
fn repaired_phones_are_said_with_the_number_as_it_is_now() {
    for (cell, name, national) in [
        (number(912_345_678.0), "phone.zero_restored", "0912 345 678"),
        (formatted(912_345_678.0, "0000000000"), "phone.zero_restored", "0912 345 678"),
        (text("912345678"), "phone.zero_restored", "0912 345 678"),
        (text("0167 234 5678"), "phone.renumbered", "037 2345678"),
        (text("01202345678"), "phone.renumbered", "070 2345678"),
        (text("01992345678"), "phone.renumbered", "059 2345678"),
    ] {
        for field in [Field::Phone, Field::ContactPhone, Field::RecipientPhone] {
            let said = says(&World::default(), one(field, cell.clone()), &[(name, Info)]);
            let found = said.only().suggestion.as_deref().unwrap().replace(' ', "");
            assert_eq!(found, national.replace(' ', ""));
            assert_eq!(said.only().place.field, Some(field));
        }
    }
}

#[test]
fn a_contact_phone_may_be_a_landline() {
    for written in ["024 3825 1234", "(028) 38251234", "0236 3821234", "0912345678"] {
        says(&World::default(), one(Field::ContactPhone, text(written)), &[]);
    }
    said_of(Field::ContactPhone, "8610458", "contact_phone.malformed", Error);
}

#[test]
fn an_email_is_a_real_address_of_the_client() {
    for written in ["lan", "lan@", "a@b", "lan@x.vn; hoa@x.vn", "lan x@x.vn", "nguyễn@x.vn"] {
        said_of(Field::Email, written, "email.malformed", Error);
    }
    for written in ["khongco@gmail.com", "noemail@cty.vn", "KhongCo@gmial.com"] {
        said_of(Field::Email, written, "email.placeholder", Error);
    }
    for written in ["Lan@MinhAn2.example", "info@cty.vn", "ketoan@yahoo.com.vn", "a@ymail.com"] {
        says(&World::default(), one(Field::Email, text(written)), &[]);
    }
}

#[test]
fn a_misspelt_domain_is_held_with_the_right_one_and_the_firms_own_address_is_held() {
    let said = said_of(Field::Email, "hoa.le@gmial.com", "email.domain_typo", Hold);
    assert_eq!(said.only().suggestion.as_deref(), Some("hoa.le@gmail.com"));
    assert_eq!(said.client(0).email.as_str(), "hoa.le@gmial.com");
    said_of(Field::Email, "lan@minhan.example", "email.of_firm", Hold);
    said_of(Field::Email, "Binh@MinhAn.example", "email.of_firm", Hold);
}

#[test]
fn each_required_field_that_is_empty_is_said_in_its_own_column() {
    let letters = [
        (Field::Name, "A"),
        (Field::TaxId, "B"),
        (Field::Representative, "E"),
        (Field::Email, "G"),
        (Field::Phone, "H"),
        (Field::Package, "L"),
        (Field::FiscalYear, "M"),
        (Field::VatMethod, "N"),
        (Field::Regime, "O"),
    ];
    for (field, letter) in letters {
        for empty in [Cell::Empty, text("-"), text("không có"), text("  "), text("N/A")] {
            let name = format!("{field}.missing");
            let said = says(&World::default(), one(field, empty), &[(&name, Error)]);
            let finding = said.only();
            assert_eq!(finding.place.column.as_deref(), Some(letter), "{name}");
            assert_eq!(finding.value, None, "{name}");
        }
    }
}

#[test]
fn the_package_says_the_customer_type_where_the_row_does_not() {
    let row = without(enterprise(1), &[Field::CustomerType]);
    let said = says(&World::default(), row, &[]);
    assert_eq!(said.client(0).customer_type.as_str(), "enterprise");
    let by_type = World::default().set(&["package.enterprise=ASP-DN", "package.household=ASP-HKD"]);
    let row = without(enterprise(1), &[Field::CustomerType, Field::Package]);
    says(&by_type, row, &[("customer_type.missing", Error)]);
    let row = with(enterprise(1), &[(Field::CustomerType, text("Hội"))]);
    says(&by_type, row, &[("customer_type.unknown", Error)]);
}

#[test]
fn all_findings_of_a_row_are_said_at_once() {
    let wrong = with(
        without(enterprise(1), &[Field::Name, Field::Address]),
        &[
            (Field::TaxId, text("0100233480")),
            (Field::Email, text("lan@")),
            (Field::Phone, text("113")),
            (Field::ContactPhone, text("114")),
            (Field::FiscalYear, text("2030")),
            (Field::VatMethod, text("abc")),
            (Field::Regime, text("TT152")),
            (Field::BooksStart, text("hôm nay")),
            (Field::Currency, text("đồng")),
            (Field::InventoryMethod, text("bình quân")),
            (Field::Kind, text("thuê")),
            (Field::RecipientEmail, text("thu@")),
            (Field::InvoiceTaxId, text("12345")),
            (Field::InvoiceEmail, text("y")),
            (Field::RegisteredBy, text("Ai đó")),
            (Field::AssignedTo, text("Ai đó")),
            (Field::Note, text("a\u{1}")),
        ],
    );
    let names = [
        "name.missing",
        "tax_id.checksum",
        "email.malformed",
        "phone.malformed",
        "contact_phone.malformed",
        "fiscal_year.out_of_range",
        "vat_method.unknown",
        "regime.not_allowed",
        "books_start.malformed",
        "currency.malformed",
        "inventory_method.unknown",
        "kind.unknown",
        "recipient_email.malformed",
        "invoice_tax_id.malformed",
        "invoice_email.malformed",
        "invoice.incomplete",
        "registered_by.unknown",
        "assigned_to.unknown",
        "cell.control_characters",
    ];
    says(&World::default(), wrong, &names.map(|name| (name, Error)));
}

#[test]
fn a_rejected_row_is_not_held() {
    let row =
        with(enterprise(1), &[(Field::Email, text("a@gmial.com")), (Field::Phone, text("1"))]);
    says(&World::default(), row, &[("email.domain_typo", Hold), ("phone.malformed", Error)]);
}

#[test]
fn another_recipient_is_named_for_each_client() {
    let other = one(Field::Recipient, text("Khác"));
    let names = [("recipient.incomplete", Error), ("invoice.incomplete", Error)];
    let said = says(&World::default(), other.clone(), &names);
    let missing = "tên người nhận thông báo, email người nhận thông báo";
    assert_eq!(said.detail("recipient.incomplete", "reason"), missing);
    assert_eq!(said.finding("recipient.incomplete").place.field, Some(Field::RecipientName));
    let complete = with(
        other,
        &[
            (Field::RecipientName, text("Phạm Thu")),
            (Field::RecipientEmail, text("thu@me.example")),
            (Field::InvoiceName, text("Công ty Mẹ")),
            (Field::InvoiceAddress, text("Số 1 Huế")),
        ],
    );
    let said = says(&World::default(), complete.clone(), &[]);
    assert_eq!(said.client(0).invoice_to.as_str(), "other");
    let partly = with(complete, &[(Field::RecipientName, Cell::Empty)]);
    let said = says(&World::default(), partly, &[("recipient.incomplete", Error)]);
    assert_eq!(said.detail("recipient.incomplete", "reason"), "tên người nhận thông báo");
}

#[test]
fn an_invoice_to_the_client_needs_an_address() {
    let bare = without(enterprise(1), &[Field::Address]);
    let said = says(&World::default(), bare.clone(), &[("invoice.incomplete", Error)]);
    assert_eq!(said.only().place.column.as_deref(), Some("J"));
    assert_eq!(said.only().detail["reason"], "địa chỉ");
    for (field, value) in [(Field::Recipient, "KTDV"), (Field::InvoiceTo, "Kế toán dịch vụ")]
    {
        says(&World::default(), with(bare.clone(), &[(field, text(value))]), &[]);
    }
}

#[test]
fn staff_are_known_by_email_and_by_name() {
    for written in ["binh@minhan.example", "Trần Văn Bình", "TRAN VAN BINH", "binh ke toan"] {
        let said = says(&World::default(), one(Field::AssignedTo, text(written)), &[]);
        assert_eq!(said.client(0).assigned_to.as_ref().unwrap().as_str(), "binh@minhan.example");
    }
    let said = said_of(Field::RegisteredBy, "Hùng", "registered_by.unknown", Error);
    assert_eq!(said.detail("registered_by.unknown", "allowed"), "Nguyễn Thị Lan, Trần Văn Bình");
}

#[test]
fn error_values_and_control_characters_are_errors_in_a_field_alone() {
    for (field, letter) in
        [(Field::TaxId, "B"), (Field::Email, "G"), (Field::OldTaxId, "C"), (Field::FiscalYear, "M")]
    {
        for error in ["#N/A", "#VALUE!", "#REF!"] {
            let row = one(field, Cell::Error(error.into()));
            let said = says(&World::default(), row, &[("cell.error_value", Error)]);
            assert_eq!(said.only().value.as_deref(), Some(error));
            assert_eq!(said.only().place.column.as_deref(), Some(letter));
        }
    }
    said_of(Field::Name, "Công\u{7}ty", "cell.control_characters", Error);
    said_of(Field::TaxId, "0101243\u{1}150", "cell.control_characters", Error);
    said_of(Field::Note, "gấp\u{2400}", "cell.control_characters", Error);
}

#[test]
fn a_flawed_cell_in_another_column_is_said_and_changes_nothing() {
    let mut sheet = list(&[enterprise(1)]);
    sheet.rows[0].cells.extend([text("Công nợ"), Cell::Empty]);
    let flawed = [Cell::Error("#N/A".into()), text("a\u{2}"), text(&"x".repeat(50))];
    sheet.rows[1].cells.extend(flawed);
    let world = World { max_cell_chars: 49, ..World::default() };
    let said = world.sheets(vec![sheet]);
    let names = ["cell.error_value info", "cell.control_characters info", "cell.too_long info"];
    assert_eq!(said.of_row(2), names);
    let letters: Vec<_> = said
        .all()
        .filter_map(|f| f.place.column.as_deref().filter(|_| f.place.row == Some(2)))
        .collect();
    assert_eq!(letters, ["AG", "AH", "AI"]);
    assert_eq!(said.states(), [RowState::Accepted]);
}

#[test]
fn a_text_is_no_longer_than_its_field_may_be() {
    for (field, limit) in [(Field::Name, 250), (Field::Address, 1_000), (Field::Note, 1_000)] {
        says(&World::default(), one(field, text(&"đ".repeat(limit))), &[]);
        let long = one(field, text(&"đ".repeat(limit + 1)));
        let said = says(&World::default(), long, &[("cell.too_long", Error)]);
        assert_eq!(said.detail("cell.too_long", "limit"), limit.to_string());
        assert_eq!(said.only().value.as_ref().unwrap().chars().count(), 80);
    }
    says(&World::default(), one(Field::TaxId, text(&"1".repeat(300))), &[("cell.too_long", Error)]);
}

#[test]
fn spaces_and_accents_are_tidied_and_said() {
    for written in [
        "Công ty  TNHH A",
        "Co\u{302}ng ty TNHH A",
        "Công\u{a0}\nty TNHH A",
        "Công ty\u{200b} TNHH A",
    ] {
        let row = one(Field::Name, text(written));
        let said = says(&World::default(), row, &[("text.normalised", Info)]);
        assert_eq!(said.only().suggestion.as_deref(), Some(said.client(0).name.as_str()));
    }
    says(&World::default(), one(Field::Name, text(" Công ty TNHH A ")), &[]);
}
