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

fn one(field: Field, written: &str) -> Client {
    with(enterprise(1), &[(field, text(written))])
}

#[test]
fn a_vietnamese_reader_is_told_what_and_what_to_do() {
    let expected = [
        (
            one(Field::Regime, "TT200"),
            "regime.not_allowed",
            "Không dùng được chế độ kế toán “TT200” cho khách hàng này. Chọn một trong các giá trị: TT99, TT133, TT132.",
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
            "Gói “ASP-HKD” không dành cho loại hình của khách hàng. Chọn một trong các gói: ASP-DN, ASP-DN-PRO; nếu loại hình ghi nhầm, sửa cột Loại hình.",
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
            "Nội dung ô quá dài (tối đa 1000 ký tự). Rút gọn nội dung; phần thừa anh/chị chuyển sang cột khác.",
        ),
    ];
    for (client, name, sentences) in expected {
        assert_eq!(words(Locale::Vi, client, name), sentences);
    }
}

#[test]
fn an_english_reader_is_told_what_and_what_to_do() {
    let expected = [
        (
            one(Field::VatMethod, "abc"),
            "vat_method.unknown",
            "We do not recognise the VAT method “abc”. Please choose one of: Deduction, Direct on revenue, Direct on value added, None.",
        ),
        (
            one(Field::Email, "hoa@gmial.com"),
            "email.domain_typo",
            "The e-mail hoa@gmial.com may be mistyped: did you mean hoa@gmail.com? If so, correct it to hoa@gmail.com. If it is right as written, choose “accept” in the column Decision.",
        ),
        (
            one(Field::Recipient, "Other"),
            "recipient.incomplete",
            "The order notice goes to someone else, but that person's details are incomplete: missing name of the notice recipient, e-mail of the notice recipient. Please fill in the notice recipient's name, e-mail and phone number, or change the recipient to the client or the accounting firm.",
        ),
        (
            one(Field::AssignedTo, "Hung"),
            "assigned_to.unknown",
            "We do not recognise the accountant in charge “Hung”. Please choose one of: Nguyễn Thị Lan, Trần Văn Bình.",
        ),
    ];
    for (client, name, sentences) in expected {
        assert_eq!(words(Locale::En, client, name), sentences);
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
