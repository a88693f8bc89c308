// Command webhooks verifies the webhooks of tests/data/webhooks.json, whose path is OFAUTH_WEBHOOKS, and says what each comes to:
// a line with the status, and the event if there is one.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net/http"
	"os"
	"time"

	ofauth "github.com/example/ofauth/bindings/go"
)

type vector struct {
	Secrets    []string
	Headers    [][2]string
	Body       string
	BodyBase64 []byte
	Now        int64
}

func main() {
	text, err := os.ReadFile(os.Getenv("OFAUTH_WEBHOOKS"))
	if err != nil {
		log.Fatal(err)
	}
	var table struct{ Vectors []vector }
	if err := json.Unmarshal(text, &table); err != nil {
		log.Fatal(err)
	}
	for _, vector := range table.Vectors {
		header := http.Header{}
		for _, pair := range vector.Headers {
			// Names as they are: not every map of headers has them as Go writes them.
			header[pair[0]] = append(header[pair[0]], pair[1])
		}
		body := vector.BodyBase64
		if body == nil {
			body = []byte(vector.Body)
		}
		event, err := ofauth.VerifyWebhookAt(vector.Secrets, header, body, time.Unix(vector.Now, 0), 0)
		var failure *ofauth.Error
		switch {
		case err == nil:
			fmt.Println(0, told(event))
		case errors.As(err, &failure):
			fmt.Println(int32(failure.Status), failure.Message)
		default:
			log.Fatal(err)
		}
	}
}

// told is the event as the library gives it, as far as the table speaks of it.
func told(event *ofauth.WebhookEvent) string {
	connection := map[string]string{}
	if event.Connection != nil {
		connection["id"] = event.Connection.ID
	}
	text, err := json.Marshal(map[string]any{
		"scheme": event.Scheme, "type": event.Type, "dedupeKey": event.DedupeKey, "connection": connection,
	})
	if err != nil {
		log.Fatal(err)
	}
	return string(text)
}
