//! Money that came and of which nobody has said what it is for: whoever may have paid with it is not cut off; where it is
//! one's of several by its amount alone, people read of it. Which request it pays is decided by the matching and by them.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::{
    candidates::{TELLING, has_name, name, named, read},
    pooled::is_under,
};
use crate::{
    db::{
        Db, dues,
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
    /// By any two words that stand beside each other.
    words: HashMap<String, Vec<usize>>,
    /// By what is free of them, in đồng.
    free: HashMap<i64, Vec<usize>>,
    /// How many payers have open requests of a firm with an amount, in đồng.
    open: HashMap<(String, i64), i64>,
}

/// So many payments of a price that many have are told of each of its lines.
const ALIKE: usize = 3;

struct Payment {
    row: Waiting,
    /// What the bank says of it in words.
    words: String,
    /// What a person said that it is not for.
    not_for: HashSet<String>,
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
        Ok(Unclaimed { open, ..unclaimed })
    }

    /// For some lines, asked one by one by [`is_any_for`](Self::is_any_for): without all other requests.
    pub async fn read(db: &Db) -> anyhow::Result<Unclaimed> {
        let rows = payments::waiting(db).await?;
        if rows.is_empty() {
            return Ok(Unclaimed::default());
        }
        let mut not_for: HashMap<i64, HashSet<String>> = HashMap::new();
        for (id, code) in payments::not_for(db).await? {
            not_for.entry(id).or_default().insert(code);
        }
        let mut unclaimed = Unclaimed::default();
        for row in rows {
            let not_for = not_for.remove(&row.id).unwrap_or_default();
            let words = read(&row.memo, row.other_name.as_deref());
            unclaimed.add(Payment { row, words, not_for });
        }
        Ok(unclaimed)
    }

    fn add(&mut self, payment: Payment) {
        let at = self.waiting.len();
        for code in ["codes", "candidates"].iter().flat_map(|of| payment.named(of)) {
            self.codes.entry(code.to_owned()).or_default().push(at);
        }
        for pair in pairs(&payment.words) {
            self.words.entry(pair).or_default().push(at);
        }
        self.free.entry(payment.row.free).or_default().push(at);
        self.waiting.push(payment);
    }

    /// The payments with which an unpaid line may have been paid, the oldest first. Such are those
    ///
    /// - whose memo has its code or its payer's batch code, or for which the matching suggests it: a near miss, the code of
    ///   its order, the account of a known payer, a sum that nothing else makes;
    /// - that have the name of its client, whatever the amount, or that of its payer; where the memo has a code that was
    ///   given to others, the payer's name counts with the exact amount alone, as one payer may have many clients;
    /// - that have exactly what is left of it, where nobody but its payer has an open request of that amount at its firm:
    ///   whichever of these it is, the payer has paid. Among several payers the amount alone is no sign: everybody of that
    ///   price would work unpaid until a person decided. Those are [`alike`](Self::alike).
    ///
    /// What a person said that a payment is not for is none of them, but where it waits under the batch code: with what is
    /// missing there all are paid at once.
    pub fn for_line(&self, line: &InGrace) -> Vec<&Waiting> {
        self.like(line, self.is_only_payer(line))
    }

    /// A few payments that have exactly what is left of a line, and nothing that says whose they are, where several payers
    /// owe that: they keep nobody on, and a person should look before somebody is cut off.
    pub fn alike(&self, line: &InGrace) -> Vec<&Waiting> {
        if self.is_only_payer(line) {
            return Vec::new();
        }
        let free = self.with_rest(line.rest).map(|at| &self.waiting[*at]);
        let alike = free.filter(|it| it.says_nothing() && !it.not_for.contains(&line.code));
        alike.map(|it| &it.row).take(ALIKE).collect()
    }

    fn is_only_payer(&self, line: &InGrace) -> bool {
        let key = (line.firm.clone(), line.rest);
        self.open.get(&key).is_none_or(|payers| *payers <= 1)
    }

    /// Whether there is any of them. Other requests are asked for as they are now, where that decides.
    pub async fn is_any_for(&self, db: &Db, line: &InGrace) -> anyhow::Result<bool> {
        if !self.like(line, false).is_empty() {
            return Ok(true);
        }
        let is_exact = !self.like(line, true).is_empty();
        let owed = (line.firm.as_str(), line.rest);
        Ok(is_exact && dues::is_only_payer(db, owed, &line.payer_email).await?)
    }

    /// `is_only` says whether nobody but its payer owes at its firm what is left of it.
    fn like(&self, line: &InGrace, is_only: bool) -> Vec<&Waiting> {
        if self.waiting.is_empty() {
            return Vec::new();
        }
        let own = [Some(&line.code), line.batch_code.as_ref()].into_iter().flatten();
        let mut found: BTreeSet<usize> =
            own.filter_map(|code| self.codes.get(code)).flatten().copied().collect();
        found.extend(self.with_name(&line.name));
        found.extend(self.with_name(&line.payer_name).filter(|at| {
            let payment = &self.waiting[*at];
            payment.row.free == line.rest || !payment.has_code()
        }));
        if is_only {
            found.extend(self.with_rest(line.rest));
        }
        let payments = found.into_iter().map(|at| &self.waiting[at]);
        let may_be = |it: &&Payment| !it.not_for.contains(&line.code) || it.is_pooled_for(line);
        payments.filter(may_be).map(|it| &it.row).collect()
    }

    /// Those that have exactly what is left of a line, in đồng, where that is enough to be a sign.
    fn with_rest(&self, rest: i64) -> impl Iterator<Item = &usize> {
        self.free.get(&rest).filter(|_| rest >= TELLING).into_iter().flatten()
    }

    /// Those in whose words a client or payer is named.
    fn with_name(&self, text: &str) -> impl Iterator<Item = usize> {
        let name = name(text);
        let alike = first_pair(&name).and_then(|pair| self.words.get(&pair));
        let has_name = move |at: &usize| has_name(&self.waiting[*at].words, &name);
        alike.into_iter().flatten().copied().filter(has_name)
    }
}

impl Payment {
    /// The codes that its evidence has under a name.
    fn named(&self, of: &str) -> HashSet<&str> {
        named(&self.row.evidence.0, of)
    }

    /// Whether it waits under the code for all of the line's payer.
    fn is_pooled_for(&self, line: &InGrace) -> bool {
        let code = line.batch_code.as_deref();
        code.is_some_and(|code| is_under(self.row.tier, &self.row.evidence.0, code))
    }

    /// Whether its memo says by a code what it is for.
    fn has_code(&self) -> bool {
        self.row.tier != Tier::UnknownCode && !self.named("codes").is_empty()
    }

    /// Whether neither a code nor anything that the matching found speaks for anybody.
    fn says_nothing(&self) -> bool {
        !self.has_code() && self.named("candidates").is_empty()
    }
}

/// Each word of what was [`read`], with the next one.
fn pairs(read: &str) -> impl Iterator<Item = String> {
    let next = read.split(' ').skip(1);
    read.split(' ').zip(next).map(|(word, next)| format!("{word} {next}"))
}

/// The first two words of a [`name`]: where it stands, they stand beside each other.
fn first_pair(name: &str) -> Option<String> {
    pairs(name.strip_prefix(' ')?).next()
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
    fn where_a_name_stands_its_first_two_words_stand_beside_each_other() {
        let told = [
            ("GAO MUOI ck", "Công ty TNHH Gạo Muối"),
            ("tt phan mem-Nguyễn Thị Hòa - FT123", "Hộ kinh doanh Nguyễn Thị Hòa"),
            ("cty A - Binh Minh tra tien", "Công ty A - Bình Minh"),
        ];
        for (memo, text) in told {
            let (words, name) = (read(memo, None), name(text));
            assert!(has_name(&words, &name), "{words:?} {name:?}");
            assert!(
                pairs(&words).any(|pair| Some(pair) == first_pair(&name)),
                "{words:?} {name:?}"
            );
        }
        assert_eq!(first_pair(&name("Công ty TNHH An")), None);
    }
}
