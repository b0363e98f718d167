//! Money that came and of which nobody has said what it is for: whoever may have paid with it is not cut off; where it is
//! one's of several by its amount alone, people read of it. Which request it pays is decided by the matching and by them.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::{
    candidates::{TELLING, named, said_codes},
    names::{self, Sign},
    not_for::NotFor,
};
use crate::{
    db::{
        Db,
        dues::{self, OpenSum},
        grace::InGrace,
        payments::{self, Waiting},
    },
    domain::payment::Tier,
};

/// All of it, and what must be known beside it to say whose it may be. Of very many lines few have any: it is looked up by
/// what speaks for them.
#[derive(Default)]
pub struct Unclaimed {
    /// The oldest first. The others have the places of these.
    waiting: Vec<Payment>,
    /// By the codes that memos have, and those that the matching suggests.
    codes: HashMap<String, Vec<usize>>,
    /// By the firms and payers whose codes they have.
    payers: HashMap<(String, String), Vec<usize>>,
    /// By the keys of the words that they have.
    words: HashMap<String, Vec<usize>>,
    /// By what is free of them, in đồng.
    free: HashMap<i64, Vec<usize>>,
    /// How many of these say nothing of whose they are.
    silent: HashMap<i64, usize>,
    /// What people said that they are not for, and by these codes which ones.
    not_for: NotFor,
    parted: HashMap<String, Vec<usize>>,
    /// How many payers have open requests of a firm with an amount, in đồng.
    open: HashMap<(String, i64), i64>,
    /// What is left of all that each payer owes.
    sums: HashMap<String, Vec<OpenSum>>,
}

/// So many payments of a price that many have are told of each of its lines.
const ALIKE: usize = 3;

/// What is known of other requests than that of a line.
#[derive(Clone, Copy, Default)]
struct Others<'a> {
    /// Whether nobody but its payer owes at its firm what is left of it.
    is_only: bool,
    /// What is left of all that its payer owes.
    sums: &'a [OpenSum],
}

impl Others<'_> {
    /// Whether an amount is exactly what is left of a line, or of all of its payer's of its list or firm.
    fn fits(self, line: &InGrace, free: i64) -> bool {
        let sum = |is: &dyn Fn(&OpenSum) -> bool| -> i64 {
            self.sums.iter().filter(|it| is(it)).map(|it| it.rest).sum()
        };
        free == line.rest
            || free == sum(&|it| it.batch_id == line.batch().number())
            || free == sum(&|it| it.firm == line.firm)
    }
}

struct Payment {
    row: Waiting,
    /// What the bank says of it in words.
    words: String,
}

impl Unclaimed {
    /// For very many lines.
    pub async fn load(db: &Db) -> anyhow::Result<Unclaimed> {
        let unclaimed = Unclaimed::read(db).await?;
        if unclaimed.waiting.is_empty() {
            return Ok(unclaimed);
        }
        let open = dues::open_amounts(db).await?;
        let open = open.into_iter().map(|(firm, rest, payers)| ((firm, rest), payers)).collect();
        let mut sums: HashMap<String, Vec<OpenSum>> = HashMap::new();
        for sum in dues::open_sums(db).await? {
            sums.entry(sum.payer_email.clone()).or_default().push(sum);
        }
        Ok(Unclaimed { open, sums, ..unclaimed })
    }

    /// For some lines, asked one by one by [`is_any_for`](Self::is_any_for): without all other requests.
    pub async fn read(db: &Db) -> anyhow::Result<Unclaimed> {
        let rows = payments::waiting(db).await?;
        if rows.is_empty() {
            return Ok(Unclaimed::default());
        }
        let mut unclaimed = Unclaimed { not_for: NotFor::read(db).await?, ..Unclaimed::default() };
        for row in rows {
            let words = names::read(&row.memo, row.other_name.as_deref());
            unclaimed.add(Payment { row, words });
        }
        unclaimed.add_payers(db).await?;
        Ok(unclaimed)
    }

    async fn add_payers(&mut self, db: &Db) -> anyhow::Result<()> {
        let mut said: HashMap<&str, Vec<usize>> = HashMap::new();
        for (at, payment) in self.waiting.iter().enumerate() {
            let row = &payment.row;
            for code in self.not_for.telling_codes(row.id, &row.evidence.0) {
                said.entry(code).or_default().push(at);
            }
        }
        if said.is_empty() {
            return Ok(());
        }
        let codes: Vec<&str> = said.keys().copied().collect();
        for (code, firm, payer) in dues::payers(db, &codes).await? {
            self.payers.entry((firm, payer)).or_default().extend(&said[code.as_str()]);
        }
        Ok(())
    }

    fn add(&mut self, payment: Payment) {
        let at = self.waiting.len();
        for code in payment.codes().into_iter().chain(payment.named("candidates")) {
            self.codes.entry(code.to_owned()).or_default().push(at);
        }
        for key in names::keys(&payment.words) {
            self.words.entry(key).or_default().push(at);
        }
        self.free.entry(payment.row.free).or_default().push(at);
        for code in self.not_for.of(payment.row.id) {
            self.parted.entry(code.to_owned()).or_default().push(at);
        }
        if payment.says_nothing() {
            *self.silent.entry(payment.row.free).or_default() += 1;
        }
        self.waiting.push(payment);
    }

    /// The payments with which an unpaid line may have been paid: those with exactly what is left of it and those with its
    /// code or name before others, then the oldest first. Such are those
    ///
    /// - whose memo has its code or its payer's batch code, also where a person matched a part of it with others, or for which
    ///   the matching suggests it: a near miss, the code of its order, the account of a known payer, a sum that nothing else
    ///   makes;
    /// - that have the name of its client, whatever the amount, or that of its payer; where the memo has a code that was
    ///   given to others, the payer's name counts with the exact amount alone, as one payer may have many clients;
    /// - that have so little of either name that it could be another one's, and exactly what is left of the line, or of all
    ///   of its payer's of its list or firm;
    /// - that have the code of another one of its payer's at its firm, and of which as much as is left of the line pays for
    ///   nothing, or of all of these together where none alone has so much: who pays for several may have paid them under the
    ///   codes of some;
    /// - that have exactly what is left of it, where nobody but its payer has an open request of that amount at its firm:
    ///   whichever of these it is, the payer has paid. Among several payers the amount alone is no sign: everybody of that
    ///   price would work unpaid until a person decided. Those are [`alike`](Self::alike).
    ///
    /// What a person said that a payment is not for is none of them, but where it waits under the batch code: with what is
    /// missing there all are paid at once.
    pub fn for_line(&self, line: &InGrace) -> Vec<&Waiting> {
        let sums = self.sums.get(&line.payer_email).map(Vec::as_slice).unwrap_or_default();
        self.like(line, Others { is_only: self.is_only_payer(line), sums })
    }

    /// A few payments that have exactly what is left of a line, and nothing that says whose they are, where several payers
    /// owe that, and how many more of these there are: they keep nobody on, and a person should look before somebody is cut
    /// off.
    pub fn alike(&self, line: &InGrace) -> (Vec<&Waiting>, usize) {
        if self.is_only_payer(line) || line.rest < TELLING {
            return (Vec::new(), 0);
        }
        let is_silent = |at: &&usize| self.waiting[**at].says_nothing();
        let free = self.with_rest(line.rest).filter(is_silent).map(|at| &self.waiting[*at]);
        let alike = free.filter(|it| !self.not_for.has(it.row.id, &line.code));
        let alike: Vec<&Waiting> = alike.map(|it| &it.row).take(ALIKE).collect();
        let parted = self.parted.get(&line.code).into_iter().flatten().filter(is_silent);
        let parted = parted.filter(|at| self.waiting[**at].row.free == line.rest).count();
        let all = self.silent.get(&line.rest).copied().unwrap_or_default() - parted;
        let more = all - alike.len();
        (alike, more)
    }

    fn is_only_payer(&self, line: &InGrace) -> bool {
        let key = (line.firm.clone(), line.rest);
        self.open.get(&key).is_none_or(|payers| *payers <= 1)
    }

    /// Whether there is any of them. Other requests are asked for as they are now, where these decide.
    pub async fn is_any_for(&self, db: &Db, line: &InGrace) -> anyhow::Result<bool> {
        if !self.like(line, Others::default()).is_empty() {
            return Ok(true);
        }
        if self.has_part_of_name(line) {
            let sums = dues::open_sums_of(db, &line.payer_email).await?;
            if !self.like(line, Others { is_only: false, sums: &sums }).is_empty() {
                return Ok(true);
            }
        }
        let is_exact = !self.like(line, Others { is_only: true, sums: &[] }).is_empty();
        let owed = (line.firm.as_str(), line.rest);
        Ok(is_exact && dues::is_only_payer(db, owed, &line.payer_email).await?)
    }

    /// Whether anything has a name of it, which counts or not by its amount.
    fn has_part_of_name(&self, line: &InGrace) -> bool {
        !self.with_name(&line.name).is_empty() || !self.with_name(&line.payer_name).is_empty()
    }

    fn like(&self, line: &InGrace, others: Others<'_>) -> Vec<&Waiting> {
        if self.waiting.is_empty() {
            return Vec::new();
        }
        let own = [Some(&line.code), line.batch_code.as_ref()].into_iter().flatten();
        let mut found: BTreeSet<usize> =
            own.filter_map(|code| self.codes.get(code)).flatten().copied().collect();
        let payer = (line.firm.clone(), line.payer_email.clone());
        let request = (line.code.as_str(), line.batch_code.as_deref());
        let may_be = |it: &Payment| !self.not_for.parts(it.decided(), request);
        found.extend(self.of_payer(&payer, line.rest, may_be));
        let fits = |at: usize| others.fits(line, self.waiting[at].row.free);
        let of_client = self.with_name(&line.name).into_iter();
        found.extend(of_client.filter(|(at, sign)| is_sure(*sign) || fits(*at)).map(|(at, _)| at));
        let of_payer = self
            .with_name(&line.payer_name)
            .into_iter()
            .filter(|(at, sign)| (is_sure(*sign) && !self.waiting[*at].has_code()) || fits(*at));
        found.extend(of_payer.map(|(at, _)| at));
        let said = found.clone();
        if others.is_only {
            found.extend(self.with_rest(line.rest));
        }
        let is_other = |at: &usize| (self.waiting[*at].row.free != line.rest, !said.contains(at));
        let mut found: Vec<usize> = found.into_iter().collect();
        found.sort_by_key(is_other);
        let payments = found.into_iter().map(|at| &self.waiting[at]);
        payments.filter(|it| may_be(it)).map(|it| &it.row).collect()
    }

    /// Those that have exactly what is left of a line, in đồng, where that is enough to be a sign.
    fn with_rest(&self, rest: i64) -> impl Iterator<Item = &usize> {
        self.free.get(&rest).filter(|_| rest >= TELLING).into_iter().flatten()
    }

    /// Those that have a code of a payer at a firm, and of which so much is free, in đồng; where none has so much, all of
    /// them if they have it together.
    fn of_payer(
        &self,
        payer: &(String, String),
        rest: i64,
        may_be: impl Fn(&Payment) -> bool,
    ) -> BTreeSet<usize> {
        let all = self.payers.get(payer).into_iter().flatten().copied();
        let all: BTreeSet<usize> = all.filter(|at| may_be(&self.waiting[*at])).collect();
        let free = |at: &usize| self.waiting[*at].row.free;
        let alone: BTreeSet<usize> = all.iter().copied().filter(|at| free(at) >= rest).collect();
        match all.iter().map(free).sum::<i64>() {
            _ if rest <= 0 => BTreeSet::new(),
            sum if alone.is_empty() && sum >= rest => all,
            _ => alone,
        }
    }

    /// Those in whose words a client or payer is named, and how surely.
    fn with_name(&self, name: &str) -> Vec<(usize, Sign)> {
        let mut named = Vec::new();
        for phrase in names::phrases(name) {
            let alike = self.words.get(&phrase.key()).into_iter().flatten().copied();
            let stands = alike.filter(|at| phrase.stands_in(&self.waiting[*at].words));
            named.extend(stands.map(|at| (at, phrase.sign)));
        }
        named
    }
}

fn is_sure(sign: Sign) -> bool {
    sign == Sign::Surely
}

impl Payment {
    /// The codes that its evidence has under a name.
    fn named(&self, of: &str) -> HashSet<&str> {
        named(&self.row.evidence.0, of)
    }

    /// Those of its memo, and those that a person said.
    fn codes(&self) -> HashSet<&str> {
        said_codes(&self.row.evidence.0)
    }

    fn decided(&self) -> (i64, Tier, &serde_json::Value) {
        (self.row.id, self.row.tier, &self.row.evidence.0)
    }

    /// Whether its memo says by a code what it is for.
    fn has_code(&self) -> bool {
        self.row.tier != Tier::UnknownCode && !self.codes().is_empty()
    }

    /// Whether neither a code nor anything that the matching found speaks for anybody.
    fn says_nothing(&self) -> bool {
        !self.has_code() && self.named("candidates").is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_of_a_line_speaks_for_a_payment_from_10_000_dong_on() {
        let free = [9_999, 10_000].map(|dong| (dong, vec![0]));
        let unclaimed = Unclaimed { free: free.into(), ..Unclaimed::default() };
        let signs = [9_999, 10_000].map(|rest| unclaimed.with_rest(rest).count());
        assert_eq!(signs, [0, 1]);
    }

    #[test]
    fn what_has_a_code_of_a_payer_may_be_for_others_of_the_payer_of_which_no_more_is_left() {
        let unclaimed = with_codes(&[2_950_000]);
        let found = |firm, rest| unclaimed.of_payer(&payer(firm), rest, |_| true).len();
        assert_eq!([0, 1, 2_950_000, 2_950_001].map(|it| found("MINHAN", it)), [0, 1, 1, 0]);
        assert_eq!(found("PHUCTHINH", 2_950_000), 0, "at another firm");
    }

    #[test]
    fn what_is_unused_of_several_payments_of_a_payer_is_added_up_where_none_alone_is_enough() {
        let unclaimed = with_codes(&[1_475_000, 1_475_000, 2_000_000]);
        let found = |rest| -> Vec<usize> {
            unclaimed.of_payer(&payer("MINHAN"), rest, |_| true).into_iter().collect()
        };
        assert_eq!(found(2_000_000), [2], "one alone is enough");
        assert_eq!(found(4_950_000), [0, 1, 2]);
        assert_eq!(found(4_950_001), [0; 0]);
        let is_other = |it: &Payment| it.row.free != 2_000_000;
        let others = |rest| unclaimed.of_payer(&payer("MINHAN"), rest, is_other).len();
        assert_eq!([2_950_000, 2_950_001].map(others), [2, 0], "what it is not for counts not");
    }

    fn payer(firm: &str) -> (String, String) {
        (firm.to_owned(), "a@b.vn".to_owned())
    }

    /// Payments with codes of one payer at a firm, of which so much is free, in đồng.
    fn with_codes(free: &[i64]) -> Unclaimed {
        let payment = |free: &i64| {
            let row = Waiting {
                id: 1,
                booked_on: "2026-11-24".to_owned(),
                memo: String::new(),
                other_name: None,
                tier: Tier::CodeOver,
                evidence: serde_json::json!({}).into(),
                free: *free,
                paid: 2_950_000,
            };
            Payment { row, words: String::new() }
        };
        Unclaimed {
            waiting: free.iter().map(payment).collect(),
            payers: HashMap::from([(payer("MINHAN"), (0..free.len()).collect())]),
            ..Unclaimed::default()
        }
    }
}
