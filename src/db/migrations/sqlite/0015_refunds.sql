-- Money that goes back: planned, until a debit of the account or a person says that it went.
create table refund (
    id integer primary key autoincrement,
    bank_line_id integer not null references bank_line (id),
    amount integer not null check (amount > 0),
    reason text,
    said_by text,
    planned_at text not null,
    done_at text,
    -- What says that it went: a debit, or a person's words.
    debit_id integer unique,
    reference text,
    check (done_at is not null or (debit_id is null and reference is null))
) strict;
create index refund_line on refund (bank_line_id);

-- A rest that was forgiven, by whom and why.
create table waiver (
    id integer primary key autoincrement,
    code text not null references payment_request (code),
    amount integer not null check (amount > 0),
    reason text,
    said_by text,
    at text not null
) strict;
create index waiver_code on waiver (code);

pragma writable_schema = on;
update sqlite_schema
set sql = replace(sql, '''parted'', ''unknown_code''', '''parted'', ''maybe_same'', ''returned'', ''unknown_code''')
where type = 'table' and name = 'bank_line';
update sqlite_schema
set sql = replace(sql, '(''decided'', ''match'', ''unmatch'')', '(''decided'', ''match'', ''unmatch'', ''refund'', ''returned'')')
where type = 'table' and name = 'payment_event';
pragma writable_schema = reset;
