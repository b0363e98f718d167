//! What a client may have by what it had, at this firm and at others.

use super::{
    history::{after, line},
    *,
};
use Severity::{Error, Hold, Info, Warning};
use hangloat::{domain::order::LineState, flow::options::NewClients};

fn free(client: Client) -> Client {
    with(client, &[(Field::Kind, text("Miễn phí"))])
}

fn of_year(client: Client, year: &str) -> Client {
    with(client, &[(Field::FiscalYear, text(year))])
}

/// Another firm has these clients in this state.
fn elsewhere(clients: &[Client], state: LineState) -> World {
    let said = World::default().check(clients);
    let known = said.checked.accepted().map(|(_, client)| line(client, "KHAC", state)).collect();
    World { known, ..World::default() }
}

/// That the first year could have been free, by rows.
fn free_instead(said: &Said) -> Vec<u32> {
    let findings = said.checked.findings.iter().map(|(_, finding)| finding);
    let available = findings.filter(|finding| finding.code == Code::FreeYearAvailable);
    available
        .map(|finding| {
            assert_eq!(finding.severity, Warning);
            finding.place.row.unwrap()
        })
        .collect()
}

#[test]
fn a_free_year_is_had_once() {
    let world = after(&[of_year(free(enterprise(1)), "2025")], LineState::Active);
    let said = says(&world, free(enterprise(1)), &[("free_year.already_used", Hold)]);
    assert_eq!(said.only().detail["other"], "lô B000045, dòng 9 (đơn DH-2611-000123/17)");
    says(&world, enterprise(1), &[]);
    // Ordered and not yet activated is had too; the same again is the same again.
    let world = after(&[free(enterprise(1))], LineState::Waiting);
    says(&world, of_year(free(enterprise(1)), "2027"), &[("free_year.already_used", Hold)]);
    assert_eq!(world.check(&[free(enterprise(1))]).states(), [RowState::Unchanged]);
}

#[test]
fn a_free_year_at_another_firm_counts_and_nobody_is_named() {
    let world = elsewhere(&[of_year(free(enterprise(1)), "2025")], LineState::Suspended);
    let said = says(&world, free(enterprise(1)), &[("free_year.already_used", Hold)]);
    let finding = said.only();
    let words = hangloat::text::findings::message(Texts::of(Locale::Vi), finding);
    let whole = format!("{words} {finding:?}");
    assert!(!["KHAC", "DH-2611", "B000045"].iter().any(|name| whole.contains(name)), "{whole}");
}

#[test]
fn a_free_year_follows_a_client_through_its_tax_ids() {
    let former = with(
        free(of_year(household(1), "2025")),
        &[(Field::TaxId, text("8037630690")), (Field::Regime, text("TT88"))],
    );
    let world = elsewhere(std::slice::from_ref(&former), LineState::Active);
    let now = with(free(household(1)), &[(Field::OldTaxId, text("8037630690"))]);
    says(&world, now.clone(), &[("free_year.already_used", Hold)]);
    // Without a word of it, but with one in a catalogue.
    let mut known = world.known;
    let next = World::default().check(&[with(now, &[(Field::Kind, text("Mua mới"))])]);
    known.push(line(next.client(0), "THUBA", LineState::Waiting));
    let world = World { known, ..World::default() };
    says(&world, free(household(1)), &[("free_year.already_used", Hold)]);
}

#[test]
fn of_two_free_years_in_one_list_the_first_stays() {
    let clients = [free(enterprise(1)), of_year(free(enterprise(1)), "2027"), free(enterprise(2))];
    let said = World::default().check(&clients);
    assert_eq!(said.states(), [RowState::Accepted, RowState::Held, RowState::Accepted]);
    assert_eq!(said.of_row(3), ["free_year.already_used hold"]);
    assert_eq!(said.detail("free_year.already_used", "other"), "dòng 2");
    let same_year = World::default().check(&[free(enterprise(1)), free(enterprise(1))]);
    assert_eq!(same_year.of_row(3), ["client.duplicate_in_file hold"]);
}

#[test]
fn a_first_purchase_says_that_the_year_could_have_been_free() {
    let pro = with(enterprise(3), &[(Field::Package, text("ASP-DN-PRO"))]);
    let world = after(&[of_year(enterprise(2), "2025")], LineState::Placed);
    let said = world.check(&[enterprise(1), enterprise(2), pro, free(enterprise(4))]);
    assert_eq!(said.states(), [RowState::Accepted; 4]);
    assert_eq!(free_instead(&said), [2]);
    let meant = with(enterprise(1), &[(Field::Kind, text("Mua mới"))]);
    assert_eq!(free_instead(&world.check(&[meant])), Vec::<u32>::new());
    let had = elsewhere(&[of_year(enterprise(1), "2025")], LineState::Placed);
    assert_eq!(free_instead(&had.check(&[enterprise(1)])), Vec::<u32>::new());
}

#[test]
fn a_licence_at_another_firm_for_the_same_time_is_asked_about_and_names_nobody() {
    for state in [LineState::Activating, LineState::Grace, LineState::Active, LineState::Uncertain]
    {
        let world = elsewhere(&[enterprise(1)], state);
        let said = says(&world, enterprise(1), &[("client.licensed_elsewhere", Hold)]);
        assert!(said.only().detail.is_empty(), "{:?}", said.only());
    }
    for state in [LineState::Waiting, LineState::Placed, LineState::Suspended, LineState::Failed] {
        says(&elsewhere(&[enterprise(1)], state), enterprise(1), &[]);
    }
    says(&elsewhere(&[enterprise(1)], LineState::Active), of_year(enterprise(1), "2027"), &[]);
    let autumn =
        with(of_year(enterprise(1), "2025"), &[(Field::FiscalYearStart, date("2025-10-01"))]);
    let world = elsewhere(&[autumn], LineState::Active);
    let said = world.check(&[enterprise(1)]);
    assert_eq!(said.names(), ["client.licensed_elsewhere"]);
}

#[test]
fn a_year_that_overlaps_a_running_licence_is_asked_about() {
    let autumn =
        with(of_year(enterprise(1), "2025"), &[(Field::FiscalYearStart, date("2025-10-01"))]);
    let world = after(&[autumn], LineState::Active);
    let january = with(enterprise(1), &[(Field::FiscalYearStart, date("2026-01-01"))]);
    let said = says(&world, january, &[("client.already_ordered", Hold)]);
    assert_eq!(said.only().detail["running"], "2025 (01/10/2025–30/09/2026)");
    let words = hangloat::text::findings::message(Texts::of(Locale::Vi), said.only());
    assert!(words.contains("trùng một phần"), "{words}");
    assert!(!said.only().detail.contains_key("line"), "a person may say that it is meant");
    // Where the row does not say otherwise, years follow each other.
    says(&world, enterprise(1), &[]);
}

#[test]
fn a_year_before_the_one_that_the_client_has_is_asked_about() {
    let world = after(&[enterprise(1)], LineState::Active);
    let said = says(&world, of_year(enterprise(1), "2025"), &[("client.already_ordered", Hold)]);
    let words = hangloat::text::findings::message(Texts::of(Locale::En), said.only());
    assert!(words.contains("2026") && words.contains("before"), "{words}");
}

#[test]
fn new_details_of_a_known_client_are_shown_and_a_new_log_in_is_asked_about() {
    let world = after(&[of_year(enterprise(1), "2025")], LineState::Active);
    let moved =
        with(enterprise(1), &[(Field::Address, text("Số 9 Lê Lợi")), (Field::Note, text("gấp"))]);
    let said = says(&world, moved, &[("client.changed", Info)]);
    assert_eq!(
        said.only().detail["reason"],
        "Địa chỉ: Số 1 đường Giải Phóng, Hà Nội → Số 9 Lê Lợi"
    );
    assert_eq!(said.client(0).address.as_deref(), Some("Số 9 Lê Lợi"));
    let other = with(
        enterprise(1),
        &[(Field::Email, text("moi@congty1.example")), (Field::Name, text("Cty Mới"))],
    );
    let said = says(&world, other, &[("client.changed", Hold)]);
    let finding = said.only();
    assert_eq!(finding.place.field, Some(Field::Email));
    assert!(finding.detail["reason"].contains("giamdoc1@congty1.example → moi@congty1.example"));
    assert!(finding.detail["reason"].contains("Cty Mới"));
    let words = hangloat::text::findings::fix(Texts::of(Locale::Vi), finding);
    assert!(words.contains("“nhận”"), "{words}");
}

#[test]
fn a_job_may_refuse_clients_that_the_firm_does_not_know() {
    let mut world = after(&[of_year(enterprise(1), "2025")], LineState::Active);
    world.options.new_clients = NewClients::Refuse;
    says(&world, enterprise(1), &[]);
    let said = says(&world, enterprise(2), &[("tax_id.unknown", Error)]);
    let words = hangloat::text::findings::message(Texts::of(Locale::Vi), said.only());
    assert!(words.contains("chưa có trong danh mục khách hàng"), "{words}");
    let mut other = elsewhere(&[of_year(enterprise(1), "2025")], LineState::Active);
    other.options.new_clients = NewClients::Refuse;
    says(&other, enterprise(1), &[("tax_id.unknown", Error)]);
}
