package ofauth

// Many uploads: what a batch is between two calls, and how each of its files ended.

// #include "shim.h"
import "C"

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
)

// Batch is many uploads, some of them at once. [Client.UploadAll] makes one.
//
// One goroutine at a time calls Next, Value, Err and Settle; a second one that waits gets [ErrBusy]. Add, Cancel and Close are
// safe for use by any number of goroutines, and by the functions of the batch. A Batch must not be copied.
type Batch struct {
	log func(LogLevel, string)
	// Why there is no batch, or nil.
	failure error
	// Nil if there is none.
	native *nativeBatch

	mu sync.Mutex
	// The functions of the caller.
	progress func(index int, p Progress)
	notice   func(index int, n Notice)
	// The sources that are read in Go, of files that were not given out yet.
	lent  map[int]*lent
	added int
	// How the file ended that the library gave out and Next did not yet: a function of the caller ended that call otherwise
	// than by returning.
	given *Batched
	value Batched
	err   error
}

// Batched is how one file of a batch ended.
type Batched struct {
	// Index is the place of its source among those that were given, from 0.
	Index int
	// Name is what people call it: the path of a file, or the name of what has no path.
	Name string
	// Result is the finished upload; nil if there is none.
	Result *Result
	// Err is why the file was not uploaded, an [*Error]; nil if it was.
	Err error
	// WasTried says whether the file was tried. One that was not has the status of the failure that stopped the batch, which is
	// the error of another file, or [ErrCancelled]; nothing was sent for it.
	WasTried bool
}

// UploadAll makes a batch of these sources, to which [Batch.Add] adds more. Nothing is sent before [Batch.Next]. The caller
// closes it.
//
// Results come as files end; [Batched.Index] tells whose they are. A new file is begun only during Next; those that have begun
// go on between two calls, except for [Bytes] and [Reader], which are read during Next and Settle alone. So are functions called.
// Make the next call soon: reads that wait for it occupy threads of the client.
//
// One file's failure is its result, and the others go on. What would meet all of them (the key, a proxy that refuses, a full
// disk for journals) stops the batch: the rest are results that were not tried. A service that did not serve three files in a
// row is waited for, 5 minutes at most, with one file that is tried again.
//
// With a [Config.JournalDir], each upload is written into a record before its result is given out. The same files in a later
// batch, in this process or another, then give the same references at once, and only the rest is uploaded. The record is
// forgotten when Next has found the end and every file was uploaded, or by [Batch.Settle]; what is left of a batch that did not
// come so far is kept for a week. With a journal directory, a file that is given twice is uploaded once, and both have the same
// reference, which only one post can use.
//
// A source or an option that is wrong is the error of the batch: Next is false, and Err says why.
func (c *Client) UploadAll(sources []Source, options ...BatchOption) *Batch {
	b := &Batch{log: c.log, lent: map[int]*lent{}}
	if b.native, b.failure = newNativeBatch(c); b.failure != nil {
		return b
	}
	if b.failure = b.prepare(sources, options); b.failure != nil {
		b.native.close()
		b.native = nil
	}
	return b
}

func (b *Batch) prepare(sources []Source, options []BatchOption) error {
	if err := b.configure(options); err != nil {
		return err
	}
	for i, source := range sources {
		if err := b.Add(source); err != nil {
			var wrong *Error
			if errors.As(err, &wrong) {
				wrong.Message = fmt.Sprintf("source %d: %s", i, wrong.Message)
			}
			return err
		}
	}
	return nil
}

// Next waits until the next file has ended, whichever it is, and reports whether there is one, for [Batch.Value]. If not,
// [Batch.Err] is nil if the batch is over, or says why Next gave up.
//
// The context ends the waiting, and not the batch: its error is then that of Err, and Next may be called again. [Batch.Cancel] and
// [Batch.Close] end the batch. A panic in a function or reader of the caller, or [runtime.Goexit], ends it as Cancel does and
// comes out of Next; no function of the batch is called afterwards.
func (b *Batch) Next(ctx context.Context) bool {
	b.set(Batched{}, nil)
	file, err := b.next(ctx)
	if file == nil {
		b.set(Batched{}, err)
		return false
	}
	b.set(*file, nil)
	return true
}

// Value is how the file ended that the last Next waited for.
func (b *Batch) Value() Batched {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.value
}

// Err is why the last Next gave up; nil if it did not, or if the batch is over. It is never the failure of one file.
//
// [ErrBusy]: another goroutine waits for this batch, or another batch has a record of this name. [ErrJournal]: the record cannot
// be read or written. If the batch cannot begin, further calls of Next give out its files, not tried.
func (b *Batch) Err() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.err
}

// Add adds a source, until Next was called with nothing left to give out. The first source of a batch has the index 0, the next one 1.
func (b *Batch) Add(source Source) error {
	if b.failure != nil {
		return b.failure
	}
	if source == nil {
		return invalid("there is no source: give File, Bytes or Reader")
	}
	if err := b.native.acquire(); err != nil {
		return err
	}
	defer b.native.release()
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := source.addToBatch(b); err != nil {
		return err
	}
	b.added++
	return nil
}

// Settle says that the results have arrived where they belong, so that the record need not keep them any longer: the same files
// are then uploaded again. Settling again, and settling a batch without a record, changes nothing. Before the first Next, it
// forgets what an earlier batch left under the same name.
//
// When the context ends, Settle returns, and the batch may be settled or not: settle again.
func (b *Batch) Settle(ctx context.Context) error {
	return b.wait(ctx, func(call under) C.ofauth_status {
		return C.ofauthgo_batch_settle(call.client, b.native.batch, call.id, call.err)
	})
}

// Cancel ends the uploads: files under way are cancelled, the others are not tried, and Next gives out all of them.
func (b *Batch) Cancel() {
	if b.native != nil {
		b.native.cancelAll()
	}
}

// Close ends the batch, and uploads under way with it; with a journal directory, the same batch goes on where they were. Close
// does not wait: a Next that is under way gives out one more file at most. What comes later fails with [ErrClosed]. Closing again
// does nothing. The error is always nil.
func (b *Batch) Close() error {
	if b.native != nil {
		b.native.cancelAll()
		b.native.close()
	}
	return nil
}

func (b *Batch) set(value Batched, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.value, b.err = value, err
}

// next is how the next file ended; nil if the batch is over.
func (b *Batch) next(ctx context.Context) (*Batched, error) {
	if file := b.takeGiven(); file != nil {
		return file, nil
	}
	err := b.wait(ctx, func(call under) C.ofauth_status {
		var file *C.ofauth_batched
		status := C.ofauthgo_batch_next(call.client, b.native.batch, call.id, &file, call.err)
		b.give(file)
		return status
	})
	if err != nil {
		return nil, err
	}
	return b.takeGiven(), nil
}

// give takes over what the library gives out, if it is anything.
func (b *Batch) give(ended *C.ofauth_batched) {
	if ended == nil {
		return
	}
	defer C.ofauth_batched_free(ended)
	file := &Batched{
		Index:    int(C.ofauth_batched_index(ended)),
		Name:     C.GoString(C.ofauth_batched_name(ended)),
		WasTried: C.ofauth_batched_was_tried(ended) != 0,
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if result := C.ofauth_batched_result(ended); result != nil {
		file.Result = resultOf(result)
	} else {
		failure := C.ofauth_batched_error(ended)
		err := errorOf(C.ofauth_error_status(failure), failure)
		if lent := b.lent[file.Index]; lent != nil {
			err.cause = lent.failure
		}
		file.Err = err
	}
	delete(b.lent, file.Index)
	b.given = file
}

func (b *Batch) takeGiven() *Batched {
	b.mu.Lock()
	defer b.mu.Unlock()
	file := b.given
	b.given = nil
	return file
}

// wait runs a function of the library that waits for the batch, until the context ends.
func (b *Batch) wait(ctx context.Context, f func(under) C.ofauth_status) error {
	if b.failure != nil {
		return b.failure
	}
	if err := endedBefore(ctx, "the batch was not waited for"); err != nil {
		return err
	}
	if err := b.native.acquire(); err != nil {
		return err
	}
	defer b.native.release()
	call, err := newCall(b.log)
	if err != nil {
		return err
	}
	defer call.free()
	b.mu.Lock()
	call.progress, call.notice, call.lent = b.progress, b.notice, b.lentOf
	b.mu.Unlock()
	defer b.endAfter(call)
	return call.wait(ctx, b.native.client, f)
}

// endAfter ends the batch if a function of the caller ended a call otherwise than by returning.
func (b *Batch) endAfter(call *call) {
	if call.end == returned {
		return
	}
	b.native.cancelAll()
	b.mu.Lock()
	defer b.mu.Unlock()
	b.progress, b.notice, b.lent = nil, nil, map[int]*lent{}
}

func (b *Batch) lentOf(index int) *lent {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.lent[index]
}

// addFile adds the file at a path. The caller has the lock.
func (b *Batch) addFile(path string) error {
	var m memory
	defer m.free()
	text, err := m.text("the path", path)
	if err != nil {
		return err
	}
	return attempt(func(err **C.ofauth_error) C.ofauth_status {
		return C.ofauth_batch_add_file(b.native.batch, text, err)
	})
}

// addReader adds what is read in Go. The caller has the lock.
func (b *Batch) addReader(reader io.ReaderAt, size C.uint64_t, filename string) error {
	var m memory
	defer m.free()
	name, err := m.text("the file name", filename)
	if err != nil {
		return err
	}
	b.lent[b.added] = &lent{reader: reader}
	err = attempt(func(err **C.ofauth_error) C.ofauth_status {
		return C.ofauthgo_batch_add_reader(b.native.batch, C.uintptr_t(b.added), size, name, err)
	})
	if err != nil {
		delete(b.lent, b.added)
	}
	return err
}
