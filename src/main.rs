//! Arguments in, exit code out.

/// Sending a push is dozens of small allocations: this is the quicker allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> std::process::ExitCode {
    beffroi::cli::run().await
}
