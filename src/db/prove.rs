//! What must hold of all that is stored: one statement for each law, which finds what breaks it.
//! What the laws are called, and what is recomputed beside them, is said by `flow::prove`.

use super::Db;

/// One law: how many things it speaks of, and those that break it.
#[derive(Clone, Copy, Debug)]
pub struct Law {
    pub name: &'static str,
    count: &'static str,
    broken: &'static str,
}

pub const LAWS: &[Law] = &[
    // What is stored of the days of a statement is what its balances say. One whose last day another one tells too, and
    // later or further, may have been made before that day was over; so was one that came later, brought nothing and ends
    // with another balance. Less may be stored of days of which an older
    // statement was deleted when its time was over: that is known where an older one is there still.
    Law {
        name: "statements",
        count: "select count(*) from statement where opening is not null and closing is not null",
        broken: "with told as (
                     select id, batch_id, account, closing, closing - opening as moved, last_day,
                            coalesce(period_from, first_day) as from_day, coalesce(period_to, last_day) as to_day
                     from statement),
                 stored as (
                     select s.id, coalesce(sum(case when p.direction = 'credit' then p.amount else -p.amount end), 0) as moved
                     from told s
                     left join bank_line p on p.account = s.account and p.booked_on between s.from_day and s.to_day
                                          and p.same_as is null and coalesce(p.tier, '') <> 'maybe_same'
                     group by s.id)
                 select distinct 'B' || substr('000000', 1 + length(cast(s.batch_id as text))) || cast(s.batch_id as text)
                 from told s join stored p on p.id = s.id
                 where s.moved is not null and s.from_day is not null
                   and not exists (select 1 from told t
                                   where t.account = s.account and t.id <> s.id
                                     and t.from_day <= s.to_day and t.to_day >= s.to_day
                                     and (t.id > s.id or t.to_day > s.to_day
                                          or (t.to_day = s.to_day and t.closing <> s.closing and s.last_day = s.to_day
                                              and not exists (select 1 from bank_line b where b.statement_id = s.id))))
                   and (p.moved > s.moved
                        or (p.moved < s.moved
                            and exists (select 1 from told t where t.account = s.account and t.to_day < s.from_day)))
                 order by 1",
    },
    // Every row of a list, statement or delivery report is in one end state.
    Law {
        name: "rows",
        count: "select count(*) from batch_row r join batch b on b.id = r.batch_id
                where r.kind = 'data' and b.kind in ('clients', 'statement', 'bounce')",
        broken: "select cast(r.batch_id as text) || '#' || cast(r.row_no as text)
                 from batch_row r join batch b on b.id = r.batch_id
                 where r.kind = 'data' and b.kind in ('clients', 'statement', 'bounce')
                   and b.state not in ('received', 'staged', 'checked', 'duplicate')
                   and (r.state is null or r.state = 'staged')
                 order by 1",
    },
    // What is paid of a request is what payments pay of it.
    Law {
        name: "requests",
        count: "select count(*) from payment_request",
        broken: "select r.code from payment_request r
                 where r.paid <> coalesce((select sum(a.amount) from allocation a where a.code = r.code), 0)
                 order by 1",
    },
    // Every đồng of a payment is in one place.
    Law {
        name: "payments",
        count: "select count(*) from bank_line where direction = 'credit'",
        broken: "select cast(p.id as text)
                 from bank_line p
                 where p.direction = 'credit' and not p.closed
                   and case
                       when p.same_as is not null
                       then p.state <> 'matched' or p.returned <> 0
                            or exists (select 1 from allocation a where a.bank_line_id = p.id)
                       when p.state = 'matched'
                       then p.amount <> p.returned
                            + coalesce((select sum(a.amount) from allocation a where a.bank_line_id = p.id), 0)
                       when p.state in ('suggested', 'unmatched')
                       then exists (select 1 from allocation a where a.bank_line_id = p.id)
                       when p.state = 'refunded'
                       then p.amount <> p.returned
                            or exists (select 1 from refund f where f.bank_line_id = p.id and f.done_at is null)
                       else p.amount < p.returned
                            + coalesce((select sum(a.amount) from allocation a where a.bank_line_id = p.id), 0)
                   end
                 order by p.id",
    },
    // What goes back of a payment is what was planned to go back.
    Law {
        name: "refunds",
        count: "select count(*) from refund",
        broken: "select cast(p.id as text) from bank_line p
                 where p.returned <> coalesce((select sum(f.amount) from refund f where f.bank_line_id = p.id), 0)
                 order by p.id",
    },
    // What is forgiven of a request is what people forgave.
    Law {
        name: "waivers",
        count: "select count(*) from waiver",
        broken: "select r.code from payment_request r
                 where r.waived <> coalesce((select sum(w.amount) from waiver w where w.code = r.code), 0)
                 order by 1",
    },
    // An order is paid when its requests are, and costs what its lines cost.
    Law {
        name: "orders",
        count: "select count(*) from client_order",
        broken: "select o.code from client_order o
                 where (o.state in ('placed', 'paid')
                        and (o.state = 'paid')
                            <> (exists (select 1 from payment_request r join order_line l on l.id = r.line_id
                                        where l.order_code = o.code and r.state in ('paid', 'overpaid'))
                                and not exists (select 1 from payment_request r join order_line l on l.id = r.line_id
                                                where l.order_code = o.code and r.state in ('open', 'partly_paid'))))
                    or (o.state <> 'cancelled'
                        and o.amount <> coalesce((select sum(l.amount) from order_line l
                                                  where l.order_code = o.code and l.state <> 'cancelled'), 0))
                 order by 1",
    },
    // Every mail once.
    Law {
        name: "mails",
        count: "select count(*) from mail",
        broken: "select min(purpose) || ' ' || min(subject) from mail where state = 'sent'
                 group by message_id having count(*) > 1 order by 1",
    },
    // Every licence is that of a line which says the same.
    Law {
        name: "licences",
        count: "select count(*) from order_line",
        broken: "select l.order_code || '/' || cast(l.line_no as text)
                 from order_line l
                 left join licence c on c.line_id = l.id
                 left join payment_request r on r.line_id = l.id
                 where (l.state in ('grace', 'active', 'suspended') and (c.state is null or c.state <> l.state))
                    or (l.state in ('waiting', 'placed', 'activating', 'failed') and c.state is not null)
                    or (l.state = 'cancelled' and c.state is not null and c.state <> 'suspended')
                    or (l.state in ('grace', 'suspended') and r.state in ('paid', 'overpaid')
                        and not exists (select 1 from licence_change h
                                        where h.line_id = l.id and h.kind = 'paid'
                                          and h.state in ('planned', 'sending', 'uncertain')))
                 order by 1",
    },
];

pub async fn count(db: &Db, law: &Law) -> sqlx::Result<i64> {
    let (count,) = db.query(law.count).one::<(i64,)>().await?;
    Ok(count)
}

pub async fn broken(db: &Db, law: &Law) -> sqlx::Result<Vec<String>> {
    let broken = db.query(law.broken).all::<(String,)>().await?;
    Ok(broken.into_iter().map(|(what,)| what).collect())
}
