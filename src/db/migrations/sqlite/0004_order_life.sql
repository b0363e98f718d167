-- What was cancelled of an order at once, and why. Its letters bear the sequence.
create table cancellation (
    id integer primary key autoincrement,
    order_code text not null references client_order (code),
    sequence integer not null check (sequence >= 1),
    reason text not null,
    cancelled_at text not null,
    unique (order_code, sequence)
) strict;
alter table order_line add column cancellation_id integer references cancellation (id);
create index order_line_cancellation on order_line (cancellation_id);

-- What is asked of the platform about a licence that is there: stored before the call, the same key on every attempt.
create table licence_change (
    id integer primary key autoincrement,
    line_id integer not null references order_line (id),
    kind text not null check (kind in ('suspend', 'accounts')),
    cancellation_id integer references cancellation (id),
    idempotency_key text not null unique,
    -- The body, written before the first call.
    request text,
    state text not null check (state in ('planned', 'sending', 'done', 'refused', 'uncertain')),
    attempts integer not null default 0 check (attempts >= 0),
    holder text,
    error text,
    planned_at text not null,
    settled_at text,
    check ((holder is not null) = (state = 'sending')),
    check ((settled_at is not null) = (state in ('done', 'refused')))
) strict;
create index licence_change_line on licence_change (line_id, state);
create index licence_change_cancellation on licence_change (cancellation_id);
-- One that was not sent yet says all that is to be said.
create unique index licence_change_planned on licence_change (line_id, kind) where state = 'planned';

-- Who of the firm works in a client's data, where it is not what the row said; no role: taken off.
create table line_staff (
    line_id integer not null references order_line (id),
    email text not null,
    role text check (role in ('manager', 'data_entry')),
    primary key (line_id, email)
) strict, without rowid;
create index line_staff_email on line_staff (email);

-- What an order was when a revision of a workbook showed it.
alter table shown add column order_revision integer not null default 0;
alter table shown add column lines integer not null default 0;
alter table shown add column amount integer not null default 0;

-- New words of a closed set make a table anew.
alter table mail rename to mail_before;
create table mail (
    id integer primary key autoincrement,
    purpose text not null check (purpose in ('order_notice', 'order_cancelled', 'login_first', 'login_existing')),
    -- What it is about: an order, or an order's line.
    subject text not null,
    order_code text not null references client_order (code),
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

alter table notification rename to notification_before;
create table notification (
    id integer primary key autoincrement,
    at text not null,
    firm text not null,
    kind text not null check (kind in ('order_placed', 'order_activated', 'order_cancelled', 'answer_refused')),
    text text not null,
    order_code text references client_order (code),
    read integer not null default 0 check (read in (0, 1))
) strict;
insert into notification (id, at, firm, kind, text, order_code, read)
select id, at, firm, kind, text, order_code, read from notification_before order by id;
drop table notification_before;

-- The embedded platform: a licence that was cancelled leaves its client free, and keys are answered as at first.
alter table platform_licence add column cancelled integer not null default 0 check (cancelled in (0, 1));
drop index platform_licence_client;
create unique index platform_licence_client on platform_licence (tax_id, package, fiscal_year) where cancelled = 0;
create table platform_request (
    idempotency_key text primary key,
    licence_id text not null references platform_licence (licence_id),
    request_sha256 text not null check (length(request_sha256) = 64)
) strict, without rowid;
