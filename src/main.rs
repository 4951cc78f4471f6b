//! Arguments in, exit code out.

#[tokio::main]
async fn main() -> std::process::ExitCode {
    beffroi::cli::run().await
}
