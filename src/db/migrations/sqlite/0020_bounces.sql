-- Delivery reports are files like others, and a mail says which of them told of it last.
pragma writable_schema = on;
update sqlite_schema
set sql = replace(sql, '(''clients'', ''statement'', ''answer''', '(''clients'', ''statement'', ''answer'', ''bounce''')
where type = 'table' and name = 'batch';
pragma writable_schema = reset;

alter table mail add column bounce_batch integer references batch (id);
create index mail_bounce on mail (bounce_batch) where bounce_batch is not null;
