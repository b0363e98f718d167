-- Whether this database may act: where it lies, how far it came, when `serve` last lived, and what is held until a
-- person lifts it.
create table guard (
    id bigint primary key check (id = 1),
    -- Grows with each run: a workspace that has seen more than this looks at an older copy.
    mark bigint not null default 0 check (mark >= 0),
    place text,
    heartbeat_at timestamptz,
    held_why text check (held_why in ('copied', 'older', 'other', 'restored', 'gap')),
    held_at timestamptz,
    -- Only what was planned before is held; nothing: everything.
    held_before timestamptz,
    -- The identity for which a person lifted the hold.
    confirmed text,
    -- The key by which workbooks are signed, by its print.
    key_print text,
    -- Since when nothing arrived, where that was told; and the last night that was told of as good.
    silence_told timestamptz,
    pinged_on text,
    check ((held_why is not null) = (held_at is not null)),
    check (held_before is null or held_why = 'gap')
);
insert into guard (id) values (1);

-- The processes that serve: of different versions the older takes no work.
create table server (
    holder text primary key,
    version text not null,
    beat_at timestamptz not null
);

create table backup (
    id bigint generated always as identity primary key,
    path text not null,
    bytes bigint not null check (bytes >= 0),
    with_key boolean not null,
    key_print text not null,
    -- The disk of the workspace: of no help where that is lost.
    same_disk boolean not null,
    taken_at timestamptz not null
);

-- A job of one more kind.
alter table run drop constraint run_kind_check;
alter table run add constraint run_kind_check check (kind in ('import', 'activate', 'mail', 'backup'));

-- The bell rings for the operator, too.
alter table notification drop constraint notification_kind_check;
alter table notification add constraint notification_kind_check check (kind in
    ('order_placed', 'order_activated', 'order_cancelled', 'answer_refused', 'effects_held', 'silence'));
