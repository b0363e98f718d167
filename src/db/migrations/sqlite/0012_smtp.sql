-- Mails leave through a mail server: how often they may is counted, and who says no for good gets no further ones.

-- The last time that it was taken to be sent.
alter table mail add column tried_at text;
create index mail_tried on mail (tried_at) where tried_at is not null;
create index mail_sent on mail (sent_at) where sent_at is not null;
-- Of one that is sent again: the sequence of the first, where that says what it is about.
alter table mail add column occasion integer check (occasion >= 1);

-- Addresses that get no mail until a person says so. The mail may be deleted before.
create table suppression (
    address text primary key,
    reason text not null,
    mail_id integer,
    at text not null
) strict, without rowid;

-- The bell rings for more: the words are added to those that are there.
pragma writable_schema = on;
update sqlite_schema
set sql = replace(sql, '''silence''', '''silence'', ''mail_refused'', ''mail_paused''')
where type = 'table' and name = 'notification';
pragma writable_schema = reset;
-- Other connections see by a change of their own that there are changes.
create index notification_kind on notification (kind, at);
