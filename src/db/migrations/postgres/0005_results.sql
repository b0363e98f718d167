-- What became of a file is told by mail, too: a letter may be about a batch, which may have no order.
alter table mail add column batch_id bigint references batch (id);
alter table mail alter column order_code drop not null;
alter table mail drop constraint mail_purpose_check;
alter table mail add constraint mail_purpose_check check (purpose in
    ('batch_result', 'order_notice', 'order_cancelled', 'login_first', 'login_existing'));
alter table mail add constraint mail_is_about_one check ((batch_id is null) = (order_code is not null));
alter table mail add constraint mail_line_of_order check (line_id is null or order_code is not null);
create index mail_batch on mail (batch_id);
