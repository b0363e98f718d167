//! When the platform may be asked: not before the time it named itself, and for a while not at all after it failed
//! again and again. What a failure is, is decided by who asks.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

/// So many failures in a row close the gate.
const FAILURES: u32 = 5;
/// How long it stays closed before one is let through to see whether it is over.
const CLOSED: Duration = Duration::from_secs(15);

/// All calls of a process go through one gate.
#[derive(Debug)]
pub struct Gate(Mutex<State>);

#[derive(Debug)]
struct State {
    failures: u32,
    not_before: Instant,
}

/// What a call is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pass {
    Go,
    /// The platform asked for patience.
    Wait(Duration),
    /// It has failed so often that it is not even asked.
    Closed(Duration),
}

impl Gate {
    pub fn new(now: Instant) -> Gate {
        Gate(Mutex::new(State { failures: 0, not_before: now }))
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn pass(&self, now: Instant) -> Pass {
        let mut state = self.state();
        let wait = state.not_before.saturating_duration_since(now);
        if wait.is_zero() {
            if state.failures >= FAILURES {
                // One alone: the others wait for what becomes of it.
                state.not_before = now + CLOSED;
            }
            Pass::Go
        } else if state.failures >= FAILURES {
            Pass::Closed(wait)
        } else {
            Pass::Wait(wait)
        }
    }

    /// The platform answered, whatever it said.
    pub fn answered(&self, now: Instant) {
        let mut state = self.state();
        if state.failures >= FAILURES {
            state.not_before = now;
        }
        state.failures = 0;
    }

    /// The platform asks to come back later.
    pub fn busy(&self, wait: Duration, now: Instant) {
        let mut state = self.state();
        state.not_before = state.not_before.max(now + wait);
    }

    /// No answer, or a sign that it is ill.
    pub fn failed(&self, now: Instant) {
        let mut state = self.state();
        state.failures += 1;
        if state.failures == FAILURES {
            state.not_before = now + CLOSED;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patience_is_asked_of_all() {
        let now = Instant::now();
        let gate = Gate::new(now);
        assert_eq!(gate.pass(now), Pass::Go);
        gate.busy(Duration::from_secs(3), now);
        gate.busy(Duration::from_secs(1), now);
        assert_eq!(gate.pass(now), Pass::Wait(Duration::from_secs(3)));
        assert_eq!(gate.pass(now + Duration::from_secs(3)), Pass::Go);
    }

    #[test]
    fn after_failures_in_a_row_one_call_looks_whether_it_is_over() {
        let now = Instant::now();
        let gate = Gate::new(now);
        let fail = |times| (0..times).for_each(|_| gate.failed(now));
        fail(FAILURES - 1);
        assert_eq!(gate.pass(now), Pass::Go);
        gate.answered(now);
        fail(FAILURES);
        assert_eq!(gate.pass(now), Pass::Closed(CLOSED));
        let then = now + CLOSED;
        assert_eq!(gate.pass(then), Pass::Go);
        assert_eq!(gate.pass(then), Pass::Closed(CLOSED));
        gate.failed(then);
        assert_eq!(gate.pass(then), Pass::Closed(CLOSED));
        assert_eq!(gate.pass(then + CLOSED), Pass::Go);
        gate.answered(then + CLOSED);
        assert_eq!(gate.pass(then + CLOSED), Pass::Go);
    }
}
