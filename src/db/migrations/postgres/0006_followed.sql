-- Of how many of its lines a cancellation was followed up: order counted again, bell rung, workbook asked for.
alter table cancellation add column followed bigint not null default 0 check (followed >= 0);
update cancellation set followed = (select count(*) from order_line l
                                    where l.cancellation_id = cancellation.id and l.state = 'cancelled');
