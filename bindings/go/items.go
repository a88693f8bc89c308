package ofauth

// Lists that come in pages, item by item.

// #include "shim.h"
import "C"

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime"
)

// Items is a walk through a list that an operation hands out in pages, each item once. [Client.Items] makes one.
//
// One goroutine at a time uses it; Close is safe at any time. Items must not be copied.
type Items struct {
	log  func(LogLevel, string)
	once bool
	// Why there is no walk, or nil.
	failure error
	// Nil if there is none.
	native *nativePages
	value  json.RawMessage
	err    error
}

// Items makes a walk through the list that an operation hands out, such as list_subscribers. Nothing is sent before
// [Items.Next]. The caller closes it.
//
// params are those of [Client.Call]; where they say a page size or where to begin, that is kept to. Otherwise pages are as long
// as every source allows. What came already is left out: an item is known by its "id", or by all of it if it has none; the
// latest 65 536 are remembered, in less than 2 MiB. By offset, an item that is removed before the place of the walk moves
// the rest up, and so one item is missed for each; what is added at the front is not seen.
//
// A service that says that more follows and does not give it is [ErrInvalidAnswer], with the number of the page.
func (c *Client) Items(operation string, params any, options ...ItemsOption) *Items {
	i := &Items{log: c.log, once: c.once}
	var m memory
	defer m.free()
	id, idErr := m.text("the operation id", operation)
	paramsJSON, paramsErr := m.json("the parameters", params)
	if i.failure = first(idErr, paramsErr); i.failure != nil {
		return i
	}
	if i.native, i.failure = newNativePages(c, id, paramsJSON); i.failure != nil {
		return i
	}
	for _, option := range options {
		if option == nil {
			continue
		}
		if i.failure = option(i.native); i.failure != nil {
			i.native.close()
			i.native = nil
			break
		}
	}
	return i
}

// ItemsOption is one way in which a walk differs from the default.
type ItemsOption func(*nativePages) error

// WithMax is the most items that are handed out. Default: all.
func WithMax(items uint64) ItemsOption {
	return func(n *nativePages) error {
		return attempt(func(err **C.ofauth_error) C.ofauth_status {
			return C.ofauth_pages_set_max(n.pages, C.uint64_t(items), err)
		})
	}
}

// WithNoRetry makes the first failure of a page the error. By default, a page is asked for again where that is safe.
func WithNoRetry() ItemsOption {
	return func(n *nativePages) error {
		return attempt(func(err **C.ofauth_error) C.ofauth_status {
			return C.ofauth_pages_set_retry(n.pages, 0, err)
		})
	}
}

// WithRawParam adds a parameter that is sent as it is, as [Request.RawParams] are.
func WithRawParam(name, value string) ItemsOption {
	return func(n *nativePages) error {
		var m memory
		defer m.free()
		nameText, nameErr := m.text("the name of the parameter", name)
		valueText, valueErr := m.text("the parameter "+name, value)
		if err := first(nameErr, valueErr); err != nil {
			return err
		}
		return attempt(func(err **C.ofauth_error) C.ofauth_status {
			return C.ofauth_pages_add_raw_param(n.pages, nameText, valueText, err)
		})
	}
}

// WithResume goes on where an earlier walk through the same list was left, with the same parameters, in this process or another:
// its [Items.ResumeToken]. The empty one, the default, begins at the start: that an earlier walk has none left says that nothing
// is left to do, and not to begin again.
func WithResume(token string) ItemsOption {
	return func(n *nativePages) error {
		var m memory
		defer m.free()
		text, err := m.textOrNil("the resume token", token)
		if err != nil {
			return err
		}
		return attempt(func(err **C.ofauth_error) C.ofauth_status {
			return C.ofauth_pages_set_resume(n.pages, text, err)
		})
	}
}

// Next goes to the next item and reports whether there is one, for [Items.Value]; it fetches a page when one is used up. If there
// is none, [Items.Err] is nil at the end of the list, or says what went wrong. After an error, another Next asks for the same
// page again.
//
// The context ends the waiting, and not the walk.
func (i *Items) Next(ctx context.Context) bool {
	i.value, i.err = i.next(ctx)
	return i.value != nil
}

// Value is the item that the last Next went to, as the service describes it; nil if there is none.
func (i *Items) Value() json.RawMessage {
	return i.value
}

// Decode reads the item that the last Next went to into out, as [json.Unmarshal] does.
func (i *Items) Decode(out any) error {
	if i.value == nil {
		return invalid("there is no item: call Next before, and Decode only if it was true")
	}
	if err := json.Unmarshal(i.value, out); err != nil {
		return &Error{Status: ErrInvalidAnswer, Message: fmt.Sprintf("the item does not fit %T", out), cause: err}
	}
	return nil
}

// Err is what went wrong in the last Next; nil if nothing did, or if the list is over.
func (i *Items) Err() error {
	return i.err
}

// ResumeToken is where another walk goes on behind what was handed out; empty before the first Next,
// at the end of the list and after Close.
func (i *Items) ResumeToken() string {
	if i.native == nil || !i.native.uses.begin() {
		return ""
	}
	defer i.native.release()
	return C.GoString(C.ofauth_pages_resume_token(i.native.pages))
}

// Close frees the walk; a Next that is under way goes on to its end. Closing again does nothing. The error is always nil.
func (i *Items) Close() error {
	if i.native != nil {
		i.native.close()
	}
	return nil
}

// fetch waits for the next item, until the context ends.
func (i *Items) fetch(ctx context.Context) (item *C.ofauth_response, err error) {
	call, err := newCall(i.log)
	if err != nil {
		return nil, err
	}
	defer call.free()
	call.once = i.once
	err = call.wait(ctx, i.native.client, func(call under) C.ofauth_status {
		return C.ofauthgo_pages_next_item(call.client, i.native.pages, call.id, &item, call.err)
	})
	return item, err
}

func (i *Items) next(ctx context.Context) (json.RawMessage, error) {
	if i.failure != nil {
		return nil, i.failure
	}
	if err := endedBefore(ctx, "nothing was sent"); err != nil {
		return nil, err
	}
	if !i.native.uses.begin() {
		return nil, closed()
	}
	defer i.native.release()
	var item *C.ofauth_response
	var err error
	if C.ofauth_pages_ready(i.native.pages) > 0 {
		// What is there is taken without the means to wait for it, which cost more than the item.
		var failure *C.ofauth_error
		status := C.ofauth_pages_next_item(i.native.client, i.native.pages, &item, &failure)
		if came := taken(status, failure); came != nil {
			err = came
		}
	} else {
		item, err = i.fetch(ctx)
	}
	if err != nil || item == nil {
		return nil, err
	}
	defer C.ofauth_response_free(item)
	return rawJSON(C.ofauth_response_json(item)), nil
}

// nativePages is the half of a walk that is the library's, and the client that works for it.
type nativePages struct {
	// The calls under way.
	uses   uses
	owner  *Client
	client *C.ofauth_client
	pages  *C.ofauth_pages
}

// newNativePages makes a walk, which keeps the client until it is closed.
func newNativePages(owner *Client, operation, params *C.char) (*nativePages, error) {
	client, err := owner.acquire()
	if err != nil {
		return nil, err
	}
	n := &nativePages{owner: owner, client: client}
	err = attempt(func(err **C.ofauth_error) C.ofauth_status {
		return C.ofauth_pages_new(operation, params, &n.pages, err)
	})
	if err != nil {
		owner.release()
		return nil, err
	}
	// A net for walks that were forgotten. It is not to hold up other finalizers while threads end.
	runtime.SetFinalizer(n, func(n *nativePages) { go n.close() })
	return n, nil
}

func (n *nativePages) release() {
	if n.uses.end() {
		n.free()
	}
}

// close frees the walk once no call uses it.
func (n *nativePages) close() {
	runtime.SetFinalizer(n, nil)
	if n.uses.close() {
		n.free()
	}
}

func (n *nativePages) free() {
	C.ofauth_pages_free(n.pages)
	n.owner.release()
}
