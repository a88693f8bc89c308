package ofauth

// Uploads: one call of the library with everything that belongs to it, and what ends it from outside.

// #include "shim.h"
import "C"

import (
	"context"
	"encoding/json"
)

// Result is a finished upload.
type Result struct {
	// UploadID is the reference that a post or a message takes, once.
	UploadID string
	// MediaID is the id of the medium in the vault; empty if the service did not name one.
	MediaID string
	// Media is what the service says of the medium; nil if it says nothing.
	Media json.RawMessage
	// Bytes is the size of the source.
	Bytes int64
	// Parts is how many parts it went in.
	Parts int
	// IsMultipart says whether it went in parts and was then completed.
	IsMultipart bool
	// ETags are what the service named the parts, in their order; empty for one without. [Client.Check] takes one.
	ETags []string
	// Retries are the tries that failed and were repeated.
	Retries int
	// SentAgain are the bytes that an expired session had acknowledged and that were sent once more.
	SentAgain int64
	// Resumed are the bytes that an earlier run had sent: all of them if that run had finished the upload.
	Resumed int64

	held *heldResult
}

// upload is an upload of the library while it is put together and run.
type upload struct {
	memory memory
	// Nil if this is what the files of a batch have in common.
	call *call
	// Nil once it ran.
	upload *C.ofauth_upload
	// The source, if it is bytes.
	bytes   []byte
	isBytes bool
	// The source, if it is a reader.
	lent lent
	// Whether the result may have to be settled.
	holds bool
}

// Upload sends a source to the vault and returns its reference.
//
// It returns when the upload has ended in every respect: neither source nor functions are used afterwards. When the
// context ends, so does the upload, and [errors.Is] finds the context's error in its own; a reader that blocks is
// waited for. The library knows the deadline, and does not wait for the service's rate limit if parts could go on only
// after it.
//
// [ErrOutcomeUnknown] means that the service may have the upload although its answer was lost, or not waited for
// because the context ended: look into the vault before trying again. With [ErrSourceChanged] look at the message.
//
// With a [Config.JournalDir], the same upload goes on where an earlier one was interrupted, in this process or another:
// one with the same file (or, for bytes and readers, content), name, type, connection and server. An unknown outcome then
// stays one, and nothing is sent again, until [JournalForget]. [ErrBusy] means that the same upload is under way elsewhere.
func (c *Client) Upload(ctx context.Context, source Source, options ...UploadOption) (*Result, error) {
	if err := endedBefore(ctx, "nothing was sent"); err != nil {
		return nil, err
	}
	if source == nil {
		return nil, invalid("there is no source: give File, Bytes or Reader")
	}
	client, err := c.acquire()
	if err != nil {
		return nil, err
	}
	defer c.release()
	call, err := newCall(c.log)
	if err != nil {
		return nil, err
	}
	u := &upload{call: call}
	defer u.free()
	if err := u.prepare(ctx, source, options); err != nil {
		return nil, err
	}
	stop := call.cancelWith(ctx)
	result, failure := u.run(client)
	stop()
	call.rethrow()
	if failure != nil {
		failure.cause = u.lent.failure
		return nil, explain(ctx, failure)
	}
	return result, nil
}

func (u *upload) prepare(ctx context.Context, source Source, options []UploadOption) error {
	if err := u.make(); err != nil {
		return err
	}
	err := attempt(func(err **C.ofauth_error) C.ofauth_status {
		return C.ofauth_upload_set_cancel(u.upload, u.call.cancel, err)
	})
	if err != nil {
		return err
	}
	if err := source.addTo(u); err != nil {
		return err
	}
	for _, option := range options {
		if option == nil {
			continue
		}
		if err := option(u); err != nil {
			return err
		}
	}
	return u.setTimeout(ctx)
}

func (u *upload) make() error {
	return attempt(func(err **C.ofauth_error) C.ofauth_status { return C.ofauth_upload_new(&u.upload, err) })
}

func (u *upload) setTimeout(ctx context.Context) error {
	left, err := timeLeft(ctx)
	if err != nil {
		return err
	}
	return u.setMilliseconds(left)
}

func (u *upload) setMilliseconds(timeout C.uint64_t) error {
	return attempt(func(err **C.ofauth_error) C.ofauth_status {
		return C.ofauth_upload_set_timeout(u.upload, timeout, err)
	})
}

// run hands the upload over to the library, which has freed it afterwards.
func (u *upload) run(client *C.ofauth_client) (*Result, *Error) {
	var done *C.ofauth_result
	var failure *C.ofauth_error
	var status C.ofauth_status
	running := u.upload
	u.upload = nil
	if u.isBytes {
		status = C.ofauthgo_upload_run_bytes(client, running, bytesOf(u.bytes), C.size_t(len(u.bytes)),
			u.call.id(), &done, &failure)
	} else {
		status = C.ofauthgo_upload_run(client, running, u.call.id(), &done, &failure)
	}
	if err := taken(status, failure); err != nil {
		return nil, err
	}
	result := resultOf(done)
	if u.holds {
		result.held = hold(done)
	} else {
		C.ofauth_result_free(done)
	}
	return result, nil
}

func (u *upload) free() {
	C.ofauth_upload_free(u.upload)
	if u.call != nil {
		u.call.free()
	}
	u.memory.free()
}

func resultOf(done *C.ofauth_result) *Result {
	result := &Result{
		UploadID:    C.GoString(C.ofauth_result_upload_id(done)),
		MediaID:     C.GoString(C.ofauth_result_media_id(done)),
		Media:       rawJSON(C.ofauth_result_media_json(done)),
		Bytes:       int64(C.ofauth_result_bytes(done)),
		Parts:       int(C.ofauth_result_part_count(done)),
		IsMultipart: C.ofauth_result_is_multipart(done) != 0,
		Retries:     int(C.ofauth_result_retries(done)),
		SentAgain:   int64(C.ofauth_result_sent_again(done)),
		Resumed:     int64(C.ofauth_result_resumed(done)),
	}
	for i := 0; i < result.Parts; i++ {
		result.ETags = append(result.ETags, C.GoString(C.ofauth_result_etag(done, C.uint32_t(i))))
	}
	return result
}
