//! What the system knows of the streams that the command writes to: how all of a text gets into one, whether anybody is at
//! the other end, and whether what went into it has come out.
//!
//! The standard library takes a stream that may not be written to for one that drops everything, and opens the null device
//! in place of one that was closed. A result that went there would be lost, so it is found out here. This module decides
//! nothing about what that means.

#[cfg(not(unix))]
pub(crate) use other::*;
#[cfg(unix)]
pub(crate) use unix::*;

#[cfg(unix)]
mod unix {
    use std::io;
    use std::os::fd::AsFd;

    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    use rustix::fs::{FileType, OFlags, fcntl_getfl, fstat, stat};
    use rustix::io::{Errno, ioctl_fionread, retry_on_intr};
    use rustix::net::sockopt::socket_error;

    /// Writes all of it. A stream that somebody has made non-blocking is waited for like any other.
    pub(crate) fn write_all(stream: impl AsFd, mut bytes: &[u8]) -> io::Result<()> {
        let stream = stream.as_fd();
        while !bytes.is_empty() {
            match retry_on_intr(|| rustix::io::write(stream, bytes)) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(count) => bytes = bytes.get(count..).unwrap_or_default(),
                Err(Errno::AGAIN) => {
                    let mut room = [PollFd::from_borrowed_fd(stream, PollFlags::OUT)];
                    retry_on_intr(|| poll(&mut room, None))?;
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Whether the other end is there: nobody has closed a pipe, and no terminal has hung up.
    pub(crate) fn is_open(stream: impl AsFd) -> bool {
        let mut polled = [PollFd::from_borrowed_fd(stream.as_fd(), PollFlags::empty())];
        let looked = retry_on_intr(|| poll(&mut polled, Some(&Timespec::default())));
        let [polled] = polled;
        let is_gone = polled.revents().intersects(PollFlags::ERR | PollFlags::HUP | PollFlags::NVAL);
        looked.is_err() || !is_gone
    }

    /// What is said of a stream whose reader left too early.
    const UNREAD: &str = "it was closed before it was read to its end";

    /// Whether everything that was written can be relied on: a file has it on its disk, where some systems notice only
    /// then that there is no room, and a pipe or a socket that was closed was empty.
    pub(crate) fn keeps_everything(stream: impl AsFd) -> io::Result<()> {
        let stream = stream.as_fd();
        match FileType::from_raw_mode(fstat(stream)?.st_mode) {
            FileType::RegularFile => Ok(rustix::fs::fsync(stream)?),
            // A reader that went away before it had read everything is an error of the connection.
            FileType::Socket if !matches!(socket_error(stream), Ok(Ok(()))) => {
                Err(io::Error::new(io::ErrorKind::BrokenPipe, UNREAD))
            }
            FileType::Fifo if !is_open(stream) && ioctl_fionread(stream).is_ok_and(|left| left > 0) => {
                Err(io::Error::new(io::ErrorKind::BrokenPipe, UNREAD))
            }
            _ => Ok(()),
        }
    }

    /// Whether it is the null device.
    pub(crate) fn is_null(stream: impl AsFd) -> bool {
        let (Ok(about), Ok(null)) = (fstat(stream), stat("/dev/null")) else { return false };
        FileType::from_raw_mode(about.st_mode) == FileType::CharacterDevice && about.st_rdev == null.st_rdev
    }

    /// Whether a stream was closed when the command began.
    ///
    /// The null device in its place is open for reading too. A shell's `>/dev/null` is not, and means it. Some programs drop
    /// the streams of those that they start in the way that looks like a closed one (`subprocess.DEVNULL` of Python,
    /// `daemon` of C): nothing tells the two apart, and to take a closed stream for a dropped one would lose results.
    pub(crate) fn was_closed(stream: impl AsFd) -> bool {
        let is_read_too = |flags: OFlags| flags & OFlags::RWMODE == OFlags::RDWR;
        is_null(&stream) && fcntl_getfl(&stream).is_ok_and(is_read_too)
    }
}

#[cfg(not(unix))]
mod other {
    use std::io::{self, Write};

    /// Writes all of it.
    pub(crate) fn write_all(mut stream: impl Write, bytes: &[u8]) -> io::Result<()> {
        stream.write_all(bytes)?;
        stream.flush()
    }

    /// Not known here.
    pub(crate) fn is_open<T>(_: T) -> bool {
        true
    }

    /// Not known here.
    pub(crate) fn keeps_everything<T>(_: T) -> io::Result<()> {
        Ok(())
    }

    /// Not known here.
    pub(crate) fn is_null<T>(_: T) -> bool {
        false
    }

    /// Not known here.
    pub(crate) fn was_closed<T>(_: T) -> bool {
        false
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::fs::File;
    use std::io::{self, Read};
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_closed_stream_is_told_from_one_that_a_shell_drops() {
        let closed = File::options().read(true).write(true).open("/dev/null").unwrap();
        let dropped = File::options().write(true).open("/dev/null").unwrap();
        let file = tempfile::tempfile().unwrap();
        assert!(was_closed(&closed) && !was_closed(&dropped) && !was_closed(&file));
        assert!(is_null(&closed) && is_null(&dropped) && !is_null(&file));
        assert!(!is_null(File::options().write(true).open("/dev/full").unwrap()));
    }

    #[test]
    fn a_pipe_is_open_until_its_reader_is_gone_and_keeps_what_was_read() {
        let (mut reader, writer) = io::pipe().unwrap();
        write_all(&writer, b"abc").unwrap();
        assert!(is_open(&writer) && keeps_everything(&writer).is_ok(), "it may still be read");
        reader.read_exact(&mut [0; 2]).unwrap();
        drop(reader);
        assert!(!is_open(&writer));
        assert_eq!(keeps_everything(&writer).unwrap_err().kind(), io::ErrorKind::BrokenPipe);
        assert_eq!(write_all(&writer, b"d").unwrap_err().kind(), io::ErrorKind::BrokenPipe);

        let (mut reader, writer) = io::pipe().unwrap();
        write_all(&writer, b"abc").unwrap();
        reader.read_exact(&mut [0; 3]).unwrap();
        drop(reader);
        keeps_everything(&writer).unwrap();
    }

    #[test]
    fn a_socket_keeps_what_was_read() {
        use std::os::unix::net::UnixStream;
        let (mut reader, writer) = UnixStream::pair().unwrap();
        write_all(&writer, b"abc").unwrap();
        keeps_everything(&writer).unwrap();
        reader.read_exact(&mut [0; 3]).unwrap();
        drop(reader);
        keeps_everything(&writer).unwrap();
        let (reader, writer) = UnixStream::pair().unwrap();
        write_all(&writer, b"abc").unwrap();
        drop(reader);
        assert_eq!(keeps_everything(&writer).unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    }

    #[test]
    fn all_of_a_text_gets_into_a_pipe_that_does_not_block() {
        let (mut reader, writer) = io::pipe().unwrap();
        let flags = rustix::fs::fcntl_getfl(&writer).unwrap();
        rustix::fs::fcntl_setfl(&writer, flags | rustix::fs::OFlags::NONBLOCK).unwrap();
        let text = vec![b'x'; 1 << 20];
        let (sent, received) = (text.clone(), std::sync::mpsc::channel());
        let reading = std::thread::spawn(move || {
            let mut all = Vec::new();
            reader.read_to_end(&mut all).unwrap();
            received.0.send(all).unwrap();
        });
        write_all(&writer, &sent).unwrap();
        drop(writer);
        assert!(received.1.recv_timeout(Duration::from_secs(60)).unwrap() == text);
        reading.join().unwrap();
    }

    #[test]
    fn what_may_not_be_written_to_says_so() {
        let home = tempfile::NamedTempFile::new().unwrap();
        let only_read = File::open(home.path()).unwrap();
        assert!(write_all(&only_read, b"x").is_err());
        let full = File::options().write(true).open("/dev/full").unwrap();
        assert_eq!(write_all(&full, b"x").unwrap_err().kind(), io::ErrorKind::StorageFull);
    }
}
