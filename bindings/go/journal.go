package ofauth

// Journals of uploads: results that they hold, and what is in a directory of them.

// #include "shim.h"
import "C"

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"time"
)

// heldResult is a result that the journal keeps, and locks, until it is settled or let go.
type heldResult struct {
	mu sync.Mutex
	// Nil once it was settled or let go.
	result *C.ofauth_result
}

// hold takes over a result of the library.
func hold(result *C.ofauth_result) *heldResult {
	h := &heldResult{result: result}
	// A net for results that were forgotten.
	runtime.SetFinalizer(h, (*heldResult).free)
	return h
}

func (h *heldResult) free() {
	h.mu.Lock()
	defer h.mu.Unlock()
	C.ofauth_result_free(h.result)
	h.result = nil
}

// Settle says that a result of an upload [WithHeldResult] has arrived where it belongs: its journal is removed, and the
// same upload starts over. Settling again changes nothing, and so does settling a result that is not held.
//
// When the context ends, Settle returns, and the journal may be removed or not: settle again. One Settle of a result waits for
// another of the same result, whatever its context.
func (c *Client) Settle(ctx context.Context, result *Result) error {
	if result == nil {
		return invalid("there is no result")
	}
	held := result.held
	if held == nil {
		return nil
	}
	return c.do(ctx, func(call under) C.ofauth_status {
		held.mu.Lock()
		defer held.mu.Unlock()
		if held.result == nil {
			return C.OFAUTH_OK
		}
		status := C.ofauthgo_result_settle(call.client, held.result, call.id, call.err)
		if status == C.OFAUTH_OK {
			C.ofauth_result_free(held.result)
			held.result = nil
		}
		return status
	})
}

// Release lets go of a held result without settling it: the journal keeps it, and the same upload gives it again instead
// of failing with [ErrBusy]. The fields of the result stay as they are. It can no longer be settled.
func (r *Result) Release() {
	if r.held != nil {
		r.held.free()
	}
}

// JournalState is where an upload in a journal stands. Later versions may add some.
type JournalState int32

const (
	// JournalOther is a state that this version has no name for.
	JournalOther JournalState = C.OFAUTH_SESSION_OTHER
	// JournalInterrupted is an upload that goes on when it is run again.
	JournalInterrupted JournalState = C.OFAUTH_SESSION_INTERRUPTED
	// JournalOutcomeUnknown is an upload that the service may have: look into the vault, then [JournalForget] it.
	JournalOutcomeUnknown JournalState = C.OFAUTH_SESSION_OUTCOME_UNKNOWN
	// JournalFinished is an upload whose result is held, and given again.
	JournalFinished JournalState = C.OFAUTH_SESSION_FINISHED
	// JournalDamaged is a journal that cannot be read.
	JournalDamaged JournalState = C.OFAUTH_SESSION_DAMAGED
	// JournalOtherVersion is a journal that another version of the library wrote, in a format that this one does not know.
	JournalOtherVersion JournalState = C.OFAUTH_SESSION_OTHER_VERSION
)

// String is the state in lower case.
func (s JournalState) String() string {
	switch s {
	case JournalOther:
		return "other"
	case JournalInterrupted:
		return "interrupted"
	case JournalOutcomeUnknown:
		return "outcome unknown"
	case JournalFinished:
		return "finished"
	case JournalDamaged:
		return "damaged"
	case JournalOtherVersion:
		return "other version"
	}
	return fmt.Sprintf("state %d", int32(s))
}

// JournalSession is what a journal says of one upload. Of one that cannot be read little is known, and the rest is zero.
type JournalSession struct {
	// ID is the name of the journal, 16 digits.
	ID string
	// File is the path of the file, or the file name of a source that is none.
	File string
	// ConnectionID is the connection whose vault receives the upload.
	ConnectionID string
	// BaseURL is the service.
	BaseURL string
	// Size are the bytes of the source.
	Size int64
	// PartsDone are the parts that the service has.
	PartsDone int
	// PartsTotal are the parts of the plan.
	PartsTotal int
	// BytesDone are the bytes of the parts that the service has.
	BytesDone int64
	// UploadID is the reference of the upload.
	UploadID string
	// Opened is when the session was opened.
	Opened time.Time
	// Expires is when the session ends, by this machine's clock; zero if the service did not say.
	Expires time.Time
	// State is where the upload stands if nobody is carrying it out.
	State JournalState
	// InUse says whether an upload, or a held result, has the journal at this moment.
	InUse bool
}

// JournalSessions lists the journals in a directory of [Config.JournalDir], the one opened first at the beginning. A
// directory that is not there holds none. It needs no client and sends nothing.
func JournalSessions(dir string) ([]JournalSession, error) {
	var m memory
	defer m.free()
	directory, err := m.text("the journal directory", dir)
	if err != nil {
		return nil, err
	}
	var list *C.ofauth_sessions
	err = attempt(func(err **C.ofauth_error) C.ofauth_status {
		return C.ofauth_journal_sessions(directory, &list, err)
	})
	if err != nil {
		return nil, err
	}
	defer C.ofauth_sessions_free(list)
	count := C.ofauth_sessions_count(list)
	sessions := make([]JournalSession, 0, int(count))
	for i := C.size_t(0); i < count; i++ {
		sessions = append(sessions, JournalSession{
			ID:           C.GoString(C.ofauth_sessions_id(list, i)),
			File:         C.GoString(C.ofauth_sessions_file(list, i)),
			ConnectionID: C.GoString(C.ofauth_sessions_connection_id(list, i)),
			BaseURL:      C.GoString(C.ofauth_sessions_base_url(list, i)),
			Size:         int64(C.ofauth_sessions_size(list, i)),
			PartsDone:    int(C.ofauth_sessions_parts_done(list, i)),
			PartsTotal:   int(C.ofauth_sessions_parts_total(list, i)),
			BytesDone:    int64(C.ofauth_sessions_bytes_done(list, i)),
			UploadID:     C.GoString(C.ofauth_sessions_upload_id(list, i)),
			Opened:       instant(C.ofauth_sessions_opened_ms(list, i)),
			Expires:      instant(C.ofauth_sessions_expires_ms(list, i)),
			State:        JournalState(C.ofauth_sessions_state(list, i)),
			InUse:        C.ofauth_sessions_in_use(list, i) != 0,
		})
	}
	return sessions, nil
}

// instant is a time in milliseconds since 1970; zero for one that is not known.
func instant(milliseconds C.int64_t) time.Time {
	if milliseconds == C.OFAUTH_UNKNOWN_TIME {
		return time.Time{}
	}
	return time.UnixMilli(int64(milliseconds))
}

// JournalForget removes the journal with this id, or the only one whose id begins so (four digits or more). The same
// upload then starts over: if its outcome was unknown, look into the vault first. [ErrBusy] while an upload or a held
// result has it.
func JournalForget(dir, id string) error {
	var m memory
	defer m.free()
	directory, dirErr := m.text("the journal directory", dir)
	name, idErr := m.text("the id", id)
	if err := first(dirErr, idErr); err != nil {
		return err
	}
	return attempt(func(err **C.ofauth_error) C.ofauth_status { return C.ofauth_journal_forget(directory, name, err) })
}
