-- What was cancelled of an order at once, and why. Its letters bear the sequence.
create table cancellation (
    id bigint generated always as identity primary key,
    order_code text not null references client_order (code),
    sequence bigint not null check (sequence >= 1),
    reason text not null,
    cancelled_at timestamptz not null,
    unique (order_code, sequence)
);
alter table order_line add column cancellation_id bigint references cancellation (id);
create index order_line_cancellation on order_line (cancellation_id);

-- What is asked of the platform about a licence that is there: stored before the call, the same key on every attempt.
create table licence_change (
    id bigint generated always as identity primary key,
    line_id bigint not null references order_line (id),
    kind text not null check (kind in ('suspend', 'accounts')),
    cancellation_id bigint references cancellation (id),
    idempotency_key text not null unique,
    -- The body, written before the first call.
    request text,
    state text not null check (state in ('planned', 'sending', 'done', 'refused', 'uncertain')),
    attempts bigint not null default 0 check (attempts >= 0),
    holder text,
    error text,
    planned_at timestamptz not null,
    settled_at timestamptz,
    check ((holder is not null) = (state = 'sending')),
    check ((settled_at is not null) = (state in ('done', 'refused')))
);
create index licence_change_line on licence_change (line_id, state);
create index licence_change_cancellation on licence_change (cancellation_id);
-- One that was not sent yet says all that is to be said.
create unique index licence_change_planned on licence_change (line_id, kind) where state = 'planned';

-- Who of the firm works in a client's data, where it is not what the row said; no role: taken off.
create table line_staff (
    line_id bigint not null references order_line (id),
    email text not null,
    role text check (role in ('manager', 'data_entry')),
    primary key (line_id, email)
);
create index line_staff_email on line_staff (email);

-- What an order was when a revision of a workbook showed it.
alter table shown add column order_revision bigint not null default 0;
alter table shown add column lines bigint not null default 0;
alter table shown add column amount bigint not null default 0;

-- New words of closed sets.
alter table mail drop constraint mail_purpose_check;
alter table mail add constraint mail_purpose_check
    check (purpose in ('order_notice', 'order_cancelled', 'login_first', 'login_existing'));
alter table notification drop constraint notification_kind_check;
alter table notification add constraint notification_kind_check
    check (kind in ('order_placed', 'order_activated', 'order_cancelled', 'answer_refused'));

-- The embedded platform: a licence that was cancelled leaves its client free, and keys are answered as at first.
alter table platform_licence add column cancelled boolean not null default false;
drop index platform_licence_client;
create unique index platform_licence_client on platform_licence (tax_id, package, fiscal_year) where not cancelled;
create table platform_request (
    idempotency_key text primary key,
    licence_id text not null references platform_licence (licence_id),
    request_sha256 text not null check (length(request_sha256) = 64)
);
