//! What is to be seen of each line, over all that may come together. How it is lived through is beside it.

/// An order of 2.950.000 đ for each, placed and activated on a Tuesday at 08:30: day 0. Day 7 is a Tuesday too, and the
/// last day, unless it is in Tết: then Friday, day 10, is. Each day from day 1 on: at 00:30 what the bank booked up to
/// the day before is taken in and reconciled, at 01:00 the sweep, at 08:00 reminders, then mails leave.
///
/// - calendar: `plain`, or `tet` (days 3 to 9 are holidays); with `+away` nothing runs on days 1 to 7
/// - statement: `fresh` each night, `old` ends with day 5, or there is none
/// - warnings: their mails are `sent`, or `fail`
/// - who: has `paid` on day 5, `part` of it on day 5, all of it on day 5 by `name` and without a code, pays `late` on day 9,
///   or does not pay (`none`). Somebody's money of the same amount comes on day 5 too, without a name.
/// - states on the evenings of days 0 to 12: `g`race, `A`ctive, `S`uspended
/// - letters that left to the payer, with the day: `w`arning, `f`inal warning, money `r`eceived, `s`uspended, `b`ack again
/// - the row in the workbook of the night, of days 0 to 12, where money or a line makes one: `e`nds next, `w`arned next,
///   `x` cut off next; waits for the `s`tatement, for the final warni`n`g, for a `p`erson because of a part or because of
///   `m`oney that may be its, for a working `d`ay
pub const TABLE: &str = "
plain       fresh  sent       paid            ggggggAAAAAAA  3w,6r         .............
plain       fresh  sent       part            ggggggggggggg  3w,6fr        ......ppppppp
plain       fresh  sent       name            ggggggggggggg  3w,6f         ......mmmmmmm
plain       fresh  sent       late            gggggggggSAAA  3w,6f,9s,10br ......eesx...
plain       fresh  sent       none            gggggggggSSSS  3w,6f,9s      ......eesx...
plain       fresh  fail       paid            ggggggAAAAAAA  -             .............
plain       fresh  fail       part            ggggggggggggg  -             ......ppppppp
plain       fresh  fail       name            ggggggggggggg  -             ......mmmmmmm
plain       fresh  fail       late            ggggggggggAAA  -             ......eesn...
plain       fresh  fail       none            ggggggggggggg  -             ......eesnnnn
plain       old    sent       paid            ggggggAAAAAAA  3w,6r         .............
plain       old    sent       part            ggggggggggggg  3w,6fr        ......ppppppp
plain       old    sent       name            ggggggggggggg  3w,6f         ......mmmmmmm
plain       old    sent       late,none       ggggggggggggg  3w,6f         ......eesssss
plain       old    fail       paid            ggggggAAAAAAA  -             .............
plain       old    fail       part            ggggggggggggg  -             ......ppppppp
plain       old    fail       name            ggggggggggggg  -             ......mmmmmmm
plain       old    fail       late,none       ggggggggggggg  -             ......eesssss
plain       none   sent       all             ggggggggggggg  3w,6f         ........sssss
plain       none   fail       all             ggggggggggggg  -             ........sssss

plain+away  fresh  sent       paid            ggggggggAAAAA  8r            .............
plain+away  fresh  sent       part            ggggggggggggg  8fr           ........wpppp
plain+away  fresh  sent       name            ggggggggggggg  8f            ........wmmmm
plain+away  fresh  sent       late            ggggggggggAAA  8f,10r        ........ws...
plain+away  fresh  sent       none            ggggggggggggg  8f            ........wssdd
plain+away  fresh  fail       paid            ggggggggAAAAA  -             .............
plain+away  fresh  fail       part            ggggggggggggg  -             ........wpppp
plain+away  fresh  fail       name            ggggggggggggg  -             ........wmmmm
plain+away  fresh  fail       late            ggggggggggAAA  -             ........wn...
plain+away  fresh  fail       none            ggggggggggggg  -             ........wnnnn
plain+away  old    sent       paid            ggggggggAAAAA  8r            .............
plain+away  old    sent       part            ggggggggggggg  8fr           ........wpppp
plain+away  old    sent       name            ggggggggggggg  8f            ........wmmmm
plain+away  old    sent       late,none       ggggggggggggg  8f            ........wssss
plain+away  old    fail       paid            ggggggggAAAAA  -             .............
plain+away  old    fail       part            ggggggggggggg  -             ........wpppp
plain+away  old    fail       name            ggggggggggggg  -             ........wmmmm
plain+away  old    fail       late,none       ggggggggggggg  -             ........wssss
plain+away  none   sent       all             ggggggggggggg  8f            ........wssss
plain+away  none   fail       all             ggggggggggggg  -             ........wssss

tet         fresh  sent       paid            ggggggAAAAAAA  2f,6r         .............
tet         fresh  sent       part            ggggggggggggg  2f,6r         ......ppppppp
tet         fresh  sent       name            ggggggggggggg  2f            ......mmmmmmm
tet         fresh  sent       late            ggggggggggAAA  2f,10r        ......eeee...
tet         fresh  sent       none            ggggggggggggg  2f            ......eeeeesd
tet         fresh  fail       paid            ggggggAAAAAAA  -             .............
tet         fresh  fail       part            ggggggggggggg  -             ......ppppppp
tet         fresh  fail       name            ggggggggggggg  -             ......mmmmmmm
tet         fresh  fail       late            ggggggggggAAA  -             ......eeee...
tet         fresh  fail       none            ggggggggggggg  -             ......eeeeesn
tet         old    sent       paid            ggggggAAAAAAA  2f,6r         .............
tet         old    sent       part            ggggggggggggg  2f,6r         ......ppppppp
tet         old    sent       name            ggggggggggggg  2f            ......mmmmmmm
tet         old    sent       late,none       ggggggggggggg  2f            ......eeeeess
tet         old    fail       paid            ggggggAAAAAAA  -             .............
tet         old    fail       part            ggggggggggggg  -             ......ppppppp
tet         old    fail       name            ggggggggggggg  -             ......mmmmmmm
tet         old    fail       late,none       ggggggggggggg  -             ......eeeeess
tet         none   sent       all             ggggggggggggg  2f            ...........ss
tet         none   fail       all             ggggggggggggg  -             ...........ss

tet+away    fresh  sent       paid            ggggggggAAAAA  8r            .............
tet+away    fresh  sent       part            ggggggggggggg  8r,10f        ........ppwpp
tet+away    fresh  sent       name            ggggggggggggg  10f           ........mmwmm
tet+away    fresh  sent       late            ggggggggggAAA  10r           ........ee...
tet+away    fresh  sent       none            ggggggggggggg  10f           ........eewss
tet+away    fresh  fail       paid            ggggggggAAAAA  -             .............
tet+away    fresh  fail       part            ggggggggggggg  -             ........ppwpp
tet+away    fresh  fail       name            ggggggggggggg  -             ........mmwmm
tet+away    fresh  fail       late            ggggggggggAAA  -             ........ee...
tet+away    fresh  fail       none            ggggggggggggg  -             ........eewsn
tet+away    old    sent       paid            ggggggggAAAAA  8r            .............
tet+away    old    sent       part            ggggggggggggg  8r,10f        ........ppwpp
tet+away    old    sent       name            ggggggggggggg  10f           ........mmwmm
tet+away    old    sent       late,none       ggggggggggggg  10f           ........eewss
tet+away    old    fail       paid            ggggggggAAAAA  -             .............
tet+away    old    fail       part            ggggggggggggg  -             ........ppwpp
tet+away    old    fail       name            ggggggggggggg  -             ........mmwmm
tet+away    old    fail       late,none       ggggggggggggg  -             ........eewss
tet+away    none   sent       all             ggggggggggggg  10f           ..........wss
tet+away    none   fail       all             ggggggggggggg  -             ..........wss
";
