-- Letters to whoever runs the program are told apart from those of a night. Other tables refer to the mails and the
-- reports, so what SQLite knows of these two is changed; whatever words it knows stay.
pragma writable_schema = on;
update sqlite_schema
set sql = replace(sql, '(''reconciliation'', ', '(''operator'', ''reconciliation'', ')
where type = 'table' and name = 'mail';
update sqlite_schema
set sql = replace(sql, '(''morning'', ''reconciliation'')', '(''morning'', ''reconciliation'', ''operator'')')
where type = 'table' and name = 'report';
pragma writable_schema = reset;

-- Of the mails of a night those about something of its day: `_operator/2026-11-23/backup`.
update report set kind = 'operator' where id in (
    select report_id from mail
    where purpose = 'reconciliation' and substr(subject, 1, 10) = '_operator/' and subject like '%/%/%');
update mail set purpose = 'operator'
where purpose = 'reconciliation' and substr(subject, 1, 10) = '_operator/' and subject like '%/%/%';

-- A warning that asked for the rest of a sum alone, and threatened nobody; it was kept among the sums before.
alter table mail add column of_rest integer not null default 0 check (of_rest in (0, 1));
update mail set of_rest = 1, told = null where purpose = 'grace_warning' and told = 'rest';
