// Command pages walks a list as tests/c/pages.c does: each item on a line, and last "= STATUS TOKEN MESSAGE".
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"os"
	"strconv"

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
	options := []ofauth.ItemsOption{ofauth.WithResume(os.Getenv("OFAUTH_RESUME"))}
	if text := os.Getenv("OFAUTH_MAX"); text != "" {
		max, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			log.Fatal(err)
		}
		options = append(options, ofauth.WithMax(max))
	}
	if raw := os.Getenv("OFAUTH_RAW"); raw != "" {
		options = append(options, ofauth.WithRawParam("later", raw))
	}
	items := client.Items(os.Getenv("OFAUTH_LIST"), json.RawMessage(os.Getenv("OFAUTH_PARAMS")), options...)
	defer items.Close()
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	ctx := context.Background()
	for items.Next(ctx) {
		fmt.Fprintf(out, "%s\n", items.Value())
	}
	status, message := ofauth.Status(0), ""
	var failure *ofauth.Error
	if errors.As(items.Err(), &failure) {
		status, message = failure.Status, failure.Message
	} else if items.Err() != nil {
		log.Fatal(items.Err())
	}
	token := items.ResumeToken()
	if token == "" {
		token = "-"
	}
	fmt.Fprintf(out, "= %d %s %s\n", int32(status), token, message)
}
