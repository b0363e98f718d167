-- Until when no mail is handed over, whichever process asks: the mail server refused us who send.
create table mail_pause (
    id bigint primary key check (id = 1),
    paused_until timestamptz not null,
    -- How long it is; the next one, without a mail that was taken between, is longer.
    minutes bigint not null check (minutes > 0),
    why text not null
);

-- The codes for all of a payer under which a request was told to be paid, before another one paid for it.
create table former_code (
    code text not null,
    batch_code text not null,
    primary key (code, batch_code)
);
