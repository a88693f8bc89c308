package ofauth

// What can be uploaded, and how an upload can differ from the default.

// #include "shim.h"
import "C"

import (
	"bytes"
	"io"
)

// Source is what an upload sends: [File], [Bytes] or [Reader]. One may be used for any number of uploads.
type Source interface {
	addTo(u *upload) error
	addToBatch(b *Batch) error
}

// File is a regular file. It must not change while it is uploaded. The service sees the last element of the path,
// unless [WithFilename] says otherwise.
func File(path string) Source {
	return file(path)
}

// Bytes is data in memory and the file name, with extension, that the service sees. The data is lent, not copied: it
// must not change until Upload has returned, or until a batch has given out how it ended.
func Bytes(data []byte, filename string) Source {
	return memorySource{data, filename}
}

// Reader is anything that reads at a position, its size in bytes, and the file name, with extension, that the service
// sees. It is used by one goroutine at a time within one upload or batch. The same range is read again when a part is sent again
// and must give the same bytes. What it fails with is found by [errors.Is] in the error of the upload; [io.EOF] before
// the given size means that the source changed.
func Reader(reader io.ReaderAt, size int64, filename string) Source {
	return readerSource{reader, size, filename}
}

type file string

func (f file) addTo(u *upload) error {
	path, err := u.memory.text("the path", string(f))
	if err != nil {
		return err
	}
	return attempt(func(err **C.ofauth_error) C.ofauth_status { return C.ofauth_upload_set_file(u.upload, path, err) })
}

func (f file) addToBatch(b *Batch) error {
	return b.addFile(string(f))
}

type memorySource struct {
	data     []byte
	filename string
}

func (b memorySource) addTo(u *upload) error {
	// Lent to C in the call that runs the upload: no Go memory may stay with C between two calls.
	u.bytes, u.isBytes = b.data, true
	return WithFilename(b.filename)(u)
}

func (b memorySource) addToBatch(batch *Batch) error {
	// No Go memory may stay with C between two calls, so C asks for each piece of it.
	return readerSource{bytes.NewReader(b.data), int64(len(b.data)), b.filename}.addToBatch(batch)
}

type readerSource struct {
	reader   io.ReaderAt
	size     int64
	filename string
}

// checked is the size of a reader that is there.
func (r readerSource) checked() (C.uint64_t, error) {
	if r.reader == nil {
		return 0, invalid("the reader is nil")
	}
	return toUint64("the size of the reader", r.size)
}

func (r readerSource) addTo(u *upload) error {
	size, err := r.checked()
	if err != nil {
		return err
	}
	u.lent.reader = r.reader
	u.call.lent = func(int) *lent { return &u.lent }
	err = attempt(func(err **C.ofauth_error) C.ofauth_status {
		return C.ofauthgo_upload_set_reader(u.upload, u.call.id(), size, err)
	})
	if err != nil {
		return err
	}
	return WithFilename(r.filename)(u)
}

func (r readerSource) addToBatch(b *Batch) error {
	size, err := r.checked()
	if err != nil {
		return err
	}
	return b.addReader(r.reader, size, r.filename)
}

// UploadOption is one way in which an upload differs from the default. Of two that say different things the later
// holds. Given to [Client.UploadAll], it holds for each file of the batch.
type UploadOption func(*upload) error

// WithFilename is the file name, with extension, that the service sees. In a batch it is that of every file.
func WithFilename(filename string) UploadOption {
	return withText("the file name", filename, func(u *upload, text *C.char, err **C.ofauth_error) C.ofauth_status {
		return C.ofauth_upload_set_filename(u.upload, text, err)
	})
}

// WithContentType is the content type, such as video/mp4. Default: by the file name, else by the first bytes,
// else application/octet-stream.
func WithContentType(contentType string) UploadOption {
	return withText("the content type", contentType, func(u *upload, text *C.char, err **C.ofauth_error) C.ofauth_status {
		return C.ofauth_upload_set_content_type(u.upload, text, err)
	})
}

// WithConnectionID is the connection whose vault receives the upload. Default: the client's.
func WithConnectionID(id string) UploadOption {
	return withText("the connection id", id, func(u *upload, text *C.char, err **C.ofauth_error) C.ofauth_status {
		return C.ofauth_upload_set_connection_id(u.upload, text, err)
	})
}

// WithConcurrency is how many parts go in parallel, 1 to 64. Default: the client's.
func WithConcurrency(parts int) UploadOption {
	return func(u *upload) error {
		number, err := toUint32("the concurrency", parts)
		if err != nil {
			return err
		}
		return attempt(func(err **C.ofauth_error) C.ofauth_status {
			return C.ofauth_upload_set_concurrency(u.upload, number, err)
		})
	}
}

// WithVaultUpload sets the options of the service's automatic vault workflows: the mode, of which message is the only
// one known, and the user that the upload is meant for. Either may be empty and is not sent then.
func WithVaultUpload(mode, userID string) UploadOption {
	return func(u *upload) error {
		mode, err := u.memory.textOrNil("the mode of the vault upload", mode)
		if err != nil {
			return err
		}
		user, err := u.memory.textOrNil("the user of the vault upload", userID)
		if err != nil {
			return err
		}
		return attempt(func(err **C.ofauth_error) C.ofauth_status {
			return C.ofauth_upload_set_vault_upload(u.upload, mode, user, err)
		})
	}
}

// WithProgress sets a function that is called with the progress of one upload: at the start, about ten times a second while bytes flow,
// at the end of every part, and at the end. The upload waits for it. To stop the upload, cancel its context.
func WithProgress(progress func(Progress)) UploadOption {
	return func(u *upload) error {
		if u.call == nil {
			return invalid("WithProgress is for one upload: use WithBatchProgress")
		}
		id := u.call.id()
		if progress == nil {
			id = 0
		}
		u.call.progress = func(_ int, p Progress) { progress(p) }
		return attempt(func(err **C.ofauth_error) C.ofauth_status {
			return C.ofauthgo_upload_set_progress(u.upload, id, err)
		})
	}
}

// WithNotice sets a function that is called with each notice: the upload was resumed, starts over, waits, or is unlikely to
// end before its session does. The upload waits for it. To stop the upload, cancel its context.
func WithNotice(notice func(Notice)) UploadOption {
	return func(u *upload) error {
		if u.call == nil {
			return invalid("WithNotice is for one upload: use WithBatchNotice")
		}
		id := u.call.id()
		if notice == nil {
			id = 0
		}
		u.call.notice = func(_ int, n Notice) { notice(n) }
		return attempt(func(err **C.ofauth_error) C.ofauth_status {
			return C.ofauthgo_upload_set_notice(u.upload, id, err)
		})
	}
}

// WithoutJournal leaves the client's journal out of this upload.
func WithoutJournal() UploadOption {
	return func(u *upload) error {
		return attempt(func(err **C.ofauth_error) C.ofauth_status {
			return C.ofauth_upload_set_journal(u.upload, 0, err)
		})
	}
}

// WithHeldResult has the journal keep the result until [Client.Settle]: until then the same upload gives it again and
// sends nothing. In a batch its record is kept, until [Batch.Settle]. Without a journal this changes nothing.
func WithHeldResult() UploadOption {
	return func(u *upload) error {
		u.holds = true
		return attempt(func(err **C.ofauth_error) C.ofauth_status {
			return C.ofauth_upload_set_hold_result(u.upload, 1, err)
		})
	}
}

func withText(
	what, text string,
	set func(*upload, *C.char, **C.ofauth_error) C.ofauth_status,
) UploadOption {
	return func(u *upload) error {
		copied, err := u.memory.text(what, text)
		if err != nil {
			return err
		}
		return attempt(func(err **C.ofauth_error) C.ofauth_status { return set(u, copied, err) })
	}
}
