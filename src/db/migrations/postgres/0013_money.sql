-- Money: statements of the payee's account, their lines, what each credit pays for, and what people said of it.
create table statement (
    id bigint generated always as identity primary key,
    batch_id bigint not null references batch (id),
    sheet bigint not null,
    account text not null,
    -- The bank of its layout; nothing where it was read by the usual headers.
    bank text,
    -- Stated, and booked.
    period_from text,
    period_to text,
    first_day text,
    last_day text,
    opening bigint,
    closing bigint,
    credits bigint not null check (credits >= 0),
    debits bigint not null check (debits >= 0),
    arrived_at timestamptz not null
);
create index statement_batch on statement (batch_id);
create index statement_account on statement (account);

create table bank_line (
    id bigint generated always as identity primary key,
    statement_id bigint not null references statement (id),
    batch_id bigint not null references batch (id),
    sheet bigint not null,
    row_no bigint not null check (row_no >= 1),
    account text not null,
    -- Of the bank's reference; without one of day, amount, direction and memo. The same ones in a statement are counted.
    fingerprint text not null check (length(fingerprint) = 64),
    occurrence bigint not null check (occurrence >= 1),
    booked_on text not null,
    direction text not null check (direction in ('credit', 'debit')),
    amount bigint not null check (amount > 0),
    memo text not null,
    reference text,
    other_name text,
    other_account text,
    -- Of a credit: where it stands, and why.
    state text check (state in ('matched', 'suggested', 'held', 'unmatched', 'refunded')),
    tier text check (tier in
        ('by_hand', 'code', 'several_codes', 'batch_code', 'parts', 'code_partly', 'code_over', 'paid_before',
         'cancelled', 'batch_partly', 'batch_other', 'several_other', 'near_miss', 'order_code', 'known_payer', 'subset',
         'parted', 'unknown_code', 'nothing')),
    evidence jsonb not null default '{}',
    rules bigint not null default 0 check (rules >= 0),
    returned bigint not null default 0 check (returned >= 0 and returned <= amount),
    -- What it paid for was deleted since: it stays as it is.
    closed boolean not null default false,
    unique (account, fingerprint, occurrence),
    check ((state is not null) = (direction = 'credit')),
    check ((tier is not null) = (state is not null))
);
create index bank_line_batch on bank_line (batch_id);
create index bank_line_statement on bank_line (statement_id);
create index bank_line_state on bank_line (state);

-- What a payment pays of which requests, as it stands now.
create table allocation (
    bank_line_id bigint not null references bank_line (id),
    code text not null references payment_request (code),
    amount bigint not null check (amount > 0),
    primary key (bank_line_id, code)
);
create index allocation_code on allocation (code);

-- What a person said: for what a payment is, or with nothing as the amount, for what it is not.
create table payment_word (
    bank_line_id bigint not null references bank_line (id),
    code text not null,
    amount bigint not null check (amount >= 0),
    primary key (bank_line_id, code)
);
create index payment_word_code on payment_word (code);

-- Whatever became of a payment, one after the other.
create table payment_event (
    id bigint generated always as identity primary key,
    bank_line_id bigint not null references bank_line (id),
    at timestamptz not null,
    kind text not null check (kind in ('decided', 'match', 'unmatch')),
    detail jsonb not null,
    rules bigint not null check (rules >= 0),
    said_by text,
    reason text
);
create index payment_event_line on payment_event (bank_line_id);

-- From whom payments come for whom, as a person approved it.
create table payer_known (
    source text not null,
    payer text not null,
    learned_at timestamptz not null,
    primary key (source, payer)
);

-- A cut-off that was put off: until the end of a local day.
create table line_hold (
    line_id bigint primary key references order_line (id),
    until text not null,
    reason text not null,
    said_at timestamptz not null,
    released_at timestamptz
);

-- When a line was warned of its last day, and by which letter.
create table line_warning (
    line_id bigint not null references order_line (id),
    last_day text not null,
    days bigint not null check (days >= 0),
    recipient text not null,
    order_code text not null,
    sequence bigint not null check (sequence >= 1),
    planned_at timestamptz not null,
    primary key (line_id, last_day, days, recipient)
);

-- Lists whose workbook shows less than there is: written anew in the night.
create table workbook_due (
    batch_id bigint primary key references batch (id)
);

-- Counts up with each change of what pays for what.
insert into counter (name, value) values ('money', 0);

alter table payment_request add column waived bigint not null default 0 check (waived >= 0);

alter table batch drop constraint batch_kind_check;
alter table batch add constraint batch_kind_check check (kind in ('clients', 'statement', 'answer', 'unknown'));
alter table licence_change drop constraint licence_change_kind_check;
alter table licence_change add constraint licence_change_kind_check check (kind in ('suspend', 'paid', 'accounts'));
alter table run drop constraint run_kind_check;
alter table run add constraint run_kind_check check (kind in
    ('import', 'activate', 'mail', 'reconcile', 'remind', 'sweep', 'backup', 'report', 'export', 'retention'));
alter table notification drop constraint notification_kind_check;
alter table notification add constraint notification_kind_check check (kind in
    ('order_placed', 'order_activated', 'order_cancelled', 'payment_received', 'payment_taken_back', 'licence_suspended',
     'licence_restored', 'answer_refused', 'effects_held', 'silence', 'mail_refused', 'mail_paused', 'run_late',
     'run_failed'));
alter table payment_request drop constraint payment_request_check1;
alter table payment_request drop constraint payment_request_check2;
alter table payment_request add constraint payment_request_is_part check
    (state <> 'partly_paid' or (paid + waived > 0 and paid + waived < amount));
alter table payment_request add constraint payment_request_is_paid check
    (state not in ('paid', 'overpaid') or paid + waived >= amount);
