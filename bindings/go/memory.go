package ofauth

// Memory of C for the arguments of one call. It is zeroed before it is given back, because one of them is the API key.

// #include <stdlib.h>
// #include <string.h>
// #include "shim.h"
import "C"

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"time"
	"unsafe"
)

// memory is what was allocated for one call. The zero value is ready; free gives everything back.
type memory struct {
	blocks []block
}

type block struct {
	address unsafe.Pointer
	size    C.size_t
}

func (m *memory) free() {
	for _, block := range m.blocks {
		C.memset(block.address, 0, block.size)
		C.free(block.address)
	}
	m.blocks = nil
}

// text copies a Go string. A NUL byte would cut it in C, so it is an error; UTF-8 is the library's to check.
func (m *memory) text(what, text string) (*C.char, error) {
	if strings.IndexByte(text, 0) >= 0 {
		return nil, invalid(what + " holds a NUL byte")
	}
	copied := C.CString(text)
	m.blocks = append(m.blocks, block{unsafe.Pointer(copied), C.size_t(len(text))})
	return copied, nil
}

// textOrNil is text, or NULL for the empty string.
func (m *memory) textOrNil(what, text string) (*C.char, error) {
	if text == "" {
		return nil, nil
	}
	return m.text(what, text)
}

// texts copies an array of strings; NULL if there are none.
func (m *memory) texts(what string, texts []string) (**C.char, error) {
	if len(texts) == 0 {
		return nil, nil
	}
	size := C.size_t(len(texts)) * C.size_t(unsafe.Sizeof((*C.char)(nil)))
	array := (**C.char)(C.malloc(size))
	m.blocks = append(m.blocks, block{unsafe.Pointer(array), size})
	into := unsafe.Slice(array, len(texts))
	for i, text := range texts {
		copied, err := m.text(fmt.Sprintf("%s %d", what, i+1), text)
		if err != nil {
			return nil, err
		}
		into[i] = copied
	}
	return array, nil
}

// rawJSON copies a text of the library that is JSON; nil for NULL.
func rawJSON(text *C.char) json.RawMessage {
	if text == nil {
		return nil
	}
	return json.RawMessage(C.GoString(text))
}

// bytesOf lends the bytes of a slice to one call. The type without pointers keeps cgo from looking at whatever else
// lies in the same allocation.
func bytesOf(data []byte) *C.uint8_t {
	if len(data) == 0 {
		return nil
	}
	return (*C.uint8_t)(unsafe.Pointer(&data[0]))
}

func toUint32(what string, number int) (C.uint32_t, error) {
	if number < 0 || number > math.MaxUint32 {
		return 0, invalid(fmt.Sprintf("%s is %d, which is out of range", what, number))
	}
	return C.uint32_t(number), nil
}

func toUint64(what string, number int64) (C.uint64_t, error) {
	if number < 0 {
		return 0, invalid(fmt.Sprintf("%s is %d, which is below 0", what, number))
	}
	return C.uint64_t(number), nil
}

// toMilliseconds rounds up, so that a short time does not become none.
func toMilliseconds(what string, duration time.Duration) (C.uint64_t, error) {
	if duration < 0 {
		return 0, invalid(fmt.Sprintf("%s is %v, which is below 0", what, duration))
	}
	whole := duration / time.Millisecond
	if duration%time.Millisecond != 0 {
		whole++
	}
	return C.uint64_t(whole), nil
}

// timeLeft is the time to the deadline of a context in milliseconds, 0 if it has none.
func timeLeft(ctx context.Context) (C.uint64_t, error) {
	deadline, ok := ctx.Deadline()
	if !ok {
		return 0, nil
	}
	left := time.Until(deadline)
	if left <= 0 {
		// 0 would stand for no deadline.
		left = time.Millisecond
	}
	return toMilliseconds("the time to the deadline", left)
}
