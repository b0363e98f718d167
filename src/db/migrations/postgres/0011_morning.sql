-- The morning reports: what each page says, so that its workbook and its mail say the same whenever they are made.
create table report (
    id bigint generated always as identity primary key,
    -- Nothing: the page of whoever runs the program for several firms.
    firm text,
    -- In the workspace's time zone.
    day text not null,
    revision bigint not null check (revision >= 1),
    since timestamptz not null,
    until timestamptz not null check (until >= since),
    content jsonb not null,
    -- Of what it says, without when.
    digest text not null check (length(digest) = 64),
    written boolean not null default false
);
create unique index report_day on report (coalesce(firm, ''), day, revision);

-- What is left of lines whose data were deleted: a hash of tax id, package family, fiscal year and kind under the
-- workspace's key, and the amount.
create table purged (
    hash text primary key check (length(hash) = 64),
    amount bigint not null check (amount >= 0)
);
-- Which families, years and kinds there are among them, of nobody in particular: these are asked about.
create table purged_kind (
    family text not null,
    fiscal_year bigint not null,
    kind text not null check (kind in ('purchase', 'free', 'renewal')),
    primary key (family, fiscal_year, kind)
);
-- Work on the database file that is still to be done.
insert into counter (name, value) values ('vacuum', 0);

alter table mail add column report_id bigint references report (id);
create index mail_report on mail (report_id);

alter table run drop constraint run_kind_check;
alter table run add constraint run_kind_check check (kind in
    ('import', 'activate', 'mail', 'backup', 'report', 'export', 'retention'));
alter table mail drop constraint mail_purpose_check;
alter table mail add constraint mail_purpose_check check (purpose in
    ('morning', 'batch_result', 'order_notice', 'order_cancelled', 'login_first', 'login_existing'));
alter table mail drop constraint mail_is_about_one;
alter table mail add constraint mail_is_about_one check
    (num_nonnulls(batch_id, order_code, report_id) = 1);
alter table header_answer alter column batch_id drop not null;
create index notification_at on notification (at);
