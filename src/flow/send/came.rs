//! What a letter about money tells of: what came since the letter before, by the payments themselves, and what a person
//! moved. Who adds the letters up gets what came; where the payer stands in all is told beside it, by `standings`.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::letters::{Elsewhere, News};
use crate::{
    db::{
        mails::Mail,
        payments::{self, Concerning},
        received::{self, Before},
        requests::Request,
    },
    domain::{batch::BatchId, money::Money, payment::Tier},
    flow::{
        Services,
        pay::{
            moved::{self, Moved},
            pooled::is_by_evidence,
        },
    },
};

/// What is new since the letter before.
#[derive(Debug, Default)]
pub struct Since {
    /// What that letter said of money; nothing where that is not known.
    told: Option<String>,
    pub amount: Money,
    /// How many payments that is.
    pub payments: usize,
    /// The codes for which it came.
    codes: BTreeSet<String>,
    pub elsewhere: Vec<Elsewhere>,
}

impl Since {
    /// Before a letter about money in a batch, of what these requests of its payer are about.
    pub async fn of(
        services: &Services,
        (mail, batch): (&Mail, BatchId),
        requests: &[Request],
    ) -> anyhow::Result<Since> {
        let letters = received::before(&services.db, mail, batch).await?;
        let last = letters.last();
        let changes = last.map_or(0, |last| last.occasion) + 1..=mail.occasion();
        let told = last.and_then(|last| last.told.clone());
        let mut since = Since { told, ..Since::default() };
        let mut own: BTreeSet<&str> = requests.iter().map(|it| it.code.as_str()).collect();
        own.extend(requests.iter().filter_map(|it| it.batch_code.as_deref()));
        let from_others = since.add_moved(services, (requests, &own), changes).await?;
        let known = Told::of(&letters);
        for (id, decided) in concerning(services, &own).await? {
            let steps: Vec<Step<'_>> = decided.iter().map(|it| Step::of(it, &own)).collect();
            let Some(then) = steps.iter().rfind(|it| it.change <= mail.occasion()) else {
                continue;
            };
            // A letter that leaves late, or once more, tells of nothing that was taken away meanwhile.
            let still = steps.last().map_or(0, |now| now.share.min(then.share));
            let of_others = from_others.get(&id).copied().unwrap_or_default();
            let new = still - known.of_payment(&steps) - of_others;
            if new > 0 {
                since.amount = since.amount + Money::dong(new);
                since.payments += 1;
                since.codes.extend(then.codes.iter().map(|code| (*code).to_owned()));
            }
        }
        Ok(since)
    }

    /// Whether money came for a request.
    pub fn is_for(&self, request: &Request) -> bool {
        let has = |code: &str| self.codes.contains(code);
        has(request.code.as_str()) || request.batch_code.as_deref().is_some_and(has)
    }

    /// The same for a letter about some requests.
    pub fn news<'a>(&self, about: impl Iterator<Item = &'a Request>) -> News {
        let lines = about.filter(|it| self.is_for(it)).count();
        News { amount: self.amount, payments: self.payments, lines }
    }

    /// Whether a letter with these sums says nothing that its payer did not read.
    pub fn is_told(&self, sums: &str) -> bool {
        let is_nothing = self.amount == Money::ZERO && self.elsewhere.is_empty();
        is_nothing && self.told.as_deref() == Some(sums)
    }

    /// Adds what a person moved here in these changes of all money, and says how much of it letters to others told of: by
    /// payments, in đồng.
    async fn add_moved(
        &mut self,
        services: &Services,
        (requests, own): (&[Request], &BTreeSet<&str>),
        changes: std::ops::RangeInclusive<i64>,
    ) -> anyhow::Result<HashMap<i64, i64>> {
        let db = &services.db;
        let codes: HashMap<&str, &Request> =
            requests.iter().map(|it| (it.code.as_str(), it)).collect();
        let named: Vec<&str> = codes.keys().copied().collect();
        let mut from_others: HashMap<i64, i64> = HashMap::new();
        for payment in payments::matched_by_hand(db, &named).await? {
            let moves = moved::of(db, payment).await?;
            for it in moves.into_iter().filter(|it| changes.contains(&it.change)) {
                let is_own = it.from.iter().any(|code| own.contains(code.as_str()));
                let is_heard_of = !is_own && is_heard_of(services, payment, &it).await?;
                let lost: Vec<&str> = it.lost.iter().map(|(code, _)| code.as_str()).collect();
                for (code, amount, counted) in it.parts() {
                    let Some(request) = codes.get(code) else { continue };
                    // What came under the code for all came for this one, too.
                    if request.batch_code.as_ref().is_none_or(|all| !it.from.contains(all)) {
                        self.elsewhere.push(Elsewhere {
                            counted: Money::dong(counted),
                            waited: Money::dong(amount - counted),
                            from: lost.join(", "),
                            to: code.to_owned(),
                        });
                    }
                    if is_heard_of {
                        *from_others.entry(payment).or_default() += amount;
                    }
                }
            }
        }
        Ok(from_others)
    }
}

/// Whether somebody read of money before it was moved.
async fn is_heard_of(services: &Services, payment: i64, moved: &Moved) -> anyhow::Result<bool> {
    for code in &moved.from {
        if received::is_heard_of(&services.db, (payment, code), moved.change).await? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// What was ever decided of the payments for these codes, the oldest first.
async fn concerning(
    services: &Services,
    own: &BTreeSet<&str>,
) -> anyhow::Result<BTreeMap<i64, Vec<Concerning>>> {
    let codes: Vec<&str> = own.iter().copied().collect();
    let mut of_payments: BTreeMap<i64, Vec<Concerning>> = BTreeMap::new();
    for decided in payments::concerning(&services.db, &codes).await? {
        of_payments.entry(decided.bank_line_id).or_default().push(decided);
    }
    Ok(of_payments)
}

/// What a letter says of money that came, for nobody to read: with it, what was told is not told again.
pub fn sums<'a>(
    requests: impl Iterator<Item = &'a Request>,
    (over, pooled): (Money, Money),
) -> String {
    let of_one =
        |it: &Request| format!("{} {} {}", it.code, it.paid().as_dong(), it.waived().as_dong());
    let mut lines: Vec<String> = requests.map(of_one).collect();
    lines.sort_unstable();
    format!("{}; {} {}", lines.join(", "), over.as_dong(), pooled.as_dong())
}

/// What [`sums`] kept, in đồng.
#[derive(Debug)]
pub struct Sums<'a> {
    paid: HashMap<&'a str, i64>,
    /// What waited under the code for all.
    pub pooled: i64,
}

impl<'a> Sums<'a> {
    pub fn read(told: &'a str) -> Sums<'a> {
        let (lines, rest) = told.split_once(';').unwrap_or((told, ""));
        let of_one = |line: &'a str| {
            let mut words = line.split_whitespace();
            Some((words.next()?, words.next()?.parse().ok()?))
        };
        let pooled = rest.split_whitespace().nth(1).and_then(|it| it.parse().ok());
        Sums {
            paid: lines.split(',').filter_map(of_one).collect(),
            pooled: pooled.unwrap_or_default(),
        }
    }

    /// Each code that it names, with what was paid of it.
    pub fn each(&self) -> impl Iterator<Item = (&'a str, i64)> {
        self.paid.iter().map(|(code, paid)| (*code, *paid))
    }

    pub fn paid_of(&self, code: &str) -> i64 {
        self.paid.get(code).copied().unwrap_or_default()
    }
}

/// The changes of all money up to which letters told a payer what came.
#[derive(Debug, Default)]
struct Told(Vec<i64>);

impl Told {
    fn of(letters: &[Before]) -> Told {
        Told(letters.iter().filter(|it| it.line_id.is_none()).map(|it| it.occasion).collect())
    }

    /// How much of a payment its payer was told of at most, in đồng: what went back or was taken back since, and comes
    /// again, is no new money.
    fn of_payment(&self, steps: &[Step<'_>]) -> i64 {
        let at = |change: &i64| {
            let known = steps.iter().take_while(|it| it.change <= *change);
            known.filter(|it| !it.is_returned).last().map_or(0, |it| it.share)
        };
        self.0.iter().map(at).max().unwrap_or_default()
    }
}

/// What was decided of a payment in a change of all money.
#[derive(Debug)]
struct Step<'a> {
    /// 0 of what an earlier version decided.
    change: i64,
    /// What of it is the payer's, in đồng: all of it where it is for nobody else.
    share: i64,
    is_returned: bool,
    codes: Vec<&'a str>,
}

impl<'a> Step<'a> {
    fn of(decided: &'a Concerning, own: &BTreeSet<&str>) -> Step<'a> {
        let detail = &decided.detail.0;
        let tier: Option<Tier> = detail["tier"].as_str().and_then(|tier| tier.parse().ok());
        let parts = detail["allocations"].as_array().into_iter().flatten();
        let parts = parts.filter_map(|part| Some((part[0].as_str()?, part[1].as_i64()?)));
        let mut parts: Vec<(&str, i64)> = parts.collect();
        let is_returned = tier == Some(Tier::Returned) && parts.is_empty();
        let is_told = |tier| tier == Tier::Cancelled || is_by_evidence(tier, &detail["evidence"]);
        if tier.is_some_and(is_told) {
            let codes = detail["evidence"]["codes"].as_array().into_iter().flatten();
            parts.extend(codes.filter_map(|code| Some((code.as_str()?, 0))));
        }
        let is_own = |(code, _): &&(&str, i64)| own.contains(code);
        let is_all = !parts.is_empty() && parts.iter().all(|part| is_own(&part));
        let share = parts.iter().filter(is_own).map(|(_, amount)| amount).sum();
        Step {
            change: detail["change"].as_i64().unwrap_or_default(),
            share: if is_all { decided.amount } else { share },
            is_returned,
            codes: parts.iter().filter(is_own).map(|(code, _)| *code).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use sqlx::types::Json;

    use super::*;

    fn step(change: i64, share: i64, is_returned: bool) -> Step<'static> {
        Step { change, share, is_returned, codes: Vec::new() }
    }

    fn told(letters: &[(i64, Option<i64>)], steps: &[Step<'_>]) -> i64 {
        let before = |(occasion, line_id): &(i64, Option<i64>)| Before {
            occasion: *occasion,
            line_id: *line_id,
            told: None,
        };
        Told::of(&letters.iter().map(before).collect::<Vec<_>>()).of_payment(steps)
    }

    #[test]
    fn a_payer_was_told_what_a_letter_told_also_where_another_one_took_it_back() {
        let steps = [step(1, 5, false), step(4, 0, false), step(6, 5, false)];
        assert_eq!(told(&[], &steps), 0, "nothing was told");
        assert_eq!(told(&[(1, None)], &steps), 5);
        assert_eq!(told(&[(1, None), (4, Some(7))], &steps), 5, "no new money comes again");
        assert_eq!(told(&[(1, None), (5, None)], &steps), 5);
        assert_eq!(told(&[(4, Some(7))], &steps), 0);
    }

    #[test]
    fn what_a_letter_said_of_money_is_read_again() {
        let told = Sums::read("HLA 2950000 0, HLB 7 11000; 50000 1000");
        assert_eq!(
            (told.paid_of("HLA"), told.paid_of("HLB"), told.paid_of("HLC")),
            (2_950_000, 7, 0)
        );
        assert_eq!(told.pooled, 1_000);
        let nothing = Sums::read("; 0 0");
        assert_eq!((nothing.paid_of("HLA"), nothing.pooled), (0, 0));
    }

    #[test]
    fn what_went_back_was_told() {
        let steps = [step(1, 5, false), step(2, 0, true), step(3, 5, false)];
        assert_eq!(told(&[(2, None)], &steps), 5);
    }

    #[test]
    fn what_is_for_nobody_else_came_whole_also_where_it_pays_for_nothing_yet() {
        let own = BTreeSet::from(["A", "ALL"]);
        let share = |tier: Tier, pays: &[(&str, i64)], codes: &[&str]| {
            let detail = json!({
                "tier": tier, "allocations": pays, "evidence": { "codes": codes }, "change": 3,
            });
            let decided = Concerning { bank_line_id: 1, amount: 10, detail: Json(detail) };
            Step::of(&decided, &own).share
        };
        assert_eq!(share(Tier::CodeOver, &[("A", 7)], &["A"]), 10);
        assert_eq!(share(Tier::ByHand, &[("A", 7), ("B", 3)], &[]), 7, "the rest is another's");
        assert_eq!(share(Tier::BatchPartly, &[], &["ALL"]), 10);
        assert_eq!(share(Tier::PaidBefore, &[], &["A"]), 10);
        assert_eq!(share(Tier::Cancelled, &[], &["A"]), 10);
        assert_eq!(share(Tier::PaidBefore, &[], &["A", "B"]), 0);
        assert_eq!(share(Tier::Parted, &[], &["A"]), 0);
    }
}
