-- The bell rings for the operator where a job takes too long, or failed for good.
alter table notification rename column kind to kind_before;
alter table notification add column kind text not null default 'order_placed' check (kind in
    ('order_placed', 'order_activated', 'order_cancelled', 'answer_refused', 'effects_held', 'silence', 'run_late',
     'run_failed'));
update notification set kind = kind_before;
alter table notification drop column kind_before;
