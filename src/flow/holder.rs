//! Who holds a claim: this process, named so that its death can be seen by others on the same machine.
//! What a dead holder of this machine claimed is free at once; of other machines nothing is known here.

use std::fmt;

use anyhow::Context;

/// Host, start of the machine, process and start of the process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder(String);

impl Holder {
    pub fn of_this_process() -> anyhow::Result<Holder> {
        let (host, boot) = machine()?;
        let pid = std::process::id();
        let start = started(pid).context("The start of this process cannot be read from /proc")?;
        Ok(Holder(format!("{host}/{boot}/{pid}/{start}")))
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
        let ([host, boot, pid, start], Ok((here, this_boot))) = (parts.as_slice(), machine())
        else {
            return false;
        };
        if *host != here {
            return false;
        }
        let alive = pid.parse().ok().and_then(started).is_some_and(|found| found == *start);
        *boot != this_boot || !alive
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn machine() -> anyhow::Result<(String, String)> {
    let read = |name: &str| fs_err::read_to_string(format!("/proc/sys/kernel/{name}"));
    let host = read("hostname")?.trim().replace('/', "_");
    Ok((host, read("random/boot_id")?.trim().to_owned()))
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
        let (host, boot) = machine().unwrap();
        let dead = format!("{host}/{boot}/{}/{}", child.id(), start.unwrap_or_default());
        assert!(Holder::is_dead(&dead));
        assert!(Holder::is_dead(&format!("{host}/another-boot/1/1")));
        assert!(!Holder::is_dead("elsewhere/boot/1/1"));
    }
}
