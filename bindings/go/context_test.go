package ofauth

// How a context ends calls, and what the errors say then.

import (
	"context"
	"errors"
	"net/http"
	"os"
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

// waits are the calls that wait for the service, and how each ends when its context is cancelled.
var waits = []struct {
	name   string
	status Status
	call   func(ctx context.Context, client *Client) error
}{
	{"Call", ErrOutcomeUnknown, func(ctx context.Context, client *Client) error {
		return client.Call(ctx, "create_post", nil, object{"text": "Hello"}, nil)
	}},
	{"CallBytes", ErrCancelled, func(ctx context.Context, client *Client) error {
		params := object{"mediaUploadId": "upload:1", "partNumber": 1}
		return client.CallBytes(ctx, "upload_part", params, []byte("bytes"), "video/mp4", nil)
	}},
	{"Call of a list", ErrCancelled, func(ctx context.Context, client *Client) error {
		return client.Call(ctx, "list_posts", nil, nil, nil)
	}},
	{"Call of a proxied post", ErrOutcomeUnknown, func(ctx context.Context, client *Client) error {
		return client.Call(ctx, "proxy_request", object{"method": "POST", "path": "posts"}, nil, nil)
	}},
	{"Call of a proxied list", ErrCancelled, func(ctx context.Context, client *Client) error {
		return client.Call(ctx, "proxy_request", object{"method": "get", "path": "posts"}, nil, nil)
	}},
	{"Check", ErrCancelled, func(ctx context.Context, client *Client) error {
		_, err := client.Check(ctx, "etag", 1)
		return err
	}},
	{"VaultPlusBatch", ErrCancelled, func(ctx context.Context, client *Client) error {
		_, err := client.VaultPlusBatch(ctx, []string{"1", "2"})
		return err
	}},
	{"Next", ErrCancelled, func(ctx context.Context, client *Client) error {
		batch := client.UploadAll([]Source{Bytes([]byte("bytes"), "a.mp4"), File("missing.mp4")})
		defer batch.Close()
		if batch.Next(ctx) {
			return batch.Value().Err
		}
		return batch.Err()
	}},
	{"Upload", ErrCancelled, func(ctx context.Context, client *Client) error {
		_, err := client.Upload(ctx, Bytes([]byte("bytes"), "a.mp4"))
		return err
	}},
}

func TestAContextEndsEveryCall(t *testing.T) {
	held := newHeldServer(t, answerJSON(`{"id": 7}`))
	client := held.client(t)
	for _, c := range waits {
		t.Run(c.name+" cancelled", func(t *testing.T) {
			ctx, cancel := context.WithCancel(background(t))
			ended := make(chan time.Time, 1)
			go func() {
				<-held.arrived
				ended <- time.Now()
				cancel()
			}()
			failure := expectStatus(t, c.call(ctx, client), c.status)
			if passed := time.Since(<-ended); passed > time.Second {
				t.Fatalf("it took %v", passed)
			}
			if !errors.Is(failure, context.Canceled) || failure.Retryable != (c.status == ErrCancelled) {
				t.Fatalf("%+v", failure)
			}
		})
		t.Run(c.name+" out of time", func(t *testing.T) {
			ctx, cancel := context.WithTimeout(background(t), 500*time.Millisecond)
			defer cancel()
			status := c.status
			if status == ErrCancelled {
				status = ErrTimeout
			}
			failure := expectStatus(t, c.call(ctx, client), status)
			if !errors.Is(failure, context.DeadlineExceeded) || errors.Is(failure, context.Canceled) {
				t.Fatalf("%+v", failure)
			}
			await(t, "the request", held.arrived)
		})
	}
	// Nothing is under way any more, although the server has answered nothing.
	client.Close()
	if client.uses.count != 0 || client.client != nil {
		t.Fatalf("%d calls under way", client.uses.count)
	}
}

// threads are the threads of the system that this process has.
func threads(t testing.TB) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/task")
	if err != nil {
		t.Skipf("this system does not tell its threads: %v", err)
	}
	return len(entries)
}

func TestCallsThatWereGivenUpLeaveNoThread(t *testing.T) {
	held := newHeldServer(t, answerJSON("{}"))
	client := held.client(t)
	round := func() {
		ctx, cancel := context.WithTimeout(background(t), 100*time.Millisecond)
		defer cancel()
		expectStatus(t, client.Call(ctx, "list_posts", nil, nil, nil), ErrTimeout)
		await(t, "the request", held.arrived)
	}
	for i := 0; i < 10; i++ {
		round()
	}
	before := threads(t)
	for i := 0; i < 100; i++ {
		round()
	}
	// Go starts a thread now and then, and never one for each call.
	if after := threads(t); after > before+10 {
		t.Fatalf("%d threads before, %d after", before, after)
	}
}
