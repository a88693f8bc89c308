package ofauth

// Who uses an object of the library that may be closed meanwhile.

import "sync"

// uses counts the calls that use an object. Whoever is told that nobody will use it any more frees it: once, after it was
// closed and the last call has ended. The zero value is ready.
type uses struct {
	mu       sync.Mutex
	count    int
	isClosed bool
	isOver   bool
}

// begin reports whether a call may use the object. If so, it says end afterwards.
func (u *uses) begin() bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.isClosed {
		return false
	}
	u.count++
	return true
}

// end reports whether nobody will use the object any more.
func (u *uses) end() bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.count--
	return u.isNowOver()
}

// close refuses further calls, and reports what end does.
func (u *uses) close() bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.isClosed = true
	return u.isNowOver()
}

// isNowOver is true once.
func (u *uses) isNowOver() bool {
	if !u.isClosed || u.count > 0 || u.isOver {
		return false
	}
	u.isOver = true
	return true
}

// closed is the error of a call on what was closed before.
func closed() *Error {
	return &Error{Status: ErrInvalidArgument, Message: "nothing was sent", cause: ErrClosed}
}
