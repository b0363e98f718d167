-- The exports of what is to be invoiced, by their numbers.
create table invoice_export (
    number integer primary key,
    at text not null,
    -- Nothing: of all firms at once.
    firm text
) strict;

-- What such an export said of a request, as it was handed out; the first time, and each time that it had changed since.
create table invoice_row (
    code text not null references payment_request (code),
    turn integer not null check (turn > 0),
    export_number integer not null references invoice_export (number),
    position integer not null check (position > 0),
    said text not null,
    primary key (code, turn)
) strict;
create unique index invoice_row_position on invoice_row (export_number, position);
