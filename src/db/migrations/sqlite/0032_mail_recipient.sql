-- Letters about money look for what their recipient was told before.
create index mail_recipient on mail (recipient, purpose);
