//! Arguments in, exit code out.

use std::process::ExitCode;

use anyhow::Context;
use hangloat::cli;

fn main() -> anyhow::Result<ExitCode> {
    cli::read_unstreamed_if_asked().map_or_else(with_threads, Ok)
}

fn with_threads() -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Runtime::new().context("The program gets no threads")?;
    let code = runtime.block_on(cli::main());
    // What hangs keeps nobody waiting.
    runtime.shutdown_background();
    Ok(code)
}
