-- The bell rings for the operator where a job takes too long, or failed for good.
alter table notification drop constraint notification_kind_check;
alter table notification add constraint notification_kind_check check (kind in
    ('order_placed', 'order_activated', 'order_cancelled', 'answer_refused', 'effects_held', 'silence', 'run_late',
     'run_failed'));
