package ofauth

// That operations of every tag of the API document can be called, and that every operation reaches the service.

import (
	"errors"
	"os"
	"regexp"
	"testing"
)

// oneOfEachTag is an operation of every tag of the document that the sandbox carries out.
var oneOfEachTag = map[string]struct {
	operation    string
	params, body any
}{
	"Account":       {"whoami", nil, nil},
	"Analytics":     {"get_post_stats", object{"postId": 12345}, nil},
	"Connections":   {"list_connections", nil, nil},
	"Dynamic Rules": {"get_dynamic_rules", nil, nil},
	"Earnings":      {"list_transactions", nil, nil},
	"Link":          {"get_link_status", object{"clientSecret": "secret"}, nil},
	"Mass Messages": {"list_mass_messages", nil, nil},
	"Messages":      {"list_chat_messages", object{"userId": "42", "limit": 10}, nil},
	"Posts":         {"create_post", nil, object{"text": "Hello"}},
	"Promotions":    {"list_tracking_links", nil, nil},
	"Self":          {"get_self", nil, nil},
	"Stories":       {"list_user_stories", object{"userId": 12345}, nil},
	"Subscribers":   {"set_subscriber_note", object{"userId": 12345}, object{"notice": "A note"}},
	"Subscriptions": {"get_subscription_counts", nil, nil},
	"Upload":        {"check_upload", nil, object{"etag": "etag", "size": 1}},
	"User Lists":    {"create_user_list", nil, object{"name": "Friends"}},
	"Users":         {"list_users_by_ids", object{"userIds": []int{1, 2}}, nil},
	"Vault":         {"list_vault_media", object{"limit": 5}, nil},
	"Vault Lists":   {"list_vault_lists", nil, nil},
	"Vault+ Lists":  {"list_vault_plus_lists", nil, nil},
	"Vault+ Media":  {"query_vault_plus_media", object{"type": "video"}, nil},
	"Vault+ Stats":  {"get_vault_plus_stats", nil, nil},
}

// operation is one row of the repository's operation table, with a value of the right kind for each parameter.
type operation struct {
	id, tag, body string
	parameters    object
}

// valueOf is a value of this kind that the table allows: one of its words, or a text of its form.
func valueOf(kind, words, limits string) any {
	if word := regexp.MustCompile(`"([^"]+)"`).FindStringSubmatch(words); word != nil {
		return word[1]
	}
	if regexp.MustCompile(`format: Some\("date-time"\)`).MatchString(limits) {
		return "2026-01-31T12:00:00Z"
	}
	return map[string]any{
		"String": "text", "Integer": 7, "Id": 12345, "Number": 1.5, "Boolean": true,
		"Array": []int{1, 2}, "Object": object{"online": "1"}, "Json": object{},
	}[kind]
}

// operations reads the operation table of the repository, as text.
func operations(t testing.TB) []operation {
	t.Helper()
	text, err := os.ReadFile("../../crates/ofauth-operations/src/operations/generated.rs")
	if err != nil {
		t.Fatalf("the operation table is read from the repository, which these tests are part of: %v", err)
	}
	row := regexp.MustCompile(
		`(?s)    Operation \{\n        id: "(\w+)",.*?        tag: "([^"]+)",(.*?)        body: Body::(\w+),`)
	// The fields of an object stand deeper.
	parameter := regexp.MustCompile(
		`(?s)\n {16}name: "([^"]+)",.*?kind: Kind::(\w+),\s+values: &\[(.*?)\],\s+limits: (.*?)default: `)
	var all []operation
	for _, found := range row.FindAllStringSubmatch(string(text), -1) {
		parameters := object{}
		for _, p := range parameter.FindAllStringSubmatch(found[3], -1) {
			parameters[p[1]] = valueOf(p[2], p[3], p[4])
		}
		all = append(all, operation{found[1], found[2], found[4], parameters})
	}
	if len(all) < 100 {
		t.Fatalf("only %d operations were found", len(all))
	}
	return all
}

func TestOperationsOfEveryTag(t *testing.T) {
	client, ctx := sandboxClient(t), background(t)
	tags := map[string]string{}
	for _, operation := range operations(t) {
		tags[operation.id] = operation.tag
		if _, ok := oneOfEachTag[operation.tag]; !ok {
			t.Errorf("there is no operation of the tag %q", operation.tag)
		}
	}
	for tag, c := range oneOfEachTag {
		if tags[c.operation] != tag {
			t.Errorf("%s has the tag %q, not %q", c.operation, tags[c.operation], tag)
		}
		var answer Response
		if err := client.Call(ctx, c.operation, c.params, c.body, &answer); err != nil {
			t.Errorf("%s, %s: %v", tag, c.operation, err)
		} else if answer.HTTPStatus/100 != 2 || len(answer.JSON) < 2 {
			t.Errorf("%s, %s: %+v", tag, c.operation, answer)
		}
	}
	var proxied object
	err := client.Call(ctx, "proxy_request", object{"method": "GET", "path": "users/me"}, nil, &proxied)
	if err != nil || len(proxied) == 0 {
		t.Error(proxied, err)
	}
}

func TestEveryOperationReachesTheService(t *testing.T) {
	client, ctx := sandboxClient(t), background(t)
	done, refused := 0, 0
	for _, operation := range operations(t) {
		params := operation.parameters
		var err error
		switch operation.body {
		case "Bytes":
			err = client.CallBytes(ctx, operation.id, params, []byte("bytes"), "video/mp4", nil)
		case "None":
			err = client.Call(ctx, operation.id, params, nil, nil)
		default:
			err = client.Call(ctx, operation.id, params, object{}, nil)
		}
		var failure *Error
		switch {
		case err == nil:
			done++
		case errors.As(err, &failure) && failure.HTTPStatus != 0:
			// Made-up values need not please it.
			refused++
		default:
			t.Errorf("%s: %v", operation.id, err)
		}
	}
	t.Logf("%d carried out, %d refused by the sandbox", done, refused)
	if done < 50 {
		t.Errorf("only %d were carried out", done)
	}
}

func TestAPartByHand(t *testing.T) {
	client, ctx := sandboxClient(t), background(t)
	_, data := clip(t)
	data = data[:1000]
	var session struct{ MediaUploadID string }
	body := object{"filename": "hand.mp4", "size": len(data), "contentType": "video/mp4"}
	if err := client.Call(ctx, "init_upload", nil, body, &session); err != nil {
		t.Fatal(err)
	}
	params := object{"mediaUploadId": session.MediaUploadID}
	if err := client.CallBytes(ctx, "upload_single", params, data, "video/mp4", nil); err != nil {
		t.Fatal(err)
	}
	record := recordOf(t, session.MediaUploadID)
	if record.State != "complete" || record.Size != int64(len(data)) {
		t.Fatalf("%+v", record)
	}
}
