-- The morning reports: what each page says, so that its workbook and its mail say the same whenever they are made.
create table report (
    id integer primary key autoincrement,
    -- Nothing: the page of whoever runs the program for several firms.
    firm text,
    -- In the workspace's time zone.
    day text not null,
    revision integer not null check (revision >= 1),
    since text not null,
    until text not null check (until >= since),
    content text not null,
    -- Of what it says, without when.
    digest text not null check (length(digest) = 64),
    written integer not null default 0 check (written in (0, 1))
) strict;
create unique index report_day on report (coalesce(firm, ''), day, revision);

-- What is left of lines whose data were deleted: a hash of tax id, package family, fiscal year and kind under the
-- workspace's key, and the amount.
create table purged (
    hash text primary key check (length(hash) = 64),
    amount integer not null check (amount >= 0)
) strict, without rowid;
-- Which families, years and kinds there are among them, of nobody in particular: these are asked about.
create table purged_kind (
    family text not null,
    fiscal_year integer not null,
    kind text not null check (kind in ('purchase', 'free', 'renewal')),
    primary key (family, fiscal_year, kind)
) strict, without rowid;
-- Work on the database file that is still to be done.
insert into counter (name, value) values ('vacuum', 0);

alter table mail add column report_id integer references report (id);
create index mail_report on mail (report_id);

-- Closed sets of words grow, and a column may be empty that could not be. Other tables refer to these: they cannot be
-- made anew, so what SQLite knows of them is changed (its manual: "Making Other Kinds Of Table Schema Changes").
pragma writable_schema = on;
update sqlite_schema
set sql = replace(sql, '''activate'', ''mail''', '''activate'', ''mail'', ''report'', ''export'', ''retention''')
where type = 'table' and name = 'run';
update sqlite_schema
set sql = replace(replace(sql, '(''batch_result'', ', '(''morning'', ''batch_result'', '),
                  'check ((batch_id is null) = (order_code is not null))',
                  'check ((batch_id is not null) + (order_code is not null) + (report_id is not null) = 1)')
where type = 'table' and name = 'mail';
update sqlite_schema
set sql = replace(sql, 'batch_id integer not null references batch', 'batch_id integer references batch')
where type = 'table' and name = 'header_answer';
pragma writable_schema = reset;
-- Other connections see by a change of their own that there are changes.
create index notification_at on notification (at);
