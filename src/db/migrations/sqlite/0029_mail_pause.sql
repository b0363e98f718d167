-- Until when no mail is handed over, whichever process asks: the mail server refused us who send.
create table mail_pause (
    id integer primary key check (id = 1),
    paused_until text not null,
    -- How long it is; the next one, without a mail that was taken between, is longer.
    minutes integer not null check (minutes > 0),
    why text not null
) strict;

-- The codes for all of a payer under which a request was told to be paid, before another one paid for it.
create table former_code (
    code text not null,
    batch_code text not null,
    primary key (code, batch_code)
) strict, without rowid;
