package ofauth

// How a context ends calls, and what the errors say then.

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"
)

func TestCancelUnderWay(t *testing.T) {
	client := sandboxClient(t)
	_, data := clip(t)
	ctx, cancel := context.WithCancel(background(t))
	defer cancel()
	var last Progress
	_, err := client.Upload(ctx, Bytes(data, "cancelled.mp4"), WithConcurrency(1), WithProgress(func(p Progress) {
		last = p
		if p.PartsDone > 0 {
			cancel()
		}
	}))
	failure := expectStatus(t, err, ErrCancelled)
	if !errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) || failure.UploadID == "" {
		t.Fatalf("%+v", failure)
	}
	if last.PartsDone == 0 || last.PartsDone == last.PartsTotal {
		t.Fatalf("it was not cancelled under way: %+v", last)
	}
	if state := recordOf(t, failure.UploadID).State; state != "open" {
		t.Fatalf("the sandbox says %s", state)
	}
}

func TestCancelOfAServiceThatIsSilent(t *testing.T) {
	held := newHeldServer(t, answerJSON("{}"))
	client := held.client(t)
	ctx, cancel := context.WithCancel(background(t))
	go func() {
		<-held.arrived
		cancel()
	}()
	_, err := client.Upload(ctx, Bytes([]byte("bytes"), "a.mp4"))
	expectStatus(t, err, ErrCancelled)
	if !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
}

func TestDeadlineOfAnUpload(t *testing.T) {
	held := newHeldServer(t, answerJSON("{}"))
	client := held.client(t)
	ctx, cancel := context.WithTimeout(background(t), 50*time.Millisecond)
	defer cancel()
	_, err := client.Upload(ctx, Bytes([]byte("bytes"), "a.mp4"))
	expectStatus(t, err, ErrTimeout)
	if !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
}

func TestTheLibraryKnowsTheDeadline(t *testing.T) {
	// A wait that goes beyond the deadline is not begun: the error comes long before.
	client := sandboxClient(t)
	playFaults(t, object{
		"on":    object{"operation": "upload_part", "filename": "deadline.mp4", "times": "always"},
		"fault": object{"kind": "status", "status": 429, "error": "slow down", "retry_after": 120},
	})
	_, data := clip(t)
	ctx, cancel := context.WithTimeout(background(t), patience)
	defer cancel()
	_, err := client.Upload(ctx, Bytes(data, "deadline.mp4"))
	failure := expectStatus(t, err, ErrRateLimited)
	if failure.HTTPStatus != http.StatusTooManyRequests || ctx.Err() != nil {
		t.Fatalf("%+v, %v", failure, ctx.Err())
	}
}

func TestContextsThatEndedBefore(t *testing.T) {
	held := newHeldServer(t, answerJSON("{}"))
	client := held.client(t)
	cancelled, cancel := context.WithCancel(context.Background())
	cancel()
	expired, cancel := context.WithDeadline(context.Background(), time.Now().Add(-time.Hour))
	defer cancel()
	for _, c := range []struct {
		ctx    context.Context
		status Status
	}{{cancelled, ErrCancelled}, {expired, ErrTimeout}} {
		_, uploaded := client.Upload(c.ctx, Bytes([]byte("bytes"), "a.mp4"))
		_, checked := client.Check(c.ctx, "etag", 1)
		_, fetched := client.VaultPlusBatch(c.ctx, []string{"1"})
		called := client.Call(c.ctx, "whoami", nil, nil, nil)
		for _, err := range []error{uploaded, checked, fetched, called} {
			failure := expectStatus(t, err, c.status)
			if !errors.Is(err, c.ctx.Err()) || !failure.Retryable {
				t.Fatalf("%+v", failure)
			}
		}
	}
	select {
	case request := <-held.arrived:
		t.Fatalf("%s was sent", request)
	default:
	}
}

func TestACallIsNotWaitedForWhenItsContextEnds(t *testing.T) {
	held := newHeldServer(t, answerJSON(`{"id": 7}`))
	client := held.client(t)
	for _, c := range []struct {
		name   string
		status Status
		call   func(ctx context.Context) error
	}{
		{"Call", ErrOutcomeUnknown, func(ctx context.Context) error {
			return client.Call(ctx, "create_post", nil, object{"text": "Hello"}, nil)
		}},
		{"CallBytes", ErrCancelled, func(ctx context.Context) error {
			params := object{"mediaUploadId": "upload:1", "partNumber": 1}
			return client.CallBytes(ctx, "upload_part", params, []byte("bytes"), "video/mp4", nil)
		}},
		{"Call of a list", ErrCancelled, func(ctx context.Context) error {
			return client.Call(ctx, "list_posts", nil, nil, nil)
		}},
		{"Call of a proxied post", ErrOutcomeUnknown, func(ctx context.Context) error {
			return client.Call(ctx, "proxy_request", object{"method": "POST", "path": "posts"}, nil, nil)
		}},
		{"Call of a proxied list", ErrCancelled, func(ctx context.Context) error {
			return client.Call(ctx, "proxy_request", object{"method": "get", "path": "posts"}, nil, nil)
		}},
		{"Check", ErrCancelled, func(ctx context.Context) error {
			_, err := client.Check(ctx, "etag", 1)
			return err
		}},
		{"VaultPlusBatch", ErrCancelled, func(ctx context.Context) error {
			_, err := client.VaultPlusBatch(ctx, []string{"1", "2"})
			return err
		}},
	} {
		ctx, cancel := context.WithCancel(background(t))
		go func() {
			<-held.arrived
			cancel()
		}()
		err := c.call(ctx)
		failure := expectStatus(t, err, c.status)
		if !errors.Is(err, context.Canceled) || failure.Retryable != (c.status == ErrCancelled) {
			t.Fatalf("%s: %+v", c.name, failure)
		}
	}
	// The requests go on, and keep alive what they need.
	client.Close()
	client.mu.Lock()
	calls, alive := client.calls, client.client != nil
	client.mu.Unlock()
	if calls != 7 || !alive {
		t.Fatalf("%d calls under way, the client is alive: %v", calls, alive)
	}
	held.letGo()
	eventually(t, "the client is freed after the last call", func() bool {
		client.mu.Lock()
		defer client.mu.Unlock()
		return client.calls == 0 && client.client == nil
	})
}

func TestADeadlineOfACall(t *testing.T) {
	held := newHeldServer(t, answerJSON("{}"))
	client := held.client(t)
	ctx, cancel := context.WithTimeout(background(t), 50*time.Millisecond)
	defer cancel()
	_, err := client.Check(ctx, "etag", 1)
	expectStatus(t, err, ErrTimeout)
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Fatal(err)
	}
	err = client.Call(ctx, "whoami", nil, nil, nil)
	expectStatus(t, err, ErrTimeout)
}
