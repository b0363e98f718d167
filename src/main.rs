//! Arguments in, exit code out.

use std::process::ExitCode;

use hangloat::cli;

fn main() -> ExitCode {
    cli::read_unstreamed_if_asked().unwrap_or_else(with_threads)
}

#[tokio::main]
async fn with_threads() -> ExitCode {
    cli::main().await
}
