//! Why a licence is ordered: bought, renewed, free.

use super::*;
use Severity::Error;

fn of_kind(client: Client, kind: &str) -> Client {
    with(client, &[(Field::Kind, text(kind))])
}

#[test]
fn a_free_year_is_of_packages_that_have_one() {
    for (client, package) in [(enterprise(1), "ASP-DN"), (household(1), "ASP-HKD")] {
        let said = says(&World::default(), of_kind(client, "Miễn phí"), &[]);
        assert_eq!(
            (said.client(0).kind.as_str(), said.client(0).package.as_str()),
            ("free", package)
        );
    }
    let pro = with(of_kind(enterprise(1), "Miễn phí"), &[(Field::Package, text("ASP-DN-PRO"))]);
    let said = says(&World::default(), pro, &[("kind.not_allowed", Error)]);
    assert_eq!(said.detail("kind.not_allowed", "allowed"), "Mua mới");
    assert_eq!(said.detail("kind.not_allowed", "reason"), "gói này không có năm miễn phí");
}

#[test]
fn a_free_year_needs_no_buyer_and_no_payer() {
    let bare = without(of_kind(enterprise(1), "Miễn phí"), &[Field::Address]);
    says(&World::default(), bare, &[]);
    let other = with(
        of_kind(enterprise(1), "Miễn phí"),
        &[(Field::Recipient, text("Khác")), (Field::InvoiceTo, text("Khác"))],
    );
    says(&World::default(), other, &[]);
}

#[test]
fn a_client_without_last_years_licence_has_nothing_to_renew() {
    let said =
        says(&World::default(), of_kind(enterprise(1), "Gia hạn"), &[("kind.not_allowed", Error)]);
    let finding = said.finding("kind.not_allowed");
    assert_eq!(
        (finding.value.as_deref(), said.detail("kind.not_allowed", "allowed")),
        (Some("Gia hạn"), "Mua mới, Miễn phí")
    );
    let words = hangloat::text::findings::message(Texts::of(Locale::Vi), finding);
    assert!(words.contains("chưa có bản quyền của năm trước"), "{words}");
}
