package ofauth

// A client: its life, and who may use it for how long. What it is used for is in upload.go and request.go.

// #cgo pkg-config: ofauth
// #include "shim.h"
import "C"

import (
	"fmt"
	"runtime"
	"time"
)

// Client does all calls with one set of settings. Its threads and connections are shared by them: make one and keep it.
// All methods are safe for use by several goroutines at once. A Client must not be copied.
type Client struct {
	log func(LogLevel, string)
	// A failure of a call is its end.
	once bool

	// The calls under way, and the batches that are not closed.
	uses uses
	// Nil once it was freed.
	client *C.ofauth_client
}

// New makes a client. Nothing is sent. The caller closes it.
func New(config Config) (*Client, error) {
	if abi := C.ofauth_abi_version(); abi != C.OFAUTH_ABI_VERSION {
		return nil, &Error{
			Status: ErrConfig,
			Message: fmt.Sprintf("the library that was loaded has ABI %d and this program was built for %d: "+
				"look where the loader finds libofauth", abi, C.OFAUTH_ABI_VERSION),
		}
	}
	var m memory
	defer m.free()
	settings, err := config.make(&m)
	if err != nil {
		return nil, err
	}
	defer C.ofauth_config_free(settings)
	c := &Client{log: config.Log}
	return c.over(func(made **C.ofauth_client, err **C.ofauth_error) C.ofauth_status {
		return C.ofauth_client_new(settings, made, err)
	})
}

// over is the client over a handle of the library that is yet to be made.
func (c *Client) over(handle func(**C.ofauth_client, **C.ofauth_error) C.ofauth_status) (*Client, error) {
	var made *C.ofauth_client
	err := attempt(func(err **C.ofauth_error) C.ofauth_status { return handle(&made, err) })
	if err != nil {
		return nil, err
	}
	c.client = made
	// A net for clients that were forgotten. It is not to hold up other finalizers while threads end.
	runtime.SetFinalizer(c, func(c *Client) { go c.Close() })
	return c, nil
}

// ForConnection is the same client for another connection, which is a linked account. It costs next to nothing: threads,
// connections to the server and all limits are shared, and each connection has one request budget, whoever spends it. The
// caller closes it, too.
func (c *Client) ForConnection(id string) (*Client, error) {
	var m memory
	defer m.free()
	text, err := m.text("the connection id", id)
	if err != nil {
		return nil, err
	}
	client, err := c.acquire()
	if err != nil {
		return nil, err
	}
	defer c.release()
	other := &Client{log: c.log, once: c.once}
	return other.over(func(made **C.ofauth_client, err **C.ofauth_error) C.ofauth_status {
		return C.ofauth_client_for_connection(client, text, made, err)
	})
}

// WithoutRetry is the same client, whose calls are tried once: the first failure is the error, for programs that have a queue
// of their own. Uploads are not changed by it. The caller closes it, too.
func (c *Client) WithoutRetry() (*Client, error) {
	client, err := c.acquire()
	if err != nil {
		return nil, err
	}
	defer c.release()
	var wait *C.ofauth_wait
	err = attempt(func(err **C.ofauth_error) C.ofauth_status { return C.ofauth_wait_new(&wait, err) })
	if err != nil {
		return nil, err
	}
	defer C.ofauth_wait_free(wait)
	other := &Client{log: c.log, once: true}
	return other.over(func(made **C.ofauth_client, err **C.ofauth_error) C.ofauth_status {
		return C.ofauth_client_with_wait(client, wait, made, err)
	})
}

// Budget is what is known of the request budget of a connection. The service may know better: what other machines spend is
// not seen before the next answer.
type Budget struct {
	// Limit is the most requests that are allowed at once.
	Limit uint64
	// Left is how many may go now.
	Left uint64
	// Next is how long the next request will wait; 0 if it may go now.
	Next time.Duration
}

// Budget is what is known of the request budget of a connection, by an empty id of the client's own; nil while no limit is
// known. Nothing is sent. With [Config.RateStateDir], what other processes know is read from a small file.
func (c *Client) Budget(connectionID string) (*Budget, error) {
	var m memory
	defer m.free()
	text, err := m.textOrNil("the connection id", connectionID)
	if err != nil {
		return nil, err
	}
	client, err := c.acquire()
	if err != nil {
		return nil, err
	}
	defer c.release()
	var limit, left, next C.uint64_t
	err = attempt(func(err **C.ofauth_error) C.ofauth_status {
		return C.ofauth_client_budget(client, text, &limit, &left, &next, err)
	})
	if err != nil || limit == 0 {
		return nil, err
	}
	return &Budget{uint64(limit), uint64(left), time.Duration(next) * time.Millisecond}, nil
}

// SetAPIKey replaces the API key, for a program that rotates keys. Requests that are sent from now on carry the new one,
// also those of uploads under way; connections, journal and what is known of rate limits are kept. It may be called at any
// time. With [ErrConfig], no key looks like that, and the old one stays.
func (c *Client) SetAPIKey(key string) error {
	var m memory
	defer m.free()
	text, err := m.text("the API key", key)
	if err != nil {
		return err
	}
	client, err := c.acquire()
	if err != nil {
		return err
	}
	defer c.release()
	return attempt(func(err **C.ofauth_error) C.ofauth_status { return C.ofauth_client_set_api_key(client, text, err) })
}

// Close ends the client. Calls under way, and a [Batch] that is not closed, go on to their end, and what they use is freed
// after the last of them; Close does not wait for that. Calls that come later fail with [ErrClosed]. Closing again does
// nothing. The error is always nil.
func (c *Client) Close() error {
	runtime.SetFinalizer(c, nil)
	if c.uses.close() {
		c.free()
	}
	return nil
}

// acquire keeps the client from being freed until release.
func (c *Client) acquire() (*C.ofauth_client, error) {
	if !c.uses.begin() {
		return nil, closed()
	}
	if c.client == nil {
		// The zero value.
		c.release()
		return nil, closed()
	}
	return c.client, nil
}

func (c *Client) release() {
	if c.uses.end() {
		c.free()
	}
}

func (c *Client) free() {
	C.ofauth_client_free(c.client)
	c.client = nil
}

// Version is the version of the C library that this program runs with, such as 0.1.0.
func Version() string {
	return C.GoString(C.ofauth_version())
}
