package ofauth

// The half of a batch that is the library's.

// #include "shim.h"
import "C"

import "runtime"

// nativeBatch is a batch of the library, and the client that works for it. It knows nothing of the batch in Go, so that one
// that was forgotten is found even if its own functions refer to it.
type nativeBatch struct {
	// The calls under way.
	uses   uses
	owner  *Client
	client *C.ofauth_client
	batch  *C.ofauth_batch
	// Ends the batch.
	cancel *C.ofauth_cancel
}

// newNativeBatch makes a batch, which keeps the client until it is closed.
func newNativeBatch(owner *Client) (*nativeBatch, error) {
	client, err := owner.acquire()
	if err != nil {
		return nil, err
	}
	n := &nativeBatch{owner: owner, client: client}
	for _, step := range []func(err **C.ofauth_error) C.ofauth_status{
		func(err **C.ofauth_error) C.ofauth_status { return C.ofauth_batch_new(&n.batch, err) },
		func(err **C.ofauth_error) C.ofauth_status { return C.ofauth_cancel_new(&n.cancel, err) },
		func(err **C.ofauth_error) C.ofauth_status { return C.ofauth_batch_set_cancel(n.batch, n.cancel, err) },
	} {
		if err := attempt(step); err != nil {
			n.close()
			return nil, err
		}
	}
	// A net for batches that were forgotten. It is not to hold up other finalizers while threads end.
	runtime.SetFinalizer(n, func(n *nativeBatch) { go n.close() })
	return n, nil
}

// acquire keeps the batch from being freed until release.
func (n *nativeBatch) acquire() error {
	if !n.uses.begin() {
		return closed()
	}
	return nil
}

func (n *nativeBatch) release() {
	if n.uses.end() {
		n.free()
	}
}

// cancelAll ends the uploads, which are still given out.
func (n *nativeBatch) cancelAll() {
	if n.acquire() == nil {
		C.ofauth_cancel_cancel(n.cancel)
		n.release()
	}
}

// close frees the batch once no call uses it.
func (n *nativeBatch) close() {
	runtime.SetFinalizer(n, nil)
	if n.uses.close() {
		n.free()
	}
}

func (n *nativeBatch) free() {
	C.ofauth_batch_free(n.batch)
	C.ofauth_cancel_free(n.cancel)
	n.owner.release()
}
