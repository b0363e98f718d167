//! What people read about a row, in both languages, as the checks really fill it in.
//! That every finding has words at all is tested in `text`.

use super::*;
use hangloat::{flow::options::Mixed, text::findings};

/// Message and fix of the named finding of the only row.
fn words(locale: Locale, client: Client, name: &str) -> String {
    let world = World { locale, ..World::default() };
    in_words(&world, &world.check(&[client]), name)
}

fn in_words(world: &World, said: &Said, name: &str) -> String {
    let (texts, finding) = (Texts::of(world.locale), said.finding(name));
    format!("{} {}", findings::message(texts, finding), findings::fix(texts, finding))
}

/// Of each client the message and fix of a finding.
#[track_caller]
fn assert_words<const N: usize>(locale: Locale, expected: [(Client, &str, &str); N]) {
    for (client, name, sentences) in expected {
        assert_eq!(words(locale, client, name), sentences);
    }
}

fn one(field: Field, written: &str) -> Client {
    with(enterprise(1), &[(field, text(written))])
}

#[test]
fn a_vietnamese_reader_is_told_what_and_what_to_do() {
    let expected = [
        (
            one(Field::Regime, "TT200"),
            "regime.not_allowed",
            "Năm tài chính 2026, doanh nghiệp không dùng được chế độ kế toán “TT200”. Chọn một trong các giá trị: TT99, TT133, TT132. Nếu ghi nhầm năm, sửa cột Năm tài chính.",
        ),
        (
            one(Field::FiscalYear, "2030"),
            "fiscal_year.out_of_range",
            "Năm tài chính 2030 chưa mở bán hoặc đã ngừng bán. Chọn một trong các năm: 2025, 2026, 2027.",
        ),
        (
            one(Field::Address, ""),
            "invoice.incomplete",
            "Chưa đủ thông tin để xuất hóa đơn: thiếu địa chỉ. Điền đủ tên, mã số thuế và địa chỉ của bên mua ghi trên hóa đơn; nếu hóa đơn xuất cho khách hàng, điền cột Địa chỉ.",
        ),
        (
            one(Field::Package, "ASP-HKD"),
            "package.wrong_type",
            "Gói “ASP-HKD” không dành cho loại hình của khách hàng. Chọn một trong các gói: ASP-DN, ASP-DN-PRO; nếu loại hình ghi nhầm, sửa cột Loại hình hoạt động.",
        ),
        (
            one(Field::FiscalYearStart, "01/10/2025"),
            "fiscal_year.differs",
            "Năm tài chính 2026 khác với ngày bắt đầu năm tài chính 01/10/2025. Nếu đúng là năm cần mua, anh/chị không cần làm gì. Nếu không, sửa lại thành 2025 trước khi xác nhận.",
        ),
        (
            with(enterprise(1), &[(Field::TaxId, formatted(101_243_150.0, "0000000000"))]),
            "tax_id.zero_restored",
            "Đã thêm lại số 0 ở đầu mã số thuế mà Excel làm mất: 101243150 → 0101243150. Nếu đúng, anh/chị không cần làm gì. Nếu sai, sửa ô này rồi gửi lại.",
        ),
        (
            one(Field::Note, &"a".repeat(1_001)),
            "cell.too_long",
            "Nội dung ô quá dài (tối đa 1000 ký tự). Rút gọn nội dung; phần còn lại anh/chị chuyển sang cột khác.",
        ),
    ];
    assert_words(Locale::Vi, expected);
}

#[test]
fn an_english_reader_is_told_what_and_what_to_do() {
    let expected = [
        (
            one(Field::VatMethod, "abc"),
            "vat_method.unknown",
            "We do not recognise the VAT method “abc”. For an enterprise and the fiscal year 2026, please choose one of: Deduction, Direct on revenue, Direct on value added, None.",
        ),
        (
            one(Field::Email, "hoa@gmial.com"),
            "email.domain_typo",
            "The e-mail hoa@gmial.com may be mistyped: did you mean hoa@gmail.com? If so, correct it to hoa@gmail.com. If it is right as written, choose “accept” in the column Decision.",
        ),
        (
            one(Field::Recipient, "Other"),
            "recipient.incomplete",
            "The order notice goes to someone else, but that person's details are incomplete: missing recipient name, recipient email. Please fill in the notice recipient's name, e-mail and phone number, or change the column Recipient to Client or Accounting firm.",
        ),
        (
            one(Field::AssignedTo, "Hung"),
            "assigned_to.unknown",
            "We do not know “Hung” (column Assigned to). Please choose one of: Nguyễn Thị Lan, Trần Văn Bình.",
        ),
    ];
    assert_words(Locale::En, expected);
}

#[test]
fn where_the_package_alone_says_the_type_it_may_be_the_package_that_is_wrong() {
    let untyped = |client| without(client, &[Field::CustomerType]);
    let wrong = with(untyped(enterprise(1)), &[(Field::Package, text("ASP-HKD"))]);
    let instead = "Gói ASP-HKD dành cho hộ kinh doanh; nếu đây là doanh nghiệp, sửa cột Gói sản phẩm thành ASP-DN, ASP-DN-PRO.";
    for name in ["vat_method.not_allowed", "regime.not_allowed"] {
        let said = words(Locale::Vi, wrong.clone(), name);
        assert!(said.ends_with(instead), "{said}");
    }
    let said = words(Locale::Vi, wrong, "tax_id.wrong_kind");
    assert!(said.contains("nếu đây là doanh nghiệp, sửa cột Gói sản phẩm"), "{said}");
    let wrong = with(untyped(household(1)), &[(Field::Package, text("ASP-DN"))]);
    let said = words(Locale::Vi, wrong.clone(), "tax_id.wrong_kind");
    let instead = "nếu khách hàng là hộ kinh doanh, sửa cột Gói sản phẩm thành ASP-HKD (gói ASP-DN dành cho doanh nghiệp).";
    assert!(said.ends_with(instead), "{said}");
    let said = words(Locale::En, wrong, "regime.not_allowed");
    assert!(
        said.ends_with("if this is a household business, change the column Package to ASP-HKD."),
        "{said}"
    );
    // Where the type is said, the type is right.
    let typed = with(enterprise(1), &[(Field::Regime, text("TT152"))]);
    let said = words(Locale::Vi, typed, "regime.not_allowed");
    assert!(said.ends_with("TT99, TT133, TT132."), "{said}");
}

#[test]
fn an_unknown_tax_id_alone_is_one_finding_that_names_the_columns() {
    let alone = client(&[(Field::TaxId, &organisation(7)), (Field::Package, "ASP-DN")]);
    let expected = format!(
        "Mã số thuế {} chưa có trong danh mục khách hàng của đơn vị kế toán, nên chỉ ghi mã số thuế là chưa đủ. Kiểm tra lại \
         mã số thuế. Nếu đây là khách hàng mới, điền thêm các cột: Tên khách hàng, Người đại diện theo pháp luật, \
         Email, Số điện thoại, Năm tài chính, Phương pháp tính thuế GTGT, Chế độ kế toán, Địa chỉ.",
        organisation(7)
    );
    let said = World::default().check(std::slice::from_ref(&alone));
    assert_eq!(said.of_row(2), ["tax_id.unknown error"]);
    assert_eq!(in_words(&World::default(), &said, "tax_id.unknown"), expected);
    // With a wrong tax id that is said, and with a word about the client what is missing.
    let wrong = with(alone.clone(), &[(Field::TaxId, text("0101243151"))]);
    assert_eq!(World::default().check(&[wrong]).of_row(2), ["tax_id.checksum error"]);
    let named = with(alone, &[(Field::Name, text("Công ty A"))]);
    assert_eq!(World::default().check(&[named]).of_row(2).len(), 7);
}

#[test]
fn what_is_missing_or_unknown_is_told_with_what_may_stand_there() {
    let expected = [
        (
            one(Field::Regime, ""),
            "regime.missing",
            "Chưa có chế độ kế toán. Điền chế độ kế toán cho khách hàng này; năm tài chính 2026, doanh nghiệp chọn một trong các giá trị: TT99, TT133, TT132.",
        ),
        (
            with(household(1), &[(Field::Regime, text("xyz"))]),
            "regime.unknown",
            "Chưa rõ chế độ kế toán “xyz” là gì. Năm tài chính 2026, hộ kinh doanh chọn một trong các giá trị: TT152.",
        ),
        (
            one(Field::FiscalYear, ""),
            "fiscal_year.missing",
            "Chưa có năm tài chính. Điền năm tài chính cho khách hàng này; chọn một trong các giá trị: 2025, 2026, 2027.",
        ),
        (
            one(Field::Package, ""),
            "package.missing",
            "Chưa có gói sản phẩm. Điền gói sản phẩm cho khách hàng này; chọn một trong các giá trị: ASP-DN, ASP-DN-PRO.",
        ),
        (
            one(Field::Kind, "Gia hạn"),
            "kind.not_allowed",
            "Không đặt được loại đơn hàng “Gia hạn” cho khách hàng này: khách hàng chưa có bản quyền của năm trước nên không phải gia hạn. Sửa cột Loại đơn hàng thành một trong các giá trị: Mua mới, Miễn phí. Nếu đúng là gia hạn, kiểm tra lại mã số thuế và năm tài chính; khách hàng đã đổi mã thì ghi mã trước đây vào cột Mã số thuế cũ.",
        ),
        (
            one(Field::AssignedTo, "Hưng"),
            "assigned_to.unknown",
            "Chưa rõ nhân viên phụ trách “Hưng” là ai. Chọn một trong các giá trị: Nguyễn Thị Lan, Trần Văn Bình.",
        ),
    ];
    assert_words(Locale::Vi, expected);
}

#[test]
fn a_field_is_called_in_sentences_as_its_column_is() {
    for locale in [Locale::Vi, Locale::En] {
        for field in Field::ALL {
            let label = Texts::of(locale).label(&format!("field.{field}"));
            assert_eq!(label, catalogue().columns.header(*field, locale));
        }
    }
}

#[test]
fn what_is_said_of_the_whole_list_reads_well() {
    let mut world = World { locale: Locale::En, ..World::default() };
    world.options.mixed = Mixed::Refuse;
    let said = world.check(&[enterprise(1), household(2)]);
    assert!(in_words(&world, &said, "order.mixed_types").contains("which cannot share an order"));
    let bad: Vec<Client> = (0..20).map(|n| without(enterprise(n), &[Field::Name])).collect();
    let said = World::default().check(&bad);
    let vi = in_words(&World::default(), &said, "file.bad_share");
    assert!(vi.starts_with("Quá nhiều dòng bị lỗi (20/20, mức cho phép 50 %) nên"), "{vi}");
    let said = world.check(&[enterprise(1), enterprise(1)]);
    let en = in_words(&world, &said, "client.duplicate_in_file");
    assert!(en.contains("same package and fiscal year (row 2)."), "{en}");
}
