-- Notices whose order may have been told before the data were restored: a person who sends one on says in it that what
-- went out before is void. Until now only the words of why told these apart.
alter table mail add column told_before boolean not null default false;
update mail set told_before = true
where purpose = 'order_notice' and exists (
    select 1 from mail f
    where f.purpose = 'order_notice' and f.subject = mail.subject and f.recipient = mail.recipient
      and f.sequence = coalesce(mail.occasion, mail.sequence)
      and f.error = 'the order may have been confirmed, and told, before the data were restored; '
                    || 'the payment codes of such a notice are not known any more');

-- Which rows of later lists a person left out is asked for each list that waits.
create index batch_row_dropped on batch_row (batch_id) where dropped;
