package ofauth

// Uploads that are interrupted and run again with a journal, held results, notices, and the journals themselves.

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"
)

const (
	partSize    = 64 << 10
	partsBefore = 5
)

// journaled is a client that sends part after part, and its journal directory, which is not there yet.
func journaled(t testing.TB) (*Client, string) {
	t.Helper()
	config := settings(t)
	config.JournalDir = filepath.Join(t.TempDir(), "journal é")
	config.Concurrency = 1
	return newClient(t, config), config.JournalDir
}

// interrupt cancels an upload at the sixth part, which is not answered.
func interrupt(t testing.TB, client *Client, source Source, options ...UploadOption) {
	t.Helper()
	var answer object
	askSandbox(t, http.MethodPost, "faults", []object{{
		"on":    object{"operation": "upload_part", "part": partsBefore + 1, "times": "always"},
		"fault": object{"kind": "slow_reader", "bytes_per_second": 0},
	}}, &answer)
	defer askSandbox(t, http.MethodDelete, "faults", nil, &answer)
	ctx, cancel := context.WithCancel(background(t))
	defer cancel()
	watch := WithProgress(func(p Progress) {
		if p.PartsDone >= partsBefore && p.HandedOver > p.Acknowledged {
			cancel()
		}
	})
	_, err := client.Upload(ctx, source, append(options, watch)...)
	if expectStatus(t, err, ErrCancelled); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
}

// only is the one session of a journal directory.
func only(t testing.TB, dir string) JournalSession {
	t.Helper()
	sessions, err := JournalSessions(dir)
	if err != nil || len(sessions) != 1 {
		t.Fatalf("%+v, %v", sessions, err)
	}
	return sessions[0]
}

func expectNoSession(t testing.TB, dir string) {
	t.Helper()
	if sessions, err := JournalSessions(dir); err != nil || len(sessions) != 0 {
		t.Fatalf("%+v, %v", sessions, err)
	}
}

// heard collects the notices of one upload.
type heard struct{ notices []Notice }

func (h *heard) option() UploadOption {
	return WithNotice(func(n Notice) {
		// A machine that is too busy may stand still at any time.
		if n.Kind != NoticeWoke {
			h.notices = append(h.notices, n)
		}
	})
}

func (h *heard) expect(t testing.TB, kinds ...NoticeKind) {
	t.Helper()
	if len(h.notices) != len(kinds) {
		t.Fatalf("%v", h.notices)
	}
	for i, kind := range kinds {
		if h.notices[i].Kind != kind || h.notices[i].Text == "" {
			t.Fatalf("notice %d is %v; wanted %v", i, h.notices[i], kind)
		}
	}
}

func TestACancelledUploadGoesOn(t *testing.T) {
	path, data := clip(t)
	for name, source := range map[string]Source{
		"file":   File(path),
		"bytes":  Bytes(data, "resumed.mp4"),
		"reader": Reader(bytes.NewReader(data), int64(len(data)), "resumed-too.mp4"),
	} {
		t.Run(name, func(t *testing.T) {
			client, dir := journaled(t)
			interrupt(t, client, source)
			session := only(t, dir)
			if session.State != JournalInterrupted || session.PartsTotal != 12 || session.PartsDone != partsBefore || session.InUse ||
				session.Size != int64(len(data)) || session.BytesDone != int64(session.PartsDone)*partSize ||
				session.ConnectionID == "" || session.BaseURL == "" || session.File == "" || session.UploadID == "" ||
				time.Since(session.Opened) > patience || session.Expires.Before(session.Opened) {
				t.Fatalf("%+v", session)
			}
			var told heard
			var last Progress
			result, err := client.Upload(background(t), source, told.option(), WithProgress(func(p Progress) { last = p }))
			if err != nil {
				t.Fatal(err)
			}
			expectUploaded(t, result, data)
			told.expect(t, NoticeResumed)
			if result.Resumed != session.BytesDone || last.Resumed != result.Resumed || last.Acknowledged != result.Bytes {
				t.Fatalf("%+v; the session had %+v, the last progress was %+v", result, session, last)
			}
			if result.UploadID != session.UploadID {
				t.Fatalf("%s is not %s", result.UploadID, session.UploadID)
			}
			sent := 0
			for _, part := range recordOf(t, result.UploadID).Parts {
				sent += part.Attempts
			}
			// The one that was under way is sent again.
			if sent != 12+1 {
				t.Fatalf("%d parts were sent", sent)
			}
			expectNoSession(t, dir)
		})
	}
}

func TestWithoutJournalEverythingIsSentAgain(t *testing.T) {
	client, dir := journaled(t)
	path, data := clip(t)
	interrupt(t, client, File(path), WithoutJournal())
	expectNoSession(t, dir)
	var told heard
	result, err := client.Upload(background(t), File(path), told.option())
	if err != nil {
		t.Fatal(err)
	}
	expectUploaded(t, result, data)
	told.expect(t)
	if result.Resumed != 0 {
		t.Fatalf("%+v", result)
	}
}

func TestAHeldResultIsGivenAgainUntilItIsSettled(t *testing.T) {
	client, dir := journaled(t)
	ctx := background(t)
	path, _ := clip(t)
	first, err := client.Upload(ctx, File(path), WithHeldResult())
	if err != nil {
		t.Fatal(err)
	}
	if session := only(t, dir); session.State != JournalFinished || !session.InUse {
		t.Fatalf("%+v", session)
	}
	_, err = client.Upload(ctx, File(path))
	expectStatus(t, err, ErrBusy)
	first.Release()
	first.Release()
	if err := client.Settle(ctx, first); err != nil {
		t.Fatal(err)
	}
	only(t, dir)

	var told heard
	second, err := client.Upload(ctx, File(path), WithHeldResult(), told.option())
	if err != nil {
		t.Fatal(err)
	}
	told.expect(t, NoticeAlreadyFinished)
	if second.UploadID != first.UploadID || second.Resumed != second.Bytes {
		t.Fatalf("%+v", second)
	}
	for i := 0; i < 2; i++ {
		if err := client.Settle(ctx, second); err != nil {
			t.Fatal(err)
		}
	}
	expectNoSession(t, dir)
	third, err := client.Upload(ctx, File(path))
	if err != nil || third.UploadID == first.UploadID {
		t.Fatalf("%+v, %v", third, err)
	}
	if err := client.Settle(ctx, third); err != nil {
		t.Fatal(err)
	}
	expectStatus(t, client.Settle(ctx, nil), ErrInvalidArgument)
}

func TestAnUnknownOutcomeStaysUntilItIsForgotten(t *testing.T) {
	client, dir := journaled(t)
	ctx := background(t)
	path, data := clip(t)
	var reference string
	t.Run("lost", func(t *testing.T) {
		// The service finishes and its answer is lost; asked again, it knows nothing of it.
		gone := object{"kind": "status", "status": 404, "error": "gone", "type": "RESOURCE_NOT_FOUND"}
		playFaults(t,
			object{"on": object{"operation": "complete_upload"}, "fault": object{"kind": "answer_lost"}},
			object{"on": object{"operation": "complete_upload", "nth": 2, "times": "always"}, "fault": gone})
		for run := 0; run < 2; run++ {
			_, err := client.Upload(ctx, File(path))
			failure := expectStatus(t, err, ErrOutcomeUnknown)
			if failure.Retryable || failure.UploadID == "" || (run == 1 && failure.UploadID != reference) {
				t.Fatalf("%+v", failure)
			}
			reference = failure.UploadID
		}
	})
	session := only(t, dir)
	if session.State != JournalOutcomeUnknown || session.UploadID != reference || session.InUse {
		t.Fatalf("%+v", session)
	}
	if err := JournalForget(dir, session.ID); err != nil {
		t.Fatal(err)
	}
	expectNoSession(t, dir)
	expectStatus(t, JournalForget(dir, session.ID), ErrInvalidArgument)
	result, err := client.Upload(ctx, File(path))
	if err != nil || result.UploadID == reference {
		t.Fatalf("%+v, %v", result, err)
	}
	expectUploaded(t, result, data)
}

func TestOneUploadIsCarriedOutOnceAtATime(t *testing.T) {
	client, dir := journaled(t)
	ctx := background(t)
	_, data := clip(t)
	reading, goOn := make(chan struct{}), make(chan struct{})
	first := true
	slow := readerFunc(func(p []byte, offset int64) (int, error) {
		if first {
			first = false
			close(reading)
			<-goOn
		}
		return bytes.NewReader(data).ReadAt(p, offset)
	})
	ended := make(chan error, 1)
	kind := WithContentType("video/mp4")
	go func() {
		_, err := client.Upload(ctx, Reader(slow, int64(len(data)), "busy.mp4"), kind)
		ended <- err
	}()
	await(t, "the first read", reading)
	_, err := client.Upload(ctx, Reader(bytes.NewReader(data), int64(len(data)), "busy.mp4"), kind)
	if failure := expectStatus(t, err, ErrBusy); !failure.Retryable {
		t.Fatalf("%+v", failure)
	}
	session := only(t, dir)
	if !session.InUse {
		t.Fatalf("%+v", session)
	}
	expectStatus(t, JournalForget(dir, session.ID), ErrBusy)
	close(goOn)
	if err := await(t, "the end of the upload", ended); err != nil {
		t.Fatal(err)
	}
}

func TestAPanicInANoticeEndsTheUpload(t *testing.T) {
	client, _ := journaled(t)
	path, data := clip(t)
	interrupt(t, client, File(path))
	func() {
		defer func() {
			if value := recover(); value != "told" {
				t.Fatalf("recovered %v", value)
			}
		}()
		_, err := client.Upload(background(t), File(path), WithNotice(func(Notice) { panic("told") }))
		t.Fatalf("returned %v", err)
	}()
	result, err := client.Upload(background(t), File(path), WithNotice(nil))
	if err != nil || result.Resumed != partsBefore*partSize {
		t.Fatalf("%+v, %v", result, err)
	}
	expectUploaded(t, result, data)
}

func TestAJournalThatCannotBeMade(t *testing.T) {
	client, dir := journaled(t)
	path, _ := clip(t)
	if err := os.WriteFile(dir, []byte("a file where the directory should be"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := client.Upload(background(t), File(path))
	expectStatus(t, err, ErrJournal)
	_, err = JournalSessions(dir)
	expectStatus(t, err, ErrJournal)
	for _, bad := range []string{"", "a\x00b"} {
		_, err = JournalSessions(bad)
		expectStatus(t, err, ErrInvalidArgument)
		expectStatus(t, JournalForget(bad, "0123"), ErrInvalidArgument)
	}
	expectStatus(t, JournalForget(dir+"/none", "\xff\xff\xff\xff"), ErrUTF8)
}

func TestARateLimitPaces(t *testing.T) {
	config := settings(t)
	config.RequestLimit = RateLimit{PerMinute: 6000, Burst: 2}
	config.RateStateDir = filepath.Join(t.TempDir(), "rate")
	client, ctx := newClient(t, config), background(t)
	for i := 0; i < 4; i++ {
		if err := client.Call(ctx, "list_vault_media", nil, nil, nil); err != nil {
			t.Fatal(err)
		}
	}
	if files, err := os.ReadDir(config.RateStateDir); err != nil || len(files) == 0 {
		t.Fatalf("%v, %v", files, err)
	}
	for _, limit := range []RateLimit{{PerMinute: 5}, {Burst: 5}, {-1, 5}, {5, 1 << 40}} {
		config.RequestLimit = limit
		_, err := New(config)
		expectStatus(t, err, ErrInvalidArgument)
	}
}

func TestTimesOfAProgress(t *testing.T) {
	client, ctx := sandboxClient(t), background(t)
	path, _ := clip(t)
	var seen []Progress
	if _, err := client.Upload(ctx, File(path), WithProgress(func(p Progress) { seen = append(seen, p) })); err != nil {
		t.Fatal(err)
	}
	for _, p := range seen {
		if (p.ETA < 0 && p.ETA != Unknown) || (p.SessionLeft < 0 && p.SessionLeft != Unknown) || p.Rate < 0 {
			t.Fatalf("%+v", p)
		}
		if p.Phase == PhaseStarting && (p.ETA != Unknown || p.SessionLeft != Unknown) {
			t.Fatalf("known before there is a session: %+v", p)
		}
	}
	if last := seen[len(seen)-1]; last.SessionLeft == Unknown {
		t.Fatalf("%+v", last)
	}
}
