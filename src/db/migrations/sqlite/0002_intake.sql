-- Hidden rows, merged cells and the calendar of a sheet, as JSON.
alter table batch_sheet add column layout text not null default '{}';

-- A person left the row out: it stays so when the list is judged again.
alter table batch_row add column dropped integer not null default 0 check (dropped in (0, 1));

-- How often a file was begun: one that ends the program each time is set aside.
alter table batch add column attempts integer not null default 0 check (attempts >= 0);

-- What a firm said that a header means; no field: the column is to be left alone.
create table header_answer (
    id integer primary key autoincrement,
    firm text not null,
    -- Folded, as headers are compared.
    header text not null,
    shown text not null,
    field text,
    batch_id integer not null references batch (id),
    answered_by text not null,
    answered_at text not null,
    forgotten_at text
) strict;
create unique index header_answer_known on header_answer (firm, header) where forgotten_at is null;
