//! What the two help pages promise, in our words and in their order, beside the tests that show it.
//! The pages: how a firm buys for many clients at once, and how it registers a free year for one.

use std::{collections::BTreeSet, fs, path::Path};

/// A rule or a feature, and the tests by which it can be seen.
type Promise = (&'static str, &'static [&'static str]);

const BULK_PURCHASE: &[Promise] = &[
    (
        "A firm buys for a whole list of clients at once",
        &["the_good_rows_become_two_orders_and_a_tick_by_openpyxl_places_them"],
    ),
    (
        "A package is chosen",
        &[
            "a_package_is_on_sale_and_for_the_customer_type",
            "a_new_package_with_its_price_is_ordered_at_that_price",
        ],
    ),
    (
        "Enterprises and households are never bought for together",
        &["a_mixed_list_is_split_or_refused"],
    ),
    (
        "The fiscal year to buy is said",
        &[
            "a_fiscal_year_is_one_year_on_sale",
            "a_fiscal_year_is_bought_from_the_year_before_to_the_year_after_the_order",
        ],
    ),
    (
        "Who gets the invoice and the notice is chosen: best each client itself, who then sees the order and how to pay",
        &["what_nobody_says_is_the_usual", "the_three_recipients_are_told_different_things"],
    ),
    (
        "Or the firm, which gets notice and invoice for its clients",
        &[
            "who_pays_for_several_scans_one_code_for_all",
            "the_three_recipients_are_told_different_things",
        ],
    ),
    (
        "Or another, named for each client with all that notice and invoice need",
        &[
            "another_recipient_is_named_for_each_client",
            "what_is_paid_is_handed_on_with_the_buyer_and_without_vat",
        ],
    ),
    (
        "A client of the catalogue is picked",
        &[
            "for_a_client_the_firm_has_the_tax_id_is_enough",
            "a_known_client_needs_its_tax_id_alone",
        ],
    ),
    (
        "A new client is declared on the spot and enters the catalogue",
        &["a_client_enters_the_catalogue_with_its_first_order_and_is_listed_with_its_licences"],
    ),
    (
        "Accounting data and the VAT method are declared for each client",
        &[
            "methods_and_regimes_are_those_of_the_customer_type",
            "a_vat_method_is_allowed_by_the_customer_type",
            "a_regime_is_allowed_by_the_start_of_the_fiscal_year_whatever_the_order_s_date",
            "books_begin_within_the_fiscal_year",
        ],
    ),
    (
        "The representative's e-mail and phone must be exact, since they become the log-in",
        &[
            "an_email_is_a_real_address_of_the_client",
            "a_misspelt_domain_is_held_with_the_right_one_and_the_firms_own_address_is_held",
            "what_is_no_mobile_is_refused_as_a_log_in",
        ],
    ),
    (
        "Before ordering, clients, years and each client's details are looked at once more",
        &["an_old_revision_is_stale_once_the_next_one_shows_something_else"],
    ),
    (
        "A tick says that all was checked and is right; without it nothing is ordered",
        &[
            "a_tick_is_made_in_many_ways",
            "an_unchanged_workbook_dropped_back_is_no_answer_to_anything",
        ],
    ),
    (
        "The order is sent to the e-mail of whom was chosen",
        &["both_forms_of_a_notice_say_who_pays_how_much_where_and_under_which_code"],
    ),
    (
        "The bell tells of a placed order and of the result of an activation",
        &["the_demo_goes_the_whole_way_and_every_list_finds_it_again"],
    ),
    (
        "A client with the notice pays as its mail says",
        &[
            "a_notice_says_who_what_how_much_and_how_to_pay",
            "the_picture_in_a_notice_asks_for_what_the_letter_says",
        ],
    ),
    (
        "A firm with the notice shows its client the account to pay to",
        &["the_pictures_in_the_workbook_ask_for_each_payment"],
    ),
    (
        "After ordering the firm may activate at once, or many in bulk later",
        &["an_activation_is_ticked_at_once_or_later"],
    ),
    (
        "Unpaid, the software works for 7 days from the activation",
        &["the_cut_off_is_the_end_of_the_seventh_local_day_moved_past_a_weekend"],
    ),
];

const FREE_REGISTRATION: &[Promise] = &[
    (
        "The admin or a member of staff registers a free year for an enterprise or a household",
        &[
            "confirming_a_free_order_activates_it_and_ends_it",
            "a_free_year_is_of_packages_that_have_one",
        ],
    ),
    ("One fiscal year is free, once for a client", &["a_free_year_is_had_once"]),
    (
        "The kind of client is said first",
        &["the_package_says_the_customer_type_where_the_row_does_not"],
    ),
    (
        "All of the client is declared: the unit, its representative, e-mail and phone, its accounting data",
        &["each_required_field_that_is_empty_is_said_in_its_own_column"],
    ),
    (
        "E-mail and mobile of the client or its representative are the log-in",
        &["an_email_is_a_real_address_of_the_client", "what_is_no_mobile_is_refused_as_a_log_in"],
    ),
    ("The contact phone is only for calls", &["a_contact_phone_may_be_a_landline"]),
    (
        "Who registered gets a mail, and so does the client, with the log-in",
        &[
            "the_letter_says_that_nothing_is_to_be_paid",
            "the_link_to_set_a_password_is_in_the_clients_letter_alone",
        ],
    ),
    (
        "Staff is assigned to a client's data, then or later",
        &[
            "the_admin_and_the_assigned_member_get_their_roles_and_the_client_one_admin",
            "who_is_assigned_later_is_told_to_the_platform_and_the_client_keeps_its_log_in",
        ],
    ),
    (
        "The firm's admin is admin of the data; as many of the firm work there as it likes, as manager or in data entry",
        &["a_client_has_one_admin_and_one_sender_and_the_firm_as_many_as_it_likes"],
    ),
    (
        "A member of staff who registers a free year gets data entry",
        &["the_member_of_staff_who_registers_enters_the_data_whatever_its_rank"],
    ),
    (
        "A client has two accounts: its admin from the registration, and one that sends documents",
        &["a_client_has_one_admin_and_one_sender_and_the_firm_as_many_as_it_likes"],
    ),
    (
        "Two databases for a fiscal year, the first made by the platform",
        &["the_platform_is_asked_for_as_many_databases_as_the_package_has"],
    ),
];

#[test]
fn each_promise_of_the_help_pages_is_shown_by_tests_that_are_there() {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut tests = BTreeSet::new();
    for folder in ["src", "tests/it"] {
        collect(&manifest.join(folder), &mut tests);
    }
    for (promise, shown_by) in BULK_PURCHASE.iter().chain(FREE_REGISTRATION) {
        assert!(!shown_by.is_empty(), "nothing shows: {promise}");
        for test in *shown_by {
            assert!(tests.contains(*test), "no test {test}, which shows: {promise}");
        }
    }
}

/// The names of all test functions below a folder.
fn collect(folder: &Path, tests: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, tests);
        } else if path.extension().is_some_and(|end| end == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            let mut lines = text.lines().map(str::trim).peekable();
            while let Some(line) = lines.next() {
                if line == "#[test]" || line.starts_with("#[tokio::test") {
                    let name = lines.peek().and_then(|line| line.split_once("fn "));
                    tests.extend(
                        name.and_then(|(_, rest)| rest.split('(').next()).map(str::to_owned),
                    );
                }
            }
        }
    }
}
