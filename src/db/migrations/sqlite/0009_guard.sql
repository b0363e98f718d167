-- Whether this database may act: where it lies, how far it came, when `serve` last lived, and what is held until a
-- person lifts it.
create table guard (
    id integer primary key check (id = 1),
    -- Grows with each run: a workspace that has seen more than this looks at an older copy.
    mark integer not null default 0 check (mark >= 0),
    place text,
    heartbeat_at text,
    held_why text check (held_why in ('copied', 'older', 'other', 'restored', 'gap')),
    held_at text,
    -- Only what was planned before is held; nothing: everything.
    held_before text,
    -- The identity for which a person lifted the hold.
    confirmed text,
    -- The key by which workbooks are signed, by its print.
    key_print text,
    -- Since when nothing arrived, where that was told; and the last night that was told of as good.
    silence_told text,
    pinged_on text,
    check ((held_why is not null) = (held_at is not null)),
    check (held_before is null or held_why = 'gap')
) strict;
insert into guard (id) values (1);

-- The processes that serve: of different versions the older takes no work.
create table server (
    holder text primary key,
    version text not null,
    beat_at text not null
) strict, without rowid;

create table backup (
    id integer primary key autoincrement,
    path text not null,
    bytes integer not null check (bytes >= 0),
    with_key integer not null check (with_key in (0, 1)),
    key_print text not null,
    -- The disk of the workspace: of no help where that is lost.
    same_disk integer not null check (same_disk in (0, 1)),
    taken_at text not null
) strict;

-- A job of one more kind.
alter table run rename column kind to kind_before;
alter table run add column kind text not null default 'import' check (kind in ('import', 'activate', 'mail', 'backup'));
update run set kind = kind_before;
alter table run drop column kind_before;

-- The bell rings for the operator, too.
alter table notification rename column kind to kind_before;
alter table notification add column kind text not null default 'order_placed' check (kind in
    ('order_placed', 'order_activated', 'order_cancelled', 'answer_refused', 'effects_held', 'silence'));
update notification set kind = kind_before;
alter table notification drop column kind_before;
