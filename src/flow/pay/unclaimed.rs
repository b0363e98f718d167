//! Money that came and of which nobody has said what it is for: whoever may have paid with it is not cut off. Which request
//! it pays is decided by the matching and by people.

use std::collections::{HashMap, HashSet};

use super::candidates::{has_name, name, named, read};
use crate::{
    db::{
        Db, dues,
        grace::InGrace,
        payments::{self, Waiting},
    },
    domain::payment::Tier,
};

/// All of it, and what must be known beside it to say whose it may be.
pub struct Unclaimed {
    waiting: Vec<Payment>,
    /// How many open requests of a firm have an amount, in đồng.
    open: HashMap<(String, i64), i64>,
}

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
        let open = open.into_iter().map(|(firm, rest, n)| ((firm, rest), n)).collect();
        Ok(Unclaimed { open, ..unclaimed })
    }

    /// For some lines, asked one by one by [`is_any_for`](Self::is_any_for): without all other requests.
    pub async fn read(db: &Db) -> anyhow::Result<Unclaimed> {
        let rows = payments::waiting(db).await?;
        if rows.is_empty() {
            return Ok(Unclaimed { waiting: Vec::new(), open: HashMap::new() });
        }
        let mut not_for: HashMap<i64, HashSet<String>> = HashMap::new();
        for (id, code) in payments::not_for(db).await? {
            not_for.entry(id).or_default().insert(code);
        }
        let payment = |row: Waiting| Payment {
            words: read(&row.memo, row.other_name.as_deref()),
            not_for: not_for.remove(&row.id).unwrap_or_default(),
            row,
        };
        let waiting = rows.into_iter().map(payment).collect();
        Ok(Unclaimed { waiting, open: HashMap::new() })
    }

    /// The payments with which an unpaid line may have been paid, the oldest first. Such are those
    ///
    /// - whose memo has its code or its payer's batch code, or for which the matching suggests it: a near miss, the code of
    ///   its order, the account of a known payer, a sum that nothing else makes;
    /// - that have the name of its client, whatever the amount, or that of its payer; where the memo has a code that was
    ///   given to others, the payer's name counts with the exact amount alone, as one payer may have many clients;
    /// - that have exactly what is left of it, where no other open request of its firm has that amount. The amount alone is
    ///   no sign among several: everybody of that price would work unpaid until a person decided.
    ///
    /// What a person said that a payment is not for is none of them.
    pub fn for_line(&self, line: &InGrace) -> Vec<&Waiting> {
        let key = (line.firm.clone(), line.rest);
        self.like(line, self.open.get(&key).is_none_or(|n| *n <= 1))
    }

    /// Whether there is any of them. Other requests are asked for as they are now, where that decides.
    pub async fn is_any_for(&self, db: &Db, line: &InGrace) -> anyhow::Result<bool> {
        if !self.like(line, false).is_empty() {
            return Ok(true);
        }
        let is_exact = !self.like(line, true).is_empty();
        Ok(is_exact && dues::is_only_open(db, (&line.firm, line.rest)).await?)
    }

    /// `is_only` says whether no other request of its firm has what is left of it.
    fn like(&self, line: &InGrace, is_only: bool) -> Vec<&Waiting> {
        let [client, payer] = [&line.name, &line.payer_name].map(|it| name(it));
        let is_for = |payment: &&Payment| {
            if payment.not_for.contains(&line.code) {
                return false;
            }
            let is_exact = payment.row.free == line.rest;
            payment.names(line)
                || has_name(&payment.words, &client)
                || (has_name(&payment.words, &payer) && (is_exact || !payment.has_code()))
                || (is_exact && is_only)
        };
        self.waiting.iter().filter(is_for).map(|payment| &payment.row).collect()
    }
}

impl Payment {
    fn names(&self, line: &InGrace) -> bool {
        let codes = ["codes", "candidates"].map(|of| named(&self.row.evidence.0, of));
        let own = [Some(line.code.as_str()), line.batch_code.as_deref()];
        codes.iter().any(|codes| own.iter().flatten().any(|code| codes.contains(code)))
    }

    /// Whether its memo says by a code what it is for.
    fn has_code(&self) -> bool {
        self.row.tier != Tier::UnknownCode && !named(&self.row.evidence.0, "codes").is_empty()
    }
}
