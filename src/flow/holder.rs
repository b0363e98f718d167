//! Who holds a claim: this process, named so that its death can be seen by others on the same machine.
//! What a dead holder of this machine claimed is free at once; of other machines nothing is known here.

use std::fmt;

use anyhow::Context;
use chrono::TimeDelta;

/// How long a claim holds without a sign of life.
pub const LEASE: TimeDelta = TimeDelta::minutes(2);

/// What was done under a claim that somebody else may have by now.
#[derive(Debug, thiserror::Error)]
#[error("another process took this over")]
pub struct LeaseLost;

/// Host, start of the machine with its space of process numbers, process, and start of the process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder(String);

impl Holder {
    pub fn of_this_process() -> anyhow::Result<Holder> {
        let Machine { host, boot, space, .. } = Machine::here()?;
        let pid = std::process::id();
        let start = started(pid).context("The start of this process cannot be read from /proc")?;
        Ok(Holder(format!("{host}/{boot}.{space}/{pid}/{start}")))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The machine of this process.
    pub fn host(&self) -> &str {
        self.0.split('/').next().unwrap_or_default()
    }

    /// Whether `holder` was a process of this machine and is no more. Of other machines nothing is known.
    pub fn is_dead(holder: &str) -> bool {
        let parts: Vec<&str> = holder.split('/').collect();
        let ([host, place, pid, start], Ok(here)) = (parts.as_slice(), Machine::here()) else {
            return false;
        };
        let (boot, space) = place.rsplit_once('.').unwrap_or((place, here.space.as_str()));
        if *host != here.host {
            return false;
        }
        if boot != here.boot {
            return here.is_known;
        }
        // Another container of the same machine counts its processes for itself.
        let alive = || pid.parse().ok().and_then(started).is_some_and(|found| found == *start);
        space == here.space && !alive()
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where this process runs.
struct Machine {
    /// Its name, and what tells it from others of the same name.
    host: String,
    /// Whether that is so: of two with one name it could not be said which one was started anew.
    is_known: bool,
    boot: String,
    /// The numbers of processes mean something in here alone.
    space: String,
}

impl Machine {
    fn here() -> anyhow::Result<Machine> {
        let read = |name: &str| fs_err::read_to_string(format!("/proc/sys/kernel/{name}"));
        let name = read("hostname")?.trim().replace('/', "_");
        let id = fs_err::read_to_string("/etc/machine-id").unwrap_or_default();
        let id: String = id.chars().take_while(char::is_ascii_hexdigit).take(8).collect();
        let space = fs_err::read_link("/proc/self/ns/pid")?.display().to_string();
        let space = space.chars().filter(char::is_ascii_digit).collect();
        let host = if id.is_empty() { name } else { format!("{name}~{id}") };
        let boot = read("random/boot_id")?.trim().to_owned();
        Ok(Machine { host, is_known: !id.is_empty(), boot, space })
    }
}

/// When a process started, in ticks since the machine did; a number given again is another process.
fn started(pid: u32) -> Option<String> {
    let stat = fs_err::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name of the program, in brackets, may hold blanks; the start is the 20th word after it.
    let (_, rest) = stat.rsplit_once(')')?;
    let mut words = rest.split_whitespace();
    let is_zombie = words.next()? == "Z";
    words.nth(18).filter(|_| !is_zombie).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_living_process_holds_its_claims_and_a_dead_one_does_not() {
        let living = Holder::of_this_process().unwrap();
        assert!(!Holder::is_dead(living.as_str()));

        let mut child = std::process::Command::new("true").spawn().unwrap();
        let start = started(child.id());
        child.wait().unwrap();
        let Machine { host, is_known, boot, space } = Machine::here().unwrap();
        let process = format!("{}/{}", child.id(), start.unwrap_or_default());
        assert!(Holder::is_dead(&format!("{host}/{boot}.{space}/{process}")));
        assert_eq!(Holder::is_dead(&format!("{host}/another-boot.{space}/1/1")), is_known);
        assert!(!Holder::is_dead(&format!("elsewhere/{boot}.{space}/{process}")));
        assert!(!Holder::is_dead(&format!("{host}/{boot}.1{space}/{process}")), "in a container");
    }
}
