-- Who put a cut-off off, and when a firm itself did so for the last time.
alter table line_hold add column said_by text;
alter table line_hold add column firm_said_at timestamptz;

-- What a night found for each firm is kept like its morning page, so that its mail says the same whenever it leaves.
alter table report add column kind text not null default 'morning' check (kind in ('morning', 'reconciliation'));
drop index report_day;
create unique index report_day on report (kind, coalesce(firm, ''), day, revision);

alter table mail drop constraint mail_purpose_check;
alter table mail add constraint mail_purpose_check check (purpose in
    ('morning', 'batch_result', 'order_notice', 'order_cancelled', 'login_first', 'login_existing', 'activation_result',
     'findings_waiting', 'payment_received', 'grace_warning', 'suspended', 'restored', 'reconciliation'));

-- The bell rings for more.
alter table notification drop constraint notification_kind_check;
alter table notification add constraint notification_kind_check check (kind in
    ('order_placed', 'order_activated', 'order_cancelled', 'payment_received', 'payment_taken_back', 'licence_suspended',
     'licence_restored', 'answer_refused', 'effects_held', 'silence', 'mail_refused', 'mail_paused', 'statement_missing',
     'run_late', 'run_failed'));
