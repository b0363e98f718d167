-- A payment that a person said to be another one, told twice: by that one's number. The other one may be deleted before,
-- when its time is over.
alter table bank_line add column same_as bigint check (same_as <> id);

alter table bank_line drop constraint bank_line_tier_check;
alter table bank_line add constraint bank_line_tier_check check (tier in
    ('by_hand', 'code', 'several_codes', 'batch_code', 'parts', 'code_partly', 'code_over', 'paid_before',
     'cancelled', 'batch_partly', 'batch_other', 'several_other', 'near_miss', 'order_code', 'known_payer', 'subset',
     'parted', 'maybe_same', 'same', 'returned', 'unknown_code', 'nothing'));
alter table payment_event drop constraint payment_event_kind_check;
alter table payment_event add constraint payment_event_kind_check check (kind in
    ('decided', 'match', 'unmatch', 'same', 'refund', 'returned'));
