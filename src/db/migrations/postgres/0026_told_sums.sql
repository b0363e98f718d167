-- What a letter that money came said of it, so that the same is not said twice: of each request what came and what was
-- forgiven, then what was too much and what waits, in đồng. Nothing in other letters, and before this version.
alter table mail add column told text;
