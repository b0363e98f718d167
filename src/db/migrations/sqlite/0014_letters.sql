-- More letters: of how an activation ended, of findings that wait, of money and of what follows where none comes. Other
-- tables refer to the mails, so what SQLite knows of their table is changed; whatever purposes it knows stay.
pragma writable_schema = on;
update sqlite_schema
set sql = replace(sql, '(''morning'', ', '(''activation_result'', ''findings_waiting'', ''payment_received'',
        ''grace_warning'', ''suspended'', ''restored'', ''morning'', ')
where type = 'table' and name = 'mail';
pragma writable_schema = reset;

-- Of how many lines nobody knew yet whether they were activated, when whoever asked for it was told; nothing: not told.
alter table client_order add column activation_told integer check (activation_told >= 0);
