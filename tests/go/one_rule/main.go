// Command one_rule tells how each call of Go ends, as a number, with a server that answers everything alike: one line for
// each.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"os"

	ofauth "github.com/example/ofauth/bindings/go"
)

func main() {
	client, err := ofauth.New(ofauth.Config{
		APIKey:       os.Getenv("OFAUTH_API_KEY"),
		BaseURL:      os.Getenv("OFAUTH_BASE_URL"),
		ConnectionID: os.Getenv("OFAUTH_CONNECTION_ID"),
	})
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	ctx := context.Background()
	post := map[string]string{"text": "x"}
	part := map[string]any{"mediaUploadId": "upload:1", "partNumber": 1}
	var decoded map[string]json.RawMessage
	tell("made", client.Call(ctx, "create_post", nil, post, nil))
	tell("made", client.Call(ctx, "create_post", nil, post, &decoded))
	tell("sent", client.CallBytes(ctx, "upload_part", part, []byte("bytes"), "video/mp4", nil))
	tell("read", client.Call(ctx, "whoami", nil, nil, nil))
	tell("read", client.Call(ctx, "whoami", nil, nil, &ofauth.Response{}))
}

func tell(road string, err error) {
	var failure *ofauth.Error
	switch {
	case err == nil:
		fmt.Println(road, 0)
	case errors.As(err, &failure):
		fmt.Println(road, int32(failure.Status))
	default:
		log.Fatal(err)
	}
}
