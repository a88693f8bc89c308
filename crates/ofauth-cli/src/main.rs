//! The `ofauth` command: upload media to the OnlyFans vault and call every OFAuth operation from a shell.
//!
//! A thin layer over the `ofauth` library. It adds what a person and a script need around a call: settings, streams,
//! a progress bar, and exit codes. No protocol is decided here.

mod app;
mod args;
mod commands;
mod completion;
mod config;
mod context;
#[cfg(test)]
mod documents;
mod exit;
mod failure;
mod files;
mod help;
mod interrupt;
mod name;
mod output;
mod progress;
mod state;
#[cfg(test)]
mod surface;
mod terminal;
mod threads;

use std::fs::File;
use std::io;
use std::process::ExitCode;

use app::App;
use args::Cli;
use exit::Exit;
use interrupt::Interrupt;
use ofauth::blocking::start_runtime;
use ofauth::system::{thread_shortage, words};
use output::Output;
use progress::screen::Screen;
use terminal::{Form, Stream};
use tokio::runtime::Builder;

/// More threads than this only cost memory: an upload waits for the network.
const MOST_WORKERS: usize = 4;
/// Open files that the runtime and its signals take, with some to spare.
const DESCRIPTORS: usize = 8;

fn main() -> ExitCode {
    let cli = match help::parse(std::env::args_os()) {
        Ok(cli) => cli,
        Err(error) => return ExitCode::from(terminal::explain(&error)),
    };
    if let Err(error) = descriptors() {
        let (cause, short) = (words(&error), thread_shortage(&error));
        return cannot_run(&format!("ofauth: the command cannot start ({cause})\nofauth: next: {short}\n"));
    }
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let runtime = match start_runtime(Builder::new_multi_thread(), cores.min(MOST_WORKERS)) {
        Ok(runtime) => runtime,
        Err(error) => return cannot_run(&format!("ofauth: the command cannot start: {error}\n")),
    };
    let end = runtime.block_on(run(cli));
    // A thread may still wait for standard input; the process does not wait for it.
    runtime.shutdown_background();
    ExitCode::from(end.code())
}

/// Fails if there are too few open files to begin with: the runtime would panic where it listens for signals.
fn descriptors() -> io::Result<()> {
    if cfg!(unix) {
        (0..DESCRIPTORS).map(|_| File::open("/dev/null")).collect::<io::Result<Vec<_>>>()?;
    }
    Ok(())
}

fn cannot_run(text: &str) -> ExitCode {
    let _ = Stream::Err.write(text.as_bytes(), Form::Lines);
    ExitCode::from(Exit::Resources.code())
}

async fn run(cli: Cli) -> Exit {
    let screen = Screen::new(cli.global.quiet);
    output::log::start(cli.global.verbose, cli.global.quiet, &screen);
    let out = Output::new(screen.clone(), cli.global.json, cli.global.quiet);
    let asked = screen.clone();
    let say = move || {
        let _ = asked.around(|| Stream::Err.write(interrupt::NOTICE.as_bytes(), Form::Line));
    };
    let interrupt = Interrupt::listen(say, move || screen.leave());
    let app = App { flags: cli.global, out, interrupt, shared: None };
    let end = match commands::run(&app, &cli.command).await {
        Ok(end) => end,
        Err(failure) => {
            app.out.failure(&failure);
            failure.exit()
        }
    };
    app.out.end(end)
}
