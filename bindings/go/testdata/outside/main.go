// Command outside uses package ofauth from a module of its own, as users do: it uploads with progress, cancels an
// upload, checks an etag, fetches 250 Vault+ ids and calls an operation. It prints one line for each and ends with 1 if
// something is not as it should be.
//
// It reads OFAUTH_BASE_URL, OFAUTH_API_KEY, OFAUTH_CONNECTION_ID and OFAUTH_CLIP, a file that goes in several parts.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"

	ofauth "github.com/example/ofauth/bindings/go"
)

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	client, err := ofauth.New(ofauth.Config{
		APIKey:       os.Getenv("OFAUTH_API_KEY"),
		BaseURL:      os.Getenv("OFAUTH_BASE_URL"),
		ConnectionID: os.Getenv("OFAUTH_CONNECTION_ID"),
	})
	if err != nil {
		return err
	}
	defer client.Close()
	for _, step := range []func(context.Context, *ofauth.Client) error{upload, cancel, check, batch, call} {
		if err := step(ctx, client); err != nil {
			return err
		}
	}
	return nil
}

func upload(ctx context.Context, client *ofauth.Client) error {
	var last ofauth.Progress
	clip := ofauth.File(os.Getenv("OFAUTH_CLIP"))
	result, err := client.Upload(ctx, clip, ofauth.WithProgress(func(p ofauth.Progress) { last = p }))
	if err != nil {
		return err
	}
	if last.Acknowledged != result.Bytes || last.Phase != ofauth.PhaseDone {
		return fmt.Errorf("the last progress is %+v", last)
	}
	fmt.Printf("uploaded %d bytes in %d parts\n", result.Bytes, result.Parts)
	return nil
}

func cancel(ctx context.Context, client *ofauth.Client) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	clip := ofauth.File(os.Getenv("OFAUTH_CLIP"))
	_, err := client.Upload(ctx, clip, ofauth.WithConcurrency(1), ofauth.WithProgress(func(p ofauth.Progress) {
		if p.PartsDone > 0 {
			cancel()
		}
	}))
	var failure *ofauth.Error
	if !errors.As(err, &failure) || !errors.Is(err, context.Canceled) || !errors.Is(err, ofauth.ErrCancelled) {
		return fmt.Errorf("a cancelled upload ended with %v", err)
	}
	fmt.Println("cancelled")
	return nil
}

func check(ctx context.Context, client *ofauth.Client) error {
	data := []byte("not much of a clip")
	result, err := client.Upload(ctx, ofauth.Bytes(data, "small.mp4"))
	if err != nil {
		return err
	}
	found, err := client.Check(ctx, result.ETags[0], int64(len(data)))
	if err != nil {
		return err
	}
	fmt.Printf("exists: %v\n", found.Exists)
	return nil
}

func batch(ctx context.Context, client *ofauth.Client) error {
	var ids []string
	for id := 1; id <= 250; id++ {
		ids = append(ids, strconv.Itoa(id))
	}
	batch, err := client.VaultPlusBatch(ctx, ids)
	if err != nil {
		return err
	}
	fmt.Printf("batch of %d\n", len(batch.Items)+len(batch.Missing))
	return nil
}

func call(ctx context.Context, client *ofauth.Client) error {
	var page struct{ List []map[string]any }
	err := client.Call(ctx, "list_vault_media", map[string]any{"limit": 5}, nil, &page)
	if err != nil {
		return err
	}
	fmt.Printf("a page of media: %v\n", len(page.List) > 0)
	return nil
}
