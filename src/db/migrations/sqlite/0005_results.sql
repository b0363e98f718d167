-- What became of a file is told by mail, too: a letter may be about a batch, which may have no order.
alter table mail rename to mail_before;
create table mail (
    id integer primary key autoincrement,
    purpose text not null check (purpose in
        ('batch_result', 'order_notice', 'order_cancelled', 'login_first', 'login_existing')),
    -- What it is about: a batch, an order, or an order's line.
    subject text not null,
    batch_id integer references batch (id),
    order_code text references client_order (code),
    line_id integer references order_line (id),
    recipient text not null,
    recipient_name text not null,
    sequence integer not null check (sequence >= 1),
    message_id text not null unique,
    state text not null check (state in
        ('planned', 'sending', 'sent', 'refused', 'uncertain', 'dead', 'held', 'cancelled')),
    attempts integer not null default 0 check (attempts >= 0),
    holder text,
    error text,
    planned_at text not null,
    not_before text not null,
    sent_at text,
    unique (purpose, subject, recipient, sequence),
    check ((batch_id is null) = (order_code is not null)),
    check (line_id is null or order_code is not null),
    check ((holder is not null) = (state = 'sending')),
    check ((sent_at is not null) = (state = 'sent'))
) strict;
insert into mail (id, purpose, subject, order_code, line_id, recipient, recipient_name, sequence, message_id, state,
                  attempts, holder, error, planned_at, not_before, sent_at)
select id, purpose, subject, order_code, line_id, recipient, recipient_name, sequence, message_id, state,
       attempts, holder, error, planned_at, not_before, sent_at
from mail_before order by id;
drop table mail_before;
create index mail_state on mail (state, not_before);
create index mail_line on mail (line_id);
create index mail_batch on mail (batch_id);
