-- Money: statements of the payee's account, their lines, what each credit pays for, and what people said of it.
create table statement (
    id integer primary key autoincrement,
    batch_id integer not null references batch (id),
    sheet integer not null,
    account text not null,
    -- The bank of its layout; nothing where it was read by the usual headers.
    bank text,
    -- Stated, and booked.
    period_from text,
    period_to text,
    first_day text,
    last_day text,
    opening integer,
    closing integer,
    credits integer not null check (credits >= 0),
    debits integer not null check (debits >= 0),
    arrived_at text not null
) strict;
create index statement_batch on statement (batch_id);
create index statement_account on statement (account);

create table bank_line (
    id integer primary key autoincrement,
    statement_id integer not null references statement (id),
    batch_id integer not null references batch (id),
    sheet integer not null,
    row_no integer not null check (row_no >= 1),
    account text not null,
    -- Of the bank's reference; without one of day, amount, direction and memo. The same ones in a statement are counted.
    fingerprint text not null check (length(fingerprint) = 64),
    occurrence integer not null check (occurrence >= 1),
    booked_on text not null,
    direction text not null check (direction in ('credit', 'debit')),
    amount integer not null check (amount > 0),
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
    evidence text not null default '{}',
    rules integer not null default 0 check (rules >= 0),
    returned integer not null default 0 check (returned >= 0 and returned <= amount),
    -- What it paid for was deleted since: it stays as it is.
    closed integer not null default 0 check (closed in (0, 1)),
    unique (account, fingerprint, occurrence),
    check ((state is not null) = (direction = 'credit')),
    check ((tier is not null) = (state is not null))
) strict;
create index bank_line_batch on bank_line (batch_id);
create index bank_line_statement on bank_line (statement_id);
create index bank_line_state on bank_line (state);

-- What a payment pays of which requests, as it stands now.
create table allocation (
    bank_line_id integer not null references bank_line (id),
    code text not null references payment_request (code),
    amount integer not null check (amount > 0),
    primary key (bank_line_id, code)
) strict, without rowid;
create index allocation_code on allocation (code);

-- What a person said: for what a payment is, or with nothing as the amount, for what it is not.
create table payment_word (
    bank_line_id integer not null references bank_line (id),
    code text not null,
    amount integer not null check (amount >= 0),
    primary key (bank_line_id, code)
) strict, without rowid;
create index payment_word_code on payment_word (code);

-- Whatever became of a payment, one after the other.
create table payment_event (
    id integer primary key autoincrement,
    bank_line_id integer not null references bank_line (id),
    at text not null,
    kind text not null check (kind in ('decided', 'match', 'unmatch')),
    detail text not null,
    rules integer not null check (rules >= 0),
    said_by text,
    reason text
) strict;
create index payment_event_line on payment_event (bank_line_id);

-- From whom payments come for whom, as a person approved it.
create table payer_known (
    source text not null,
    payer text not null,
    learned_at text not null,
    primary key (source, payer)
) strict, without rowid;

-- A cut-off that was put off: until the end of a local day.
create table line_hold (
    line_id integer primary key references order_line (id),
    until text not null,
    reason text not null,
    said_at text not null,
    released_at text
) strict;

-- When a line was warned of its last day, and by which letter.
create table line_warning (
    line_id integer not null references order_line (id),
    last_day text not null,
    days integer not null check (days >= 0),
    recipient text not null,
    order_code text not null,
    sequence integer not null check (sequence >= 1),
    planned_at text not null,
    primary key (line_id, last_day, days, recipient)
) strict, without rowid;

-- Lists whose workbook shows less than there is: written anew in the night.
create table workbook_due (
    batch_id integer primary key references batch (id)
) strict;

-- Counts up with each change of what pays for what.
insert into counter (name, value) values ('money', 0);

alter table payment_request add column waived integer not null default 0 check (waived >= 0);

-- Closed sets of words grow, and what is waived counts as paid. Other tables refer to these: they cannot be made anew,
-- so what SQLite knows of them is changed (its manual: "Making Other Kinds Of Table Schema Changes").
pragma writable_schema = on;
update sqlite_schema set sql = replace(sql, '(''clients'', ''answer''', '(''clients'', ''statement'', ''answer''')
where type = 'table' and name = 'batch';
update sqlite_schema set sql = replace(sql, '(''suspend'', ''accounts''', '(''suspend'', ''paid'', ''accounts''')
where type = 'table' and name = 'licence_change';
update sqlite_schema
set sql = replace(sql, '''activate'', ''mail''', '''activate'', ''mail'', ''reconcile'', ''remind'', ''sweep''')
where type = 'table' and name = 'run';
update sqlite_schema
set sql = replace(sql, '''order_cancelled'', ''answer_refused''',
                  '''order_cancelled'', ''payment_received'', ''payment_taken_back'', ''licence_suspended'', ''licence_restored'', ''answer_refused''')
where type = 'table' and name = 'notification';
update sqlite_schema
set sql = replace(replace(sql, 'paid > 0 and paid < amount', 'paid + waived > 0 and paid + waived < amount'),
                  'or paid >= amount', 'or paid + waived >= amount')
where type = 'table' and name = 'payment_request';
pragma writable_schema = reset;
