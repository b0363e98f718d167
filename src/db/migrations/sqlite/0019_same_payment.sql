-- A payment that a person said to be another one, told twice: by that one's number. The other one may be deleted before,
-- when its time is over.
alter table bank_line add column same_as integer check (same_as <> id);

pragma writable_schema = on;
update sqlite_schema set sql = replace(sql, '''maybe_same'', ', '''maybe_same'', ''same'', ')
where type = 'table' and name = 'bank_line';
update sqlite_schema set sql = replace(sql, '''unmatch'', ', '''unmatch'', ''same'', ')
where type = 'table' and name = 'payment_event';
pragma writable_schema = reset;
