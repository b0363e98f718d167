-- Times are text in RFC 3339, always UTC; amounts are whole đồng; words are those of src/domain.

create table instance (
    id integer primary key check (id = 1),
    instance_id text not null,
    created_at text not null
) strict;

-- Numbers that are never given twice.
create table counter (
    name text primary key,
    value integer not null check (value >= 0)
) strict;
insert into counter (name, value) values ('order', 0);

create table run (
    id integer primary key autoincrement,
    job text not null,
    kind text not null check (kind in ('import', 'activate', 'mail')),
    state text not null check (state in
        ('queued', 'running', 'succeeded', 'completed_with_rejects', 'failed', 'interrupted', 'cancelled')),
    attempt integer not null check (attempt >= 1),
    holder text,
    lease_until text,
    queued_at text not null,
    started_at text,
    finished_at text,
    counts text not null default '{}',
    error text,
    check ((holder is not null) = (state = 'running')),
    check ((lease_until is not null) = (state = 'running')),
    check ((finished_at is null) = (state in ('queued', 'running')))
) strict;
-- A job does not overlap itself.
create unique index run_running on run (job) where state = 'running';

create table batch (
    id integer primary key autoincrement,
    firm text,
    kind text not null check (kind in ('clients', 'answer', 'unknown')),
    state text not null check (state in
        ('received', 'duplicate', 'staged', 'checked', 'rejected', 'held', 'awaiting_confirmation',
         'ordered', 'done', 'undone')),
    file_name text not null,
    sha256 text not null check (length(sha256) = 64),
    container text,
    encoding text,
    delimiter text,
    duplicate_of integer references batch (id),
    answers integer references batch (id),
    run_id integer references run (id),
    registered_by text,
    options text not null default '{}',
    -- The newest result workbook that was asked for, and the newest that lies in the outbox.
    revision integer not null default 0 check (revision >= 0),
    written integer not null default 0 check (written >= 0 and written <= revision),
    changes integer not null default 0,
    catalogue_version text,
    archived integer not null default 0 check (archived in (0, 1)),
    received_at text not null,
    checked_at text,
    check ((duplicate_of is not null) = (state = 'duplicate')),
    check (answers is null or kind = 'answer')
) strict;
create index batch_bytes on batch (sha256, firm);

create table batch_sheet (
    batch_id integer not null references batch (id),
    sheet integer not null check (sheet >= 1),
    name text not null,
    header_row integer not null check (header_row >= 1),
    columns text not null,
    primary key (batch_id, sheet)
) strict, without rowid;

-- The rows of a list as they came, and the one state that each ends in.
create table batch_row (
    batch_id integer not null references batch (id),
    sheet integer not null,
    row_no integer not null check (row_no >= 1),
    kind text not null check (kind in ('outside', 'header', 'data')),
    cells text not null,
    state text check (state in ('staged', 'accepted', 'rejected', 'held', 'unchanged')),
    primary key (batch_id, sheet, row_no),
    check ((state is not null) = (kind = 'data'))
) strict, without rowid;

create table finding (
    id integer primary key autoincrement,
    batch_id integer not null references batch (id),
    sheet_name text,
    sheet integer,
    row_no integer,
    column_name text,
    field text,
    code text not null,
    severity text not null check (severity in ('error', 'hold', 'warning', 'info')),
    value text,
    suggestion text,
    detail text not null
) strict;
create index finding_batch on finding (batch_id, sheet, row_no);

create table client_order (
    code text primary key,
    batch_id integer not null references batch (id),
    position integer not null check (position >= 1),
    firm text not null,
    kind text not null check (kind in ('purchase', 'free', 'renewal')),
    package text not null,
    family text not null,
    customer_type text not null check (customer_type in ('enterprise', 'household')),
    fiscal_year integer not null,
    recipient text not null check (recipient in ('client', 'firm', 'other')),
    invoice_to text not null check (invoice_to in ('client', 'firm', 'other')),
    state text not null check (state in ('awaiting_confirmation', 'placed', 'paid', 'done', 'cancelled')),
    -- Counts the contents that were shown to be confirmed; `content` is the hash of the present one.
    revision integer not null check (revision >= 1),
    content text not null check (length(content) = 64),
    amount integer not null check (amount >= 0),
    registered_by text,
    confirmed_by text,
    placed_at text,
    activation_asked_at text,
    created_at text not null,
    unique (batch_id, position),
    check (state not in ('placed', 'paid', 'done') or placed_at is not null),
    check (state <> 'awaiting_confirmation' or placed_at is null),
    check ((placed_at is null) = (confirmed_by is null))
) strict;

create table order_line (
    id integer primary key autoincrement,
    order_code text not null references client_order (code),
    line_no integer not null check (line_no >= 1),
    batch_id integer not null references batch (id),
    sheet integer not null,
    row_no integer not null,
    firm text not null,
    tax_id text not null,
    family text not null,
    fiscal_year integer not null,
    name text not null,
    client text not null,
    amount integer not null check (amount >= 0),
    state text not null check (state in
        ('waiting', 'placed', 'activating', 'grace', 'active', 'failed', 'uncertain', 'suspended', 'cancelled')),
    unique (order_code, line_no)
) strict;
-- Not twice: one line for a client, package family and fiscal year; a cancelled one frees the key.
create unique index order_line_natural on order_line (firm, tax_id, family, fiscal_year)
    where state <> 'cancelled';
create index order_line_tax_id on order_line (tax_id, family);
create index order_line_batch on order_line (batch_id, sheet, row_no);

create table payer_code (
    code text primary key,
    batch_id integer not null references batch (id),
    payer_email text not null,
    unique (batch_id, payer_email)
) strict;

create table payment_request (
    code text primary key,
    line_id integer not null unique references order_line (id),
    batch_id integer not null references batch (id),
    payer_name text not null,
    payer_email text not null,
    amount integer not null check (amount >= 0),
    paid integer not null default 0 check (paid >= 0),
    state text not null check (state in ('open', 'partly_paid', 'paid', 'overpaid', 'cancelled')),
    created_at text not null,
    check (state <> 'open' or paid = 0),
    check (state <> 'partly_paid' or (paid > 0 and paid < amount)),
    check (state not in ('paid', 'overpaid') or paid >= amount)
) strict;
create index payment_request_payer on payment_request (batch_id, payer_email);

-- What is asked of the platform: stored before the call, the same key on every attempt.
create table activation (
    line_id integer primary key references order_line (id),
    idempotency_key text not null unique,
    request text not null,
    request_sha256 text not null check (length(request_sha256) = 64),
    state text not null check (state in ('planned', 'sending', 'done', 'refused', 'uncertain')),
    attempts integer not null default 0 check (attempts >= 0),
    holder text,
    error text,
    planned_at text not null,
    settled_at text,
    check ((holder is not null) = (state = 'sending')),
    check ((settled_at is not null) = (state in ('done', 'refused')))
) strict;
create index activation_state on activation (state);

create table licence (
    licence_id text primary key,
    line_id integer not null unique references order_line (id),
    state text not null check (state in ('grace', 'active', 'suspended')),
    activated_at text not null,
    grace_until text,
    cutoff_at text,
    paid_on text,
    suspended_at text,
    logins text not null,
    check ((grace_until is null) = (cutoff_at is null)),
    check ((suspended_at is not null) = (state = 'suspended'))
) strict;

create table mail (
    id integer primary key autoincrement,
    purpose text not null check (purpose in ('order_notice', 'login_first', 'login_existing')),
    -- What it is about: an order, or an order's line.
    subject text not null,
    order_code text not null references client_order (code),
    line_id integer references order_line (id),
    recipient text not null,
    recipient_name text not null,
    sequence integer not null check (sequence >= 1),
    message_id text not null unique,
    state text not null check (state in
        ('planned', 'sending', 'sent', 'refused', 'uncertain', 'dead', 'held', 'cancelled')),
    attempts integer not null default 0 check (attempts >= 0),
    holder text,
    error text,
    planned_at text not null,
    not_before text not null,
    sent_at text,
    unique (purpose, subject, recipient, sequence),
    check ((holder is not null) = (state = 'sending')),
    check ((sent_at is not null) = (state = 'sent'))
) strict;
create index mail_state on mail (state, not_before);
create index mail_line on mail (line_id);

create table notification (
    id integer primary key autoincrement,
    at text not null,
    firm text not null,
    kind text not null check (kind in ('order_placed', 'order_activated', 'answer_refused')),
    text text not null,
    order_code text references client_order (code),
    read integer not null default 0 check (read in (0, 1))
) strict;

-- The contents that a revision of a result workbook showed: a tick is bound to them.
create table shown (
    batch_id integer not null references batch (id),
    revision integer not null check (revision >= 1),
    order_code text not null references client_order (code),
    content text not null check (length(content) = 64),
    primary key (batch_id, revision, order_code)
) strict, without rowid;

-- The embedded platform, as far from the rest as another program's tables would be.
create table platform_licence (
    licence_id text primary key,
    idempotency_key text not null unique,
    request_sha256 text not null check (length(request_sha256) = 64),
    order_code text not null,
    line integer not null,
    kind text not null check (kind in ('purchase', 'free')),
    tax_id text not null,
    package text not null,
    fiscal_year integer not null,
    status text not null check (status in ('grace', 'active', 'suspended')),
    activated_at text not null,
    grace_until text,
    paid_on text,
    updated_at text not null
) strict;
create unique index platform_licence_client on platform_licence (tax_id, package, fiscal_year);

create table platform_account (
    email text primary key,
    created_at text not null
) strict, without rowid;

create table platform_login (
    licence_id text not null references platform_licence (licence_id),
    email text not null,
    role text not null check (role in
        ('asp_admin', 'asp_manager', 'asp_data_entry', 'client_admin', 'client_sender')),
    first_time integer not null check (first_time in (0, 1)),
    setup_sha256 text,
    setup_expires_at text,
    primary key (licence_id, email),
    check ((setup_sha256 is not null) = (first_time = 1)),
    check ((setup_expires_at is not null) = (first_time = 1))
) strict, without rowid;
