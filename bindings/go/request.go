package ofauth

// Every call that is no upload: the check, the Vault+ batch, and any operation of the document by its id. The library
// has no way to cancel these, so a context ends the waiting and not the request.

// #include "shim.h"
import "C"

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"unsafe"
)

// CheckResult is whether the vault has a file.
type CheckResult struct {
	// Exists says whether it has.
	Exists bool
	// Media is what the service says of the medium; nil if it says nothing.
	Media json.RawMessage
}

// Batch is media that Vault+ has cached, and the ids of those that it has not.
type Batch struct {
	// Items are the media as the service describes them, in the order of the ids. Their URLs are signed: whoever has
	// one can fetch the medium.
	Items []json.RawMessage
	// Missing are the ids that are not cached, in their order.
	Missing []string
}

// Response is the whole answer to a call. Pass a pointer to one as out to see more than the JSON.
type Response struct {
	// HTTPStatus is the status of the answer, a 2xx.
	HTTPStatus int
	// RequestID is what the service calls the request; empty if it did not say.
	RequestID string
	// Body is the body as it came.
	Body []byte
	// JSON is the body if it is JSON, null if there was no body, and nil if the body is something else.
	JSON json.RawMessage
}

// Check asks whether the vault already has the file with this etag, as an upload returned it, and this size in
// bytes.
func (c *Client) Check(ctx context.Context, etag string, size int64) (*CheckResult, error) {
	var m memory
	text, err := m.text("the etag", etag)
	bytes, sizeErr := toUint64("the size", size)
	if err = first(err, sizeErr); err != nil {
		m.free()
		return nil, err
	}
	response, err := c.do(ctx, &m, false, func(call under) C.ofauth_status {
		return C.ofauthgo_check(call.client, text, bytes, call.id, call.out, call.err)
	})
	if err != nil {
		return nil, err
	}
	var found struct {
		Exists bool
		Media  *json.RawMessage
	}
	if err := response.decode("check", &found); err != nil {
		return nil, err
	}
	result := &CheckResult{Exists: found.Exists}
	if found.Media != nil {
		result.Media = *found.Media
	}
	return result, nil
}

// VaultPlusBatch fetches cached media by their OnlyFans ids, any number of them, 100 a request. Ids that are given
// twice are asked once.
func (c *Client) VaultPlusBatch(ctx context.Context, ids []string) (*Batch, error) {
	var m memory
	array, err := m.texts("media id", ids)
	if err != nil {
		m.free()
		return nil, err
	}
	count := C.size_t(len(ids))
	response, err := c.do(ctx, &m, false, func(call under) C.ofauth_status {
		return C.ofauthgo_vault_plus_batch(call.client, array, count, call.id, call.out, call.err)
	})
	if err != nil {
		return nil, err
	}
	batch := new(Batch)
	if err := response.decode("the Vault+ batch", batch); err != nil {
		return nil, err
	}
	return batch, nil
}

// Call carries out any operation of the API document by its id, such as list_vault_media; proxy_request, with the
// parameters method and path, reaches everything else.
//
// params holds path, query and header parameters and becomes one JSON object: a map or a struct; x-connection-id in it
// names another connection than the client's. body becomes the JSON body. Nil stands for none. Both go through
// [json.Marshal]; a [json.RawMessage] keeps its order and numbers. The answer is decoded into out by [json.Unmarshal],
// unless out is nil; if it is a [*Response], it receives all of the answer.
//
// When the context ends, Call returns, but the request goes on, on a thread of the system that is not free before its
// answer comes. The error is the context's. It is also [ErrOutcomeUnknown] for what must not be carried out twice, such as
// a post; for everything else, such as a list, [ErrCancelled] or [ErrTimeout], and the call may be made again.
func (c *Client) Call(ctx context.Context, operation string, params, body, out any) error {
	var m memory
	id, idErr := m.text("the operation id", operation)
	paramsJSON, paramsErr := m.json("the parameters", params)
	bodyJSON, bodyErr := m.json("the body", body)
	if err := first(idErr, paramsErr, bodyErr); err != nil {
		m.free()
		return err
	}
	once := !mayBeRepeated(operation, params)
	response, err := c.do(ctx, &m, once, func(call under) C.ofauth_status {
		return C.ofauthgo_call(call.client, id, paramsJSON, bodyJSON, call.id, call.out, call.err)
	})
	if err != nil {
		return err
	}
	return response.decode(operation, out)
}

// CallBytes is Call with a body of bytes instead of JSON, for the few operations that take one, and its content type.
// The body is copied; Upload has a better way for media.
func (c *Client) CallBytes(
	ctx context.Context, operation string, params any, body []byte, contentType string, out any,
) error {
	var m memory
	id, idErr := m.text("the operation id", operation)
	paramsJSON, paramsErr := m.json("the parameters", params)
	kind, kindErr := m.text("the content type", contentType)
	if err := first(idErr, paramsErr, kindErr); err != nil {
		m.free()
		return err
	}
	// The request may outlive this call, and the caller's slice then belongs to the caller.
	body = append([]byte(nil), body...)
	once := !mayBeRepeated(operation, params)
	response, err := c.do(ctx, &m, once, func(call under) C.ofauth_status {
		return C.ofauthgo_call_bytes(call.client, id, paramsJSON, bytesOf(body), C.size_t(len(body)), kind,
			call.id, call.out, call.err)
	})
	if err != nil {
		return err
	}
	return response.decode(operation, out)
}

// under is what a function of the library gets from do.
type under struct {
	client *C.ofauth_client
	id     C.uintptr_t
	out    **C.ofauth_response
	err    **C.ofauth_error
}

// do carries out a call on a goroutine that goes on if the context ends first. The memory is freed when the call has
// ended. once says that the call must not be carried out twice.
func (c *Client) do(ctx context.Context, m *memory, once bool, f func(under) C.ofauth_status) (*Response, error) {
	if err := endedBefore(ctx); err != nil {
		m.free()
		return nil, err
	}
	client, err := c.acquire()
	if err != nil {
		m.free()
		return nil, err
	}
	type outcome struct {
		response *Response
		err      *Error
	}
	call := newCall(c.log)
	done := make(chan outcome, 1)
	go func() {
		response, err := carryOut(client, call, f)
		call.free()
		m.free()
		c.release()
		if call.finish() {
			done <- outcome{response, err}
		} else {
			call.rethrow()
		}
	}()
	var came outcome
	select {
	case came = <-done:
	case <-ctx.Done():
		if call.leave() {
			return nil, notAwaited(ctx.Err(), once)
		}
		came = <-done
	}
	call.rethrow()
	if came.err != nil {
		return nil, came.err
	}
	return came.response, nil
}

func carryOut(client *C.ofauth_client, call *call, f func(under) C.ofauth_status) (*Response, *Error) {
	var answer *C.ofauth_response
	var failure *C.ofauth_error
	status := f(under{client, call.id(), &answer, &failure})
	defer C.ofauth_response_free(answer)
	if err := taken(status, failure); err != nil {
		return nil, err
	}
	return responseOf(answer), nil
}

// mayBeRepeated reports whether a call may be carried out twice. What is not known may not.
func mayBeRepeated(operation string, params any) bool {
	if operation != "proxy_request" {
		return repeatable(operation)
	}
	var given struct{ Method string }
	text, err := json.Marshal(params)
	if err != nil || json.Unmarshal(text, &given) != nil {
		return false
	}
	method := strings.ToUpper(given.Method)
	return method == "GET" || method == "HEAD"
}

// notAwaited is the error for a request that goes on without its caller.
func notAwaited(ended error, once bool) *Error {
	if once {
		return &Error{
			Status:  ErrOutcomeUnknown,
			Message: "the answer was not waited for, and the request goes on: look before sending it again",
			ended:   ended,
		}
	}
	return &Error{Status: statusOf(ended), Message: "the answer was not waited for", Retryable: true, ended: ended}
}

func responseOf(answer *C.ofauth_response) *Response {
	response := &Response{
		HTTPStatus: int(C.ofauth_response_status(answer)),
		RequestID:  C.GoString(C.ofauth_response_request_id(answer)),
	}
	var size C.size_t
	if body := C.ofauth_response_body(answer, &size); body != nil {
		response.Body = append(response.Body, unsafe.Slice((*byte)(unsafe.Pointer(body)), int(size))...)
	}
	if text := C.ofauth_response_json(answer); text != nil {
		response.JSON = json.RawMessage(C.GoString(text))
	}
	return response
}

// decode puts the answer into out. It was a success, whatever becomes of it here.
func (r *Response) decode(operation string, out any) error {
	switch out := out.(type) {
	case nil:
		return nil
	case *Response:
		*out = *r
		return nil
	}
	err := &Error{Status: ErrInvalidAnswer, HTTPStatus: r.HTTPStatus, RequestID: r.RequestID}
	if r.JSON == nil {
		err.Message = operation + " succeeded, but its answer is not JSON: pass a *Response to get it as it is"
		return err
	}
	if cause := json.Unmarshal(r.JSON, out); cause != nil {
		err.Message = fmt.Sprintf("%s succeeded, but its answer does not fit %T", operation, out)
		err.cause = cause
		return err
	}
	return nil
}

// json copies a value as JSON; NULL for nil.
func (m *memory) json(what string, value any) (*C.char, error) {
	if value == nil {
		return nil, nil
	}
	text, err := json.Marshal(value)
	if err != nil {
		return nil, &Error{Status: ErrInvalidArgument, Message: what + " cannot be written as JSON", cause: err}
	}
	return m.text(what, string(text))
}

// first is the first error.
func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
