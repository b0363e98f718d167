-- The payment that a payment may be: of the same day, amount and memo, told by another statement under another number of
-- the bank. That one may be deleted before, when its time is over.
alter table bank_line add column may_be bigint check (may_be <> id);
