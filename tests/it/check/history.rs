//! Rows against what was ordered before.
//! The lines come out of a database, as they always do, but out of none with tables.

use super::*;
use Severity::{Hold, Info};
use hangloat::domain::order::LineState;
use sqlx::Connection;

/// A line as the database hands it over.
pub(super) fn line(
    client: &hangloat::domain::client::ClientRow,
    firm: &str,
    state: LineState,
) -> Known {
    const LINE: &str = "select $1 as firm, 'ASP' as family, $2 as fiscal_year,
        'DH-2611-000123' as order_code, 17 as line_no, 45 as batch_id, 9 as row_no, $3 as client, $4 as state";
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let mut db = sqlx::SqliteConnection::connect("sqlite::memory:").await.unwrap();
        let query = sqlx::query_as(LINE).bind(firm).bind(client.fiscal_year.year());
        let query = query.bind(serde_json::to_string(client).unwrap()).bind(state.as_str());
        query.fetch_one(&mut db).await.unwrap()
    })
}

/// The firm has these clients in this state.
pub(super) fn after(clients: &[Client], state: LineState) -> World {
    let said = World::default().check(clients);
    let known = said.checked.accepted().map(|(_, client)| line(client, "MINHAN", state)).collect();
    World { known, ..World::default() }
}

#[test]
fn the_same_list_again_brings_only_its_new_row() {
    let world = after(&[enterprise(1), enterprise(2)], LineState::Waiting);
    let said = world.check(&[enterprise(1), enterprise(2), enterprise(3)]);
    assert_eq!(said.states(), [RowState::Unchanged, RowState::Unchanged, RowState::Accepted]);
    assert_eq!(said.names(), ["client.same_as_before"; 2]);
    let finding = said.finding("client.same_as_before");
    assert_eq!(finding.severity, Info);
    assert_eq!(finding.detail["other"], "lô B000045, dòng 9 (đơn DH-2611-000123/17)");
}

#[test]
fn a_row_that_says_the_same_in_other_words_is_unchanged() {
    let world = after(&[enterprise(1)], LineState::Waiting);
    let other_words = with(
        enterprise(1),
        &[
            (Field::VatMethod, text("PP khấu trừ")),
            (Field::Regime, text("Thông tư 133/2016/TT-BTC")),
            (Field::Phone, text("+84 912 000 001")),
            (Field::FiscalYear, number(2026.0)),
        ],
    );
    assert_eq!(world.check(&[other_words]).states(), [RowState::Unchanged]);
    let held = after(&[with(enterprise(1), &[(Field::Note, text("cũ"))])], LineState::Waiting);
    assert_eq!(held.check(&[enterprise(1)]).states(), [RowState::Unchanged]);
}

#[test]
fn spelling_order_columns_and_defaults_are_no_changes() {
    let world = after(&[enterprise(1), household(2)], LineState::Active);
    let spelt = |client: Client, email: &str, phone: &str| {
        with(client, &[(Field::Email, text(email)), (Field::Phone, text(phone))])
    };
    let first = spelt(enterprise(1), "GiamDoc1@CongTy1.example", "+84 912.000.001");
    let second = spelt(household(2), "GIAMDOC2@congty2.example ", "84912000002");
    let said = world.check(&[second.clone(), first.clone()]);
    assert_eq!(said.states(), [RowState::Unchanged; 2], "{:?}", said.names());
    let world =
        world.set(&["package.enterprise=ASP-DN", "package.household=ASP-HKD", "kind=purchase"]);
    let bare = |client| without(client, &[Field::Package, Field::Kind]);
    assert_eq!(world.check(&[bare(first), bare(second)]).states(), [RowState::Unchanged; 2]);
}

#[test]
fn an_unchanged_row_is_asked_nothing_that_was_answered_when_it_was_ordered() {
    let of_firm = with(enterprise(1), &[(Field::Email, text("lan@minhan.example"))]);
    let before = World::default().check(std::slice::from_ref(&of_firm));
    let known = vec![line(before.client(0), "MINHAN", LineState::Active)];
    let mut world = World { known, ..World::default() };
    // Twice in the list, hidden, and of a year that is long over.
    world.today = day("2029-03-01");
    let mut sheet = list(&[of_firm.clone(), of_firm]);
    sheet.layout.hidden = vec![(2, 3)];
    let said = world.sheets(vec![sheet]);
    assert_eq!(said.states(), [RowState::Unchanged; 2]);
    assert_eq!(said.names(), ["client.same_as_before"; 2]);
}

#[test]
fn an_unchanged_row_says_which_line_it_is() {
    let world = after(&[enterprise(1)], LineState::Waiting);
    let said = world.check(&[enterprise(1)]);
    assert_eq!(said.detail("client.same_as_before", "line"), "DH-2611-000123/17");
    assert_eq!(said.detail("client.same_as_before", "batch"), "B000045");
}

#[test]
fn a_row_that_says_something_else_is_held_with_old_and_new() {
    let world = after(&[enterprise(1)], LineState::Grace);
    let changed = with(
        enterprise(1),
        &[(Field::Email, text("moi@congty1.example")), (Field::Regime, text("TT99"))],
    );
    let said = says(&world, changed, &[("client.changed", Hold)]);
    assert_eq!(
        said.only().detail["reason"],
        "Email: giamdoc1@congty1.example → moi@congty1.example; Chế độ kế toán: TT133 → TT99"
    );
}

#[test]
fn another_package_of_the_family_was_ordered_already() {
    let world = after(&[enterprise(1)], LineState::Placed);
    let pro = with(enterprise(1), &[(Field::Package, text("ASP-DN-PRO"))]);
    let said = says(&world, pro, &[("client.already_ordered", Hold)]);
    assert!(said.only().detail["reason"].contains("ASP-DN → ASP-DN-PRO"));
    let for_all = world.set(&["package=ASP-DN-PRO"]);
    let row = without(enterprise(1), &[Field::Package]);
    says(&for_all, row, &[("client.already_ordered", Hold)]);
}

#[test]
fn last_years_licence_makes_a_renewal_that_the_firm_pays() {
    let last_year = with(enterprise(1), &[(Field::FiscalYear, text("2025"))]);
    for state in [LineState::Grace, LineState::Active, LineState::Suspended] {
        let said = after(std::slice::from_ref(&last_year), state).check(&[enterprise(1)]);
        assert!(said.is_clean(), "{:?}", said.names());
        let client = said.client(0);
        let read = (client.kind.as_str(), client.recipient.as_str(), client.invoice_to.as_str());
        assert_eq!(read, ("renewal", "firm", "client"));
    }
    let waiting =
        after(std::slice::from_ref(&last_year), LineState::Placed).check(&[enterprise(1)]);
    assert_eq!(waiting.client(0).kind.as_str(), "purchase");
    let world = after(&[last_year], LineState::Active);
    let row = with(enterprise(1), &[(Field::InvoiceTo, text("KTDV"))]);
    let said = says(&world, row, &[("invoice_to.not_allowed", Severity::Error)]);
    assert_eq!(said.only().detail["allowed"], "Khách hàng, Khác");
    let row = with(
        enterprise(1),
        &[(Field::Kind, text("Mua mới")), (Field::Recipient, text("Khách hàng"))],
    );
    assert_eq!(says(&world, row, &[]).client(0).kind.as_str(), "purchase");
}

#[test]
fn for_a_client_the_firm_has_the_tax_id_is_enough() {
    let before = with(
        enterprise(1),
        &[
            (Field::FiscalYear, text("2025")),
            (Field::FiscalYearStart, date("2025-04-01")),
            (Field::ContactPhone, text("024 3825 1234")),
            (Field::ExternalId, text("KH01")),
        ],
    );
    let world = after(&[before], LineState::Active);
    let bare = client(&[(Field::TaxId, &organisation(2)), (Field::FiscalYear, "2026")]);
    let said = says(&world, bare, &[]);
    let client = said.client(0);
    assert_eq!((client.name.as_str(), client.package.as_str()), ("Công ty TNHH Số 1", "ASP-DN"));
    assert_eq!((client.kind.as_str(), client.recipient.as_str()), ("renewal", "firm"));
    assert_eq!(
        (client.fiscal_year_start, client.books_start),
        (day("2026-04-01"), day("2026-04-01"))
    );
    assert_eq!(client.contact_phone.as_str(), "+842438251234");
    assert_eq!(client.external_id.as_deref(), Some("KH01"));
    assert_eq!(
        world.check(&[alone()]).client(0),
        client,
        "the year after the licence that ran last"
    );
}

fn alone() -> Client {
    client(&[(Field::TaxId, &organisation(2))])
}

#[test]
fn a_tax_id_alone_renews_for_the_next_year_once() {
    let of_year = |year: &str| with(enterprise(1), &[(Field::FiscalYear, text(year))]);
    let this_year = after(&[enterprise(1)], LineState::Active);
    let said = this_year.check(&[alone()]);
    assert!(said.is_clean(), "{:?}", said.names());
    let client = said.client(0);
    let read = (client.kind.as_str(), client.fiscal_year.year(), client.recipient.as_str());
    assert_eq!(read, ("renewal", 2027, "firm"));
    for state in [LineState::Waiting, LineState::Placed, LineState::Grace, LineState::Active] {
        let known = said.checked.accepted().map(|(_, next)| line(next, "MINHAN", state));
        let known = this_year.known.iter().cloned().chain(known).collect();
        let again = World { known, ..World::default() }.check(&[alone()]);
        assert_eq!(again.states(), [RowState::Unchanged], "{state}: {:?}", again.names());
    }
    let lapsed = after(&[of_year("2025")], LineState::Suspended);
    assert_eq!(lapsed.check(&[alone()]).client(0).fiscal_year.year(), 2026);
    // What was never licensed is not renewed, and what is said to be bought is no renewal.
    let ordered = after(&[enterprise(1)], LineState::Placed);
    assert_eq!(ordered.check(&[alone()]).states(), [RowState::Unchanged]);
    let bought = with(alone(), &[(Field::Kind, text("Mua mới"))]);
    assert_eq!(this_year.check(&[bought]).states(), [RowState::Unchanged]);
}

#[test]
fn a_column_of_tax_ids_alone_is_a_list() {
    let world = after(&[enterprise(1)], LineState::Active);
    let id = organisation(2);
    for rows in [&[&["MST/Mã số kinh doanh"][..], &[&id]], &[&["STT", "MST"], &["1", &id]]] {
        let said = world.sheets(vec![sheet("DS", rows)]);
        assert_eq!(said.states(), [RowState::Accepted], "{:?}", said.names());
        assert_eq!(said.client(0).kind.as_str(), "renewal");
    }
    // A form is no list, nor is a word above other numbers.
    for rows in [&[&["Mã số thuế", &id][..], &["Điện thoại", "x"]], &[&["MST"], &["12"]]]
    {
        assert!(world.sheets(vec![sheet("DS", rows)]).states().is_empty());
    }
}

#[test]
fn what_the_record_says_is_still_judged_by_todays_rules() {
    let before =
        with(enterprise(1), &[(Field::FiscalYear, text("2025")), (Field::Regime, text("TT200"))]);
    let world = after(&[before], LineState::Active);
    let bare = client(&[(Field::TaxId, &organisation(2)), (Field::FiscalYear, "2026")]);
    let said = says(&world, bare, &[("regime.not_allowed", Severity::Error)]);
    assert_eq!(said.only().value.as_deref(), Some("TT200"));
}

#[test]
fn an_email_that_a_person_accepted_once_is_not_asked_about_again() {
    let typo = with(enterprise(1), &[(Field::Email, text("that@gmial.com"))]);
    let accepted = World::default().check(std::slice::from_ref(&typo));
    let known = vec![line(accepted.client(0), "MINHAN", LineState::Active)];
    let world = World { known, ..World::default() };
    says(&world, with(typo, &[(Field::FiscalYear, text("2027"))]), &[]);
}

#[test]
fn the_record_of_another_firm_is_nobodys_business() {
    let said = World::default().check(&[enterprise(1)]);
    let known = vec![line(said.client(0), "KHAC", LineState::Active)];
    let world = World { known, ..World::default() };
    let next = with(enterprise(1), &[(Field::FiscalYear, text("2027"))]);
    assert!(world.check(&[next]).is_clean());
    let bare = client(&[(Field::TaxId, &organisation(2)), (Field::FiscalYear, "2026")]);
    assert_eq!(world.check(&[bare]).states(), [RowState::Rejected]);
}

#[test]
fn a_household_is_the_same_under_its_former_tax_id() {
    let former = with(household(1), &[(Field::TaxId, text("8037630690"))]);
    let now = with(household(1), &[(Field::OldTaxId, text("8037630690"))]);
    let world = after(std::slice::from_ref(&former), LineState::Active);
    let said = says(&world, now.clone(), &[("client.changed", Hold)]);
    assert!(said.only().detail["reason"].starts_with("Mã số thuế: 8037630690 → 079180000001"));
    let next = with(now, &[(Field::FiscalYear, text("2027"))]);
    assert_eq!(says(&world, next, &[]).client(0).kind.as_str(), "renewal");
}
