-- Up to when the scheduled moments of a job are accounted for.
create table job_clock (
    job text primary key,
    -- With its time zone. Under another schedule everything begins anew.
    schedule text not null,
    since text not null,
    accounted_to text not null check (accounted_to >= since)
) strict;

-- What became of each scheduled moment. Moments that follow each other and were skipped for one reason are one row.
create table slot (
    job text not null,
    scheduled_for text not null,
    last text not null check (last >= scheduled_for),
    moments integer not null check (moments >= 1),
    outcome text not null check (outcome in ('ran', 'coalesced', 'skipped')),
    reason text check (reason in ('too_old', 'missed', 'running', 'after')),
    run_id integer references run (id),
    primary key (job, scheduled_for),
    check ((reason is not null) = (outcome = 'skipped')),
    check (outcome = 'skipped' or run_id is not null),
    check (outcome <> 'ran' or (moments = 1 and last = scheduled_for))
) strict;

-- The scheduled moment that a run accounts for, and before when it is not tried (again).
alter table run add column slot text;
alter table run add column not_before text;
create unique index run_slot on run (job, slot) where slot is not null;
create index run_queued on run (slot, id) where state = 'queued';
