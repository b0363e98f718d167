//! What the service manager that started the daemon is told, by the protocol of `sd_notify`: ready, alive, stopping.
//! Without one nobody is told anything.

use std::os::{
    linux::net::SocketAddrExt,
    unix::net::{SocketAddr, UnixDatagram},
};

use crate::config::Environment;

/// The service manager's socket, where there is one.
#[derive(Debug, Default)]
pub struct Supervisor(Option<(UnixDatagram, SocketAddr)>);

impl Supervisor {
    /// As `NOTIFY_SOCKET` names it: a path, or a name behind `@` that stands in no folder.
    pub fn of(environment: &Environment) -> Supervisor {
        let found = environment.get("NOTIFY_SOCKET").and_then(|name| {
            let address = match name.strip_prefix('@') {
                Some(name) => SocketAddr::from_abstract_name(name),
                None => SocketAddr::from_pathname(name),
            };
            Some((UnixDatagram::unbound().ok()?, address.ok()?))
        });
        Supervisor(found)
    }

    pub fn ready(&self) {
        self.tell("READY=1");
    }

    /// Often enough for a watchdog of some seconds.
    pub fn alive(&self) {
        self.tell("WATCHDOG=1");
    }

    pub fn stopping(&self) {
        self.tell("STOPPING=1");
    }

    fn tell(&self, state: &str) {
        if let Some((socket, address)) = &self.0
            && let Err(error) = socket.send_to_addr(state.as_bytes(), address)
        {
            tracing::debug!(%error, "The service manager does not listen");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_manager_is_told_and_without_one_nobody_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        let manager = UnixDatagram::bind(&path).unwrap();
        let environment = Environment::from([("NOTIFY_SOCKET", path.to_str().unwrap())]);
        let supervisor = Supervisor::of(&environment);
        for (tell, said) in [
            (Supervisor::ready as fn(&Supervisor), "READY=1"),
            (Supervisor::alive, "WATCHDOG=1"),
            (Supervisor::stopping, "STOPPING=1"),
        ] {
            tell(&supervisor);
            let mut told = [0; 32];
            let length = manager.recv(&mut told).unwrap();
            assert_eq!(&told[..length], said.as_bytes());
        }
        Supervisor::of(&Environment::default()).ready();
    }
}
