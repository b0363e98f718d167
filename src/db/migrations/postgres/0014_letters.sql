-- More letters: of how an activation ended, of findings that wait, of money and of what follows where none comes.
alter table mail drop constraint mail_purpose_check;
alter table mail add constraint mail_purpose_check check (purpose in
    ('morning', 'batch_result', 'order_notice', 'order_cancelled', 'login_first', 'login_existing', 'activation_result',
     'findings_waiting', 'payment_received', 'grace_warning', 'suspended', 'restored'));

-- Of how many lines nobody knew yet whether they were activated, when whoever asked for it was told; nothing: not told.
alter table client_order add column activation_told bigint check (activation_told >= 0);
