-- The next mail to send is found without looking at all that wait: log-ins first, then warnings, then notices.
create index mail_next on mail (
    (case when purpose in ('login_first', 'login_existing') then 0
          when purpose = 'grace_warning' then 1
          when purpose = 'order_notice' then 2 else 3 end),
    id
) where state = 'planned';
