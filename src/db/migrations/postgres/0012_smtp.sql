-- Mails leave through a mail server: how often they may is counted, and who says no for good gets no further ones.

-- The last time that it was taken to be sent.
alter table mail add column tried_at timestamptz;
create index mail_tried on mail (tried_at) where tried_at is not null;
create index mail_sent on mail (sent_at) where sent_at is not null;
-- Of one that is sent again: the sequence of the first, where that says what it is about.
alter table mail add column occasion bigint check (occasion >= 1);

-- Addresses that get no mail until a person says so. The mail may be deleted before.
create table suppression (
    address text primary key,
    reason text not null,
    mail_id bigint,
    at timestamptz not null
);

-- The bell rings for more.
alter table notification drop constraint notification_kind_check;
alter table notification add constraint notification_kind_check check (kind in
    ('order_placed', 'order_activated', 'order_cancelled', 'answer_refused', 'effects_held', 'silence', 'mail_refused',
     'mail_paused'));
create index notification_kind on notification (kind, at);
