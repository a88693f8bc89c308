package ofauth

// A client: its life, and who may use it for how long. What it is used for is in upload.go and request.go.

// #cgo pkg-config: ofauth
// #include "shim.h"
import "C"

import (
	"fmt"
	"runtime"
)

// Client does all calls with one set of settings. Its threads and connections are shared by them: make one and keep it.
// All methods are safe for use by several goroutines at once. A Client must not be copied.
type Client struct {
	log func(LogLevel, string)

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
