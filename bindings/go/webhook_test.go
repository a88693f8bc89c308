package ofauth

// Webhooks: what is signed is taken and read, and how the endpoint answers. The table of requests is that of all languages
// and is run by a program of its own.

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

const webhookSecret = "whsec_c2VjcmV0LXNlY3JldA=="

const webhookText = `{"type":"connection.created","timestamp":"2026-11-28T10:00:00.000Z","data":{"clientReferenceId":"r",` +
	`"connection":{"id":"conn_1","status":"active","permissions":["vault:write"],"userData":{"id":7,"name":"Ada"}}}}`

// signed is a request as the service sends it.
func signed(t testing.TB, scheme WebhookScheme, body, id string, at time.Time) *http.Request {
	t.Helper()
	header, err := SignWebhook(scheme, webhookSecret, []byte(body), id, at)
	if err != nil {
		t.Fatal(err)
	}
	request := httptest.NewRequest(http.MethodPost, "/webhooks", strings.NewReader(body))
	request.Header = header
	return request
}

func TestAWebhookIsVerifiedAndRead(t *testing.T) {
	for _, scheme := range []WebhookScheme{WebhookOFAuth, WebhookSvix} {
		at := time.Now().Truncate(time.Second)
		request := signed(t, scheme, webhookText, "msg_1", at)
		event, err := VerifyWebhook([]string{"another", webhookSecret}, request.Header, []byte(webhookText))
		if err != nil {
			t.Fatal(err)
		}
		if event.Scheme != scheme || event.Type != "connection.created" || !event.SignedAt.Equal(at) || event.Live != nil {
			t.Errorf("%+v", event)
		}
		if want := time.Date(2026, 11, 28, 10, 0, 0, 0, time.UTC); !event.Timestamp.Equal(want) {
			t.Errorf("the timestamp is %v", event.Timestamp)
		}
		connection := event.Connection
		if connection == nil || connection.ID != "conn_1" || connection.ClientReferenceID != "r" || connection.User.ID != "7" {
			t.Errorf("the connection is %+v", connection)
		}
		if (scheme == WebhookSvix) != (event.DedupeKey == "msg_1") || !strings.Contains(string(event.Data), "Ada") {
			t.Errorf("%+v", event)
		}
	}
}

func TestAWebhookThatIsNotToBeTakenIsAnErrorThatSaysWhy(t *testing.T) {
	now := time.Now()
	header := signed(t, WebhookOFAuth, webhookText, "", now).Header
	verify := func(secret string, header http.Header, body string, at time.Time, tolerance time.Duration) error {
		_, err := VerifyWebhookAt([]string{secret}, header, []byte(body), at, tolerance)
		return err
	}
	empty := signed(t, WebhookOFAuth, "", "", now).Header
	for _, c := range []struct {
		got  error
		want error
	}{
		{verify(webhookSecret, header, webhookText, now, 0), nil},
		{verify(webhookSecret, header, webhookText, now.Add(24*time.Hour), 25*time.Hour), nil},
		{verify(webhookSecret, http.Header{}, webhookText, now, 0), ErrWebhookMissing},
		{verify(webhookSecret, http.Header{"ofauth-signature": {"t=1"}}, webhookText, now, 0), ErrWebhookMalformed},
		{verify(webhookSecret, header, webhookText, now.Add(time.Hour), 0), ErrWebhookTooOld},
		{verify(webhookSecret, header, webhookText, now.Add(-time.Hour), 0), ErrWebhookTooNew},
		{verify("another", header, webhookText, now, 0), ErrWebhookMismatch},
		{verify(webhookSecret, empty, "", now, 0), ErrWebhookUnreadable},
		{verify("\n", header, webhookText, now, 0), ErrInvalidArgument},
		{verify("a\x00b", header, webhookText, now, 0), ErrInvalidArgument},
		{verify(webhookSecret, header, webhookText, now, -time.Second), ErrInvalidArgument},
	} {
		if !errors.Is(c.got, c.want) {
			t.Errorf("%v, not %v", c.got, c.want)
		}
	}
	if _, err := SignWebhook(WebhookSvix, webhookSecret, nil, "", now); !errors.Is(err, ErrInvalidArgument) {
		t.Errorf("svix without an id: %v", err)
	}
	// What other headers hold does not matter.
	header.Set("User-Agent", "caf\xe9")
	if err := verify(webhookSecret, header, webhookText, now, 0); err != nil {
		t.Error(err)
	}
}

// handler is one for the secret of the tests.
func handler(t *testing.T, handle func(context.Context, WebhookEvent) error) *webhookHandler {
	t.Helper()
	h, err := NewWebhookHandler([]string{webhookSecret}, handle)
	if err != nil {
		t.Fatal(err)
	}
	return h.(*webhookHandler)
}

// answer is the status that a handler gives.
func answer(h http.Handler, request *http.Request) int {
	recorder := httptest.NewRecorder()
	h.ServeHTTP(recorder, request)
	return recorder.Code
}

func TestTheWebhookHandlerAnswersAfterHandingOver(t *testing.T) {
	var failure error
	var events []WebhookEvent
	h := handler(t, func(ctx context.Context, event WebhookEvent) error {
		if _, ok := ctx.Deadline(); !ok {
			t.Error("the context has no deadline")
		}
		events = append(events, event)
		return failure
	})
	request := func(id string) *http.Request { return signed(t, WebhookSvix, webhookText, id, time.Now()) }
	expect := func(what string, status, want, count int) {
		t.Helper()
		if status != want || len(events) != count {
			t.Errorf("%s: %d after %d events, not %d after %d", what, status, len(events), want, count)
		}
	}
	expect("an event", answer(h, request("a")), 204, 1)
	expect("the same again", answer(h, request("a")), 204, 1)
	failure = errors.New("the queue is full")
	expect("one that fails", answer(h, request("b")), 500, 2)
	failure = nil
	expect("which comes again", answer(h, request("b")), 204, 3)

	forged := request("c")
	forged.Header.Set("Svix-Id", "d")
	expect("a forged one", answer(h, forged), 400, 3)
	expect("a late one", answer(h, signed(t, WebhookSvix, webhookText, "e", time.Now().Add(-time.Hour))), 400, 3)
	expect("one that says nothing", answer(h, signed(t, WebhookSvix, "{}", "f", time.Now())), 400, 3)
	get := request("g")
	get.Method = http.MethodGet
	expect("a visit", answer(h, get), 405, 3)
	large := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(strings.Repeat("x", webhookBody+1)))
	expect("a large one", answer(h, large), 413, 3)
}

func TestTheWebhookHandlerRefusesWhatCanVerifyNothingAtTheStart(t *testing.T) {
	take := func(context.Context, WebhookEvent) error { return nil }
	for _, secrets := range [][]string{nil, {""}, {" \n"}, {"", " "}, {"whsec_"}, {"a\x00b"}} {
		if h, err := NewWebhookHandler(secrets, take); err == nil || h != nil {
			t.Errorf("%q was taken", secrets)
		}
	}
	if _, err := NewWebhookHandler([]string{webhookSecret, ""}, take); err != nil {
		t.Error(err)
	}
	if _, err := NewWebhookHandler(nil, take); !errors.Is(err, ErrInvalidArgument) {
		t.Error(err)
	}
	if _, err := NewWebhookHandler([]string{webhookSecret}, nil); !errors.Is(err, ErrInvalidArgument) {
		t.Error(err)
	}
	if WebhookHandler([]string{webhookSecret}, take) == nil {
		t.Error("there is no handler")
	}
	defer func() {
		if recover() == nil {
			t.Error("a handler without secrets was taken")
		}
	}()
	WebhookHandler(nil, take)
}

func TestTheWebhookHandlerAnswersInTime(t *testing.T) {
	release, calls := make(chan struct{}), int32(0)
	h := handler(t, func(ctx context.Context, event WebhookEvent) error {
		atomic.AddInt32(&calls, 1)
		<-release
		return nil
	})
	h.time = time.Millisecond
	request := func() *http.Request { return signed(t, WebhookSvix, webhookText, "slow", time.Now()) }
	for i := 0; i < 2; i++ {
		if status := answer(h, request()); status != 503 {
			t.Errorf("%d while the function runs", status)
		}
	}
	h.time = patience
	close(release)
	// It waits for the function that is still at work, and calls no other.
	if status := answer(h, request()); status != 204 {
		t.Errorf("%d when the function has ended", status)
	}
	if calls := atomic.LoadInt32(&calls); calls != 1 {
		t.Errorf("%d calls", calls)
	}
}

func TestTheWebhookHandlerForgetsTheOldestAndTellsPanics(t *testing.T) {
	calls := map[string]int{}
	h := handler(t, func(ctx context.Context, event WebhookEvent) error {
		calls[event.ID]++
		if event.ID == "panics" && calls[event.ID] == 1 {
			panic("as told")
		}
		return nil
	})
	h.most = 2
	deliver := func(id string) int { return answer(h, signed(t, WebhookSvix, webhookText, id, time.Now())) }
	for _, id := range []string{"a", "b", "c", "b", "a"} {
		if status := deliver(id); status != 204 {
			t.Errorf("%s: %d", id, status)
		}
	}
	if calls["a"] != 2 || calls["b"] != 1 || calls["c"] != 1 || len(h.deliveries) != 2 {
		t.Errorf("%v, %d", calls, len(h.deliveries))
	}
	func() {
		defer func() {
			if value := recover(); value != "as told" {
				t.Errorf("the panic is %v", value)
			}
		}()
		deliver("panics")
	}()
	if status := deliver("panics"); status != 204 {
		t.Errorf("after the panic: %d", status)
	}
}
