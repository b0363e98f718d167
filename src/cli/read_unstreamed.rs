//! `read-unstreamed`: the command that this program gives itself, and no person types. How it reads is the
//! business of `flow::read`.

use std::process::ExitCode;

use super::reply::Exit;
use crate::flow::read::unstreamed::{COMMAND, child};

/// Carries it out if it is what was asked for. To be called before there is a second thread.
pub fn if_asked() -> Option<ExitCode> {
    let mut args = std::env::args_os().skip(1);
    if args.next()? != COMMAND {
        return None;
    }
    let container = args.next().and_then(|word| word.to_str()?.parse().ok());
    Some(container.map_or(ExitCode::from(Exit::Usage as u8), child::run))
}
