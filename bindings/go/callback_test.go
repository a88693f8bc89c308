package ofauth

// Functions and readers of the caller that do not do what they should.

import (
	"bytes"
	"context"
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"
)

type readerFunc func(p []byte, offset int64) (int, error)

func (f readerFunc) ReadAt(p []byte, offset int64) (int, error) { return f(p, offset) }

var errDisk = errors.New("the disk is on fire")

func TestErrorsOfAReaderComeOut(t *testing.T) {
	client, ctx := sandboxClient(t), background(t)
	_, data := clip(t)
	size := int64(len(data))
	whole := bytes.NewReader(data)
	for name, c := range map[string]struct {
		read   readerFunc
		status Status
		cause  error
	}{
		"fails at once": {func([]byte, int64) (int, error) { return 0, errDisk }, ErrSource, errDisk},
		"fails later": {func(p []byte, offset int64) (int, error) {
			if offset > size/2 {
				return 0, errDisk
			}
			return whole.ReadAt(p, offset)
		}, ErrSource, errDisk},
		"fails with bytes": {func(p []byte, offset int64) (int, error) {
			n, _ := whole.ReadAt(p, offset)
			return n, errDisk
		}, ErrSource, errDisk},
		"ends early": {func(p []byte, offset int64) (int, error) {
			if offset >= 100_000 {
				return 0, io.EOF
			}
			return whole.ReadAt(p, offset)
		}, ErrSourceChanged, nil},
		"reads nothing":    {func([]byte, int64) (int, error) { return 0, nil }, ErrSource, io.ErrNoProgress},
		"reads too much":   {func(p []byte, _ int64) (int, error) { return len(p) + 1, nil }, ErrSource, nil},
		"reads below zero": {func([]byte, int64) (int, error) { return -1, nil }, ErrSource, nil},
		"ends below zero":  {func([]byte, int64) (int, error) { return -1, io.EOF }, ErrSource, io.EOF},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := client.Upload(ctx, Reader(c.read, size, "broken.mp4"), WithContentType("video/mp4"))
			expectStatus(t, err, c.status)
			if c.cause != nil && (!errors.Is(err, c.cause) || !strings.Contains(err.Error(), c.cause.Error())) {
				t.Fatalf("%v does not tell of %v", err, c.cause)
			}
		})
	}
}

func TestAReaderThatEndsWithItsContext(t *testing.T) {
	client := sandboxClient(t)
	_, data := clip(t)
	ctx, cancel := context.WithCancel(background(t))
	defer cancel()
	_, err := client.Upload(ctx, Reader(readerFunc(func([]byte, int64) (int, error) {
		cancel()
		return 0, errDisk
	}), int64(len(data)), "both.mp4"), WithContentType("video/mp4"))
	var failure *Error
	if !errors.As(err, &failure) || !errors.Is(err, context.Canceled) || !errors.Is(err, errDisk) {
		t.Fatal(err)
	}
}

func TestAReaderThatKeepsItsBuffer(t *testing.T) {
	// Against the contract of io.ReaderAt, but it must not reach memory that is not Go's any more.
	client, ctx := sandboxClient(t), background(t)
	_, data := clip(t)
	var kept [][]byte
	whole := bytes.NewReader(data)
	result, err := client.Upload(ctx, Reader(readerFunc(func(p []byte, offset int64) (int, error) {
		kept = append(kept, p)
		return whole.ReadAt(p, offset)
	}), int64(len(data)), "kept.mp4"))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range kept {
		for i := range p {
			p[i] = 0xff
		}
	}
	expectUploaded(t, result, data)
}

// outcome is how a function ended.
type outcome struct {
	returned, exited bool
	panicked         any
}

// ends runs a function on a goroutine and says how it ended.
func ends(t testing.TB, f func()) outcome {
	done := make(chan outcome)
	go func() {
		o := outcome{exited: true}
		defer func() { done <- o }()
		func() {
			defer func() { o.panicked = recover() }()
			f()
			o.returned = true
		}()
		o.exited = false
	}()
	return await(t, "the end of the call", done)
}

func TestPanicsComeOutOfTheCall(t *testing.T) {
	client, ctx := sandboxClient(t), background(t)
	_, data := clip(t)
	size := int64(len(data))
	config := settings(t)
	config.LogLevel = LogTrace
	config.Log = func(LogLevel, string) { panic(errDisk) }
	logging := newClient(t, config)
	whole := bytes.NewReader(data)
	for name, f := range map[string]func(){
		"progress": func() {
			client.Upload(ctx, Bytes(data, "panic.mp4"), WithProgress(func(Progress) { panic(errDisk) }))
		},
		"progress, last": func() {
			client.Upload(ctx, Bytes(data, "panic.mp4"), WithProgress(func(p Progress) {
				if p.Phase == PhaseDone {
					panic(errDisk)
				}
			}))
		},
		"reader": func() {
			client.Upload(ctx, Reader(readerFunc(func([]byte, int64) (int, error) { panic(errDisk) }), size, "panic.mp4"))
		},
		"reader, later": func() {
			client.Upload(ctx, Reader(readerFunc(func(p []byte, offset int64) (int, error) {
				if offset > size/2 {
					panic(errDisk)
				}
				return whole.ReadAt(p, offset)
			}), size, "panic.mp4"))
		},
		"log of an upload": func() { logging.Upload(ctx, Bytes(data, "panic.mp4")) },
		"log of a call":    func() { logging.Call(ctx, "whoami", nil, nil, nil) },
	} {
		t.Run(name, func(t *testing.T) {
			if o := ends(t, f); o.returned || o.exited || o.panicked != errDisk {
				t.Fatalf("it ended otherwise: %+v", o)
			}
		})
	}
	// Nothing is wrong with the client afterwards.
	result, err := client.Upload(ctx, Bytes(data, "after.mp4"))
	if err != nil {
		t.Fatal(err)
	}
	expectUploaded(t, result, data)
}

func TestAPanicWithoutAValue(t *testing.T) {
	client, ctx := sandboxClient(t), background(t)
	_, data := clip(t)
	o := ends(t, func() {
		client.Upload(ctx, Bytes(data, "panic.mp4"), WithProgress(func(Progress) { panic(nil) }))
	})
	if o.returned || o.exited {
		t.Fatalf("it ended otherwise: %+v", o)
	}
}

func TestGoexitEndsTheGoroutineThatCalled(t *testing.T) {
	client, ctx := sandboxClient(t), background(t)
	_, data := clip(t)
	size := int64(len(data))
	for name, f := range map[string]func(){
		"progress": func() {
			client.Upload(ctx, Bytes(data, "exit.mp4"), WithProgress(func(Progress) { runtime.Goexit() }))
		},
		"reader": func() {
			client.Upload(ctx, Reader(readerFunc(func([]byte, int64) (int, error) {
				runtime.Goexit()
				return 0, nil
			}), size, "exit.mp4"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			if o := ends(t, f); o.returned || !o.exited || o.panicked != nil {
				t.Fatalf("it ended otherwise: %+v", o)
			}
		})
	}
	if err := client.Call(ctx, "whoami", nil, nil, nil); err != nil {
		t.Fatal(err)
	}
}

func TestNothingRunsAfterAPanic(t *testing.T) {
	client, ctx := sandboxClient(t), background(t)
	_, data := clip(t)
	calls := 0
	o := ends(t, func() {
		client.Upload(ctx, Bytes(data, "once.mp4"), WithProgress(func(Progress) {
			calls++
			panic("once")
		}))
	})
	if o.panicked != "once" || calls != 1 {
		t.Fatalf("%+v, %d calls", o, calls)
	}
}
