//! After the mail server refused our log-in it is left alone, ever longer: servers lock accounts that try on and on.
//! A new process asks at once, which is how a person tries another password.

use std::{sync::Mutex, time::Duration};

use tokio::time::Instant;

use super::sender::lock;

const FIRST: Duration = Duration::from_mins(1);
const LONGEST: Duration = Duration::from_hours(1);

/// Until when the server is left alone, and how long that is.
#[derive(Debug, Default)]
pub struct Rest(Mutex<Option<(Instant, Duration)>>);

impl Rest {
    pub fn is_over(&self) -> bool {
        lock(&self.0).is_none_or(|(until, _)| until <= Instant::now())
    }

    pub fn refused(&self) {
        let mut rest = lock(&self.0);
        let length = after(rest.map(|(_, before)| before));
        *rest = Some((Instant::now() + length, length));
    }

    pub fn let_in(&self) {
        *lock(&self.0) = None;
    }
}

fn after(before: Option<Duration>) -> Duration {
    before.map_or(FIRST, |before| LONGEST.min(before * 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_refuses_us_is_left_alone_for_twice_as_long_each_time() {
        let mut before = None;
        for minutes in [1, 2, 4, 8, 16, 32, 60, 60] {
            let length = after(before);
            assert_eq!(length, Duration::from_mins(minutes));
            before = Some(length);
        }
    }

    #[test]
    fn a_server_that_let_us_in_is_asked_at_once_again() {
        let rest = Rest::default();
        assert!(rest.is_over());
        rest.refused();
        assert!(!rest.is_over());
        rest.let_in();
        assert!(rest.is_over());
    }
}
