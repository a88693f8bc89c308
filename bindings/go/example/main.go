// Command example uploads a file to the vault, shows its progress, and prints its reference. Ctrl-C ends the upload.
//
// It reads OFAUTH_API_KEY, OFAUTH_CONNECTION_ID and, for another server than the service's, OFAUTH_BASE_URL. The
// library itself reads no environment.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"

	ofauth "github.com/example/ofauth/bindings/go"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: example FILE")
		os.Exit(2)
	}
	// Once the first Ctrl-C has ended the context, stop gives the signal back: a second one ends the program at once.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	go func() {
		<-ctx.Done()
		stop()
	}()
	reference, err := upload(ctx, os.Args[1])
	fmt.Fprintln(os.Stderr)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		switch {
		case errors.Is(err, ofauth.ErrOutcomeUnknown):
			fmt.Fprintln(os.Stderr, "The service may have the file: look into the vault before sending it again.")
		case errors.Is(err, context.Canceled):
			fmt.Fprintln(os.Stderr, "Nothing was finished.")
		}
		os.Exit(1)
	}
	fmt.Println(reference)
}

func upload(ctx context.Context, path string) (string, error) {
	client, err := ofauth.New(ofauth.Config{
		APIKey:       os.Getenv("OFAUTH_API_KEY"),
		BaseURL:      os.Getenv("OFAUTH_BASE_URL"),
		ConnectionID: os.Getenv("OFAUTH_CONNECTION_ID"),
	})
	if err != nil {
		return "", err
	}
	defer client.Close()
	result, err := client.Upload(ctx, ofauth.File(path), ofauth.WithProgress(func(p ofauth.Progress) {
		fmt.Fprintf(os.Stderr, "\r%s: %d of %d bytes, %d of %d parts ",
			p.Phase, p.Acknowledged, p.Total, p.PartsDone, p.PartsTotal)
	}))
	if err != nil {
		return "", err
	}
	return result.UploadID, nil
}
