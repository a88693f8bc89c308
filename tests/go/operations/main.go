// Command operations calls every operation of the API that OFAUTH_OPERATIONS lists, and says with which HTTP status each
// ended: a line for each.
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

type operation struct {
	ID, MediaType string
	Params        map[string]any
	Body          json.RawMessage
	Bytes         *string
}

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
	var operations []operation
	if err := json.Unmarshal([]byte(os.Getenv("OFAUTH_OPERATIONS")), &operations); err != nil {
		log.Fatal(err)
	}
	for _, operation := range operations {
		var answer ofauth.Response
		err := send(client, operation, &answer)
		var failure *ofauth.Error
		switch {
		case err == nil:
			fmt.Println(operation.ID, answer.HTTPStatus)
		case errors.As(err, &failure):
			fmt.Println(operation.ID, failure.HTTPStatus)
		default:
			log.Fatal(err)
		}
	}
}

func send(client *ofauth.Client, o operation, answer *ofauth.Response) error {
	ctx := context.Background()
	switch {
	case o.Bytes != nil:
		return client.CallBytes(ctx, o.ID, o.Params, []byte(*o.Bytes), o.MediaType, answer)
	case string(o.Body) == "null":
		return client.Call(ctx, o.ID, o.Params, nil, answer)
	}
	return client.Call(ctx, o.ID, o.Params, o.Body, answer)
}
