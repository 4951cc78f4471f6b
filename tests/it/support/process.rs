//! A program started for a test: its standard output is read line by line, its standard error kept, and it is
//! killed when the test lets go of it.

use super::wait::DEADLINE;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::mpsc;

/// How much of a program's standard error a failing test shows, bytes.
const SHOWN_BYTES_MAX: usize = 8_000;

pub struct Program {
    name: &'static str,
    child: Child,
    lines: mpsc::UnboundedReceiver<String>,
    errors: Arc<Mutex<String>>,
}

impl Program {
    /// Starts it. Panics when it is not there.
    pub fn start(name: &'static str, command: &mut Command) -> Self {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{name} does not start: {error} ({command:?})"));
        let output = child.stdout.take().expect("standard output is piped");
        let error = child.stderr.take().expect("standard error is piped");
        let (send, lines) = mpsc::unbounded_channel();
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if send.send(line).is_err() {
                    break;
                }
            }
        });
        let errors = Arc::new(Mutex::new(String::new()));
        let kept = Arc::clone(&errors);
        std::thread::spawn(move || {
            for line in BufReader::new(error).lines().map_while(Result::ok) {
                let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                kept.push_str(&line);
                kept.push('\n');
            }
        });
        Self { name, child, lines, errors }
    }

    /// The next line of standard output that `read` takes; others are passed over. Panics when the program ends
    /// or stays silent.
    pub async fn line<T>(&mut self, wanted: &str, read: impl FnMut(&str) -> Option<T>) -> T {
        match self.try_line(read).await {
            Some(found) => found,
            None => panic!("{} never said {wanted}; its standard error:\n{}", self.name, self.errors()),
        }
    }

    /// As [`Program::line`], but `None` when the program ends or stays silent.
    pub async fn try_line<T>(&mut self, mut read: impl FnMut(&str) -> Option<T>) -> Option<T> {
        let found = async {
            while let Some(line) = self.lines.recv().await {
                if let Some(found) = read(&line) {
                    return Some(found);
                }
            }
            None
        };
        tokio::time::timeout(DEADLINE, found).await.ok().flatten()
    }

    /// Standard error so far, its end if it is long.
    pub fn errors(&self) -> String {
        let errors = self.errors.lock().unwrap_or_else(PoisonError::into_inner);
        let from = errors.len().saturating_sub(SHOWN_BYTES_MAX);
        errors.char_indices().find(|(index, _)| *index >= from).map_or("", |(index, _)| &errors[index..]).to_owned()
    }

    /// Ends it at once (SIGKILL), as a power cut would.
    pub fn kill9(&mut self) {
        self.child.kill().unwrap_or_else(|error| panic!("{} cannot be killed: {error}", self.name));
        self.child.wait().unwrap_or_else(|error| panic!("{} cannot be waited for: {error}", self.name));
    }

    /// Whether it has ended by itself.
    pub fn has_ended(&mut self) -> bool {
        let ended = self.child.try_wait().unwrap_or_else(|error| panic!("{} cannot be waited for: {error}", self.name));
        ended.is_some()
    }

    /// Asks it to end (SIGTERM) and waits for that.
    pub fn terminate(&mut self) -> ExitStatus {
        let asked = Command::new("kill").arg("-TERM").arg(self.child.id().to_string()).status();
        assert!(asked.is_ok_and(|status| status.success()), "{} cannot be asked to end", self.name);
        self.child.wait().unwrap_or_else(|error| panic!("{} cannot be waited for: {error}", self.name))
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to do.
        drop(self.child.kill());
        drop(self.child.wait());
        if std::thread::panicking() {
            eprintln!("--- {}, standard error:\n{}---", self.name, self.errors());
        }
    }
}

/// What a program that runs to its end said.
pub struct Ran {
    pub code: i32,
    pub output: String,
    pub errors: String,
}

/// Runs a program to its end, feeding nothing in.
pub async fn run(command: Command) -> Ran {
    run_fed(command, String::new()).await
}

/// Runs a program to its end, feeding a short text in.
pub async fn run_fed(mut command: Command, input: String) -> Ran {
    let done = tokio::task::spawn_blocking(move || {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        // A program that does not read it may have ended already: what it says is what counts.
        drop(child.stdin.take().expect("standard input is piped").write_all(input.as_bytes()));
        let mut error = child.stderr.take().expect("standard error is piped");
        let reader = std::thread::spawn(move || {
            let mut text = String::new();
            error.read_to_string(&mut text).map(|_| text)
        });
        let mut output = String::new();
        child.stdout.take().expect("standard output is piped").read_to_string(&mut output)?;
        let errors = reader.join().expect("the reader does not panic")?;
        let code = child.wait()?.code().unwrap_or(-1);
        std::io::Result::Ok(Ran { code, output, errors })
    });
    let ran = tokio::time::timeout(DEADLINE, done).await.expect("the program ends in time");
    ran.expect("the task does not panic").expect("the program can be run")
}
