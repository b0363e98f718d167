-- Licences that the platform has and no line here: what was ordered after the backup that was restored.
create table unknown_licence (
    licence_id text primary key,
    tax_id text not null
) strict;
create index unknown_licence_tax_id on unknown_licence (tax_id);
