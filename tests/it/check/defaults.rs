//! What a row leaves out: the order sheet, `--set` and the job, and the usual.
//! What the firm's record of a client fills in is tested in `history`.

use super::*;

fn short() -> Client {
    without(enterprise(1), &[Field::Package, Field::FiscalYear, Field::CustomerType])
}

fn on_order_sheet(world: World, said: &[(Field, &str)]) -> World {
    let order_level = said.iter().map(|(field, value)| (*field, (*value).to_owned())).collect();
    World { order_level, ..world }
}

#[test]
fn a_value_nearer_to_the_row_wins() {
    let mut job = World::default().set(&["package=ASP-DN", "fiscal_year=2025", "recipient=other"]);
    let mut typed = hangloat::flow::options::Defaults::default();
    typed.set("fiscal_year=2027").unwrap();
    typed.set("recipient=firm").unwrap();
    job.options.defaults.overlay(typed);
    let said = job.check(&[short()]);
    let client = said.client(0);
    assert_eq!((client.package.as_str(), client.fiscal_year.year()), ("ASP-DN", 2027));
    assert_eq!(client.recipient.as_str(), "firm");

    let ordered =
        on_order_sheet(job, &[(Field::FiscalYear, "2026"), (Field::Recipient, "Khách hàng")]);
    let said = ordered.check(&[short()]);
    assert_eq!(
        (said.client(0).fiscal_year.year(), said.client(0).recipient.as_str()),
        (2026, "client")
    );

    let row = with(short(), &[(Field::FiscalYear, text("2025")), (Field::Recipient, text("KTDV"))]);
    let said = ordered.check(&[row]);
    assert!(said.is_clean(), "{:?}", said.names());
    assert_eq!(
        (said.client(0).fiscal_year.year(), said.client(0).recipient.as_str()),
        (2025, "firm")
    );
}

#[test]
fn defaults_differ_by_customer_type() {
    let world = World::default().set(&[
        "package.enterprise=ASP-DN",
        "package.household=ASP-HKD",
        "fiscal_year.household=2027",
        "fiscal_year=2026",
        "recipient.household=firm",
        "regime.household=TT152",
        "vat_method.household=direct_revenue",
        "note.enterprise=gấp",
    ]);
    let rows = [
        without(enterprise(1), &[Field::Package, Field::FiscalYear]),
        without(
            household(2),
            &[Field::Package, Field::FiscalYear, Field::Regime, Field::VatMethod],
        ),
    ];
    let said = world.check(&rows);
    assert_eq!(said.names(), ["order.mixed_types"]);
    let (first, second) = (said.client(0), said.client(1));
    assert_eq!((first.package.as_str(), second.package.as_str()), ("ASP-DN", "ASP-HKD"));
    assert_eq!((first.fiscal_year.year(), second.fiscal_year.year()), (2026, 2027));
    assert_eq!((first.recipient.as_str(), second.recipient.as_str()), ("client", "firm"));
    assert_eq!((first.note.as_deref(), second.note.as_deref()), (Some("gấp"), None));
    assert_eq!(second.vat_method.as_str(), "direct_revenue");
}

#[test]
fn a_wrong_default_is_said_of_each_row_with_its_value() {
    let world = World::default().set(&["package.enterprise=ASP-HKD", "registered_by=Ai"]);
    let said = world.check(&[without(enterprise(1), &[Field::Package])]);
    assert_eq!(said.finding("package.wrong_type").value.as_deref(), Some("ASP-HKD"));
    assert_eq!(said.finding("registered_by.unknown").value.as_deref(), Some("Ai"));
}

#[test]
fn what_nobody_says_is_the_usual() {
    let said = World::default().check(&[enterprise(1)]);
    let client = said.client(0);
    assert_eq!((client.kind.as_str(), client.currency.as_str()), ("purchase", "VND"));
    assert_eq!((client.recipient.as_str(), client.invoice_to.as_str()), ("client", "client"));
    assert_eq!(
        (client.fiscal_year_start, client.books_start),
        (day("2026-01-01"), day("2026-01-01"))
    );
    assert_eq!((&client.registered_by, &client.assigned_to), (&None, &None));
    let firm = with(enterprise(1), &[(Field::Recipient, text("KTDV"))]);
    assert_eq!(World::default().check(&[firm]).client(0).invoice_to.as_str(), "firm");
}
