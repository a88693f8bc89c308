package ofauth

// How the library calls back into Go: the functions that C sees, and the call that they belong to.
//
// A function of the caller runs on a goroutine of its own while the thread of the call waits. There a panic or
// runtime.Goexit, which ends a test, unwinds no frame of C or Rust; afterwards the call passes it on to its caller. It
// also means that such a function may use the client itself.

// #include "shim.h"
import "C"

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"runtime/cgo"
	"unsafe"
)

// call is a call into the library that is under way. C knows it by its handle.
type call struct {
	handle cgo.Handle
	log    func(LogLevel, string)
	cancel *C.ofauth_cancel
	// A failure is the end.
	once bool
	// Whether its notices are those of a wait.
	hears bool
	// They are told which file of a batch it is about; anything else is file 0.
	progress func(file int, p Progress)
	notice   func(file int, n Notice)
	// What is lent of a file; nil if that is nothing.
	lent func(file int) *lent
	// Where readers read into. One that keeps what it was lent would write into memory of C that is free.
	buffer []byte

	// No more functions of the caller are to run in this call, because one of them ended otherwise than by returning:
	// how, and with what value.
	end   end
	value any
}

// lent is the reader of a file, and what it failed with.
type lent struct {
	reader  io.ReaderAt
	failure error
}

type end int

const (
	returned end = iota
	panicked
	exited
)

// newCall makes a call, which the caller frees.
func newCall(log func(LogLevel, string)) (*call, error) {
	c := &call{log: log}
	err := attempt(func(err **C.ofauth_error) C.ofauth_status { return C.ofauth_cancel_new(&c.cancel, err) })
	if err != nil {
		return nil, err
	}
	c.handle = cgo.NewHandle(c)
	return c, nil
}

// id is what C gets to know of the call.
func (c *call) id() C.uintptr_t {
	return C.uintptr_t(c.handle)
}

// free makes the handle invalid: no callback may come any more.
func (c *call) free() {
	C.ofauth_cancel_free(c.cancel)
	c.handle.Delete()
}

// cancelWith cancels the call when the context ends, until the function that it returns was called.
func (c *call) cancelWith(ctx context.Context) (stop func()) {
	if ctx.Done() == nil {
		return func() {}
	}
	stopped, finished := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(finished)
		select {
		case <-ctx.Done():
			C.ofauth_cancel_cancel(c.cancel)
		case <-stopped:
		}
	}()
	return func() {
		close(stopped)
		<-finished
	}
}

// explain adds to an error how the context ended, which only Go knows.
func explain(ctx context.Context, err *Error) *Error {
	switch err.Status {
	case ErrCancelled, ErrTimeout, ErrOutcomeUnknown, ErrSource:
		err.ended = ending(ctx)
	}
	if err.Status == ErrCancelled && err.ended != nil {
		err.Status = statusOf(err.ended)
	}
	return err
}

// rethrow passes on how a function of the caller ended, if it did not return. The library is not on the stack then.
func (c *call) rethrow() {
	switch c.end {
	case panicked:
		panic(c.value)
	case exited:
		runtime.Goexit()
	}
}

// run runs a function of the caller and reports whether it returned. After one that did not, no other runs, and the
// call is cancelled. The library runs one at a time.
func (c *call) run(f func()) bool {
	if c.end != returned {
		return false
	}
	c.end, c.value = aside(f)
	if c.end != returned {
		C.ofauth_cancel_cancel(c.cancel)
	}
	return c.end == returned
}

// aside runs a function on a goroutine of its own and says how it ended.
func aside(f func()) (end, any) {
	how, value := exited, any(nil)
	done := make(chan struct{})
	go func() {
		defer close(done)
		ended := panicked
		func() {
			defer func() {
				if ended != returned {
					value = recover()
				}
			}()
			f()
			ended = returned
		}()
		// Goexit does not come here, and even panic(nil) does.
		how = ended
	}()
	<-done
	return how, value
}

//export ofauthGoRead
func ofauthGoRead(id C.uintptr_t, file, offset C.uint64_t, into *C.uint8_t, size C.size_t) C.int64_t {
	c := cgo.Handle(id).Value().(*call)
	lent := c.lent(int(file))
	if lent == nil {
		return -1
	}
	if C.size_t(cap(c.buffer)) < size {
		c.buffer = make([]byte, size)
	}
	buffer := c.buffer[:size]
	var n int
	var err error
	if !c.run(func() { n, err = lent.reader.ReadAt(buffer, int64(offset)) }) {
		return -1
	}
	if err == io.EOF && n >= 0 && n <= len(buffer) {
		err = nil
	} else if err == nil && (n < 0 || n > len(buffer)) {
		err = fmt.Errorf("the reader says that it read %d of %d bytes", n, len(buffer))
	} else if err == nil && n == 0 && len(buffer) > 0 {
		err = io.ErrNoProgress
	}
	if err != nil {
		if lent.failure == nil {
			lent.failure = err
		}
		return -1
	}
	copy(unsafe.Slice((*byte)(unsafe.Pointer(into)), int(size)), buffer[:n])
	return C.int64_t(n)
}

//export ofauthGoProgress
func ofauthGoProgress(id C.uintptr_t, file C.uint64_t, progress *C.ofauth_progress) C.int {
	c := cgo.Handle(id).Value().(*call)
	seen := progressOf(progress)
	return stopUnless(c.progress == nil || c.run(func() { c.progress(int(file), seen) }))
}

//export ofauthGoNotice
func ofauthGoNotice(id C.uintptr_t, file C.uint64_t, kind C.int32_t, text *C.char) C.int {
	c := cgo.Handle(id).Value().(*call)
	notice := Notice{Kind: NoticeKind(kind), Text: C.GoString(text)}
	return stopUnless(c.notice == nil || c.run(func() { c.notice(int(file), notice) }))
}

// stopUnless is what a callback returns to the library.
func stopUnless(goOn bool) C.int {
	if goOn {
		return 0
	}
	return 1
}

//export ofauthGoLog
func ofauthGoLog(id C.uintptr_t, level C.int32_t, message *C.char) {
	c := cgo.Handle(id).Value().(*call)
	if c.log == nil {
		return
	}
	line := C.GoString(message)
	c.run(func() { c.log(LogLevel(level), line) })
}
