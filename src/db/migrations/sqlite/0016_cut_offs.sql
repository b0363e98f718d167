-- Who put a cut-off off, and when a firm itself did so for the last time.
alter table line_hold add column said_by text;
alter table line_hold add column firm_said_at text;

-- What a night found for each firm is kept like its morning page, so that its mail says the same whenever it leaves.
alter table report add column kind text not null default 'morning' check (kind in ('morning', 'reconciliation'));
drop index report_day;
create unique index report_day on report (kind, coalesce(firm, ''), day, revision);

-- Other tables refer to the mails, so what SQLite knows of their table is changed.
pragma writable_schema = on;
update sqlite_schema
set sql = replace(sql, '(''activation_result'', ', '(''reconciliation'', ''activation_result'', ')
where type = 'table' and name = 'mail';
update sqlite_schema
set sql = replace(sql, '''mail_paused''', '''mail_paused'', ''statement_missing''')
where type = 'table' and name = 'notification';
pragma writable_schema = reset;
