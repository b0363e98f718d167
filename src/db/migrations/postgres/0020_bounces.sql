-- Delivery reports are files like others, and a mail says which of them told of it last.
alter table batch drop constraint batch_kind_check;
alter table batch add constraint batch_kind_check check (kind in
    ('clients', 'statement', 'answer', 'bounce', 'unknown'));

alter table mail add column bounce_batch bigint references batch (id);
create index mail_bounce on mail (bounce_batch) where bounce_batch is not null;
