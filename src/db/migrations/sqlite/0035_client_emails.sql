-- Whose address an e-mail is: it is the log-in of one.
create index client_email on client (firm, (record->>'email'));
