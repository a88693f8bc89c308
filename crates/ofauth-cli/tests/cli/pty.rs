//! A terminal of its own for a command, and what it shows.

use std::fs::File;
use std::io::Read;
use std::os::unix::ffi::OsStrExt;

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};
use tokio::process::Command;

use crate::support::{Run, finish};

/// A terminal whose other end a command has.
pub(crate) struct Terminal(File);

/// Which streams of a command are the terminal.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Streams {
    /// Standard error alone, as with `>file`.
    Err,
    /// Standard output and standard error.
    Both,
}

impl Terminal {
    /// A new terminal of this width, and its end for a command.
    pub(crate) fn new(columns: u16) -> (Self, File) {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let name = ptsname(&master, Vec::new()).unwrap();
        let name = std::ffi::OsStr::from_bytes(name.to_bytes());
        let end = File::options().read(true).write(true).open(name).unwrap();
        let terminal = Self(master.into());
        terminal.resize(columns);
        (terminal, end)
    }

    /// Gives the terminal another width.
    pub(crate) fn resize(&self, columns: u16) {
        let size = Winsize { ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&self.0, size).unwrap();
    }

    /// Everything that is written to it until nobody has it open.
    pub(crate) fn read(mut self) -> Vec<u8> {
        let (mut shown, mut buffer) = (Vec::new(), [0; 4096]);
        // Linux ends a terminal with an error.
        while let Ok(count @ 1..) = self.0.read(&mut buffer) {
            shown.extend_from_slice(&buffer[..count]);
        }
        shown
    }
}

/// Runs a command on a terminal to its end. Returns how it ended and every byte that the terminal got.
pub(crate) async fn on_terminal(mut command: Command, columns: u16, streams: Streams) -> (Run, Vec<u8>) {
    let (terminal, end) = Terminal::new(columns);
    command.env("TERM", "xterm");
    if streams == Streams::Both {
        command.stdout(end.try_clone().unwrap());
    }
    command.stderr(end);
    let child = command.spawn().unwrap();
    // The terminal ends with its last user, and this test's copy of it is in the command.
    drop(command);
    let reading = tokio::task::spawn_blocking(move || terminal.read());
    let run = finish(child).await;
    (run, reading.await.unwrap())
}
