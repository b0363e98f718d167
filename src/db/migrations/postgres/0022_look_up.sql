-- What the newest look-up workbook of each firm says, as a hash: an hour that changes nothing writes nothing.
create table look_up (
    firm text primary key,
    digest text not null check (length(digest) = 64)
);
