//! What is matched, what waits, and what is never matched, case by case; and many payments at once.

use super::*;
use crate::domain::payment_code::PaymentCode;

fn code(number: u32) -> String {
    let mut random = [0; 7];
    for (at, byte) in random.iter_mut().enumerate() {
        *byte = u8::try_from(number / 25_u32.pow(u32::try_from(at).unwrap()) % 25).unwrap();
    }
    PaymentCode::new(&"HL".parse().unwrap(), random).to_string()
}

/// Requests 1, 2, 3 of one payer, with 9 as the code of all, and 4 of another one.
fn dues() -> Vec<Due> {
    let due = |number: u32, payer: &str, batch: Option<u32>, amount| Due {
        code: code(number),
        batch_code: batch.map(code),
        order: format!("DH-2611-00000{}", payer.len()),
        firm: "MINHAN".to_owned(),
        payer: payer.to_owned(),
        amount,
        is_cancelled: false,
        former: Vec::new(),
    };
    vec![
        due(1, "a", Some(9), 2_950_000),
        due(2, "a", Some(9), 2_950_000),
        due(3, "a", Some(9), 990_000),
        due(4, "bb", None, 1_250_000),
    ]
}

fn credit(day: u32, amount: i64, memo: &str) -> Credit {
    Credit {
        id: day.into(),
        booked_on: NaiveDate::from_ymd_opt(2026, 11, day).unwrap(),
        fingerprint: format!("f{day}"),
        told: amount,
        amount,
        memo: memo.to_owned(),
        ..Credit::default()
    }
}

fn known() -> Known {
    Known { prefixes: BTreeSet::from(["HL".to_owned()]), ..Known::default() }
}

/// `state tier`, for each payment, and the states of the requests.
fn told(dues: &[Due], credits: &[Credit]) -> (Vec<String>, Vec<String>) {
    let (decisions, standings) = decide(dues, credits, &known());
    for credit in credits {
        let decision = decisions.iter().find(|decision| decision.id == credit.id).unwrap();
        let allocated: i64 = decision.allocations.iter().map(|(_, amount)| amount).sum();
        assert!(allocated <= credit.amount && decision.allocations.iter().all(|(_, it)| *it > 0));
    }
    let decisions = decisions.iter().map(|it| format!("{} {}", it.state, it.tier)).collect();
    let standing = |it: &Standing| format!("{} {}", it.state, it.paid);
    (decisions, standings.iter().map(standing).collect())
}

#[test]
fn one_intact_code_is_matched_by_exactly_what_is_left_and_else_waits_for_a_person() {
    let memo = format!("MBVCB.1.{}.CT tu 001", code(4).to_lowercase());
    let of = |amounts: &[i64]| {
        let credits: Vec<Credit> =
            (1..).zip(amounts).map(|(day, amount)| credit(day, *amount, &memo)).collect();
        let (decisions, standings) = told(&dues(), &credits);
        (decisions.join(", "), standings[3].clone())
    };
    let told = |decisions: &str, standing: &str| (decisions.to_owned(), standing.to_owned());
    assert_eq!(of(&[1_250_000]), told("matched code", "paid 1250000"));
    assert_eq!(of(&[1_239_000]), told("held code_partly", "partly_paid 1239000"));
    assert_eq!(of(&[1_239_000, 11_000]), told("matched parts, matched code", "paid 1250000"));
    assert_eq!(of(&[1_300_000]), told("held code_over", "overpaid 1250000"));
    assert_eq!(of(&[1_250_000, 1_250_000]), told("matched code, held paid_before", "paid 1250000"));
    assert_eq!(
        of(&[1_000_000, 1_250_000]),
        told("matched parts, held code_over", "overpaid 1250000")
    );
}

#[test]
fn of_two_payments_of_a_day_under_one_code_the_earlier_is_matched_and_the_later_came_twice() {
    let paid = |id: i64, fingerprint: &str| {
        let fingerprint = fingerprint.to_owned();
        Credit { id, fingerprint, ..credit(1, 1_250_000, &code(4)) }
    };
    let credits = [paid(8, "a"), paid(7, "z")];
    assert_eq!(told(&dues(), &credits).0, ["held paid_before", "matched code"]);
}

#[test]
fn what_was_cancelled_takes_no_money() {
    let mut dues = dues();
    dues[3].is_cancelled = true;
    let (decisions, standings) = told(&dues, &[credit(1, 1_250_000, &code(4))]);
    assert_eq!((decisions[0].as_str(), standings[3].as_str()), ("held cancelled", "cancelled 0"));
}

#[test]
fn a_batch_code_is_matched_when_its_payments_are_exactly_what_is_left() {
    let of = |credits: &[Credit]| told(&dues(), credits).0.join(", ");
    let all = code(9);
    assert_eq!(of(&[credit(1, 6_890_000, &all)]), "matched batch_code");
    let parts = [credit(1, 5_000_000, &all), credit(2, 1_890_000, &all)];
    assert_eq!(of(&parts), "matched batch_code, matched batch_code");
    assert_eq!(of(&parts[..1]), "held batch_partly");
    assert_eq!(of(&[credit(1, 7_000_000, &all)]), "suggested batch_other");
    // One of the three was paid by its own code, before or after.
    let rest = credit(2, 3_940_000, &all);
    for day in [1, 3] {
        let one = credit(day, 2_950_000, &code(1));
        assert_eq!(of(&[one, rest.clone()]), "matched code, matched batch_code");
    }
    let twice = [credit(1, 6_890_000, &all), credit(2, 6_890_000, &all)];
    assert_eq!(of(&twice), "matched batch_code, held paid_before");
}

/// 5.000.000 under the code of all, of which a person matched the first request.
fn matched_in_part(day: u32) -> Credit {
    Credit { by_hand: Some(vec![(code(1), 2_950_000)]), ..credit(day, 5_000_000, &code(9)) }
}

#[test]
fn what_a_person_leaves_of_money_under_a_batch_code_waits_there_and_pays_with_what_else_comes() {
    let alone = [matched_in_part(1)];
    assert_eq!(told(&dues(), &alone).0, ["held by_hand"]);
    let evidence = decide(&dues(), &alone, &known()).0.remove(0).evidence;
    assert_eq!(evidence.codes, [code(9), code(1)]);
    let sums = (evidence.under, evidence.left, evidence.came);
    assert_eq!(sums, (Some(code(9)), Some(3_940_000), Some(2_050_000)));
    // Whichever came first, what is missing pays all, and so it did before a person said anything.
    for day in [1, 3] {
        let both = [matched_in_part(day), credit(2, 1_890_000, &code(9))];
        let (decisions, standings) = told(&dues(), &both);
        assert_eq!(decisions, ["matched by_hand", "matched batch_code"]);
        assert_eq!(standings[..3], ["paid 2950000", "paid 2950000", "paid 990000"]);
        let nothing_said = both.map(|it| Credit { by_hand: None, ..it });
        assert_eq!(told(&dues(), &nothing_said).0, ["matched batch_code", "matched batch_code"]);
    }
    let other = [matched_in_part(1), credit(2, 1_890_001, &code(9))];
    assert_eq!(told(&dues(), &other).0, ["held by_hand", "suggested batch_other"]);
    let single = [matched_in_part(1), credit(2, 900_000, &code(2)), credit(3, 990_000, &code(3))];
    assert_eq!(
        told(&dues(), &single).0,
        ["matched by_hand", "matched parts", "matched code"],
        "what came by single codes leaves exactly that"
    );
}

#[test]
fn what_a_person_leaves_of_money_that_names_several_payers_is_known_to_name_them_on() {
    let memo = format!("{} {}", code(9), code(4));
    let said =
        |amount| Credit { by_hand: Some(vec![(code(1), amount)]), ..credit(1, 2_950_000, &memo) };
    let evidence = |amount| {
        let credits = [said(amount), credit(2, 950_000, &code(1))];
        decide(&dues(), &credits, &known()).0.remove(0).evidence
    };
    let left = evidence(2_000_000);
    assert_eq!((left.codes, left.under), (vec![code(1)], None));
    let memo: BTreeSet<String> = left.memo.into_iter().collect();
    assert_eq!(memo, BTreeSet::from([code(4), code(9)]));
    assert!(evidence(2_950_000).memo.is_empty(), "nothing is left of it");
}

#[test]
fn what_a_person_leaves_keeps_nothing_from_being_paid_by_what_is_exact_without_it() {
    let exact = [matched_in_part(1), credit(2, 3_940_000, &code(9))];
    assert_eq!(told(&dues(), &exact).0, ["held by_hand", "matched batch_code"]);
    // What a person said of other payments goes before what is left of this one.
    let all = Credit { amount: 5_900_000, told: 5_900_000, ..matched_in_part(1) };
    let said = |day, to: u32, amount| Credit {
        by_hand: Some(vec![(code(to), amount)]),
        ..credit(day, amount, "khong ro")
    };
    let credits = [all, said(2, 3, 990_000), said(3, 2, 2_950_000)];
    let (decisions, standings) = told(&dues(), &credits);
    assert_eq!(decisions, ["held by_hand", "matched by_hand", "matched by_hand"]);
    assert_eq!(standings[..3], ["paid 2950000", "paid 2950000", "paid 990000"]);
}

#[test]
fn money_under_a_batch_code_never_pays_by_itself_what_a_person_took_it_away_from() {
    let parted = |of: &[u32]| Credit {
        not_for: of.iter().map(|number| code(*number)).collect(),
        ..credit(1, 5_000_000, &code(9))
    };
    let rest = credit(2, 1_890_000, &code(9));
    assert_eq!(told(&dues(), &[parted(&[3])]).0, ["held batch_partly"], "it may be for the others");
    let both = [parted(&[3]), rest.clone()];
    let (decisions, _) = decide(&dues(), &both, &known());
    assert!(decisions.iter().all(|it| it.tier == Tier::BatchCode), "{decisions:?}");
    assert!(decisions[0].allocations.iter().all(|(it, _)| *it != code(3)), "{decisions:?}");
    let cannot = told(&dues(), &[parted(&[1]), rest]);
    assert_eq!(cannot.0, ["suggested batch_other", "suggested batch_other"]);
    let all = |of: &[u32]| told(&dues(), &[parted(of), credit(2, 6_890_000, &code(9))]).0;
    assert_eq!(all(&[1, 2, 3, 9]), ["unmatched parted", "matched batch_code"]);
    assert_eq!(all(&[1, 2, 3]), ["held paid_before", "matched batch_code"]);
    let alone = told(&dues(), &[parted(&[1, 2, 3])]).0;
    assert_eq!(alone, ["held batch_partly"], "nobody denied the code for all");
}

#[test]
fn what_was_told_to_be_paid_under_one_code_is_suggested_where_another_one_pays_a_part_now() {
    let mut dues = dues();
    let moved = dues.iter_mut().find(|due| due.batch_code.is_some()).unwrap();
    moved.former = moved.batch_code.take().into_iter().collect();
    moved.payer = "z".to_owned();
    let (moved, left) = (moved.code.clone(), 6_890_000 - moved.amount);
    let of = |amount: i64| {
        let credits = [credit(1, amount, &code(9))];
        decide(&dues, &credits, &known()).0.remove(0)
    };
    let old = of(6_890_000);
    assert_eq!((old.tier, old.allocations.len()), (Tier::BatchOther, 0));
    assert!(old.evidence.candidates.contains(&moved) && old.evidence.candidates.len() > 1);
    assert!(old.evidence.sum.is_some());
    let other = of(7_000_000);
    assert!(other.evidence.sum.is_none() && !other.evidence.candidates.contains(&moved));
    assert_eq!(of(left).tier, Tier::BatchCode);
}

#[test]
fn several_codes_are_matched_by_exactly_their_sum() {
    let memo = format!("tt {} va {}", code(1), code(3));
    let of = |credits: &[Credit]| told(&dues(), credits).0.join(", ");
    assert_eq!(of(&[credit(1, 3_940_000, &memo)]), "matched several_codes");
    assert_eq!(of(&[credit(1, 3_930_000, &memo)]), "suggested several_other");
    let paid = credit(1, 990_000, &code(3));
    let twice = [paid.clone(), credit(2, 2_950_000, &memo)];
    assert_eq!(of(&twice), "matched code, suggested several_other", "it may be paid again");
    let (decisions, _) = decide(&dues(), &twice, &known());
    let evidence = &decisions[1].evidence;
    assert_eq!((&evidence.settled, evidence.left), (&vec![code(3)], Some(2_950_000)));
    let all = format!("{} {} {}", code(1), code(2), code(3));
    let beside = |amount: i64| of(&[paid.clone(), credit(2, amount, &all)]);
    assert_eq!(beside(5_900_000), "matched code, matched several_codes");
    assert_eq!(beside(6_890_000), "matched code, suggested several_other");
    let mut cancelled = dues();
    cancelled[2].is_cancelled = true;
    let (told, _) = told(&cancelled, &[credit(2, 5_900_000, &all)]);
    assert_eq!(told, ["suggested several_other"]);
}

#[test]
fn the_code_for_all_beside_one_of_its_own_is_matched_where_one_reading_alone_is_the_amount() {
    let of = |dues: &[Due], amount: i64, single: u32| {
        let memo = format!("tt {} {}", code(9), code(single));
        let (decisions, standings) = told(dues, &[credit(1, amount, &memo)]);
        let paid = standings.iter().filter(|it| it.starts_with("paid")).count();
        format!("{} {paid}", decisions[0])
    };
    assert_eq!(of(&dues(), 6_890_000, 1), "matched several_codes 3");
    assert_eq!(of(&dues(), 2_950_000, 1), "matched code 1");
    assert_eq!(of(&dues(), 990_000, 1), "suggested several_other 0", "it is another one's amount");
    // The code of somebody else.
    assert_eq!(of(&dues(), 8_140_000, 4), "matched several_codes 4");
    for amount in [6_890_000, 1_250_000, 5_000_000] {
        assert_eq!(of(&dues(), amount, 4), "suggested several_other 0", "{amount}: of one payer");
    }
}

#[test]
fn codes_of_different_payers_are_matched_by_all_of_them_together_alone() {
    let mut dues = dues();
    let other = |number: u32, all: Option<u32>| Due {
        code: code(number),
        batch_code: all.map(code),
        payer: "ccc".to_owned(),
        firm: "HOAPHAT".to_owned(),
        ..dues[0].clone()
    };
    let others = [other(5, Some(8)), other(6, Some(8))];
    dues.extend(others);
    let of = |before: &[Credit], amount: i64, codes: &[u32]| {
        let memo: Vec<String> = codes.iter().map(|number| code(*number)).collect();
        let last = credit(20, amount, &memo.join(" "));
        told(&dues, &[before, &[last]].concat()).0.pop().unwrap()
    };
    let suggested = "suggested several_other";
    for (amount, codes) in [
        // The one of a batch, or the single one of another payer.
        (6_890_000, &[9, 4][..]),
        (1_250_000, &[9, 4]),
        (2_950_000, &[9, 5]),
        (6_890_000, &[9, 5]),
        (5_900_000, &[9, 5, 6]),
        // Two single ones, two for all.
        (2_950_000, &[1, 5]),
        (1_250_000, &[1, 4]),
        (5_900_000, &[9, 8]),
        (6_890_000, &[9, 8]),
    ] {
        assert_eq!(of(&[], amount, codes), suggested, "{amount} {codes:?}");
    }
    for (amount, codes) in [
        (8_140_000, &[9, 4][..]),
        (9_840_000, &[9, 5]),
        (4_200_000, &[1, 4]),
        (12_790_000, &[9, 8]),
    ] {
        assert_eq!(of(&[], amount, codes), "matched several_codes", "{amount} {codes:?}");
    }
    // What one of them lacks is no more a sign of it than all of it.
    let waits = [credit(1, 3_940_000, &code(9))];
    assert_eq!(of(&waits, 2_950_000, &[9, 5]), suggested);
    assert_eq!(of(&waits, 2_950_000, &[9, 4]), suggested);
    assert_eq!(of(&waits, 9_840_000, &[9, 5]), "matched several_codes");
    // Where one of them is paid, it may be paid again, though the amount is all that is open of both.
    let paid = |amount: i64, number: u32| [credit(1, amount, &code(number))];
    assert_eq!(of(&paid(1_250_000, 4), 6_890_000, &[9, 4]), suggested);
    assert_eq!(of(&paid(6_890_000, 9), 1_250_000, &[9, 4]), suggested);
    assert_eq!(of(&paid(6_890_000, 9), 5_900_000, &[9, 8]), suggested);
    let both = [
        credit(1, 6_890_000, &code(9)),
        credit(20, 1_250_000, &format!("{} {}", code(9), code(4))),
    ];
    let evidence = decide(&dues, &both, &known()).0.remove(1).evidence;
    assert_eq!((evidence.settled, evidence.left), (vec![code(9)], Some(1_250_000)));
}

#[test]
fn what_fits_a_single_code_and_what_the_one_for_all_lacks_pays_all_of_its_payer_either_way() {
    let both = credit(2, 2_950_000, &format!("tt {} {}", code(9), code(1)));
    for day in [1, 3] {
        let waits = credit(day, 3_940_000, &code(9));
        let (decisions, standings) = told(&dues(), &[waits, both.clone()]);
        assert_eq!(decisions, ["matched batch_code", "matched code"]);
        assert_eq!(standings[..3], ["paid 2950000", "paid 2950000", "paid 990000"]);
    }
}

#[test]
fn what_names_the_code_for_all_and_one_of_its_own_waits_under_it_until_the_sum_is_exact() {
    let both = format!("tt {} {}", code(1), code(9));
    let first = credit(1, 5_000_000, &both);
    assert_eq!(told(&dues(), std::slice::from_ref(&first)).0, ["suggested several_other"]);
    let evidence = decide(&dues(), std::slice::from_ref(&first), &known()).0.remove(0).evidence;
    assert_eq!(evidence.codes, [code(9), code(1)]);
    let sums = (evidence.under, evidence.left, evidence.came);
    assert_eq!(sums, (Some(code(9)), Some(6_890_000), Some(5_000_000)));
    let with = |amount: i64| told(&dues(), &[first.clone(), credit(2, amount, &code(9))]).0;
    assert_eq!(with(1_890_000), ["matched batch_code"; 2]);
    assert_eq!(with(1_000_000), ["suggested several_other", "held batch_partly"]);
    assert_eq!(with(6_890_000), ["held paid_before", "matched batch_code"], "exact without it");
    let other = format!("tt {} {}", code(9), code(4));
    let evidence = decide(&dues(), &[credit(1, 5_000_000, &other)], &known()).0.remove(0).evidence;
    assert_eq!((evidence.under, evidence.came), (None, None), "somebody else's may be meant");
    let said = Credit { by_hand: Some(vec![(code(2), 2_950_000)]), ..first };
    let evidence = decide(&dues(), &[said], &known()).0.remove(0).evidence;
    assert_eq!((evidence.under, evidence.came), (Some(code(9)), Some(2_050_000)));
}

#[test]
fn what_names_a_code_that_was_paid_beside_the_one_for_all_is_not_matched_with_the_only_other() {
    let paid = [credit(1, 2_950_000, &code(1)), credit(2, 2_950_000, &code(2))];
    let both = format!("tt {} {}", code(9), code(1));
    let last = credit(3, 990_000, &both);
    let (decisions, _) = decide(&dues(), &[paid[0].clone(), paid[1].clone(), last], &known());
    assert_eq!(decisions[2].tier, Tier::SeveralOther, "it may be paid again");
    assert_eq!(decisions[2].evidence.settled, [code(1)]);
    let two = [paid[0].clone(), credit(3, 3_940_000, &both)];
    assert_eq!(told(&dues(), &two).0, ["matched code", "matched several_codes"]);
}

#[test]
fn nothing_is_matched_without_an_intact_code() {
    let of = |amount: i64, memo: &str| told(&dues(), &[credit(1, amount, memo)]).0.join(", ");
    let cut = &code(4)[..9];
    assert_eq!(of(1_250_000, cut), "suggested near_miss");
    assert_eq!(of(1_250_000, "thanh toan DH-2611-000002"), "suggested order_code");
    assert_eq!(of(1_250_000, "thanh toan phan mem"), "suggested subset");
    assert_eq!(of(5_900_000, "thanh toan phan mem"), "suggested subset");
    assert_eq!(of(2_950_000, "thanh toan phan mem"), "unmatched nothing");
    assert_eq!(of(1, ""), "unmatched nothing");
    assert_eq!(of(77, &code(77)), "unmatched unknown_code");
}

#[test]
fn what_a_person_matched_with_others_and_said_not_to_be_for_the_code_for_all_waits_under_it_no_more()
 {
    let said = |of: &[u32]| {
        let credit = Credit {
            by_hand: Some(vec![(code(4), 1_250_000)]),
            not_for: of.iter().map(|number| code(*number)).collect(),
            ..credit(1, 4_200_000, &code(9))
        };
        let decision = decide(&dues(), &[credit], &known()).0.remove(0);
        assert_eq!((decision.state, decision.tier), (PaymentState::Held, Tier::ByHand));
        (decision.evidence.under, decision.evidence.memo)
    };
    assert_eq!(said(&[1]), (Some(code(9)), Vec::new()));
    assert_eq!(said(&[1, 9]), (None, Vec::new()), "also where others of that payer are open");
}

#[test]
fn a_subset_is_suggested_with_its_arithmetic() {
    let (decisions, _) = decide(&dues(), &[credit(1, 6_890_000, "GAO MUOI")], &known());
    assert_eq!(decisions[0].evidence.sum.as_deref(), Some("1 × 990000 + 2 × 2950000"));
    assert_eq!(decisions[0].evidence.candidates.len(), 3);
    assert!(decisions[0].allocations.is_empty());
}

#[test]
fn what_a_person_said_goes_first_and_what_he_took_back_does_not_come_again() {
    let said =
        Credit { by_hand: Some(vec![(code(4), 1_250_000)]), ..credit(5, 1_250_000, "khong ro") };
    let late = credit(1, 1_250_000, &code(4));
    let (decisions, standings) = told(&dues(), &[late.clone(), said]);
    assert_eq!(decisions, ["held paid_before", "matched by_hand"]);
    assert_eq!(standings[3], "paid 1250000");
    let parted = Credit { not_for: BTreeSet::from([code(4)]), ..late };
    let (decisions, standings) = told(&dues(), &[parted]);
    assert_eq!((decisions[0].as_str(), standings[3].as_str()), ("unmatched parted", "open 0"));
}

#[test]
fn a_part_that_a_person_matched_waits_until_the_rest_has_come() {
    let by_hand = |day, amount| Credit {
        by_hand: Some(vec![(code(1), amount)]),
        ..credit(day, amount, "khong ro")
    };
    let (decisions, standings) = told(&dues(), &[by_hand(1, 1_000_000)]);
    assert_eq!(
        (decisions[0].as_str(), standings[0].as_str()),
        ("held by_hand", "partly_paid 1000000")
    );
    let rest = credit(2, 1_950_000, &code(1));
    let (decisions, standings) = told(&dues(), &[by_hand(1, 1_000_000), rest]);
    assert_eq!(decisions, ["matched by_hand", "matched code"]);
    assert_eq!(standings[0], "paid 2950000");
    let much = Credit { by_hand: Some(vec![(code(4), 1_250_000)]), ..credit(3, 2_000_000, "") };
    assert_eq!(told(&dues(), &[much]).0, ["held by_hand"], "some of it is for nothing yet");
}

#[test]
fn what_went_back_pays_for_nothing() {
    let gone = credit(1, 0, &code(4));
    let (decisions, standings) = told(&dues(), &[gone]);
    assert_eq!((decisions[0].as_str(), standings[3].as_str()), ("refunded returned", "open 0"));
    let part =
        Credit { by_hand: Some(vec![(code(1), 2_950_000)]), ..credit(1, 1_000_000, "khong ro") };
    let (_, standings) = told(&dues(), &[part]);
    assert_eq!(standings[0], "partly_paid 1000000", "of the rest alone");
}

#[test]
fn what_two_layouts_told_stays_one_payment_where_a_part_of_it_was_given_back() {
    let first = Credit {
        has_reference: true,
        id: 101,
        fingerprint: "r".to_owned(),
        ..credit(1, 600_000, &format!("MBVCB.1.{}.CT tu 001", code(4)))
    };
    let plain = credit(1, 600_000, &code(4));
    for amount in [350_000, 0] {
        let less = Credit { amount, ..first.clone() };
        let (decisions, standings) = told(&dues(), &[less, plain.clone()]);
        assert_eq!(decisions[1], "held maybe_same", "{amount}");
        let paid = if amount == 0 { "open 0" } else { "partly_paid 350000" };
        assert_eq!(standings[3], paid);
    }
}

#[test]
fn what_a_person_said_to_be_one_payment_counts_once_and_takes_no_others_place() {
    let first = |id: i64, memo: &str| Credit {
        has_reference: true,
        id,
        fingerprint: format!("r{id}"),
        ..credit(1, 600_000, &format!("{memo}.{}.CT tu 001", code(4)))
    };
    let plain = |id: i64, same: Option<i64>| Credit {
        id,
        same,
        fingerprint: format!("f{id}"),
        ..credit(1, 600_000, &code(4))
    };
    let all = [first(101, "A"), first(102, "B"), plain(103, Some(101)), plain(104, None)];
    let (decided, standings) = decide(&dues(), &all, &known());
    let of = |id: i64| decided.iter().find(|it| it.id == id).unwrap();
    assert_eq!((of(103).state, of(103).tier), (PaymentState::Matched, Tier::Same));
    assert_eq!((of(103).evidence.same, of(103).allocations.len()), (Some(101), 0));
    assert_eq!((of(104).tier, of(104).evidence.same), (Tier::MaybeSame, Some(102)));
    assert_eq!(standings[3].paid, 1_200_000);
    // What it was matched with by hand counts as little.
    let by_hand = Some(vec![(code(4), 600_000)]);
    let again = [first(101, "A"), Credit { by_hand, ..plain(103, Some(101)) }];
    let (_, standings) = told(&dues(), &again);
    assert_eq!(standings[3], "partly_paid 600000");
}

#[test]
fn of_two_equal_payments_that_came_again_each_waits_though_one_of_them_is_like_both() {
    let memo = ["cty minh an chuyen tien", "cty minh an chuyen tien dot 2"];
    let first = |id: i64, memo: &str| Credit {
        has_reference: true,
        id,
        fingerprint: format!("r{id}"),
        ..credit(1, 600_000, memo)
    };
    let again = |id: i64, print: &str, memo: &str, same: Option<i64>| Credit {
        id,
        same,
        fingerprint: print.to_owned(),
        ..credit(1, 600_000, &format!("{memo} kem so but toan"))
    };
    for prints in [["a", "b"], ["b", "a"]] {
        for same in [[None, None], [Some(101), None], [None, Some(102)]] {
            let all = [
                first(101, memo[0]),
                first(102, memo[1]),
                again(103, prints[0], memo[0], same[0]),
                again(104, prints[1], memo[1], same[1]),
            ];
            let (decided, _) = decide(&dues(), &all, &known());
            let of = |id: i64| decided.iter().find(|it| it.id == id).unwrap();
            assert_eq!((of(103).evidence.same, of(104).evidence.same), (Some(101), Some(102)));
            let counted = decided.iter().filter(|it| it.evidence.same.is_none()).count();
            assert_eq!(counted, 2, "{prints:?} {same:?}");
        }
    }
}

#[test]
fn what_two_layouts_told_in_other_words_is_not_counted_twice() {
    let told_with = |day, amount, memo: &str| Credit {
        has_reference: true,
        id: 100 + i64::from(day),
        fingerprint: format!("r{memo}"),
        ..credit(day, amount, memo)
    };
    let (one, other) = (code(4), format!("MBVCB.1.{}.CT tu 001", code(4)));
    let part = credit(1, 600_000, &one);
    let both = [told_with(1, 600_000, &other), part.clone()];
    let (decisions, standings) = told(&dues(), &both);
    assert_eq!(decisions, ["held code_partly", "held maybe_same"]);
    assert_eq!(standings[3], "partly_paid 600000");
    let (decided, _) = decide(&dues(), &both, &known());
    assert_eq!(decided[1].evidence.same, Some(101));
    // What a person matched is other money, and so are two of one layout, and those with other codes.
    let said = Credit { by_hand: Some(vec![(one.clone(), 600_000)]), ..part.clone() };
    assert_eq!(told(&dues(), &[both[0].clone(), said]).1[3], "partly_paid 1200000");
    let mut again = told_with(1, 600_000, &format!("{other} FT9"));
    again.id = 7;
    assert_eq!(told(&dues(), &[both[0].clone(), again]).1[3], "partly_paid 1200000");
    let elsewhere = credit(1, 600_000, &code(1));
    assert_eq!(told(&dues(), &[both[0].clone(), elsewhere]).1[0], "partly_paid 600000");
    // Equal words are parted where statements are taken in: what is left then is other money.
    let same = credit(1, 600_000, &other);
    assert_eq!(told(&dues(), &[both[0].clone(), same]).1[3], "partly_paid 1200000");
}

#[test]
fn what_another_statement_tells_under_another_reference_waits_until_a_person_says_what_it_is() {
    let one = |id: i64| Credit {
        has_reference: true,
        id,
        fingerprint: format!("r{id}"),
        ..credit(1, 600_000, &code(4))
    };
    let like = Credit { may_be: Some(101), ..one(102) };
    let (decisions, standings) = told(&dues(), &[one(101), like.clone()]);
    assert_eq!(decisions, ["held code_partly", "held maybe_same"]);
    assert_eq!(standings[3], "partly_paid 600000");
    let said = Credit { by_hand: Some(vec![(code(4), 600_000)]), ..like.clone() };
    assert_eq!(told(&dues(), &[one(101), said]).1[3], "partly_paid 1200000", "other money");
    // Said the other way round it pays; and nothing is asked about what is not there any more.
    let first = Credit { same: Some(102), ..one(101) };
    assert_eq!(told(&dues(), &[first, like.clone()]).1[3], "partly_paid 600000");
    assert_eq!(told(&dues(), &[like]).0, ["held code_partly"]);
}

#[test]
fn a_payer_who_was_approved_is_suggested() {
    let mut known = known();
    known.payers.insert("0011".to_owned(), BTreeSet::from(["bb".to_owned()]));
    let from = Credit { from: Some("0011".to_owned()), ..credit(1, 5, "") };
    let (decisions, _) = decide(&dues(), &[from], &known);
    assert_eq!(
        (decisions[0].tier, &decisions[0].evidence.candidates),
        (Tier::KnownPayer, &vec![code(4)])
    );
}

/// A small generator of numbers that are the same each time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

/// What a bank makes of a memo; the code in it stays whole.
fn mangled(dice: &mut Dice, code: &str) -> String {
    let at = usize::try_from(dice.roll(9)).unwrap() + 1;
    let (a, b) = code.split_at(at);
    match dice.roll(8) {
        0 => code.to_lowercase(),
        1 => format!(
            "MBVCB.{}.{code}.CT tu 0011001234567 CONG TY GAO toi 1023456789",
            dice.roll(1_000_000)
        ),
        2 => format!("{a} {b}"),
        3 => format!("{a}\n{b}"),
        4 => format!(
            "{}.221126.101112.{code} chuyen FT{}",
            dice.roll(1_000_000),
            dice.roll(1_000_000_000)
        ),
        5 => format!("thanh toán phần mềm kế toán {a}.{b};"),
        6 => format!("IPAY {}CT DI:{}", code.to_lowercase(), dice.roll(1_000_000)),
        _ => code.chars().flat_map(|c| [c, ' ']).collect(),
    }
}

/// Payments of many kinds: what each may be matched with, if it is matched at all.
fn many(dues: &[Due], payments: usize) -> (Vec<Credit>, Vec<Option<String>>) {
    let mut dice = Dice(7);
    let (mut credits, mut truths) = (Vec::new(), Vec::new());
    for number in 0..payments {
        let due = &dues[number % dues.len()];
        let other = &dues[usize::try_from(dice.roll(dues.len() as u64)).unwrap()];
        let spoilt = {
            let mut wrong = due.code.clone().into_bytes();
            let at = 2 + usize::try_from(dice.roll(8)).unwrap();
            wrong[at] = b"ACDEFGHJKM"[usize::try_from(dice.roll(10)).unwrap()];
            String::from_utf8(wrong).unwrap()
        };
        let is_first = number < dues.len();
        let (amount, memo, truth) = match dice.roll(20) {
            0 => (due.amount, "thanh toan tien phan mem".to_owned(), None),
            1 if spoilt != due.code => (due.amount, spoilt, None),
            2 => (due.amount, due.code[..9].to_owned(), None),
            3 => (due.amount - 11_000, mangled(&mut dice, &due.code), None),
            4 => (due.amount, format!("{} {}", due.code, other.code), None),
            _ if is_first => (due.amount, mangled(&mut dice, &due.code), Some(due.code.clone())),
            // A second time.
            _ => (due.amount, mangled(&mut dice, &due.code), None),
        };
        let day = u32::try_from(dice.roll(28)).unwrap() + 1;
        credits.push(Credit {
            id: i64::try_from(number).unwrap(),
            booked_on: NaiveDate::from_ymd_opt(2026, if is_first { 10 } else { 11 }, day).unwrap(),
            fingerprint: format!("f{number:06}"),
            told: amount,
            amount,
            memo,
            ..Credit::default()
        });
        truths.push(truth);
    }
    (credits, truths)
}

/// Nothing is matched with what it does not name; of what names it whole, with its amount, 99 in 100 is matched.
fn no_false_match(payments: usize, requests: u32) {
    let due = |number: u32| Due {
        code: code(number.wrapping_mul(2_654_435) % 6_000_000 + 26 * number),
        order: format!("DH-2611-{number:06}"),
        firm: format!("F{}", number % 7),
        payer: format!("p{number}"),
        amount: [2_950_000, 1_250_000, 990_000][usize::try_from(number % 3).unwrap()],
        ..Due::default()
    };
    let mut dues: Vec<Due> = (1..=requests).map(due).collect();
    dues.sort_by(|a, b| a.code.cmp(&b.code));
    dues.dedup_by(|a, b| a.code == b.code);
    let (credits, truths) = many(&dues, payments);
    let (decisions, standings) = decide(&dues, &credits, &known());
    assert_eq!((decisions.len(), standings.len()), (credits.len(), dues.len()));
    let (mut whole, mut matched) = (0, 0);
    for ((credit, truth), decision) in credits.iter().zip(&truths).zip(&decisions) {
        let squeezed = memo::squeezed(&credit.memo);
        for (code, amount) in &decision.allocations {
            assert!(
                squeezed.contains(code.as_str()) && *amount <= credit.amount,
                "{credit:?} {decision:?}"
            );
        }
        let named = decision.allocations.first().map(|(code, _)| code);
        if decision.tier == Tier::Code && truth.is_some() {
            assert_eq!(named, truth.as_ref(), "{credit:?}");
        }
        whole += usize::from(truth.is_some());
        matched += usize::from(truth.is_some() && decision.state == PaymentState::Matched);
    }
    assert!(whole > payments / 2 && matched * 100 >= whole * 99, "{matched} of {whole}");
    let sum: i64 = decisions.iter().flat_map(|it| &it.allocations).map(|(_, amount)| amount).sum();
    assert_eq!(sum, standings.iter().map(|it| it.paid).sum::<i64>());
    // Whatever order they come in.
    let mut turned: Vec<Credit> = credits;
    turned.reverse();
    turned.rotate_left(payments / 3);
    let (mut again, same) = decide(&dues, &turned, &known());
    again.sort_by_key(|decision| decision.id);
    assert!(again == decisions && same == standings);
}

#[test]
fn of_ten_thousand_mangled_payments_none_is_matched_with_anothers_request() {
    no_false_match(10_000, 8_000);
}
