package ofauth

// Whole flows against the sandbox: posts and messages, waits, lists, Vault+, downloads, Link, connections and settings.

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// uploadedMedia uploads a few bytes and returns the media id.
func uploadedMedia(t testing.TB, client *Client, filename string) (id string, data []byte) {
	t.Helper()
	data = bytes.Repeat([]byte(filename), 100)
	result, err := client.Upload(background(t), Bytes(data, filename))
	if err != nil || result.MediaID == "" {
		t.Fatalf("%+v, %v", result, err)
	}
	return result.MediaID, data
}

func TestPostsGoFromTheFirstRequestToTheLast(t *testing.T) {
	client, ctx := sandboxClient(t), background(t)
	id, _ := uploadedMedia(t, client, "post.mp4")
	content := Content{Text: "Hello", Media: []MediaItem{MediaID(id)}, Schedule: time.Now().Add(time.Hour), ExpireAfterDays: 7}
	post, err := client.CreatePost(ctx, content)
	if err != nil || post.ID == "" || !json.Valid(post.Raw) {
		t.Fatal(post, err)
	}
	content.Text = "Hello again"
	if edited, err := client.UpdatePost(ctx, post.ID, content); err != nil || edited.ID != post.ID {
		t.Fatal(edited, err)
	}
	if read, err := client.GetPost(ctx, post.ID); err != nil || !bytes.Contains(read.Raw, []byte("Hello again")) {
		t.Fatal(read, err)
	}
	if err := client.DeletePost(ctx, post.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := client.GetPost(ctx, post.ID); !errors.Is(err, ErrRejected) {
		t.Fatal(err)
	}
	for _, item := range []MediaItem{"clip.mp4", "", "0", MediaURL("https://"), MediaID("1.0"), MediaReference("a b")} {
		_, err := client.CreatePost(ctx, Content{Media: []MediaItem{item}})
		if !errors.Is(err, ErrInvalidArgument) || !strings.Contains(err.Error(), "no medium of a post") {
			t.Fatal(item, err)
		}
	}
	// A reference of another form is the service's to refuse.
	_, err = client.CreatePost(ctx, Content{Media: []MediaItem{MediaReference("ref_1")}})
	if err == nil || errors.Is(err, ErrInvalidArgument) {
		t.Fatal(err)
	}
}

func TestMessagesAreSentAnsweredAndTakenBack(t *testing.T) {
	client, ctx := sandboxClient(t), background(t)
	first, err := client.SendMessage(ctx, "12345", Content{Text: "For you", PriceCents: 999})
	if err != nil {
		t.Fatal(err)
	}
	reply, err := client.SendMessage(ctx, "12345", Content{Text: "And this", ReplyTo: first.ID})
	if err != nil || reply.ID == first.ID {
		t.Fatal(reply, err)
	}
	for _, id := range []string{first.ID, reply.ID} {
		if err := client.UnsendMessage(ctx, "12345", id); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := client.SendMessage(ctx, " ", Content{Text: "To nobody"}); !errors.Is(err, ErrInvalidArgument) {
		t.Fatal(err)
	}
	mass, err := client.CreateMassMessage(ctx, Content{Text: "To all", ToLists: []string{"fans"}, Schedule: time.Now().Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.UpdateMassMessage(ctx, mass.ID, Content{Text: "To all of you", ToLists: []string{"fans"}}); err != nil {
		t.Fatal(err)
	}
	if read, err := client.GetMassMessage(ctx, mass.ID); err != nil || read.ID != mass.ID {
		t.Fatal(read, err)
	}
	if err := client.DeleteMassMessage(ctx, mass.ID); err != nil {
		t.Fatal(err)
	}
}

func TestContentIsTheDocumentedJSON(t *testing.T) {
	content := Content{
		Text: "x", Media: []MediaItem{MediaReference("upload:1"), MediaURL("https://a.example/b.jpg")}, PriceCents: 550,
		LockedText: true, PreviewMediaCount: 1, Schedule: time.UnixMilli(1_798_794_000_500), ExpireAfterDays: 7,
		ReplyTo: "5", ToUsers: []string{"7", "u8"}, ToLists: []string{"fans"}, ExceptLists: []string{"12"},
		Fields: map[string]any{"userTags": []int{1}},
	}
	want := `{"excludeUserLists":[12],"expireAfter":7,"isLockedText":true,"mediaItems":["upload:1","https://a.example/b.jpg"],` +
		`"previewMediaCount":1,"price":5.50,"replyToMessageId":"5","scheduledDate":"2027-01-01T09:00:00.500Z","text":"x",` +
		`"userIds":[7,"u8"],"userLists":["fans"],"userTags":[1]}`
	if text, err := json.Marshal(content); err != nil || string(text) != want {
		t.Fatalf("%s\n%s\n%v", text, want, err)
	}
	for cents, want := range map[int64]string{1: "0.01", 99: "0.99", 100: "1.00", 20000: "200.00"} {
		if dollars(cents).String() != want {
			t.Errorf("%d cents are %s", cents, dollars(cents))
		}
	}
}

func TestMediaAreWaitedForListedAndDownloaded(t *testing.T) {
	client, ctx := sandboxClient(t), background(t)
	id, data := uploadedMedia(t, client, "flow.mp4")
	other, _ := uploadedMedia(t, client, "other.mp4")
	var notices []Notice
	hear := WithWaitNotice(func(n Notice) { notices = append(notices, n) })
	media, err := client.WaitReady(ctx, []string{id, other}, hear)
	if err != nil || len(media) != 2 || media[0].ID != id {
		t.Fatal(media, err)
	}
	if len(notices) == 0 || notices[len(notices)-1] != (Notice{NoticeMediaReady, "2 of 2 media are ready"}) {
		t.Fatal(notices)
	}
	stored, err := client.WaitStored(ctx, []string{id})
	if err != nil || len(stored) != 1 || stored[0].ID != id || len(stored[0].Variants) == 0 || stored[0].Variants[0].Status != "stored" {
		t.Fatalf("%+v, %v", stored, err)
	}

	if _, err := client.WaitStored(ctx, []string{id}, WithWaitLabels("source")); err != nil {
		t.Fatal(err)
	}
	if _, err := client.WaitReady(ctx, []string{id}, WithWaitLabels("source")); !errors.Is(err, ErrInvalidArgument) {
		t.Fatal(err)
	}

	path := filepath.Join(t.TempDir(), "flow.mp4")
	var last DownloadProgress
	file, err := client.Download(ctx, id, "source", path, WithStoredWait(), WithDownloadProgress(func(p DownloadProgress) { last = p }))
	if err != nil || file.Bytes != int64(len(data)) || last.Received > file.Bytes {
		t.Fatalf("%+v, %+v, %v", file, last, err)
	}
	if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, data) {
		t.Fatalf("%d bytes, %v", len(got), err)
	}
	if _, err := client.Download(ctx, id, "source", path); !errors.Is(err, ErrInvalidArgument) {
		t.Fatal(err)
	}
	if _, err := client.Download(ctx, id, "source", path, WithOverwrite()); err != nil {
		t.Fatal(err)
	}

	list, err := client.CreateVaultList(ctx, "Summer")
	if err != nil {
		t.Fatal(err)
	}
	if renamed, err := client.RenameVaultList(ctx, list.ID, "Autumn"); err != nil || renamed.Name != "Autumn" {
		t.Fatal(renamed, err)
	}
	second, err := client.CreateVaultList(ctx, "Copy")
	if err != nil {
		t.Fatal(err)
	}
	if err := client.AddToVaultList(ctx, list.ID, []string{id, other}); err != nil {
		t.Fatal(err)
	}
	if change, err := client.CopyVaultList(ctx, list.ID, second.ID); err != nil || len(change.Changed) != 2 {
		t.Fatal(change, err)
	}
	if change, err := client.RemoveFromVaultList(ctx, list.ID, []string{id}); err != nil || fmt.Sprint(change.Changed) != "["+id+"]" {
		t.Fatal(change, err)
	}
	for _, id := range []string{list.ID, second.ID} {
		if err := client.DeleteVaultList(ctx, id); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAWaitEndsWithItsContext(t *testing.T) {
	client, ctx := sandboxClient(t), background(t)
	ctx, cancel := context.WithCancel(ctx)
	hear := WithWaitNotice(func(Notice) { cancel() })
	if _, err := client.WaitReady(ctx, []string{"1"}, hear); !errors.Is(err, ErrCancelled) {
		t.Fatal(err)
	}
}

func TestVaultPlusInFull(t *testing.T) {
	client, ctx := sandboxClient(t), background(t)
	id, _ := uploadedMedia(t, client, "cached.mp4")
	if _, err := client.WaitStored(ctx, []string{id}); err != nil {
		t.Fatal(err)
	}
	query := VaultPlusQuery{Status: "stored", Type: "video", CreatedFrom: time.Now().Add(-24 * time.Hour), Sort: "createdAt_desc", PageSize: 1}
	found := client.VaultPlusQuery(query)
	defer found.Close()
	seen := false
	for found.Next(ctx) {
		seen = seen || VaultPlusMediaOf(found.Value()).ID == id
	}
	if found.Err() != nil || !seen {
		t.Fatal(seen, found.Err())
	}
	media, err := client.VaultPlusGet(ctx, id)
	if err != nil || media.ID != id || media.Type != "video" {
		t.Fatal(media, err)
	}
	if status, err := client.VaultPlusStatus(ctx); err != nil || status.Stored == 0 {
		t.Fatal(status, err)
	}
	if stats, err := client.VaultPlusStats(ctx); err != nil || stats.Connections == 0 {
		t.Fatal(stats, err)
	}
	list, err := client.CreateVaultList(ctx, "Kept")
	if err != nil {
		t.Fatal(err)
	}
	if err := client.AddToVaultList(ctx, list.ID, []string{id}); err != nil {
		t.Fatal(err)
	}
	if added, err := client.VaultPlusAddList(ctx, list.ID); err != nil || !added.Synced || added.Seen != 1 {
		t.Fatal(added, err)
	}
	lists, err := client.VaultPlusLists(ctx)
	if err != nil || len(lists) != 1 || lists[0].ID != list.ID || lists[0].Name != "Kept" || lists[0].Media != 1 {
		t.Fatal(lists, err)
	}
	if _, err := client.VaultPlusAddList(ctx, " "); !errors.Is(err, ErrInvalidArgument) {
		t.Fatal(err)
	}
	if deleted, err := client.VaultPlusDelete(ctx, id); err != nil || !deleted.Success {
		t.Fatal(deleted, err)
	}
	other := newConnection(t, client)
	if _, err := other.VaultPlusPurge(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := client.VaultPlusGet(ctx, ""); !errors.Is(err, ErrInvalidArgument) {
		t.Fatal(err)
	}
}

func TestSettingsThatDeleteCopiesHaveToBeAllowed(t *testing.T) {
	account, ctx := sandboxClient(t), background(t)
	client := newConnection(t, account)
	id, _ := uploadedMedia(t, client, "settled.mp4")
	if _, err := client.WaitStored(ctx, []string{id}); err != nil {
		t.Fatal(err)
	}
	off := false
	patch := SettingsPatch{Enabled: &off}
	_, err := client.UpdateConnectionSettings(ctx, "conn_other", patch)
	if !errors.Is(err, ErrInvalidArgument) || !strings.Contains(err.Error(), "deletes copies") {
		t.Fatal(err)
	}
	patch.AllowPurge = true
	if update, err := client.UpdateConnectionSettings(ctx, "conn_other", patch); err != nil || update.Purged == 0 {
		t.Fatal(update, err)
	}
	settings, err := client.ConnectionSettings(ctx, "conn_other")
	if err != nil || settings.Enabled == nil || *settings.Enabled {
		t.Fatalf("%+v, %v", settings, err)
	}
	on := true
	if _, err := client.UpdateConnectionSettings(ctx, "conn_other", SettingsPatch{Enabled: &on, ResetToAccount: true, AllowPurge: true}); err != nil {
		t.Fatal(err)
	}
	if _, err := client.UpdateAccountSettings(ctx, SettingsPatch{Settings: map[string]any{"retentionDays": 30}}); err != nil {
		t.Fatal(err)
	}
	if settings, err := client.AccountSettings(ctx); err != nil || string(settings.Defaults["retentionDays"]) != "30" {
		t.Fatalf("%+v, %v", settings, err)
	}
}

// newConnection is the same client for the other account of the sandbox.
func newConnection(t testing.TB, client *Client) *Client {
	t.Helper()
	other, err := client.ForConnection("conn_other")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { other.Close() })
	return other
}

func TestACreatorIsLinked(t *testing.T) {
	client, ctx := sandboxClient(t), background(t)
	own, err := client.LinkStart(ctx, LinkOptions{Mode: "whitelabel"})
	if err != nil || own.Mode != "whitelabel" || own.ClientSecret == "" {
		t.Fatal(own, err)
	}
	options := LinkOptions{ClientReferenceID: "creator-go", Geolocation: &Geolocation{Country: "US"}}
	session, err := client.LinkStart(ctx, options)
	if err != nil || session.URL == "" || session.ClientReferenceID != "creator-go" {
		t.Fatal(session, err)
	}
	if said := fmt.Sprintf("%v %+v %#v", session, *session, *session); strings.Contains(said, session.URL) {
		t.Fatal(said)
	}
	// Another process waits.
	written, err := json.Marshal(session)
	if err != nil {
		t.Fatal(err)
	}
	read := new(LinkSession)
	if err := json.Unmarshal(written, read); err != nil || read.URL != session.URL || !read.ExpiresAt.Equal(session.ExpiresAt) {
		t.Fatal(read, err)
	}
	// As its page does.
	signIn := map[string]any{"email": "a@creator.sandbox.com", "password": "good-password"}
	askSandbox(t, http.MethodPost, "link/latest", signIn, &struct{}{})
	var notices []Notice
	linked, err := client.LinkWait(ctx, read, WithWaitNotice(func(n Notice) { notices = append(notices, n) }))
	if err != nil || linked.ConnectionID == "" || linked.ClientReferenceID != "creator-go" {
		t.Fatal(linked, err)
	}
	connections := client.Connections()
	defer connections.Close()
	var found Connection
	for connections.Next(ctx) {
		if connection := ConnectionOf(connections.Value()); connection.ClientReferenceID == "creator-go" {
			found = connection
		}
	}
	if connections.Err() != nil || found.ID != linked.ConnectionID || found.Status != "active" {
		t.Fatal(found, connections.Err())
	}
	if err := client.InvalidateConnection(ctx, found.ID); err != nil {
		t.Fatal(err)
	}
	if err := client.DisconnectConnection(ctx, found.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := client.LinkWait(ctx, nil); !errors.Is(err, ErrInvalidArgument) {
		t.Fatal(err)
	}
	if _, err := client.LinkWait(ctx, new(LinkSession)); !errors.Is(err, ErrInvalidArgument) {
		t.Fatal(err)
	}
}

func TestTheAddressAfterALinkIsRead(t *testing.T) {
	back, err := ParseLinkReturn("https://a.example/b?status=success&connection_id=conn_1&client_reference_id=r")
	if err != nil || *back != (LinkReturn{Status: "success", ConnectionID: "conn_1", ClientReferenceID: "r"}) {
		t.Fatal(back, err)
	}
	back, err = ParseLinkReturn("/b?status=error&error_code=2fa_failed")
	if err != nil || back.ErrorCode != "2fa_failed" || !strings.Contains(back.Message, "second factor") {
		t.Fatal(back, err)
	}
	if _, err := ParseLinkReturn("https://a.example/b"); !errors.Is(err, ErrInvalidArgument) {
		t.Fatal(err)
	}
}
