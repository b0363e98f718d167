//! The program as its users live with it, one file a subject, through its commands and folders alone.

pub mod lists;

mod workbooks;

mod letters;

mod demo;

mod big_list;

mod generated;

mod again;

mod killed;

mod answers;

mod asked;

mod edited;

mod headers;

mod fixed;

mod left_out;

mod receipts;

mod words;

mod pictures;

mod refused;

mod old_formats;

mod exits;

mod serving;

mod memory;
mod slots;

mod crashed;

mod crowd;

mod cut_offs;

mod taken_away;

mod elsewhere;

mod mails;

mod same;

mod free_year;

mod renewal;

mod catalogue;

mod hot_folder;

mod buckets;

mod set_aside;

mod no_room;

mod cancelled;

mod undone;

mod exports;
mod platform;

mod over_http;

mod in_english;

mod formulas;

mod round_trips;

mod printed;

mod two_persons;

mod staff;

mod corrections;

mod tables;
mod transfers;

mod explained;

mod templates;

mod mornings;

mod retention;

mod guarded;
mod watching;

mod restored;

mod watched;

mod posted;

mod bounces;

mod unposted;

mod paced;

mod resent;

mod thousand;

mod headers_of_mails;

mod grace;

pub mod money;

mod money_by_workbook;

mod by_command;

mod given_back;

mod statements;

mod month_end;

mod told;

mod by_phone;

mod looks;

mod look_ups;

mod slips;

mod guide;
