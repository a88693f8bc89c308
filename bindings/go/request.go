package ofauth

// Every call that is no upload: the check, the Vault+ batch, and any operation of the document by its id. When its context
// ends, the library gives the call up, and its thread is free again.

// #include <stdlib.h>
// #include "shim.h"
import "C"

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"sort"
	"unsafe"
)

// CheckResult is whether the vault has a file.
type CheckResult struct {
	// Exists says whether it has.
	Exists bool
	// Media is what the service says of the medium; nil if it says nothing.
	Media json.RawMessage
}

// VaultPlusBatch is media that Vault+ has cached, and the ids of those that it has not.
type VaultPlusBatch struct {
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
	// Header are the headers of the answer.
	Header http.Header
	// Body is the body, without compression.
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
	defer m.free()
	var found *C.ofauth_check_result
	err = c.do(ctx, func(call under) C.ofauth_status {
		return C.ofauthgo_check(call.client, text, bytes, call.id, &found, call.err)
	})
	if err != nil {
		return nil, err
	}
	defer C.ofauth_check_result_free(found)
	return &CheckResult{
		Exists: C.ofauth_check_result_exists(found) != 0,
		Media:  rawJSON(C.ofauth_check_result_media_json(found)),
	}, nil
}

// VaultPlusBatch fetches cached media by their OnlyFans ids, any number of them, 100 a request. Ids that are given
// twice are asked once.
func (c *Client) VaultPlusBatch(ctx context.Context, ids []string) (*VaultPlusBatch, error) {
	var m memory
	array, err := m.texts("media id", ids)
	if err != nil {
		m.free()
		return nil, err
	}
	count := C.size_t(len(ids))
	response, err := c.ask(ctx, &m, func(call under) C.ofauth_status {
		return C.ofauthgo_vault_plus_batch(call.client, array, count, call.id, call.out, call.err)
	})
	if err != nil {
		return nil, err
	}
	batch := new(VaultPlusBatch)
	if err := response.decode("the Vault+ batch", batch); err != nil {
		return nil, err
	}
	return batch, nil
}

// Request is a call of any operation, for [Client.Do].
type Request struct {
	// Operation is the id of the operation in the API document, such as list_vault_media; proxy_request, with the
	// parameters method and path, reaches everything else.
	Operation string
	// Params holds path, query and header parameters and becomes one JSON object: a map or a struct; x-connection-id in
	// it names another connection than the client's. They are checked before anything is sent. Nil stands for none.
	Params any
	// RawParams are sent as they are, in place of those that are checked: parameters that the library does not know, which
	// go into the query, and values that it would refuse.
	RawParams url.Values
	// NoRetry makes the first failure the error. By default, a request is tried again where that is safe.
	NoRetry bool
	// Body becomes the JSON body; nil stands for none.
	Body any
	// Bytes is the body of the few operations that take bytes instead of JSON. It is not copied and must not change
	// meanwhile; Upload has a better way for media.
	Bytes []byte
	// ContentType says what Bytes is.
	ContentType string
}

// Do carries out any operation of the API document.
//
// Params and Body go through [json.Marshal]; a [json.RawMessage] keeps its order and numbers. The answer is decoded into
// out by [json.Unmarshal], unless out is nil; if it is a [*Response], it receives all of the answer.
//
// When the context ends, the request is given up within 100 ms, and the error is the context's. It is also [ErrCancelled] or
// [ErrTimeout], and the call may be made again; or [ErrOutcomeUnknown] for what must not be carried out twice, such as a
// post, if the service may have carried it out.
func (c *Client) Do(ctx context.Context, request Request, out any) error {
	var m memory
	texts, err := m.request(request)
	if err != nil {
		m.free()
		return err
	}
	data, size := bytesOf(request.Bytes), C.size_t(len(request.Bytes))
	response, err := c.ask(ctx, &m, func(call under) C.ofauth_status {
		return C.ofauthgo_request_run(call.client, texts, data, size, call.id, call.out, call.err)
	})
	if err != nil {
		return err
	}
	return response.decode(request.Operation, out)
}

// Call is Do with parameters and a JSON body.
func (c *Client) Call(ctx context.Context, operation string, params, body, out any) error {
	return c.Do(ctx, Request{Operation: operation, Params: params, Body: body}, out)
}

// CallBytes is Do with parameters and a body of bytes.
func (c *Client) CallBytes(
	ctx context.Context, operation string, params any, body []byte, contentType string, out any,
) error {
	return c.Do(ctx, Request{Operation: operation, Params: params, Bytes: body, ContentType: contentType}, out)
}

// request copies the texts of a request.
func (m *memory) request(request Request) (*C.ofauthgo_request, error) {
	texts := (*C.ofauthgo_request)(C.calloc(1, C.sizeof_ofauthgo_request))
	m.blocks = append(m.blocks, block{unsafe.Pointer(texts), C.sizeof_ofauthgo_request})
	hasBytes := request.Bytes != nil || request.ContentType != ""
	if hasBytes && request.Body != nil {
		return nil, invalid("the request has a JSON body and one of bytes: give one of them")
	}
	var errs [5]error
	texts.operation_id, errs[0] = m.text("the operation id", request.Operation)
	texts.params_json, errs[1] = m.json("the parameters", request.Params)
	texts.body_json, errs[2] = m.json("the body", request.Body)
	if hasBytes {
		texts.content_type, errs[3] = m.text("the content type", request.ContentType)
	}
	pairs := pairsOf(request.RawParams)
	texts.raw, errs[4] = m.texts("raw parameter", pairs)
	texts.raw_count = C.size_t(len(pairs) / 2)
	if request.NoRetry {
		texts.once = 1
	}
	return texts, first(errs[:]...)
}

// pairsOf are names and values in turn, by name.
func pairsOf(values url.Values) []string {
	names := make([]string, 0, len(values))
	for name := range values {
		names = append(names, name)
	}
	sort.Strings(names)
	var pairs []string
	for _, name := range names {
		for _, value := range values[name] {
			pairs = append(pairs, name, value)
		}
	}
	return pairs
}

// under is what a function of the library gets from wait.
type under struct {
	client *C.ofauth_client
	id     C.uintptr_t
	out    **C.ofauth_response
	err    **C.ofauth_error
}

// ask carries out a call that has a response. It frees the memory.
func (c *Client) ask(ctx context.Context, m *memory, f func(under) C.ofauth_status) (*Response, error) {
	return c.askWith(ctx, m, nil, f)
}

// askWith is ask for a call that is prepared before.
func (c *Client) askWith(
	ctx context.Context, m *memory, prepare func(*call), f func(under) C.ofauth_status,
) (*Response, error) {
	defer m.free()
	var answer *C.ofauth_response
	err := c.doWith(ctx, prepare, func(call under) C.ofauth_status {
		call.out = &answer
		return f(call)
	})
	if err != nil {
		return nil, err
	}
	defer C.ofauth_response_free(answer)
	return responseOf(answer), nil
}

// do carries out a call, which ends when the context does.
func (c *Client) do(ctx context.Context, f func(under) C.ofauth_status) error {
	return c.doWith(ctx, nil, f)
}

// doWith is do for a call that is prepared before.
func (c *Client) doWith(ctx context.Context, prepare func(*call), f func(under) C.ofauth_status) error {
	if err := endedBefore(ctx, "nothing was sent"); err != nil {
		return err
	}
	client, err := c.acquire()
	if err != nil {
		return err
	}
	defer c.release()
	call, err := newCall(c.log)
	if err != nil {
		return err
	}
	defer call.free()
	call.once = c.once
	if prepare != nil {
		prepare(call)
	}
	return call.wait(ctx, client, f)
}

// wait runs a function of the library that waits, until the context ends.
func (c *call) wait(ctx context.Context, client *C.ofauth_client, f func(under) C.ofauth_status) error {
	limited, err := c.limited(ctx, client)
	if err != nil {
		return err
	}
	defer C.ofauth_client_free(limited)
	var failure *C.ofauth_error
	stop := c.cancelWith(ctx)
	status := f(under{client: limited, id: c.id(), err: &failure})
	stop()
	came := taken(status, failure)
	c.rethrow()
	if came != nil {
		return explain(ctx, came)
	}
	return nil
}

// limited is the same client, whose calls end with this one's cancel and at the deadline of the context. The caller frees
// it.
func (c *call) limited(ctx context.Context, client *C.ofauth_client) (*C.ofauth_client, error) {
	milliseconds, err := timeLeft(ctx)
	if err != nil {
		return nil, err
	}
	retry := C.int(1)
	if c.once {
		retry = 0
	}
	var wait *C.ofauth_wait
	var limited *C.ofauth_client
	for _, step := range []func(err **C.ofauth_error) C.ofauth_status{
		func(err **C.ofauth_error) C.ofauth_status { return C.ofauth_wait_new(&wait, err) },
		func(err **C.ofauth_error) C.ofauth_status { return C.ofauth_wait_set_cancel(wait, c.cancel, err) },
		func(err **C.ofauth_error) C.ofauth_status { return C.ofauth_wait_set_timeout(wait, milliseconds, err) },
		func(err **C.ofauth_error) C.ofauth_status { return C.ofauth_wait_set_retry(wait, retry, err) },
		func(err **C.ofauth_error) C.ofauth_status {
			if !c.hears {
				return C.OFAUTH_OK
			}
			return C.ofauthgo_wait_set_notice(wait, c.id(), err)
		},
		func(err **C.ofauth_error) C.ofauth_status {
			return C.ofauth_client_with_wait(client, wait, &limited, err)
		},
	} {
		if err = attempt(step); err != nil {
			break
		}
	}
	C.ofauth_wait_free(wait)
	return limited, err
}

func responseOf(answer *C.ofauth_response) *Response {
	response := &Response{
		HTTPStatus: int(C.ofauth_response_status(answer)),
		RequestID:  C.GoString(C.ofauth_response_request_id(answer)),
		Header:     http.Header{},
	}
	for i := C.size_t(0); i < C.ofauth_response_header_count(answer); i++ {
		name, value := C.ofauth_response_header_name(answer, i), C.ofauth_response_header_value(answer, i)
		response.Header.Add(C.GoString(name), C.GoString(value))
	}
	var size C.size_t
	if body := C.ofauth_response_body(answer, &size); body != nil {
		response.Body = append(response.Body, unsafe.Slice((*byte)(unsafe.Pointer(body)), int(size))...)
	}
	response.JSON = rawJSON(C.ofauth_response_json(answer))
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
