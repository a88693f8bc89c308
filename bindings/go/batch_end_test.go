package ofauth

// What ends a batch, or only the waiting for it: contexts, Cancel, Close, functions that do not return, and being forgotten.

import (
	"bytes"
	"context"
	"errors"
	"net/http/httputil"
	"net/url"
	"runtime"
	"testing"
)

// heldSandbox is the sandbox behind a server that answers no request before it is told to.
func heldSandbox(t testing.TB) *heldServer {
	t.Helper()
	sandbox, err := url.Parse(environment(t, "OFAUTH_BASE_URL"))
	if err != nil {
		t.Fatal(err)
	}
	return newHeldServer(t, httputil.NewSingleHostReverseProxy(sandbox).ServeHTTP)
}

func (h *heldServer) sandboxClient(t testing.TB) *Client {
	t.Helper()
	config := settings(t)
	config.BaseURL = h.url
	return newClient(t, config)
}

func TestTheContextOfNextEndsTheWaitingAlone(t *testing.T) {
	held := heldSandbox(t)
	batch := newBatch(t, held.sandboxClient(t), several(2, "waited.mp4"))
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	waiting, cancel := context.WithCancel(background(t))
	defer cancel()
	go func() {
		<-held.arrived
		cancel()
	}()
	for _, ctx := range []context.Context{ended, waiting, ended} {
		if batch.Next(ctx) {
			t.Fatalf("%+v", batch.Value())
		}
		failure := expectStatus(t, batch.Err(), ErrCancelled)
		if !errors.Is(failure, context.Canceled) || !failure.Retryable {
			t.Fatalf("%+v", failure)
		}
	}
	held.letGo()
	for index, file := range drain(t, batch) {
		if file.Err != nil {
			t.Fatalf("file %d: %v", index, file.Err)
		}
	}
	// The upload that was under way was not begun again.
	for requests := map[string]int{}; ; {
		select {
		case request := <-held.arrived:
			if requests[request]++; requests[request] > 2 {
				t.Fatalf("%v", requests)
			}
			continue
		default:
		}
		break
	}
}

func TestACancelledBatchGivesOutEveryFile(t *testing.T) {
	client := sandboxClient(t)
	before := newBatch(t, client, several(3, "cancelled.mp4"))
	before.Cancel()
	files := drain(t, before)
	expectFailures(t, files, 3, ErrCancelled)
	for _, file := range files {
		if file.WasTried {
			t.Fatalf("%+v", file)
		}
	}
	held := newHeldServer(t, answerJSON("{}"))
	under := newBatch(t, held.client(t), several(3, "cancelled.mp4"), WithFiles(2))
	go func() {
		<-held.arrived
		<-held.arrived
		under.Cancel()
		under.Cancel()
	}()
	files = drain(t, under)
	expectFailures(t, files, 3, ErrCancelled)
	if !files[0].WasTried || !files[1].WasTried || files[2].WasTried {
		t.Fatalf("%+v", files)
	}
}

func TestCloseEndsABatch(t *testing.T) {
	ctx := background(t)
	closed := make(chan error, 1)
	for name, begin := range map[string]func(held *heldServer, batch *Batch){
		"that was not begun": func(*heldServer, *Batch) {},
		"between two calls": func(held *heldServer, batch *Batch) {
			waiting, cancel := context.WithCancel(ctx)
			go func() {
				<-held.arrived
				cancel()
			}()
			batch.Next(waiting)
		},
		"while Next waits": func(held *heldServer, batch *Batch) {
			go func() {
				<-held.arrived
				closed <- batch.Close()
			}()
			if batch.Next(ctx) {
				expectStatus(t, batch.Value().Err, ErrCancelled)
			}
			await(t, "the end of Close", closed)
		},
	} {
		t.Run(name, func(t *testing.T) {
			held := newHeldServer(t, answerJSON("{}"))
			client := held.client(t)
			batch := client.UploadAll(several(3, "closed.mp4"))
			begin(held, batch)
			for i := 0; i < 2; i++ {
				if err := batch.Close(); err != nil {
					t.Fatal(err)
				}
			}
			batch.Cancel()
			if batch.Next(ctx) {
				t.Fatalf("%+v", batch.Value())
			}
			for _, err := range []error{batch.Err(), batch.Add(File("a.mp4")), batch.Settle(ctx)} {
				if expectStatus(t, err, ErrInvalidArgument); !errors.Is(err, ErrClosed) {
					t.Fatal(err)
				}
			}
			if client.uses.count != 0 {
				t.Fatal("the batch did not let go of its client")
			}
		})
	}
}

func TestABatchIsClosedByItsOwnFunction(t *testing.T) {
	client := sandboxClient(t)
	var batch *Batch
	batch = client.UploadAll(several(3, "closed.mp4"), WithBatchProgress(func(int, Progress) {
		batch.Close()
		client.Close()
	}))
	given := 0
	for batch.Next(background(t)) {
		given++
	}
	if !errors.Is(batch.Err(), ErrClosed) || given > 1 {
		t.Fatalf("%d files, %v", given, batch.Err())
	}
	if client.client != nil {
		t.Fatal("the client was not freed")
	}
}

func TestABatchKeepsItsClient(t *testing.T) {
	client := sandboxClient(t)
	batch := client.UploadAll(several(2, "kept.mp4"))
	client.Close()
	for _, file := range drain(t, batch) {
		if file.Err != nil {
			t.Fatal(file.Err)
		}
	}
	if client.client == nil {
		t.Fatal("the client was freed before the batch")
	}
	batch.Close()
	if client.client != nil {
		t.Fatal("the batch did not let go of its client")
	}
}

func TestASecondGoroutineThatWaitsIsRefused(t *testing.T) {
	client := sandboxClient(t)
	var batch *Batch
	calls := 0
	batch = newBatch(t, client, several(2, "busy.mp4"), WithBatchProgress(func(int, Progress) {
		if calls++; calls > 1 {
			return
		}
		if batch.Next(context.Background()) || !errors.Is(batch.Err(), ErrBusy) {
			t.Errorf("%+v, %v", batch.Value(), batch.Err())
		}
		if err := batch.Settle(context.Background()); !errors.Is(err, ErrBusy) {
			t.Error(err)
		}
		// Other calls of the client are free.
		if err := client.Call(context.Background(), "whoami", nil, nil, nil); err != nil {
			t.Error(err)
		}
	}))
	if files := drain(t, batch); len(files) != 2 || calls == 0 {
		t.Fatalf("%+v", files)
	}
}

func TestWhatDoesNotReturnComesOutOfNext(t *testing.T) {
	_, data := clip(t)
	size := int64(len(data))
	sandbox := sandboxClient(t)
	config := settings(t)
	config.LogLevel = LogTrace
	isArmed := true
	config.Log = func(LogLevel, string) {
		if isArmed {
			isArmed = false
			panic(errDisk)
		}
	}
	logging := newClient(t, config)
	for end, leave := range map[string]func(){
		"panic":       func() { panic(errDisk) },
		"empty panic": func() { panic(nil) },
		"exit":        runtime.Goexit,
	} {
		calls := 0
		once := func() {
			if calls++; calls > 1 {
				t.Errorf("called again after %s", end)
			}
			leave()
		}
		for name, c := range map[string]struct {
			client *Client
			source Source
			option BatchOption
		}{
			"progress": {sandbox, Bytes(data, "left.mp4"), WithBatchProgress(func(int, Progress) { once() })},
			"last progress": {sandbox, Bytes(data, "left.mp4"), WithBatchProgress(func(_ int, p Progress) {
				if p.Phase == PhaseDone {
					once()
				}
			})},
			"reader": {sandbox, Reader(readerFunc(func([]byte, int64) (int, error) {
				once()
				return 0, nil
			}), size, "left.mp4"), nil},
			"later read": {sandbox, Reader(readerFunc(func(p []byte, offset int64) (int, error) {
				if offset > size/2 {
					once()
				}
				return bytes.NewReader(data).ReadAt(p, offset)
			}), size, "left.mp4"), WithConcurrency(1)},
			"log": {logging, Bytes(data, "left.mp4"), nil},
		} {
			t.Run(end+" in "+name, func(t *testing.T) {
				calls, isArmed = 0, true
				batch := newBatch(t, c.client, append(several(1, "first.mp4"), c.source, c.source), c.option, WithFiles(3))
				ctx, given := background(t), map[int]bool{}
				o := ends(t, func() {
					for batch.Next(ctx) {
						given[batch.Value().Index] = true
					}
				})
				wanted := outcome{}
				if name == "log" || end == "panic" {
					wanted.panicked = errDisk
				} else if end == "exit" {
					wanted.exited = true
				} else {
					// A panic of nothing is seen by what was not done.
					o.panicked = nil
				}
				if o != wanted || (batch.Value() != Batched{}) || batch.Err() != nil {
					t.Fatalf("it ended otherwise: %+v, %+v, %v", o, batch.Value(), batch.Err())
				}
				if err := batch.Add(File("later.mp4")); err != nil {
					t.Fatal(err)
				}
				for index, file := range drain(t, batch) {
					if index == 3 && (file.WasTried || !errors.Is(file.Err, ErrCancelled)) {
						t.Fatalf("the batch went on: %+v", file)
					}
					if given[index] {
						t.Fatalf("file %d again", index)
					}
					given[index] = true
					// The small one may have been under way.
					var failure *Error
					if errors.As(file.Err, &failure) && failure.Status != ErrCancelled && failure.Status != ErrSource &&
						failure.Status != ErrOutcomeUnknown {
						t.Fatal(file.Err)
					}
				}
				if len(given) != 4 {
					t.Fatalf("given out: %v", given)
				}
			})
		}
	}
	// Nothing is wrong with the client afterwards.
	if file := drain(t, newBatch(t, sandbox, []Source{Bytes(data, "after.mp4")}))[0]; file.Err != nil {
		t.Fatal(file.Err)
	}
}

func TestAForgottenBatchIsFreed(t *testing.T) {
	awaitNoThreads(t)
	held := newHeldServer(t, answerJSON("{}"))
	func() {
		client, err := New(Config{APIKey: "sk_test_held", BaseURL: held.url, ConnectionID: "conn_held"})
		if err != nil {
			t.Fatal(err)
		}
		// Its function refers to it.
		var batch *Batch
		batch = client.UploadAll(several(3, "forgotten.mp4"), WithBatchProgress(func(int, Progress) { batch.Value() }))
		ctx, cancel := context.WithCancel(background(t))
		go func() {
			<-held.arrived
			cancel()
		}()
		if batch.Next(ctx) {
			t.Fatalf("%+v", batch.Value())
		}
		client.Close()
		if libraryThreads(t) == 0 {
			t.Fatal("the batch has no threads, so this test sees nothing")
		}
	}()
	awaitNoThreads(t)
}
