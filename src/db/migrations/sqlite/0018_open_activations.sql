-- What is still to be activated is found without looking at all that was.
create index activation_open on activation (line_id) where state in ('planned', 'sending', 'uncertain');
