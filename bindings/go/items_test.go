package ofauth

// Lists in pages: what ends a walk, and what it leaves behind. Every style of pages is walked by tests/go/pages.

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// listServer hands out so many posts, a page of one after the other, and says nothing to the request with this number.
func listServer(t testing.TB, posts, silent int) *httptest.Server {
	t.Helper()
	requests, end := 0, make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if requests++; requests == silent {
			select {
			case <-r.Context().Done():
			case <-end:
			}
			return
		}
		var before int
		fmt.Sscan(r.URL.Query().Get("beforePublishTime"), &before)
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"list": [{"id": %d}], "hasMore": %t, "tailMarker": "%d"}`, before+1, before+1 < posts, before+1)
	}))
	t.Cleanup(func() { close(end); server.Close() })
	return server
}

func listClient(t testing.TB, posts, silent int) *Client {
	t.Helper()
	server := listServer(t, posts, silent)
	return newClient(t, Config{APIKey: "sk_test", ConnectionID: "conn_1", BaseURL: server.URL})
}

func TestItemsAreDecodedAndEnd(t *testing.T) {
	client, ctx := listClient(t, 3, 0), background(t)
	items := client.Items("list_posts", nil)
	defer items.Close()
	if items.Value() != nil || items.ResumeToken() != "" {
		t.Fatal("there is something before Next")
	}
	expectStatus(t, items.Decode(new(any)), ErrInvalidArgument)
	for id := 1; id <= 3; id++ {
		var post struct{ ID int }
		if !items.Next(ctx) || items.Decode(&post) != nil || post.ID != id {
			t.Fatal(id, post, items.Err())
		}
		expectStatus(t, items.Decode(new([]string)), ErrInvalidAnswer)
	}
	for i := 0; i < 2; i++ {
		if items.Next(ctx) || items.Err() != nil || items.Value() != nil || items.ResumeToken() != "" {
			t.Fatal("the end is none", items.Err())
		}
	}
}

func TestContextEndsWaitingAndNotTheWalk(t *testing.T) {
	client, ctx := listClient(t, 3, 2), background(t)
	items := client.Items("list_posts", nil)
	defer items.Close()
	if !items.Next(ctx) {
		t.Fatal(items.Err())
	}
	short, cancel := context.WithTimeout(ctx, 200*time.Millisecond)
	defer cancel()
	if items.Next(short) || !errors.Is(items.Err(), context.DeadlineExceeded) || !errors.Is(items.Err(), ErrTimeout) {
		t.Fatal(items.Err())
	}
	if token := items.ResumeToken(); token != "list_posts@1" {
		t.Fatal(token)
	}
	if !items.Next(ctx) || string(items.Value()) != `{"id": 2}` {
		t.Fatal(items.Err())
	}
	over, cancel := context.WithCancel(ctx)
	cancel()
	if items.Next(over) || !errors.Is(items.Err(), context.Canceled) {
		t.Fatal(items.Err())
	}
	rest := client.Items("list_posts", nil, WithResume(items.ResumeToken()), nil, WithMax(1))
	defer rest.Close()
	if !rest.Next(ctx) || string(rest.Value()) != `{"id": 3}` || rest.Next(ctx) {
		t.Fatal(rest.Err())
	}
}

func TestWhatIsNoWalkIsRefused(t *testing.T) {
	client, ctx := sandboxClient(t), background(t)
	for name, items := range map[string]*Items{
		"no list":      client.Items("get_self", nil),
		"no operation": client.Items("list_pots", nil),
		"a parameter":  client.Items("list_posts", map[string]int{"limit": 1000}),
		"no JSON":      client.Items("list_posts", func() {}),
		"no token":     client.Items("list_posts", nil, WithResume("7")),
		"a NUL":        client.Items("list_posts", nil, WithResume("\x00")),
	} {
		for i := 0; i < 2; i++ {
			if items.Next(ctx) {
				t.Error(name)
			}
			expectStatus(t, items.Err(), ErrInvalidArgument)
		}
		if items.Close() != nil || items.Close() != nil || items.Next(ctx) || items.Err() == nil {
			t.Error(name)
		}
	}
	items := client.Items("list_posts", nil)
	items.Close()
	if items.Next(ctx) || !errors.Is(items.Err(), ErrClosed) {
		t.Fatal(items.Err())
	}
}
