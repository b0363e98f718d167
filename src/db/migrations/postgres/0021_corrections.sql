-- What was changed of a line after it was ordered, by whom and why: a correction, or another firm.
create table line_event (
    id bigint generated always as identity primary key,
    line_id bigint not null references order_line (id),
    at timestamptz not null,
    said_by text,
    reason text not null,
    -- Of a correction each field with what it was and what it is; of a transfer both firms.
    detail jsonb not null,
    -- The fields that a person is to change on the platform, which has no call for them; nothing: none, or it is done.
    on_platform text
);
create index line_event_line on line_event (line_id);

-- Another one signs in for the client; and the bell rings for it.
alter table licence_change drop constraint licence_change_kind_check;
alter table licence_change add constraint licence_change_kind_check check (kind in
    ('suspend', 'paid', 'accounts', 'log_in'));
alter table notification drop constraint notification_kind_check;
alter table notification add constraint notification_kind_check check (kind in
    ('order_placed', 'order_activated', 'order_cancelled', 'payment_received', 'payment_taken_back', 'licence_suspended',
     'licence_restored', 'line_changed', 'answer_refused', 'effects_held', 'silence', 'mail_refused', 'mail_paused',
     'statement_missing', 'run_late', 'run_failed'));
