-- A firm's catalogue: each client once, under its present tax id, with the record that it was last accepted with.
create table client (
    firm text not null,
    tax_id text not null,
    -- Folded, as names are compared; nothing for one that was taken over from an earlier version.
    name_key text,
    phone text not null,
    record jsonb not null,
    updated_at timestamptz not null,
    primary key (firm, tax_id)
);
create index client_phone on client (firm, phone);
create index client_name on client (firm, name_key);

-- All the tax ids that a client has or had, the present one too.
create table client_tax_id (
    firm text not null,
    tax_id text not null,
    client text not null,
    -- Said by a person; nothing where a list said it.
    reason text,
    primary key (firm, tax_id),
    foreign key (firm, client) references client (firm, tax_id)
);
create index client_tax_id_client on client_tax_id (firm, client);
create index client_tax_id_anywhere on client_tax_id (tax_id);

-- The clients of orders that are there: the line of the latest fiscal year says who a client is.
insert into client (firm, tax_id, phone, record, updated_at)
select l.firm, l.tax_id, l.client->>'phone', l.client, b.received_at
from order_line l join batch b on b.id = l.batch_id
where not exists (select 1 from order_line n
                  where n.firm = l.firm and n.tax_id = l.tax_id
                    and (n.fiscal_year > l.fiscal_year or (n.fiscal_year = l.fiscal_year and n.id > l.id)));
insert into client_tax_id (firm, tax_id, client) select firm, tax_id, tax_id from client;
insert into client_tax_id (firm, tax_id, client)
select firm, record->>'old_tax_id', max(tax_id) from client
where record->>'old_tax_id' is not null group by firm, record->>'old_tax_id'
on conflict (firm, tax_id) do update set client = excluded.client;
-- Who was ordered for under both is one client now.
update client_tax_id set client = (select i.client from client_tax_id i
                                   where i.firm = client_tax_id.firm and i.tax_id = client_tax_id.client);
delete from client where not exists (select 1 from client_tax_id i
                                     where i.firm = client.firm and i.client = client.tax_id);
