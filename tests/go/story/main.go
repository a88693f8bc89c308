// From a link to a download and a verified webhook, as a program that may be killed anywhere and is run again: nothing happens
// twice. It keeps a file for each step that is done, and before it makes something it looks whether an earlier run did.
//
//	story STATE_DIR CLIP
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	ofauth "github.com/example/ofauth/bindings/go"
)

// done is a directory with a file for each step.
type done string

// step does a step unless its file is there, prints its value and returns it.
func (d done) step(name string, work func() (string, error)) string {
	value, err := os.ReadFile(filepath.Join(string(d), name))
	if errors.Is(err, os.ErrNotExist) {
		var text string
		if text, err = work(); err == nil {
			value, err = []byte(text), d.write(name, text)
		}
	}
	if err != nil {
		log.Fatalf("%s: %v", name, err)
	}
	fmt.Println(name, string(value))
	return string(value)
}

// write makes the file of a step, whole or not at all.
func (d done) write(name, value string) error {
	path := filepath.Join(string(d), name)
	if err := os.WriteFile(path+".new", []byte(value), 0o600); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

func main() {
	state, clip := os.Args[1], os.Args[2]
	account, err := ofauth.New(ofauth.Config{
		APIKey:     os.Getenv("OFAUTH_API_KEY"),
		BaseURL:    os.Getenv("OFAUTH_BASE_URL"),
		JournalDir: filepath.Join(state, "journal"),
	})
	if err != nil {
		log.Fatal(err)
	}
	defer account.Close()
	ctx, done := context.Background(), done(state)

	connection := done.step("link", func() (string, error) { return link(ctx, account, done) })
	client, err := account.ForConnection(connection)
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	upload := done.step("upload", func() (string, error) { return upload(ctx, client, done, clip) })
	media, reference, _ := strings.Cut(upload, " ")
	done.step("ready", func() (string, error) {
		_, err := client.WaitReady(ctx, []string{media})
		return media, err
	})
	tomorrow := time.Now().Add(24 * time.Hour)
	post := done.step("post", func() (string, error) {
		if id, err := find(ctx, client.Items("list_posts", nil), "story post"); id != "" || err != nil {
			return id, err
		}
		content := ofauth.Content{
			Text: "story post", Media: []ofauth.MediaItem{ofauth.MediaReference(reference)}, Schedule: tomorrow,
		}
		post, err := client.CreatePost(ctx, content)
		if err != nil {
			return "", err
		}
		return post.ID, nil
	})
	again := []ofauth.MediaItem{ofauth.MediaID(media)}
	done.step("edit", func() (string, error) {
		_, err := client.UpdatePost(ctx, post, ofauth.Content{Text: "story post edited", Media: again, Schedule: tomorrow})
		return post, err
	})
	done.step("message", func() (string, error) {
		messages := client.Items("list_chat_messages", map[string]string{"userId": "12345"})
		if id, err := find(ctx, messages, "story message"); id != "" || err != nil {
			return id, err
		}
		message, err := client.SendMessage(ctx, "12345", ofauth.Content{Text: "story message", Media: again})
		if err != nil {
			return "", err
		}
		return message.ID, nil
	})
	done.step("stored", func() (string, error) {
		_, err := client.WaitStored(ctx, []string{media}, ofauth.WithWaitLabels("source"))
		return media, err
	})
	done.step("download", func() (string, error) {
		file, err := client.Download(ctx, media, "source", filepath.Join(state, "downloaded.mp4"), ofauth.WithOverwrite())
		if err != nil {
			return "", err
		}
		return fmt.Sprint(file.Bytes), nil
	})
	done.step("webhook", func() (string, error) { return webhook(state) })
	fmt.Println("done")
}

// link links an account, unless an earlier run did. What that run began goes on: two sessions may make two connections.
func link(ctx context.Context, account *ofauth.Client, done done) (string, error) {
	connections := account.Connections()
	defer connections.Close()
	for connections.Next(ctx) {
		if connection := ofauth.ConnectionOf(connections.Value()); connection.ClientReferenceID == "story" {
			return connection.ID, nil
		}
	}
	if err := connections.Err(); err != nil {
		return "", err
	}
	session, err := begin(ctx, account, done)
	if err != nil {
		return "", err
	}
	linked, err := account.LinkWait(ctx, session)
	if err != nil {
		return "", err
	}
	return linked.ConnectionID, nil
}

// begin is the session that an earlier run began, or a new one, which is kept before anybody signs in.
func begin(ctx context.Context, account *ofauth.Client, done done) (*ofauth.LinkSession, error) {
	session := new(ofauth.LinkSession)
	begun, err := os.ReadFile(filepath.Join(string(done), "session"))
	if err == nil {
		return session, json.Unmarshal(begun, session)
	}
	if !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	if session, err = account.LinkStart(ctx, ofauth.LinkOptions{ClientReferenceID: "story"}); err != nil {
		return nil, err
	}
	text, err := json.Marshal(session)
	if err != nil {
		return nil, err
	}
	return session, done.write("session", string(text))
}

// upload uploads the clip. Its result is held until it is written down: the id in the vault, and the reference.
func upload(ctx context.Context, client *ofauth.Client, done done, clip string) (string, error) {
	result, err := client.Upload(ctx, ofauth.File(clip), ofauth.WithHeldResult())
	if err != nil {
		return "", err
	}
	media := result.MediaID
	if media == "" {
		// An upload in parts is not always told its id. It is the newest of the vault.
		newest := client.Items("list_vault_media", nil, ofauth.WithMax(1))
		defer newest.Close()
		if media, err = find(ctx, newest, ""); err != nil {
			return "", err
		}
	}
	value := media + " " + result.UploadID
	if err := done.write("upload", value); err != nil {
		return "", err
	}
	return value, client.Settle(ctx, result)
}

// find is the id of the first item of a list with this text; empty if there is none.
func find(ctx context.Context, items *ofauth.Items, text string) (string, error) {
	defer items.Close()
	for items.Next(ctx) {
		var item struct {
			ID   json.Number
			Text string
		}
		if err := items.Decode(&item); err != nil {
			return "", err
		}
		if strings.Contains(item.Text, text) {
			return item.ID.String(), nil
		}
	}
	return "", items.Err()
}

// webhook verifies the webhook that the service has sent.
func webhook(state string) (string, error) {
	read := func(name string) string {
		text, err := os.ReadFile(filepath.Join(state, name))
		if err != nil {
			log.Fatal(err)
		}
		return string(text)
	}
	body := filepath.Join(state, "webhook.body")
	for _, err := os.Stat(body); err != nil; _, err = os.Stat(body) {
		time.Sleep(50 * time.Millisecond)
	}
	header := http.Header{}
	for _, line := range strings.Split(read("webhook.headers"), "\n") {
		if name, value, ok := strings.Cut(line, ": "); ok {
			header.Add(name, value)
		}
	}
	event, err := ofauth.VerifyWebhook([]string{read("webhook.secret")}, header, []byte(read("webhook.body")))
	if err != nil {
		return "", err
	}
	return event.Type, nil
}
