package ofauth

// What the tests share: the environment, the sandbox and its faults, and a server that answers when it is told to.

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"
)

// How long something may take that happens at once unless it is broken.
const patience = 30 * time.Second

// environment is a variable that the tests need, or their end with the remedy.
func environment(t testing.TB, name string) string {
	t.Helper()
	value := os.Getenv(name)
	if value == "" {
		t.Fatalf("%s is not set: start `ofauth sandbox --part-size 64KiB`, export the three variables that it prints, "+
			"and set OFAUTH_CLIP to a file of several parts, such as samples/clip.mp4", name)
	}
	return value
}

// settings are those of the environment.
func settings(t testing.TB) Config {
	t.Helper()
	return Config{
		APIKey:       environment(t, "OFAUTH_API_KEY"),
		BaseURL:      environment(t, "OFAUTH_BASE_URL"),
		ConnectionID: environment(t, "OFAUTH_CONNECTION_ID"),
	}
}

func newClient(t testing.TB, config Config) *Client {
	t.Helper()
	client, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return client
}

// sandboxClient is a client of the sandbox.
func sandboxClient(t testing.TB) *Client {
	t.Helper()
	return newClient(t, settings(t))
}

// clip is the path of the clip and its bytes.
func clip(t testing.TB) (string, []byte) {
	t.Helper()
	path := environment(t, "OFAUTH_CLIP")
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return path, data
}

// background is a context that ends the call of a test that hangs.
func background(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*patience)
	t.Cleanup(cancel)
	return ctx
}

// uploadRecord is what the sandbox knows of an upload.
type uploadRecord struct {
	Filename    string
	Size        int64
	ContentType string
	State       string
	SHA256      string
	Parts       []struct {
		Attempts int
		Etag     string
	}
}

func askSandbox(t testing.TB, method, path string, body any, out any) {
	t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequest(method, environment(t, "OFAUTH_BASE_URL")+"/_sandbox/"+path, bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	request.Close = true
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		t.Fatalf("%s %s: %s", method, path, answer.Status)
	}
	if err := json.NewDecoder(answer.Body).Decode(out); err != nil {
		t.Fatal(err)
	}
}

// recordOf is what the sandbox knows of the upload with this reference.
func recordOf(t testing.TB, uploadID string) uploadRecord {
	t.Helper()
	var record uploadRecord
	askSandbox(t, http.MethodGet, "uploads/"+url.PathEscape(uploadID), nil, &record)
	return record
}

type object = map[string]any

// playFaults has the sandbox play faults until the test ends.
func playFaults(t testing.TB, rules ...object) {
	t.Helper()
	var answer object
	askSandbox(t, http.MethodPost, "faults", rules, &answer)
	t.Cleanup(func() { askSandbox(t, http.MethodDelete, "faults", nil, &answer) })
}

// expectUploaded compares what the sandbox has with what was sent.
func expectUploaded(t testing.TB, result *Result, data []byte) uploadRecord {
	t.Helper()
	record := recordOf(t, result.UploadID)
	sum := sha256.Sum256(data)
	if record.SHA256 != hex.EncodeToString(sum[:]) || record.State != "complete" {
		t.Fatalf("the sandbox has %+v, not the bytes that were sent", record)
	}
	if result.Bytes != int64(len(data)) || result.Parts != len(record.Parts) || len(result.ETags) != result.Parts {
		t.Fatalf("the result is %+v, the sandbox has %+v", result, record)
	}
	for i, part := range record.Parts {
		if part.Etag != result.ETags[i] {
			t.Fatalf("etag %d is %q, the sandbox says %q", i, result.ETags[i], part.Etag)
		}
	}
	return record
}

// expectStatus is the error as an *Error, if it has this status.
func expectStatus(t testing.TB, err error, status Status) *Error {
	t.Helper()
	var failure *Error
	if !errors.As(err, &failure) {
		t.Fatalf("%v is no *Error; wanted %v", err, status)
	}
	if !errors.Is(err, status) || failure.Status != status {
		t.Fatalf("%v has status %v; wanted %v", err, failure.Status, status)
	}
	if !strings.HasPrefix(err.Error(), "ofauth: ") || failure.Message == "" {
		t.Fatalf("the text is %q", err)
	}
	return failure
}

// heldServer is a service that answers no request before it is told to.
type heldServer struct {
	// Has one element for each request that came.
	arrived chan string
	// Closed when all requests may be answered.
	release chan struct{}
	url     string
}

// newHeldServer answers with the handler once it is released, which the end of the test does at the latest.
func newHeldServer(t testing.TB, handler http.HandlerFunc) *heldServer {
	t.Helper()
	held := &heldServer{arrived: make(chan string, 100), release: make(chan struct{})}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		held.arrived <- r.Method + " " + r.URL.Path
		<-held.release
		handler(w, r)
	}))
	held.url = server.URL
	t.Cleanup(func() {
		held.letGo()
		server.Close()
	})
	return held
}

func (h *heldServer) letGo() {
	select {
	case <-h.release:
	default:
		close(h.release)
	}
}

func (h *heldServer) client(t testing.TB) *Client {
	t.Helper()
	return newClient(t, Config{APIKey: "sk_test_held", BaseURL: h.url, ConnectionID: "conn_held"})
}

// await waits for something that has to come.
func await[T any](t testing.TB, what string, from <-chan T) T {
	t.Helper()
	select {
	case value := <-from:
		return value
	case <-time.After(patience):
		t.Fatalf("%s did not come", what)
		panic("unreachable")
	}
}

// eventually tries until a condition holds that no event tells of.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !holds(); runtime.Gosched() {
		if time.Now().After(end) {
			t.Fatalf("%s: not within %v", what, patience)
		}
	}
}

func answerJSON(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Write([]byte(text))
	}
}
