-- Money that goes back: planned, until a debit of the account or a person says that it went.
create table refund (
    id bigint generated always as identity primary key,
    bank_line_id bigint not null references bank_line (id),
    amount bigint not null check (amount > 0),
    reason text,
    said_by text,
    planned_at timestamptz not null,
    done_at timestamptz,
    -- What says that it went: a debit, or a person's words.
    debit_id bigint unique,
    reference text,
    check (done_at is not null or (debit_id is null and reference is null))
);
create index refund_line on refund (bank_line_id);

-- A rest that was forgiven, by whom and why.
create table waiver (
    id bigint generated always as identity primary key,
    code text not null references payment_request (code),
    amount bigint not null check (amount > 0),
    reason text,
    said_by text,
    at timestamptz not null
);
create index waiver_code on waiver (code);

alter table bank_line drop constraint bank_line_tier_check;
alter table bank_line add constraint bank_line_tier_check check (tier in
    ('by_hand', 'code', 'several_codes', 'batch_code', 'parts', 'code_partly', 'code_over', 'paid_before',
     'cancelled', 'batch_partly', 'batch_other', 'several_other', 'near_miss', 'order_code', 'known_payer', 'subset',
     'parted', 'maybe_same', 'returned', 'unknown_code', 'nothing'));
alter table payment_event drop constraint payment_event_kind_check;
alter table payment_event add constraint payment_event_kind_check check (kind in
    ('decided', 'match', 'unmatch', 'refund', 'returned'));
