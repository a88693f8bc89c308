package ofauth

// A client: its life, and who may use it for how long. What it is used for is in upload.go and request.go.

// #cgo pkg-config: ofauth
// #include "shim.h"
import "C"

import (
	"fmt"
	"runtime"
	"sync"
)

// Client does all calls with one set of settings. Its threads and connections are shared by them: make one and keep it.
// All methods are safe for use by several goroutines at once. A Client must not be copied.
type Client struct {
	log func(LogLevel, string)

	mu     sync.Mutex
	client *C.ofauth_client
	// Calls under way. Whoever takes it to 0 after Close frees the client.
	calls  int
	closed bool
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
	var made *C.ofauth_client
	err = attempt(func(err **C.ofauth_error) C.ofauth_status { return C.ofauth_client_new(settings, &made, err) })
	if err != nil {
		return nil, err
	}
	c.client = made
	// A net for clients that were forgotten. It is not to hold up other finalizers while threads end.
	runtime.SetFinalizer(c, func(c *Client) { go c.Close() })
	return c, nil
}

// Close ends the client. Calls under way go on to their end, and what they use is freed after the last of them; Close
// does not wait for that. Calls that come later fail with [ErrClosed]. Closing again does nothing. The error is always
// nil.
func (c *Client) Close() error {
	c.mu.Lock()
	c.closed = true
	unused := c.unused()
	c.mu.Unlock()
	runtime.SetFinalizer(c, nil)
	C.ofauth_client_free(unused)
	return nil
}

// acquire keeps the client from being freed until release.
func (c *Client) acquire() (*C.ofauth_client, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed || c.client == nil {
		return nil, &Error{Status: ErrInvalidArgument, Message: "nothing was sent", cause: ErrClosed}
	}
	c.calls++
	return c.client, nil
}

func (c *Client) release() {
	c.mu.Lock()
	c.calls--
	unused := c.unused()
	c.mu.Unlock()
	C.ofauth_client_free(unused)
}

// unused takes the library's client out if it is to be freed now; nil if not.
func (c *Client) unused() *C.ofauth_client {
	if !c.closed || c.calls > 0 {
		return nil
	}
	client := c.client
	c.client = nil
	return client
}

// Version is the version of the C library that this program runs with, such as 0.1.0.
func Version() string {
	return C.GoString(C.ofauth_version())
}
