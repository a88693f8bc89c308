package ofauth

// What an upload has to say beside its progress, and how far a wait is, as values of Go.

// #include "shim.h"
import "C"

import "fmt"

// NoticeKind is what a notice is about. Later versions may add some.
type NoticeKind int32

const (
	// NoticeOther is something that this version has no name for; the text says what.
	NoticeOther NoticeKind = C.OFAUTH_NOTICE_OTHER
	// NoticeResumed is an upload of an earlier run that goes on.
	NoticeResumed NoticeKind = C.OFAUTH_NOTICE_RESUMED
	// NoticeAlreadyFinished is a held result that is given again: nothing is sent.
	NoticeAlreadyFinished NoticeKind = C.OFAUTH_NOTICE_ALREADY_FINISHED
	// NoticeStartedOver is an upload that starts over, because what an earlier run had sent cannot be used.
	NoticeStartedOver NoticeKind = C.OFAUTH_NOTICE_STARTED_OVER
	// NoticeSessionExpired is a session that ended before the upload did; the parts go into a new one.
	NoticeSessionExpired NoticeKind = C.OFAUTH_NOTICE_SESSION_EXPIRED
	// NoticeAtRisk is a session that will end before the upload does.
	NoticeAtRisk NoticeKind = C.OFAUTH_NOTICE_AT_RISK
	// NoticeLongWait is a pause that the service asks for and that the session may not outlast.
	NoticeLongWait NoticeKind = C.OFAUTH_NOTICE_LONG_WAIT
	// NoticeWoke is a machine that slept, or a process that stood still: connections are opened anew.
	NoticeWoke NoticeKind = C.OFAUTH_NOTICE_WOKE
	// NoticeRetrying is a step that failed and is tried again; the text says which, why, and when.
	NoticeRetrying NoticeKind = C.OFAUTH_NOTICE_RETRYING
	// NoticeRateLimited is a rate limit that is used up: nothing new is sent for some seconds.
	NoticeRateLimited NoticeKind = C.OFAUTH_NOTICE_RATE_LIMITED
	// NoticeNotResumable is a source that cannot be read again by another process, so the upload cannot be resumed.
	NoticeNotResumable NoticeKind = C.OFAUTH_NOTICE_NOT_RESUMABLE
	// NoticeAlreadyRecorded is a file that an earlier run of the same batch had uploaded: nothing is sent.
	NoticeAlreadyRecorded NoticeKind = C.OFAUTH_NOTICE_ALREADY_RECORDED
	// NoticeNotRecorded is a file of a batch that is uploaded and that the record of the batch does not have, because it cannot
	// be written; the text says why.
	NoticeNotRecorded NoticeKind = C.OFAUTH_NOTICE_NOT_RECORDED
	// NoticeServiceGone is a service that is gone: this file of a batch is tried again and again, and the others wait.
	NoticeServiceGone NoticeKind = C.OFAUTH_NOTICE_SERVICE_GONE
	// NoticeServiceBack is a service that is there again: the other files of the batch go on.
	NoticeServiceBack NoticeKind = C.OFAUTH_NOTICE_SERVICE_BACK
	// NoticeMediaReady is a wait for media of which more are ready than before; the text says how many of how many.
	NoticeMediaReady NoticeKind = C.OFAUTH_NOTICE_MEDIA_READY
	// NoticeLinkState is how far the sign-in of a creator is; the text says it.
	NoticeLinkState NoticeKind = C.OFAUTH_NOTICE_LINK_STATE
	// NoticeLinkConfirm is a creator who has to confirm the sign-in by a second factor; the text says how.
	NoticeLinkConfirm NoticeKind = C.OFAUTH_NOTICE_LINK_CONFIRM
)

// String is the kind in lower case.
func (k NoticeKind) String() string {
	switch k {
	case NoticeOther:
		return "other"
	case NoticeResumed:
		return "resumed"
	case NoticeAlreadyFinished:
		return "already finished"
	case NoticeStartedOver:
		return "started over"
	case NoticeSessionExpired:
		return "session expired"
	case NoticeAtRisk:
		return "at risk"
	case NoticeLongWait:
		return "long wait"
	case NoticeWoke:
		return "woke"
	case NoticeRetrying:
		return "retrying"
	case NoticeRateLimited:
		return "rate limited"
	case NoticeNotResumable:
		return "not resumable"
	case NoticeAlreadyRecorded:
		return "already recorded"
	case NoticeNotRecorded:
		return "not recorded"
	case NoticeServiceGone:
		return "service gone"
	case NoticeServiceBack:
		return "service back"
	case NoticeMediaReady:
		return "media ready"
	case NoticeLinkState:
		return "link state"
	case NoticeLinkConfirm:
		return "link confirm"
	}
	return fmt.Sprintf("notice %d", int32(k))
}

// Notice is something that happens to an upload, to a file of a batch or in a wait, and that its user should know.
type Notice struct {
	// Kind is what it is about.
	Kind NoticeKind
	// Text is one line for people, without a full stop.
	Text string
}
