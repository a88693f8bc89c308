package ofauth

// The error type, and one sentinel for each status of the library. Errors of the library are copied here, so that
// nothing of an Error lives in C. It decides neither what is an error nor what may be repeated.

// #include "shim.h"
import "C"

import (
	"context"
	"errors"
	"time"
)

// Status is what kind of failure an [*Error] is. The constants below are all of this version; they are errors
// themselves, for [errors.Is]. Their numbers are those of the C library.
type Status int32

const (
	// ErrNull is a pointer that must not be NULL. Go programs do not see it.
	ErrNull Status = C.OFAUTH_ERR_NULL
	// ErrUTF8 is text that is not UTF-8.
	ErrUTF8 Status = C.OFAUTH_ERR_UTF8
	// ErrInvalidArgument is a wrong argument: the message names it. Nothing was sent.
	ErrInvalidArgument Status = C.OFAUTH_ERR_INVALID_ARGUMENT
	// ErrConfig is a client that is set up wrongly: key, connection, URL, certificates, or a server whose certificate
	// is not trusted.
	ErrConfig Status = C.OFAUTH_ERR_CONFIG
	// ErrCancelled is a call that its context ended.
	ErrCancelled Status = C.OFAUTH_ERR_CANCELLED
	// ErrReentrant is a call from inside a callback of the same thread. Go programs do not see it, because their
	// functions run on goroutines of their own.
	ErrReentrant Status = C.OFAUTH_ERR_REENTRANT
	// ErrForked is a client that was made in a parent process.
	ErrForked Status = C.OFAUTH_ERR_FORKED
	// ErrNetwork is a service that could not be reached, or a connection that broke until tries ran out.
	ErrNetwork Status = C.OFAUTH_ERR_NETWORK
	// ErrTimeout is a call where nothing moved for too long, or whose deadline passed.
	ErrTimeout Status = C.OFAUTH_ERR_TIMEOUT
	// ErrProxy is a proxy that refused: its user name and password (407), or by its own rules (403). Each try is a login:
	// change the setting before the next one.
	ErrProxy Status = C.OFAUTH_ERR_PROXY
	// ErrRateLimited is a rate limit that did not clear in an acceptable time.
	ErrRateLimited Status = C.OFAUTH_ERR_RATE_LIMITED
	// ErrServer is a service that failed (5xx) until tries ran out.
	ErrServer Status = C.OFAUTH_ERR_SERVER
	// ErrUnauthorized is a key or a session that is not accepted (401).
	ErrUnauthorized Status = C.OFAUTH_ERR_UNAUTHORIZED
	// ErrForbidden is a key or a connection that lacks a permission (403).
	ErrForbidden Status = C.OFAUTH_ERR_FORBIDDEN
	// ErrRejected is a request that the service refused (another 4xx, or an error in a 2xx); the message says why.
	ErrRejected Status = C.OFAUTH_ERR_REJECTED
	// ErrOutcomeUnknown is a request that may have been carried out or not. Look before sending it again: a repetition
	// could duplicate.
	ErrOutcomeUnknown Status = C.OFAUTH_ERR_OUTCOME_UNKNOWN
	// ErrInvalidPlan is an upload plan of the service that does not cover the source exactly once.
	ErrInvalidPlan Status = C.OFAUTH_ERR_INVALID_PLAN
	// ErrUntrustedOrigin is a plan that would send data and key to a server that was not allowed.
	ErrUntrustedOrigin Status = C.OFAUTH_ERR_UNTRUSTED_ORIGIN
	// ErrRedirect is a redirect, which is never followed because the key would travel along.
	ErrRedirect Status = C.OFAUTH_ERR_REDIRECT
	// ErrInvalidAnswer is an answer that could not be understood, by the library or by the value it was decoded into.
	ErrInvalidAnswer Status = C.OFAUTH_ERR_INVALID_ANSWER
	// ErrSource is a source that is missing, empty or cannot be read, or a reader that failed.
	ErrSource Status = C.OFAUTH_ERR_SOURCE
	// ErrSourceChanged is a source that changed while it was uploaded.
	ErrSourceChanged Status = C.OFAUTH_ERR_SOURCE_CHANGED
	// ErrJournal is a journal that cannot be read or written; the message names the file and the remedy.
	ErrJournal Status = C.OFAUTH_ERR_JOURNAL
	// ErrBusy is an upload that another process, or another call of this one, is carrying out; or one whose held result
	// was neither settled nor released. Of a batch: another goroutine waits for it, or another batch has a record of its name.
	ErrBusy Status = C.OFAUTH_ERR_BUSY
	// ErrWebhookMissing is a request that is no webhook: a header of the signature is not there, or none of them is.
	ErrWebhookMissing Status = C.OFAUTH_ERR_WEBHOOK_MISSING
	// ErrWebhookMalformed is a header of the signature that cannot be read.
	ErrWebhookMalformed Status = C.OFAUTH_ERR_WEBHOOK_MALFORMED
	// ErrWebhookTooOld is a genuine signature that was made too long ago.
	ErrWebhookTooOld Status = C.OFAUTH_ERR_WEBHOOK_TOO_OLD
	// ErrWebhookTooNew is a genuine signature that was made in the future.
	ErrWebhookTooNew Status = C.OFAUTH_ERR_WEBHOOK_TOO_NEW
	// ErrWebhookMismatch is a signature that no secret made: another secret, another body, or another sender.
	ErrWebhookMismatch Status = C.OFAUTH_ERR_WEBHOOK_MISMATCH
	// ErrWebhookUnreadable is a genuine webhook whose body names no event.
	ErrWebhookUnreadable Status = C.OFAUTH_ERR_WEBHOOK_UNREADABLE
	// ErrInternal is a defect of the library.
	ErrInternal Status = C.OFAUTH_ERR_INTERNAL
	// ErrPanic is a defect of the library that stopped the call in the middle.
	ErrPanic Status = C.OFAUTH_ERR_PANIC
	// ErrResources is a system that refused threads, descriptors, ports or memory; the message names the limit to raise.
	ErrResources Status = C.OFAUTH_ERR_RESOURCES
)

// ErrClosed is found by [errors.Is] in the error of a call on a client, or a batch, that was closed before.
var ErrClosed = errors.New("the client or the batch is closed")

// Error is the library's name of the status, such as OFAUTH_ERR_NETWORK.
func (s Status) Error() string {
	return C.GoString(C.ofauth_status_name(C.ofauth_status(s)))
}

// Error is why a call failed. It never holds the API key. What the service said is in it as far as it is known; zero
// values stand for what is not.
type Error struct {
	// Status is what kind of failure this is.
	Status Status
	// Message is one line for people.
	Message string
	// HTTPStatus is the status of the answer that decided, 0 if there was none.
	HTTPStatus int
	// APIType is the service's own constant for the failure, such as SESSION_EXPIRED.
	APIType string
	// RequestID is what the service calls the request; its support asks for it.
	RequestID string
	// ActionRequired is what the service asks the caller to do, such as refresh_session.
	ActionRequired string
	// UploadID is the reference of the upload that was open when the failure came.
	UploadID string
	// Part is the number of the part that failed, counted from 1; 0 for none.
	Part int
	// Retryable says whether the same call may succeed later without a change by the caller and without the danger of
	// a duplicate.
	Retryable bool

	// What failed below: a reader, encoding/json, or a closed client.
	cause error
	// How the context ended, if that is why the call did.
	ended error
}

// Error is the message and what caused the failure.
func (e *Error) Error() string {
	text := "ofauth: " + e.Message
	if e.cause != nil {
		text += ": " + e.cause.Error()
	}
	if e.ended != nil {
		text += ": " + e.ended.Error()
	}
	return text
}

// Is reports whether the target is the status, or how the context ended. It is for [errors.Is].
func (e *Error) Is(target error) bool {
	return target == e.Status || (e.ended != nil && errors.Is(e.ended, target))
}

// Unwrap is what failed below: the error of a reader or of encoding/json, [ErrClosed], or how the context ended.
func (e *Error) Unwrap() error {
	if e.cause != nil {
		return e.cause
	}
	return e.ended
}

// invalid is the error for an argument that this package refuses itself.
func invalid(message string) *Error {
	return &Error{Status: ErrInvalidArgument, Message: message}
}

// attempt calls a function of the library and takes over its error.
func attempt(f func(err **C.ofauth_error) C.ofauth_status) error {
	var failure *C.ofauth_error
	if err := taken(f(&failure), failure); err != nil {
		return err
	}
	return nil
}

// taken copies and frees an error of the library; nil for a success.
func taken(status C.ofauth_status, failure *C.ofauth_error) *Error {
	defer C.ofauth_error_free(failure)
	if status == C.OFAUTH_OK {
		return nil
	}
	return errorOf(status, failure)
}

// errorOf copies an error of the library.
func errorOf(status C.ofauth_status, failure *C.ofauth_error) *Error {
	err := &Error{
		Status:         Status(status),
		Message:        C.GoString(C.ofauth_error_message(failure)),
		HTTPStatus:     int(C.ofauth_error_http_status(failure)),
		APIType:        C.GoString(C.ofauth_error_api_type(failure)),
		RequestID:      C.GoString(C.ofauth_error_request_id(failure)),
		ActionRequired: C.GoString(C.ofauth_error_action_required(failure)),
		UploadID:       C.GoString(C.ofauth_error_upload_id(failure)),
		Part:           int(C.ofauth_error_part(failure)),
		Retryable:      C.ofauth_error_is_retryable(failure) != 0,
	}
	if err.Message == "" {
		err.Message = err.Status.Error()
	}
	return err
}

// ending is how the context ended, or nil. Its deadline counts from its own time on, even if its timer is late.
func ending(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if deadline, ok := ctx.Deadline(); ok && !time.Now().Before(deadline) {
		return context.DeadlineExceeded
	}
	return nil
}

// statusOf is the status for a call that ended because its context did.
func statusOf(ended error) Status {
	if errors.Is(ended, context.DeadlineExceeded) {
		return ErrTimeout
	}
	return ErrCancelled
}

// endedBefore is the error for a context that ended before anything was done, of which the message speaks, or nil.
func endedBefore(ctx context.Context, message string) error {
	ended := ending(ctx)
	if ended == nil {
		return nil
	}
	return &Error{
		Status:    statusOf(ended),
		Message:   message,
		Retryable: true,
		ended:     ended,
	}
}
