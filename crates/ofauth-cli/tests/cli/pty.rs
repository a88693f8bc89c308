//! A terminal of its own for a command, and what it shows.

use std::fs::File;
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::sync::Arc;

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};
use tokio::process::Command;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::JoinHandle;

use crate::support::{Run, finish};

/// A terminal whose other end a command has. Clones are one.
#[derive(Clone)]
pub(crate) struct Terminal(Arc<File>);

impl Terminal {
    /// A new terminal of this width, and its end for a command.
    pub(crate) fn new(columns: u16) -> (Self, File) {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let name = ptsname(&master, Vec::new()).unwrap();
        let name = std::ffi::OsStr::from_bytes(name.to_bytes());
        let end = File::options().read(true).write(true).open(name).unwrap();
        let terminal = Self(Arc::new(master.into()));
        terminal.resize(columns);
        (terminal, end)
    }

    /// Gives the terminal another width.
    pub(crate) fn resize(&self, columns: u16) {
        let size = Winsize { ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&*self.0, size).unwrap();
    }

    /// Everything that is written to it until nobody has it open.
    pub(crate) fn read(self) -> Vec<u8> {
        self.read_and(|_| {})
    }

    /// The same on another thread, and all of it piece by piece as it comes.
    pub(crate) fn follow(self) -> (JoinHandle<Vec<u8>>, UnboundedReceiver<Vec<u8>>) {
        let (send, receive) = unbounded_channel();
        // The test may not want to see all of it.
        let tell = move |piece: &[u8]| drop(send.send(piece.to_vec()));
        (tokio::task::spawn_blocking(move || self.read_and(tell)), receive)
    }

    fn read_and(self, tell: impl Fn(&[u8])) -> Vec<u8> {
        let (mut shown, mut buffer) = (Vec::new(), [0; 4096]);
        // Linux ends a terminal with an error.
        while let Ok(count @ 1..) = (&*self.0).read(&mut buffer) {
            tell(&buffer[..count]);
            shown.extend_from_slice(&buffer[..count]);
        }
        shown
    }
}

/// Runs a command to its end with standard output and standard error on a terminal. Returns how it ended and every byte that the terminal got.
pub(crate) async fn on_terminal(mut command: Command, columns: u16) -> (Run, Vec<u8>) {
    let (terminal, end) = Terminal::new(columns);
    command.env("TERM", "xterm").stdout(end.try_clone().unwrap()).stderr(end);
    let child = command.spawn().unwrap();
    // The terminal ends with its last user, and this test's copy of it is in the command.
    drop(command);
    let reading = tokio::task::spawn_blocking(move || terminal.read());
    let run = finish(child).await;
    (run, reading.await.unwrap())
}
