//! Arguments in, exit code out.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    hangloat::cli::main().await
}
