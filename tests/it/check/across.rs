//! Rows against each other, and what is said of the file as a whole.
//! Rows against earlier orders are tested in `history`.

use super::*;
use Severity::{Error, Hold, Info, Warning};
use hangloat::{
    domain::finding::Code,
    flow::options::{HiddenRows, Mixed, OnError},
};

#[test]
fn of_duplicates_the_first_stays_and_the_later_ones_are_held() {
    let again = with(enterprise(1), &[(Field::TaxId, text("0101243150"))]);
    let spelt = with(
        again.clone(),
        &[(Field::TaxId, text("0101.243.150")), (Field::Package, text("ASP-DN-PRO"))],
    );
    let next_year = with(again.clone(), &[(Field::FiscalYear, text("2027"))]);
    let said = World::default().check(&[again, spelt.clone(), next_year, spelt]);
    assert_eq!(
        said.states(),
        [RowState::Accepted, RowState::Held, RowState::Accepted, RowState::Held]
    );
    assert_eq!(said.names(), ["client.duplicate_in_file"; 2]);
    let second = said.finding("client.duplicate_in_file");
    assert_eq!((second.severity, second.detail["other"].as_str()), (Hold, "dòng 2"));
    assert_eq!(second.value.as_deref(), Some("0101.243.150"));
    assert_eq!(second.place.column.as_deref(), Some("B"));
}

#[test]
fn a_duplicate_is_told_also_where_more_is_wrong() {
    let wrong = with(enterprise(1), &[(Field::Phone, text("113"))]);
    let said = World::default().check(&[enterprise(1), wrong.clone()]);
    assert_eq!(said.of_row(3), ["phone.malformed error", "client.duplicate_in_file hold"]);
    assert_eq!(said.states(), [RowState::Accepted, RowState::Rejected]);
    let said = World::default().check(&[wrong, enterprise(1)]);
    assert_eq!(said.states(), [RowState::Rejected, RowState::Held]);
}

#[test]
fn one_email_for_several_clients_is_a_warning_and_an_info_for_one_person() {
    let shared = |number, person: &str| {
        let cells =
            [(Field::Email, text("Chung@cty.example")), (Field::Representative, text(person))];
        with(enterprise(number), &cells)
    };
    let clients = [shared(1, "Lê Thị Hoa"), shared(2, "LE THI  HOA"), shared(3, "Phạm Văn Tư")];
    let said = World::default().check(&clients);
    assert_eq!(said.of_row(2), Vec::<String>::new());
    assert_eq!(said.of_row(3), ["text.normalised info", "email.shared info"]);
    assert_eq!(said.of_row(4), ["email.shared warning"]);
    assert_eq!(said.states(), [RowState::Accepted; 3]);
    let finding = said.finding("email.shared");
    assert_eq!(
        (finding.value.as_deref(), finding.place.column.as_deref()),
        (Some("Chung@cty.example"), Some("G"))
    );
    assert_eq!(finding.detail["other"], "dòng 2");
}

#[test]
fn an_email_of_another_client_of_the_firm_is_told_where_it_is_new_for_a_client() {
    let (tax_id, said) = ("0100109106", World::default().check(&[enterprise(1)]));
    let email = said.client(0).email.to_string();
    let reached = |tax_id: &str, person: &str| Reached {
        email: email.clone(),
        tax_id: tax_id.to_owned(),
        name: "Công ty Khác".to_owned(),
        representative: person.to_owned(),
    };
    let own = said.client(0).tax_id.to_string();
    let person = said.client(0).representative.clone();
    for (known, expected) in [
        (vec![reached(tax_id, "Phạm Văn Tư")], vec!["email.shared warning"]),
        (vec![reached(tax_id, &person.to_uppercase())], vec!["email.shared info"]),
        (
            vec![reached(tax_id, &person), reached("0100233488", "Phạm Văn Tư")],
            vec!["email.shared warning"],
        ),
        // It has signed in so before.
        (vec![reached(tax_id, "Phạm Văn Tư"), reached(&own, &person)], vec![]),
    ] {
        let world = World { reached: known, ..World::default() };
        let said = world.check(&[enterprise(1)]);
        assert_eq!(said.of_row(2), expected);
        assert_eq!(said.states(), [RowState::Accepted]);
        if expected == ["email.shared warning"] {
            let other = &said.finding("email.shared").detail["other"];
            assert!(other.starts_with("Công ty Khác, 0100"), "{other}");
        }
    }
}

#[test]
fn an_address_that_gets_no_mail_is_a_warning_and_its_client_is_taken() {
    let email = World::default().check(&[enterprise(1)]).client(0).email.to_string();
    let world = World { suppressed: vec![email.clone()], ..World::default() };
    let said = world.check(&[enterprise(1), enterprise(2)]);
    let finding = said.only();
    assert_eq!((finding.code, finding.severity), (Code::EmailHeld, Warning));
    assert_eq!((finding.place.field, &finding.value), (Some(Field::Email), &Some(email)));
    assert_eq!(said.states(), [RowState::Accepted; 2]);
}

#[test]
fn one_phone_for_several_clients_is_a_warning() {
    let shared = |number, phone: &str| with(enterprise(number), &[(Field::Phone, text(phone))]);
    let said = World::default().check(&[shared(1, "0912345678"), shared(2, "+84 912 345 678")]);
    let finding = said.only();
    assert_eq!((finding.code, finding.severity), (Code::PhoneShared, Warning));
    assert_eq!(
        (finding.place.column.as_deref(), finding.value.as_deref()),
        (Some("H"), Some("+84 912 345 678"))
    );
}

#[test]
fn a_mixed_list_is_split_or_refused() {
    let mixed = [enterprise(1), household(2)];
    let mut world = World::default();
    let said = world.check(&mixed);
    assert_eq!((said.only().code, said.only().severity), (Code::OrderMixedTypes, Info));
    assert_eq!(said.states(), [RowState::Accepted; 2]);
    world.options.mixed = Mixed::Refuse;
    let said = world.check(&mixed);
    assert_eq!((said.only().severity, said.only().place.row), (Error, None));
    assert_eq!(said.states(), [RowState::Rejected; 2]);
    assert!(said.checked.is_refused && said.checked.accepted().count() == 0);
    let held = with(household(2), &[(Field::Email, text("a@gmial.com"))]);
    assert!(world.check(&[enterprise(1), held]).checked.is_refused);
    assert!(world.check(&[enterprise(1), enterprise(2)]).is_clean());
    let bad = with(household(2), &[(Field::Phone, text("1"))]);
    assert_eq!(world.check(&[enterprise(1), bad]).names(), ["phone.malformed"]);
}

fn bad_of(bad: u32, total: u32) -> Vec<Client> {
    let client = |number| {
        if number < bad { without(enterprise(number), &[Field::Name]) } else { enterprise(number) }
    };
    (0..total).map(client).collect()
}

#[test]
fn from_twenty_rows_on_more_bad_than_good_ones_refuse_the_file() {
    for (bad, total, refused) in
        [(11, 20, true), (10, 20, false), (19, 19, false), (26, 50, true), (25, 50, false)]
    {
        let said = World::default().check(&bad_of(bad, total));
        assert_eq!(said.checked.is_refused, refused, "{bad}/{total}");
        let rejected = said.states().iter().filter(|state| **state == RowState::Rejected).count();
        assert_eq!(rejected, if refused { total } else { bad } as usize, "{bad}/{total}");
        if refused {
            let finding = said.finding("file.bad_share");
            assert_eq!(
                (finding.value.as_deref(), finding.place.row),
                (Some(format!("{bad}/{total}").as_str()), None)
            );
            assert_eq!(finding.detail["limit"], "50 %");
        }
    }
}

#[test]
fn one_bad_row_refuses_the_file_where_the_job_says_so() {
    let mut world = World::default();
    world.options.on_error = OnError::RejectFile;
    let said = world.check(&bad_of(1, 3));
    assert_eq!(said.states(), [RowState::Rejected; 3]);
    assert_eq!(said.detail("file.bad_share", "limit"), "0 %");
    assert!(world.check(&bad_of(0, 3)).is_clean());
}

/// Three clients; the second is hidden.
fn with_a_hidden_row(world: &World, clients: &[Client]) -> Said {
    let mut sheet = list(clients);
    sheet.layout.hidden = vec![(3, 3)];
    world.sheets(vec![sheet])
}

#[test]
fn a_hidden_row_is_asked_about_taken_or_left_out_as_the_job_says() {
    let clients = [enterprise(1), enterprise(2), enterprise(3)];
    for (hidden_rows, severity, state) in [
        (HiddenRows::Hold, Hold, RowState::Held),
        (HiddenRows::Take, Info, RowState::Accepted),
        (HiddenRows::Skip, Info, RowState::Unchanged),
    ] {
        let mut world = World::default();
        world.options.hidden_rows = hidden_rows;
        let said = with_a_hidden_row(&world, &clients);
        assert_eq!(said.states(), [RowState::Accepted, state, RowState::Accepted], "{hidden_rows}");
        let finding = said.only();
        assert_eq!((finding.code, finding.severity), (Code::RowHidden, severity));
        assert_eq!((finding.place.row, finding.place.sheet.as_deref()), (Some(3), Some("DS")));
        assert_eq!(
            said.checked.accepted().count(),
            if state == RowState::Accepted { 3 } else { 2 }
        );
    }
}

#[test]
fn a_hidden_row_that_is_left_out_is_not_judged_and_no_other_is_measured_by_it() {
    let mut world = World::default();
    world.options.hidden_rows = HiddenRows::Skip;
    let wrong = with(enterprise(3), &[(Field::Phone, text("113"))]);
    let said = with_a_hidden_row(&world, &[enterprise(1), wrong, enterprise(3)]);
    assert_eq!(said.names(), ["row.hidden"]);
    let twin = enterprise(3);
    assert!(
        with_a_hidden_row(&world, &[enterprise(1), twin, enterprise(3)]).states()[2]
            == RowState::Accepted
    );
    world.options.hidden_rows = HiddenRows::Hold;
    let said = with_a_hidden_row(&world, &[enterprise(1), enterprise(3), enterprise(3)]);
    assert_eq!(said.of_row(4), ["client.duplicate_in_file hold"], "asked about, so it counts");
}
