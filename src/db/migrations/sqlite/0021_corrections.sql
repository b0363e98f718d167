-- What was changed of a line after it was ordered, by whom and why: a correction, or another firm.
create table line_event (
    id integer primary key autoincrement,
    line_id integer not null references order_line (id),
    at text not null,
    said_by text,
    reason text not null,
    -- Of a correction each field with what it was and what it is; of a transfer both firms.
    detail text not null,
    -- The fields that a person is to change on the platform, which has no call for them; nothing: none, or it is done.
    on_platform text
) strict;
create index line_event_line on line_event (line_id);

-- Another one signs in for the client; and the bell rings for it. Other tables refer to these: what SQLite knows of them
-- is changed.
pragma writable_schema = on;
update sqlite_schema set sql = replace(sql, '''accounts''', '''accounts'', ''log_in''')
where type = 'table' and name = 'licence_change';
update sqlite_schema set sql = replace(sql, '''answer_refused''', '''line_changed'', ''answer_refused''')
where type = 'table' and name = 'notification';
pragma writable_schema = reset;
