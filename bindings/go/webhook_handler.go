package ofauth

// An endpoint for webhooks: reads, verifies, leaves out what was handed over before, and answers in time. What becomes of an
// event is for a function to say.

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"time"
)

const (
	// The service gives an answer 10 s, the way to it and back included.
	webhookTime = 8 * time.Second
	// The most bytes of a body.
	webhookBody = 4 << 20
	// How many events are known again.
	webhookKeys = 10_000
)

// NewWebhookHandler is an endpoint for the webhooks of the service. It verifies each request and hands its event over to the
// function, which keeps it: in a queue, in a database. The work that follows is not for the function, because the service
// waits 10 s for an answer.
//
// The answer is 2xx if the function returned nil, and 500 if it returned an error: the service then sends the event again, up
// to 5 times. The context ends after 8 s; if the function has not returned by then, the answer is 503. A request that is not
// genuine, or too old, is answered with 400, and the function does not hear of it.
//
// Of the last 10 000 events that were handed over none is handed over again by this handler. Several processes, and one that
// starts anew, need a memory of their own for [WebhookEvent.DedupeKey].
//
// It reads whole requests: give the server a ReadTimeout.
//
// Secrets that can verify nothing, none or only empty ones, are an error here, [ErrInvalidArgument], and not with each request.
func NewWebhookHandler(secrets []string, handle func(context.Context, WebhookEvent) error) (http.Handler, error) {
	if handle == nil {
		return nil, invalid("there is no function that takes the events")
	}
	// A request without a signature is refused for that, once the secrets are good.
	if _, err := VerifyWebhook(secrets, http.Header{}, nil); refusal(err) != http.StatusBadRequest {
		return nil, err
	}
	return &webhookHandler{
		secrets:    append([]string(nil), secrets...),
		handle:     handle,
		time:       webhookTime,
		most:       webhookKeys,
		deliveries: map[string]*delivery{},
	}, nil
}

// WebhookHandler is [NewWebhookHandler] in one expression, for programs whose secrets are part of their settings. It panics
// where NewWebhookHandler returns an error, as [http.Handle] does with what can never serve.
func WebhookHandler(secrets []string, handle func(context.Context, WebhookEvent) error) http.Handler {
	handler, err := NewWebhookHandler(secrets, handle)
	if err != nil {
		panic(err.Error())
	}
	return handler
}

type webhookHandler struct {
	secrets []string
	handle  func(context.Context, WebhookEvent) error
	time    time.Duration
	most    int

	lock sync.Mutex
	// Events that are being handed over or were, by their keys.
	deliveries map[string]*delivery
	// The keys of those that were, from the oldest on.
	keys []string
}

// delivery is an event that is handed over, by whichever of its requests came first.
type delivery struct {
	// Closed at the end; what follows does not change after that.
	ended chan struct{}
	end   end
	value any
	err   error
}

// ServeHTTP answers one request.
func (h *webhookHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), h.time)
	defer cancel()
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		http.Error(w, "webhooks come by POST", http.StatusMethodNotAllowed)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, webhookBody))
	if err != nil {
		status := http.StatusBadRequest
		if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
			status = http.StatusRequestEntityTooLarge
		}
		http.Error(w, "the body cannot be read", status)
		return
	}
	event, err := VerifyWebhook(h.secrets, r.Header, body)
	if err != nil {
		http.Error(w, err.Error(), refusal(err))
		return
	}
	one := h.deliver(ctx, *event)
	select {
	case <-one.ended:
	case <-ctx.Done():
		http.Error(w, "the event is not handed over yet", http.StatusServiceUnavailable)
		return
	}
	switch {
	case one.end == panicked:
		// As if the function had been called here: the server tells it and closes the connection.
		panic(one.value)
	case one.end == exited || one.err != nil:
		http.Error(w, "the event was not handed over", http.StatusInternalServerError)
	default:
		w.WriteHeader(http.StatusNoContent)
	}
}

// refusal is the HTTP status for a request that was not verified: the sender's fault, or that of the settings here.
func refusal(err error) int {
	var failure *Error
	if errors.As(err, &failure) && failure.Status >= 400 && failure.Status < 500 {
		return http.StatusBadRequest
	}
	return http.StatusInternalServerError
}

// deliver hands an event over, unless another request has: then it is that one's delivery.
func (h *webhookHandler) deliver(ctx context.Context, event WebhookEvent) *delivery {
	h.lock.Lock()
	defer h.lock.Unlock()
	key := event.DedupeKey
	if earlier := h.deliveries[key]; earlier != nil {
		return earlier
	}
	one := &delivery{ended: make(chan struct{}), end: exited, err: errors.New("the function did not return")}
	h.deliveries[key] = one
	// On a goroutine of its own, so that an answer can be given while the function still runs.
	go func() {
		defer func() {
			if one.end != returned {
				if value := recover(); value != nil {
					one.end, one.value = panicked, value
				}
			}
			h.settle(key, one)
		}()
		err := h.handle(ctx, event)
		one.end, one.err = returned, err
	}()
	return one
}

// settle keeps the key of an event that was handed over, and forgets that of another, which the service sends again.
func (h *webhookHandler) settle(key string, one *delivery) {
	h.lock.Lock()
	defer h.lock.Unlock()
	if one.end != returned || one.err != nil {
		delete(h.deliveries, key)
	} else if h.keys = append(h.keys, key); len(h.keys) > h.most {
		delete(h.deliveries, h.keys[0])
		h.keys = h.keys[1:]
	}
	close(one.ended)
}
