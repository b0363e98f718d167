//! Money that pays for nothing, and of which nobody decided what it is for. Whose it may be is said by `flow::pay`.

use sqlx::types::Json;

use crate::{
    db::{Db, Sql},
    domain::payment::Tier,
};

/// A payment of which something pays for nothing, and nobody decided what that is for.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Waiting {
    pub id: i64,
    pub booked_on: String,
    pub memo: String,
    pub other_name: Option<String>,
    #[sqlx(try_from = "String")]
    pub tier: Tier,
    pub evidence: Json<serde_json::Value>,
    /// What of it neither pays for anything nor goes back, in đồng; more than nothing.
    pub free: i64,
    /// What it pays of requests, in đồng.
    pub paid: i64,
}

/// Which ones is said behind it; never those that are another one, told twice. The oldest first.
macro_rules! waiting {
    ($which:literal) => {
        concat!(
            "select id, booked_on, memo, other_name, tier, evidence, there - paid as free, paid
             from (select b.id, b.booked_on, b.memo, b.other_name, b.tier, b.evidence, b.amount - b.returned as there,
                          cast(coalesce((select sum(a.amount) from allocation a where a.bank_line_id = b.id), 0)
                               as bigint) as paid
                   from bank_line b
                   where b.direction = 'credit' and b.state in ('held', 'suggested', 'unmatched') and not b.closed
                     and b.same_as is null ",
            $which,
            ") as w
             where there > paid order by booked_on, id"
        )
    };
}

pub async fn waiting(db: &Db) -> sqlx::Result<Vec<Waiting>> {
    db.query(waiting!("")).all().await
}

/// Those that came for one of these codes, of a request or for all of a payer, and wait until the sum is exact, are too
/// much, or came for what is cancelled, with those of which a person matched a part. Codes stand in the evidence as whole
/// words of JSON, and nothing else there looks like one.
pub async fn waiting_for(db: &Db, codes: &[&str]) -> sqlx::Result<Vec<Waiting>> {
    const FOR: Sql = Sql {
        sqlite: waiting!(
            "and b.tier in ('batch_partly', 'batch_other', 'several_other', 'code_over', 'paid_before', 'by_hand', 'cancelled')
             and exists (select 1 from json_each($1) as own
                         where cast(b.evidence as text) like '%\"' || own.value || '\"%')"
        ),
        postgres: waiting!(
            "and b.tier in ('batch_partly', 'batch_other', 'several_other', 'code_over', 'paid_before', 'by_hand', 'cancelled')
             and exists (select 1 from jsonb_array_elements_text($1) as own (value)
                         where cast(b.evidence as text) like '%\"' || own.value || '\"%')"
        ),
    };
    if codes.is_empty() {
        return Ok(Vec::new());
    }
    db.query(FOR).bind(Json(codes)).all().await
}
