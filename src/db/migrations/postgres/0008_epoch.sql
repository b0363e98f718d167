-- Claims are counted: who lost one to another process settles nothing under it. Those of effects end by themselves,
-- where the machine of their holder is gone.
alter table run add column epoch bigint not null default 0 check (epoch >= 0);
alter table mail add column epoch bigint not null default 0 check (epoch >= 0);
alter table mail add column lease_until timestamptz;
alter table activation add column epoch bigint not null default 0 check (epoch >= 0);
alter table activation add column lease_until timestamptz;
alter table licence_change add column epoch bigint not null default 0 check (epoch >= 0);
alter table licence_change add column lease_until timestamptz;

-- What only one run at a time may do, on all machines together.
create table lease (
    name text primary key,
    holder text,
    epoch bigint not null check (epoch >= 1),
    until timestamptz,
    check ((holder is null) = (until is null))
);

-- The newest of a job, and whether one ended well of late, among very many.
create index run_job on run (job, id);
create index run_finished on run (job, finished_at);

-- The moments that a run accounts for.
create index slot_run on slot (run_id);
