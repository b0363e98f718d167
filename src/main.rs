//! Arguments in, exit code out.

use std::process::ExitCode;

use anyhow::Context;
use hangloat::cli;
use tikv_jemallocator::Jemalloc;

#[global_allocator]
static MEMORY: Jemalloc = Jemalloc;

fn main() -> anyhow::Result<ExitCode> {
    cli::read_unstreamed_if_asked().map_or_else(with_threads, Ok)
}

/// What is deep in a step of the flow would not fit into the usual two megabytes where the compiler optimises little.
const STACK: usize = 8 * 1024 * 1024;

fn with_threads() -> anyhow::Result<ExitCode> {
    let mut threads = tokio::runtime::Builder::new_multi_thread();
    let runtime = threads.enable_all().thread_stack_size(STACK).build();
    let runtime = runtime.context("The program gets no threads")?;
    let code = runtime.block_on(cli::main());
    // What hangs keeps nobody waiting.
    runtime.shutdown_background();
    Ok(code)
}
