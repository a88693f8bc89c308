package ofauth

// The life of a client: settings, closing while it is used, being forgotten, and what it leaves behind.

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"runtime/cgo"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestSettingsThatCannotBe(t *testing.T) {
	good := Config{APIKey: "sk_test_key", BaseURL: "http://127.0.0.1:1", ConnectionID: "conn_1"}
	for name, c := range map[string]struct {
		change func(*Config)
		status Status
	}{
		"no key":              {func(c *Config) { c.APIKey = "" }, ErrConfig},
		"NUL key":             {func(c *Config) { c.APIKey = "sk_test\x00key" }, ErrInvalidArgument},
		"bad key":             {func(c *Config) { c.APIKey = "sk_test\xff" }, ErrUTF8},
		"bad URL":             {func(c *Config) { c.BaseURL = "nonsense" }, ErrConfig},
		"NUL URL":             {func(c *Config) { c.BaseURL = "http://127.0.0.1\x00.example" }, ErrInvalidArgument},
		"plain http":          {func(c *Config) { c.BaseURL = "http://api.example.com" }, ErrConfig},
		"bad connection":      {func(c *Config) { c.ConnectionID = "conn 1" }, ErrConfig},
		"NUL connection":      {func(c *Config) { c.ConnectionID = "conn\x001" }, ErrInvalidArgument},
		"bad certificates":    {func(c *Config) { c.CAPEM = "nonsense" }, ErrConfig},
		"bad proxy":           {func(c *Config) { c.Proxy = "socks5://proxy" }, ErrConfig},
		"NUL proxy":           {func(c *Config) { c.Proxy = "http://proxy\x00" }, ErrInvalidArgument},
		"NUL agent":           {func(c *Config) { c.UserAgent = "a\x00b" }, ErrInvalidArgument},
		"bad agent":           {func(c *Config) { c.UserAgent = "a\nb" }, ErrConfig},
		"bad origin":          {func(c *Config) { c.AllowOrigins = []string{"https://ok.example", "nonsense"} }, ErrConfig},
		"NUL origin":          {func(c *Config) { c.AllowOrigins = []string{"https://a\x00b"} }, ErrInvalidArgument},
		"negative threads":    {func(c *Config) { c.WorkerThreads = -1 }, ErrInvalidArgument},
		"many threads":        {func(c *Config) { c.WorkerThreads = 65 }, ErrInvalidArgument},
		"huge threads":        {func(c *Config) { c.WorkerThreads = 1<<32 + 1 }, ErrInvalidArgument},
		"negative parts":      {func(c *Config) { c.Concurrency = -4 }, ErrInvalidArgument},
		"many parts":          {func(c *Config) { c.Concurrency = 65 }, ErrInvalidArgument},
		"negative bandwidth":  {func(c *Config) { c.BandwidthLimit = -1 }, ErrInvalidArgument},
		"negative connecting": {func(c *Config) { c.ConnectTimeout = -1 }, ErrInvalidArgument},
		"negative stall":      {func(c *Config) { c.StallTimeout = -1 }, ErrInvalidArgument},
		"negative answer":     {func(c *Config) { c.AnswerTimeout = -1 }, ErrInvalidArgument},
		"bad level":           {func(c *Config) { c.Log, c.LogLevel = func(LogLevel, string) {}, 9 }, ErrInvalidArgument},
	} {
		t.Run(name, func(t *testing.T) {
			config := good
			c.change(&config)
			client, err := New(config)
			if client != nil {
				t.Fatal("there is a client")
			}
			expectStatus(t, err, c.status)
			if strings.Contains(err.Error(), "sk_test") {
				t.Fatalf("the key is in %q", err)
			}
		})
	}
}

func TestEverySettingIsTaken(t *testing.T) {
	config := settings(t)
	config.WorkerThreads = 1
	config.Concurrency = 2
	config.BandwidthLimit = 1 << 30
	config.Proxy = "http://127.0.0.1:1"
	config.ConnectTimeout = time.Second
	config.StallTimeout = 20 * time.Second
	config.AnswerTimeout = time.Nanosecond + 20*time.Second
	config.UserAgent = "settings-test/1.0"
	config.AllowOrigins = []string{"https://uploads.example.com"}
	config.AllowPlainHTTP = true
	client := newClient(t, config)
	_, data := clip(t)
	result, err := client.Upload(background(t), Bytes(data, "settings.mp4"))
	if err != nil {
		t.Fatal(err)
	}
	expectUploaded(t, result, data)
	var transcript []struct{ Headers map[string]string }
	askSandbox(t, "GET", "transcript", nil, &transcript)
	for _, exchange := range transcript {
		if strings.HasPrefix(exchange.Headers["user-agent"], "settings-test/1.0") {
			return
		}
	}
	t.Fatal("the user agent did not arrive")
}

func TestLogLines(t *testing.T) {
	config := settings(t)
	_, data := clip(t)
	for level, wanted := range map[LogLevel]bool{LogError: false, 0: true, LogDebug: true} {
		lines := map[LogLevel]int{}
		config.LogLevel = level
		config.Log = func(level LogLevel, message string) {
			lines[level]++
			if message == "" || strings.Contains(message, config.APIKey) {
				t.Errorf("a line is %q", message)
			}
		}
		client := newClient(t, config)
		playFaults(t, object{
			"on":    object{"operation": "upload_part", "filename": "log.mp4", "part": 1},
			"fault": object{"kind": "status", "status": 500},
		})
		if _, err := client.Upload(background(t), Bytes(data, "log.mp4")); err != nil {
			t.Fatal(err)
		}
		if got := len(lines) > 0; got != wanted {
			t.Fatalf("at level %v: %v", level, lines)
		}
		if level == 0 && (lines[LogDebug] > 0 || lines[LogTrace] > 0) {
			t.Fatalf("more than asked for: %v", lines)
		}
	}
}

func TestConfigIsShownWithoutSecrets(t *testing.T) {
	config := Config{APIKey: "sk_live_secret", BaseURL: "https://x.example", Proxy: "http://user:secret@proxy:1"}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		for _, value := range []any{config, &config, []Config{config}} {
			text := fmt.Sprintf(verb, value)
			if strings.Contains(text, "secret") || strings.Contains(text, fmt.Sprintf("%x", "secret")) {
				t.Fatalf("%s: %s", verb, text)
			}
		}
	}
	if text := fmt.Sprint(config); !strings.Contains(text, "https://x.example") {
		t.Fatal(text)
	}
}

func TestANewKeyIsSentFromThenOn(t *testing.T) {
	keys := make(chan string, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		keys <- r.Header.Get("apikey")
		answerJSON(`{"id": "7"}`)(w, r)
	}))
	t.Cleanup(server.Close)
	client := newClient(t, Config{APIKey: "sk_test_old", BaseURL: server.URL, ConnectionID: "conn_1"})
	sends := func(key string) {
		t.Helper()
		if err := client.Call(background(t), "whoami", nil, nil, nil); err != nil {
			t.Fatal(err)
		}
		if sent := await(t, "the key", keys); sent != key {
			t.Fatalf("%q was sent, not %q", sent, key)
		}
	}
	sends("sk_test_old")
	if err := client.SetAPIKey("sk_test_new"); err != nil {
		t.Fatal(err)
	}
	sends("sk_test_new")
	for bad, status := range map[string]Status{
		"":                ErrConfig,
		"sk test bad":     ErrConfig,
		"sk_test\x00bad":  ErrInvalidArgument,
		"sk_test\xff_bad": ErrUTF8,
	} {
		err := client.SetAPIKey(bad)
		if expectStatus(t, err, status); strings.Contains(err.Error(), "bad") {
			t.Fatalf("the key is in %q", err)
		}
	}
	sends("sk_test_new")
}

func TestCloseTwiceAndAfterwards(t *testing.T) {
	client, ctx := sandboxClient(t), background(t)
	for i := 0; i < 2; i++ {
		if err := client.Close(); err != nil {
			t.Fatal(err)
		}
	}
	_, uploaded := client.Upload(ctx, Bytes([]byte("bytes"), "a.mp4"))
	_, checked := client.Check(ctx, "etag", 1)
	_, fetched := client.VaultPlusBatch(ctx, []string{"1"})
	for _, err := range []error{
		uploaded, checked, fetched,
		client.Call(ctx, "whoami", nil, nil, nil),
		client.CallBytes(ctx, "upload_part", nil, nil, "video/mp4", nil),
		client.SetAPIKey("sk_test_key"),
		new(Client).Call(ctx, "whoami", nil, nil, nil),
	} {
		expectStatus(t, err, ErrInvalidArgument)
		if !errors.Is(err, ErrClosed) {
			t.Fatal(err)
		}
	}
	if err := new(Client).Close(); err != nil {
		t.Fatal(err)
	}
}

func TestCloseUnderWay(t *testing.T) {
	client, ctx := sandboxClient(t), background(t)
	_, data := clip(t)
	result, err := client.Upload(ctx, Bytes(data, "closed.mp4"), WithConcurrency(1), WithProgress(func(p Progress) {
		// One report may tell of several parts.
		if p.PartsDone >= 1 {
			client.Close()
		}
	}))
	if err != nil {
		t.Fatal(err)
	}
	expectUploaded(t, result, data)
	if client.client != nil || client.uses.count != 0 {
		t.Fatal("the last call did not free the client")
	}
}

func TestCloseFromManyGoroutinesWhileOthersCall(t *testing.T) {
	ctx := background(t)
	for round := 0; round < 20; round++ {
		client, err := New(settings(t))
		if err != nil {
			t.Fatal(err)
		}
		var group sync.WaitGroup
		start := make(chan struct{})
		failures := make(chan error, 100)
		for i := 0; i < 8; i++ {
			i := i
			group.Add(1)
			go func() {
				defer group.Done()
				<-start
				if i%2 == 0 {
					client.Close()
				} else if err := client.Call(ctx, "whoami", nil, nil, nil); err != nil && !errors.Is(err, ErrClosed) {
					failures <- err
				}
			}()
		}
		close(start)
		group.Wait()
		close(failures)
		for err := range failures {
			t.Fatal(err)
		}
		if client.client != nil {
			t.Fatal("the client was not freed")
		}
	}
}

// libraryThreads counts the threads of the library in this process.
func libraryThreads(t testing.TB) int {
	t.Helper()
	tasks, err := os.ReadDir("/proc/self/task")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		fmt.Fprintf(os.Stderr, "SKIPPED: %s: threads can be counted on Linux only: %v\n", t.Name(), err)
		t.SkipNow()
	}
	count := 0
	for _, task := range tasks {
		// A thread may end in between.
		name, err := os.ReadFile("/proc/self/task/" + task.Name() + "/comm")
		if err == nil && strings.HasPrefix(string(name), "ofauth") {
			count++
		}
	}
	return count
}

// awaitNoThreads waits until no client of the process is left, from earlier tests or because it was forgotten.
func awaitNoThreads(t testing.TB) {
	t.Helper()
	eventually(t, "the threads of all clients end", func() bool {
		runtime.GC()
		return libraryThreads(t) == 0
	})
}

func TestAForgottenClientIsFreed(t *testing.T) {
	awaitNoThreads(t)
	func() {
		client, err := New(settings(t))
		if err != nil {
			t.Fatal(err)
		}
		if err := client.Call(background(t), "whoami", nil, nil, nil); err != nil {
			t.Fatal(err)
		}
		if libraryThreads(t) == 0 {
			t.Fatal("the client has no threads, so this test sees nothing")
		}
	}()
	awaitNoThreads(t)
}

func TestNothingIsLeftBehind(t *testing.T) {
	client := sandboxClient(t)
	_, data := clip(t)
	// What the first call sets up for good does not count.
	once := func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if _, err := client.Upload(ctx, Bytes(data, "left.mp4"), WithProgress(func(Progress) {})); err != nil {
			t.Fatal(err)
		}
		if err := client.Call(ctx, "whoami", nil, nil, nil); err != nil {
			t.Fatal(err)
		}
		if _, err := client.Upload(ctx, File("missing.mp4")); err == nil {
			t.Fatal("a missing file was uploaded")
		}
		batch := client.UploadAll([]Source{Bytes(data, "left.mp4"), File("missing.mp4"), Bytes(data, "left.mp4")}, WithFiles(2),
			WithBatchProgress(func(int, Progress) {}))
		if !batch.Next(ctx) || batch.Settle(ctx) != nil || batch.Close() != nil {
			t.Fatal(batch.Err())
		}
		ends(t, func() { client.Upload(ctx, Bytes(data, "left.mp4"), WithProgress(func(Progress) { panic("left") })) })
		cancel()
		if err := client.Call(ctx, "whoami", nil, nil, nil); err == nil {
			t.Fatal("a call on a context that ended")
		}
	}
	once()
	goroutines, first := runtime.NumGoroutine(), cgo.NewHandle(nil)
	for i := 0; i < 10; i++ {
		once()
	}
	last := cgo.NewHandle(nil)
	if last-first < 30 {
		t.Fatalf("only %d handles were made, so this test sees nothing", last-first)
	}
	for handle := first + 1; handle < last; handle++ {
		if isValid(handle) {
			t.Errorf("handle %d is left", handle)
		}
	}
	first.Delete()
	last.Delete()
	// A goroutine that has done its work may need a moment to end.
	eventually(t, "the goroutines end", func() bool { return runtime.NumGoroutine() <= goroutines })
}

func isValid(handle cgo.Handle) (valid bool) {
	defer func() { valid = recover() == nil }()
	handle.Value()
	return
}

func TestVersion(t *testing.T) {
	if Version() != headerText(t, "OFAUTH_VERSION") {
		t.Fatalf("the library is %s, the header is of %s", Version(), headerText(t, "OFAUTH_VERSION"))
	}
}
