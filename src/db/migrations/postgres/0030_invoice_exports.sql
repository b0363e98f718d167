-- The exports of what is to be invoiced, by their numbers.
create table invoice_export (
    number bigint primary key,
    at timestamptz not null,
    -- Nothing: of all firms at once.
    firm text
);

-- What such an export said of a request, as it was handed out; the first time, and each time that it had changed since.
create table invoice_row (
    code text not null references payment_request (code),
    turn bigint not null check (turn > 0),
    export_number bigint not null references invoice_export (number),
    position bigint not null check (position > 0),
    said jsonb not null,
    primary key (code, turn)
);
create unique index invoice_row_position on invoice_row (export_number, position);
