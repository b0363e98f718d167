//! Codes that are open again by what a person said of a payment, and the sentence that names them.

use std::collections::HashMap;

use minijinja::context;

use crate::{
    db::{
        dues,
        payments::{self, Allocation},
    },
    flow::Services,
};

/// What a payment paid for, and what was paid under each code by all of them, before that was said.
pub struct Before {
    own: Vec<Allocation>,
    /// In đồng.
    paid: HashMap<String, i64>,
}

impl Before {
    pub async fn of(services: &Services, payment: i64) -> anyhow::Result<Before> {
        let own = payments::allocations(&services.db, Some(payment)).await?;
        let dues = dues::all(&services.db).await?.into_iter();
        Ok(Before { own, paid: dues.map(|due| (due.code, due.paid)).collect() })
    }

    /// Names the codes that the payment does not pay any more, nor another one in its place; then those that got less
    /// because of that: others may have paid them together with it, under a code for all.
    pub async fn told(&self, services: &Services, payment: i64) -> anyhow::Result<Option<String>> {
        let own = payments::allocations(&services.db, Some(payment)).await?;
        let dues = dues::all(&services.db).await?;
        let left = |code: &str| {
            self.own.iter().any(|part| part.code == code)
                && own.iter().all(|part| part.code != code)
        };
        let got_less =
            |due: &dues::Due| self.paid.get(&due.code).is_some_and(|before| due.paid < *before);
        let open = dues.iter().filter(|due| !due.state.is_paid());
        let open = open.filter(|due| left(&due.code) || got_less(due));
        let (codes, others): (Vec<&str>, Vec<&str>) =
            open.map(|due| due.code.as_str()).partition(|code| left(code));
        let is_any = !codes.is_empty() || !others.is_empty();
        let values = context! { codes => codes.join(", "), others => others.join(", ") };
        Ok(is_any.then(|| services.texts.say("command.unpaid_again", values)))
    }
}
