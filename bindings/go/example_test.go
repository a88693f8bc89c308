package ofauth_test

// Examples for the documentation. They run against the server of the environment.

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"os"
	"strings"
	"time"

	ofauth "github.com/example/ofauth/bindings/go"
)

// newClient makes a client from the environment, which the library itself does not read.
func newClient() *ofauth.Client {
	client, err := ofauth.New(ofauth.Config{
		APIKey:       os.Getenv("OFAUTH_API_KEY"),
		BaseURL:      os.Getenv("OFAUTH_BASE_URL"),
		ConnectionID: os.Getenv("OFAUTH_CONNECTION_ID"),
	})
	if err != nil {
		log.Fatal(err)
	}
	return client
}

func ExampleClient_Upload() {
	client := newClient()
	defer client.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()

	result, err := client.Upload(ctx, ofauth.File(os.Getenv("OFAUTH_CLIP")), ofauth.WithProgress(func(p ofauth.Progress) {
		if p.Phase == ofauth.PhaseDone {
			fmt.Println("all bytes are there:", p.Acknowledged == p.Total)
		}
	}))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("a reference for a post:", strings.HasPrefix(result.UploadID, "upload:"))
	// Output:
	// all bytes are there: true
	// a reference for a post: true
}

func ExampleClient_Upload_post() {
	client := newClient()
	defer client.Close()
	ctx := context.Background()

	result, err := client.Upload(ctx, ofauth.Bytes([]byte("some bytes"), "clip.mp4"))
	if err != nil {
		log.Fatal(err)
	}
	post := map[string]any{"text": "New video", "mediaItems": []string{result.UploadID}}
	err = client.Call(ctx, "create_post", nil, post, nil)
	if errors.Is(err, ofauth.ErrOutcomeUnknown) {
		log.Fatal("look whether the post is there before making it again: ", err)
	}
	fmt.Println(err)
	// Output: <nil>
}

func ExampleClient_UploadAll() {
	client := newClient()
	defer client.Close()
	ctx := context.Background()

	sources := []ofauth.Source{ofauth.File(os.Getenv("OFAUTH_CLIP")), ofauth.File("missing.mp4")}
	batch := client.UploadAll(sources, ofauth.WithFiles(8), ofauth.WithContentType("video/mp4"))
	defer batch.Close()
	results := make([]*ofauth.Result, len(sources))
	for batch.Next(ctx) {
		file := batch.Value()
		if file.Err != nil {
			fmt.Println(file.Name, "is not there:", errors.Is(file.Err, ofauth.ErrSource))
		}
		results[file.Index] = file.Result
	}
	if err := batch.Err(); err != nil {
		log.Fatal(err)
	}
	fmt.Println("a reference for a post:", strings.HasPrefix(results[0].UploadID, "upload:"))
	// Output:
	// missing.mp4 is not there: true
	// a reference for a post: true
}

func ExampleReader() {
	client := newClient()
	defer client.Close()

	// Anything with ReadAt: here, text.
	text := strings.NewReader("some bytes")
	result, err := client.Upload(context.Background(), ofauth.Reader(text, text.Size(), "clip.mp4"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(result.Bytes, "bytes")
	// Output: 10 bytes
}

func ExampleClient_Call() {
	client := newClient()
	defer client.Close()

	var page struct {
		List []struct {
			ID   json.Number
			Type string
		}
	}
	err := client.Call(context.Background(), "list_vault_media", map[string]any{"limit": 10}, nil, &page)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(page.List) > 0)
	// Output: true
}

func ExampleError() {
	client := newClient()
	defer client.Close()

	err := client.Call(context.Background(), "get_pots", nil, nil, nil)
	var failure *ofauth.Error
	if errors.As(err, &failure) {
		fmt.Println(failure.Status, failure.HTTPStatus, failure.Retryable)
	}
	fmt.Println(errors.Is(err, ofauth.ErrInvalidArgument))
	// Output:
	// OFAUTH_ERR_INVALID_ARGUMENT 0 false
	// true
}

// A creator is linked, and what is in the vault is posted tomorrow.
func ExampleClient_LinkStart() {
	ctx := context.Background()
	account, err := ofauth.New(ofauth.Config{APIKey: os.Getenv("OFAUTH_API_KEY")})
	if err != nil {
		log.Fatal(err)
	}
	defer account.Close()
	session, err := account.LinkStart(ctx, ofauth.LinkOptions{ClientReferenceID: "creator-17"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("sign in at", session.URL)
	linked, err := account.LinkWait(ctx, session)
	if err != nil {
		log.Fatal(err)
	}
	client, err := account.ForConnection(linked.ConnectionID)
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	post, err := client.CreatePost(ctx, ofauth.Content{
		Text:     "Tomorrow",
		Media:    []ofauth.MediaItem{ofauth.MediaID("4492994399")},
		Schedule: time.Now().Add(24 * time.Hour),
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(post.ID)
}

// A copy of Vault+ becomes a file, also if the program was interrupted before.
func ExampleClient_Download() {
	client, err := ofauth.New(ofauth.Config{APIKey: os.Getenv("OFAUTH_API_KEY"), ConnectionID: "conn_abc123"})
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	file, err := client.Download(context.Background(), "4492994399", "source", "film.mp4", ofauth.WithStoredWait())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(file.Bytes)
}
