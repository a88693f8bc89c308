package ofauth

// The check, the Vault+ batch, and calls by operation id.

import (
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
)

func TestCheck(t *testing.T) {
	client, ctx := sandboxClient(t), background(t)
	_, data := clip(t)
	// One part, whose etag is that of the file.
	data = data[:1000]
	result, err := client.Upload(ctx, Bytes(data, "check.mp4"))
	if err != nil {
		t.Fatal(err)
	}
	found, err := client.Check(ctx, result.ETags[0], result.Bytes)
	if err != nil || !found.Exists || result.MediaID == "" || !strings.Contains(string(found.Media), result.MediaID) {
		t.Fatal(found, err)
	}
	found, err = client.Check(ctx, `"another"`, result.Bytes)
	if err != nil || found.Exists || found.Media != nil {
		t.Fatal(found, err)
	}
	for _, c := range []struct {
		etag   string
		size   int64
		status Status
	}{
		{"", 1, ErrInvalidArgument},
		{"etag", 0, ErrInvalidArgument},
		{"etag", -1, ErrInvalidArgument},
		{"e\x00tag", 1, ErrInvalidArgument},
		{"e\xfftag", 1, ErrUTF8},
	} {
		_, err := client.Check(ctx, c.etag, c.size)
		expectStatus(t, err, c.status)
	}
}

func TestClientsForConnectionsAndCallsThatAreTriedOnce(t *testing.T) {
	client, ctx := sandboxClient(t), background(t)
	other, err := client.ForConnection("conn_other")
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	_, err = client.ForConnection("a b")
	expectStatus(t, err, ErrConfig)
	hasty, err := other.WithoutRetry()
	if err != nil {
		t.Fatal(err)
	}
	defer hasty.Close()
	once := Request{Operation: "whoami", NoRetry: true}
	failing := func(operation string, times int) object {
		return object{
			"on":    object{"operation": operation, "times": times},
			"fault": object{"kind": "status", "status": 503},
		}
	}
	playFaults(t, failing("whoami", 3))
	expectStatus(t, other.Do(ctx, once, nil), ErrServer)
	expectStatus(t, hasty.Call(ctx, "whoami", nil, nil, nil), ErrServer)
	if err := other.Call(ctx, "whoami", nil, nil, nil); err != nil {
		t.Fatal(err)
	}
	playFaults(t, failing("list_posts", 2))
	for _, items := range []*Items{client.Items("list_posts", nil, WithNoRetry()), hasty.Items("list_posts", nil)} {
		defer items.Close()
		if items.Next(ctx) {
			t.Error("the page came at the first try")
		}
		expectStatus(t, items.Err(), ErrServer)
	}
	budget, err := other.Budget("")
	if err != nil || budget != nil {
		t.Fatal(budget, err)
	}
	headers := object{"X-RateLimit-Limit": "90", "X-RateLimit-Remaining": "40", "X-RateLimit-Reset": "50"}
	playFaults(t, object{
		"on":    object{"operation": "get_self"},
		"fault": object{"kind": "answer", "json": object{"id": 1}, "headers": headers},
	})
	if err := other.Call(ctx, "get_self", nil, nil, nil); err != nil {
		t.Fatal(err)
	}
	budget, err = client.Budget("conn_other")
	if err != nil || budget == nil || budget.Limit != 90 || budget.Left > 40 || budget.Next != 0 {
		t.Fatal(budget, err)
	}
	client.Close()
	// What was made of it goes on.
	if err := hasty.Call(ctx, "whoami", nil, nil, nil); err != nil {
		t.Fatal(err)
	}
	for name, use := range map[string]func() error{
		"Budget":        func() error { _, err := client.Budget(""); return err },
		"ForConnection": func() error { _, err := client.ForConnection("conn_1"); return err },
		"WithoutRetry":  func() error { _, err := client.WithoutRetry(); return err },
	} {
		if err := use(); !errors.Is(err, ErrClosed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestVaultPlusBatch(t *testing.T) {
	client, ctx := sandboxClient(t), background(t)
	_, data := clip(t)
	// What was uploaded is cached, and nothing else that is asked for.
	var ids, cached, missing []string
	for i := 0; i < 250; i++ {
		id := strconv.Itoa(1_000_000 + i)
		if i == 50 || i == 180 {
			result, err := client.Upload(ctx, Bytes(data[:1000+i], "cached.mp4"))
			if err != nil {
				t.Fatal(err)
			}
			id = result.MediaID
			cached = append(cached, id)
		} else {
			missing = append(missing, id)
		}
		ids = append(ids, id)
	}
	batch, err := client.VaultPlusBatch(ctx, append(ids, ids[0], ids[50]))
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, item := range batch.Items {
		var media struct{ ID string }
		if err := json.Unmarshal(item, &media); err != nil {
			t.Fatal(err)
		}
		found = append(found, media.ID)
	}
	if strings.Join(found, " ") != strings.Join(cached, " ") {
		t.Fatalf("the items are %v, not %v", found, cached)
	}
	if strings.Join(batch.Missing, " ") != strings.Join(missing, " ") {
		t.Fatalf("the missing ids are %v", batch.Missing)
	}
	none, err := client.VaultPlusBatch(ctx, nil)
	if err != nil || len(none.Items) != 0 || len(none.Missing) != 0 {
		t.Fatal(none, err)
	}
	for bad, status := range map[string]Status{
		"": ErrInvalidArgument, "1\x002": ErrInvalidArgument, "\xff": ErrUTF8,
	} {
		_, err := client.VaultPlusBatch(ctx, []string{"1", bad})
		expectStatus(t, err, status)
	}
}

func TestCallDecodesTheAnswer(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("x-request-id", "req_7")
		answerJSON(`{"id": 4492994399, "name": "ä", "large": 9007199254740993}`)(w, r)
	}))
	defer server.Close()
	client, ctx := newClient(t, Config{APIKey: "sk_test_key", BaseURL: server.URL, ConnectionID: "conn_1"}), background(t)
	call := func(out any) error { return client.Call(ctx, "whoami", nil, nil, out) }

	var typed struct {
		ID    int64
		Name  string
		Large int64
	}
	err := call(&typed)
	if err != nil || typed.ID != 4492994399 || typed.Name != "ä" || typed.Large != 9007199254740993 {
		t.Fatal(typed, err)
	}
	var untyped any
	if err := call(&untyped); err != nil || untyped.(object)["id"] != float64(4492994399) {
		t.Fatal(untyped, err)
	}
	var raw json.RawMessage
	if err := call(&raw); err != nil || !strings.Contains(string(raw), "9007199254740993") {
		t.Fatal(string(raw), err)
	}
	if err := call(nil); err != nil {
		t.Fatal(err)
	}
	var whole Response
	err = call(&whole)
	if err != nil || whole.HTTPStatus != 200 || whole.RequestID != "req_7" {
		t.Fatalf("%+v, %v", whole, err)
	}
	if whole.Header.Get("X-Request-Id") != "req_7" || !json.Valid(whole.JSON) || len(whole.Body) == 0 {
		t.Fatalf("%+v, %v", whole, err)
	}
	var wrong []string
	failure := expectStatus(t, call(&wrong), ErrInvalidAnswer)
	var mismatch *json.UnmarshalTypeError
	if !errors.As(failure, &mismatch) || failure.HTTPStatus != 200 || failure.RequestID != "req_7" || failure.Retryable {
		t.Fatalf("%+v", failure)
	}
}

func TestAnswersThatAreNotJSON(t *testing.T) {
	bodies := map[string]string{"get_post": "\x00\xff plain", "delete_post": ""}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/octet-stream")
		if r.Method == http.MethodGet {
			w.Write([]byte(bodies["get_post"]))
		} else {
			w.WriteHeader(http.StatusNoContent)
		}
	}))
	defer server.Close()
	client, ctx := newClient(t, Config{APIKey: "sk_test_key", BaseURL: server.URL, ConnectionID: "conn_1"}), background(t)
	params := object{"postId": 7}
	var whole Response
	var out any
	for _, into := range []any{&whole, &out, nil} {
		failure := expectStatus(t, client.Call(ctx, "get_post", params, nil, into), ErrInvalidAnswer)
		if failure.HTTPStatus != http.StatusOK {
			t.Fatalf("%+v", failure)
		}
	}
	out = "before"
	if err := client.Call(ctx, "delete_post", params, nil, &out); err != nil || out != nil {
		t.Fatal(out, err)
	}
}

func TestCallsThatCannotBe(t *testing.T) {
	client, ctx := sandboxClient(t), background(t)
	for name, c := range map[string]struct {
		operation    string
		params, body any
		status       Status
		says         string
	}{
		"unknown operation":  {"get_pots", nil, nil, ErrInvalidArgument, "get_post"},
		"no operation":       {"", nil, nil, ErrInvalidArgument, ""},
		"NUL operation":      {"whoami\x00", nil, nil, ErrInvalidArgument, "NUL"},
		"bad operation":      {"who\xffami", nil, nil, ErrUTF8, ""},
		"missing parameter":  {"get_post", nil, nil, ErrInvalidArgument, "postId"},
		"unknown parameter":  {"get_post", object{"postId": 1, "x": 2}, nil, ErrInvalidArgument, "x"},
		"wrong kind":         {"list_vault_media", object{"limit": "five"}, nil, ErrInvalidArgument, "limit"},
		"too many":           {"list_vault_media", object{"limit": 1000}, nil, ErrInvalidArgument, "use 1 to 40"},
		"none":               {"list_vault_media", object{"limit": 0}, nil, ErrInvalidArgument, "use 1 to 40"},
		"less than none":     {"list_vault_media", object{"limit": -5}, nil, ErrInvalidArgument, "use 1 to 40"},
		"not an object":      {"get_post", []int{1}, nil, ErrInvalidArgument, "object"},
		"no JSON":            {"get_post", math.Inf(1), nil, ErrInvalidArgument, "parameters"},
		"no JSON body":       {"create_post", nil, func() {}, ErrInvalidArgument, "body"},
		"broken raw JSON":    {"create_post", nil, json.RawMessage("{"), ErrInvalidArgument, "body"},
		"raw JSON, bad text": {"create_post", nil, json.RawMessage("{\"text\": \"\xff\"}"), ErrUTF8, ""},
		"missing body":       {"create_post", nil, nil, ErrInvalidArgument, "body"},
		"body of none":       {"whoami", nil, object{}, ErrInvalidArgument, "body"},
	} {
		t.Run(name, func(t *testing.T) {
			failure := expectStatus(t, client.Call(ctx, c.operation, c.params, c.body, nil), c.status)
			if !strings.Contains(failure.Error(), c.says) || failure.HTTPStatus != 0 {
				t.Fatalf("%+v", failure)
			}
		})
	}
	part := object{"mediaUploadId": "upload:1", "partNumber": 1}
	for name, err := range map[string]error{
		"no type":  client.CallBytes(ctx, "upload_part", part, []byte("x"), "", nil),
		"NUL type": client.CallBytes(ctx, "upload_part", part, []byte("x"), "video/mp4\x00", nil),
		"JSON":     client.CallBytes(ctx, "create_post", nil, []byte("x"), "video/mp4", nil),
		"NaN":      client.CallBytes(ctx, "upload_part", math.NaN(), []byte("x"), "video/mp4", nil),
	} {
		if failure := expectStatus(t, err, ErrInvalidArgument); failure.HTTPStatus != 0 {
			t.Fatal(name, failure)
		}
	}
}

func TestRawParametersAreSentAsTheyAre(t *testing.T) {
	seen := make(chan string, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen <- r.URL.RawQuery
		answerJSON(`{"list": []}`)(w, r)
	}))
	defer server.Close()
	client, ctx := newClient(t, Config{APIKey: "sk_test_key", BaseURL: server.URL, ConnectionID: "conn_1"}), background(t)
	for _, c := range []struct {
		request Request
		query   string
	}{
		{Request{Operation: "list_vault_media", Params: object{"limit": 5, "offset": 1},
			RawParams: url.Values{"limit": {"1000"}, "later": {"a b", "c"}}}, "limit=1000&offset=1&later=a+b&later=c"},
		{Request{Operation: "list_subscribers", Params: object{"filter": object{"online": true}},
			RawParams: url.Values{"filter[later]": {"1"}}}, "filter%5Bonline%5D=true&filter%5Blater%5D=1"},
	} {
		if err := client.Do(ctx, c.request, nil); err != nil {
			t.Fatal(err)
		}
		if query := <-seen; query != c.query {
			t.Errorf("%q was sent, not %q", query, c.query)
		}
	}
	for name, request := range map[string]Request{
		"NUL":  {Operation: "list_vault_media", RawParams: url.Values{"later": {"a\x00"}}},
		"both": {Operation: "create_post", Body: object{}, Bytes: []byte("x"), ContentType: "video/mp4"},
	} {
		if failure := expectStatus(t, client.Do(ctx, request, nil), ErrInvalidArgument); failure.HTTPStatus != 0 {
			t.Fatal(name, failure)
		}
	}
}

func TestTextsArriveWhole(t *testing.T) {
	client, ctx := sandboxClient(t), background(t)
	text := "NUL \x00, quotes \" ' \\, <&>, 𝄞, line\nend \u2028"
	var post struct{ ID json.Number }
	if err := client.Call(ctx, "create_post", nil, object{"text": text}, &post); err != nil {
		t.Fatal(err)
	}
	var posts []struct {
		ID   json.Number
		Text string
	}
	askSandbox(t, http.MethodGet, "posts", nil, &posts)
	for _, seen := range posts {
		if seen.ID == post.ID {
			if seen.Text != text {
				t.Fatalf("%q arrived", seen.Text)
			}
			return
		}
	}
	t.Fatalf("post %v is not there", post.ID)
}

func TestErrorsOfTheService(t *testing.T) {
	client, ctx := sandboxClient(t), background(t)
	for status, wanted := range map[int]Status{
		401: ErrUnauthorized, 403: ErrForbidden, 404: ErrRejected, 302: ErrRedirect,
	} {
		fault := object{"kind": "status", "status": status, "error": "the text", "type": "THE_TYPE",
			"action_required": "the_action"}
		if status == 302 {
			fault = object{"kind": "redirect", "location": "https://elsewhere.example/", "status": 302}
		}
		playFaults(t, object{"on": object{"operation": "get_post"}, "fault": fault})
		err := client.Call(ctx, "get_post", object{"postId": 1}, nil, nil)
		failure := expectStatus(t, err, wanted)
		if failure.HTTPStatus != status || failure.Retryable {
			t.Fatalf("%+v", failure)
		}
		if status == 302 {
			continue
		}
		seen := []string{failure.APIType, failure.ActionRequired}
		if strings.Join(seen, " ") != "THE_TYPE the_action" || !strings.Contains(err.Error(), "the text") {
			t.Fatalf("%+v", failure)
		}
		if !strings.HasPrefix(failure.RequestID, "req_") {
			t.Fatalf("%+v", failure)
		}
	}
	_, data := clip(t)
	playFaults(t, object{
		"on":    object{"operation": "upload_part", "filename": "refused.mp4", "part": 2},
		"fault": object{"kind": "status", "status": 403, "error": "the text"},
	})
	_, err := client.Upload(ctx, Bytes(data, "refused.mp4"))
	failure := expectStatus(t, err, ErrForbidden)
	if failure.Part != 2 || !strings.HasPrefix(failure.UploadID, "upload:") {
		t.Fatalf("%+v", failure)
	}
	playFaults(t, object{"on": object{"operation": "create_post"}, "fault": object{"kind": "answer_lost"}})
	err = client.Call(ctx, "create_post", nil, object{"text": "Hello"}, nil)
	if failure := expectStatus(t, err, ErrOutcomeUnknown); failure.Retryable {
		t.Fatalf("%+v", failure)
	}
}
