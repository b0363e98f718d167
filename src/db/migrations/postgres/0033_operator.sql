-- Letters to whoever runs the program are told apart from those of a night.
alter table mail drop constraint mail_purpose_check;
alter table mail add constraint mail_purpose_check check (purpose in
    ('morning', 'batch_result', 'order_notice', 'order_cancelled', 'login_first', 'login_existing', 'activation_result',
     'findings_waiting', 'payment_received', 'grace_warning', 'suspended', 'restored', 'reconciliation', 'operator'));
alter table report drop constraint report_kind_check;
alter table report add constraint report_kind_check check (kind in ('morning', 'reconciliation', 'operator'));
alter table mail add column of_rest boolean not null default false;

-- Of the mails of a night those about something of its day: `_operator/2026-11-23/backup`.
update report set kind = 'operator' where id in (
    select report_id from mail
    where purpose = 'reconciliation' and substr(subject, 1, 10) = '_operator/' and subject like '%/%/%');
update mail set purpose = 'operator'
where purpose = 'reconciliation' and substr(subject, 1, 10) = '_operator/' and subject like '%/%/%';

-- A warning that asked for the rest of a sum alone, and threatened nobody; it was kept among the sums before.
update mail set of_rest = true, told = null where purpose = 'grace_warning' and told = 'rest';
