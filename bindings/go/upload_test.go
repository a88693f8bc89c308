package ofauth

// Uploads that succeed, from every source, with every option, and what they tell of their progress.

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestUploadFile(t *testing.T) {
	client, ctx := sandboxClient(t), background(t)
	path, data := clip(t)
	result, err := client.Upload(ctx, File(path))
	if err != nil {
		t.Fatal(err)
	}
	record := expectUploaded(t, result, data)
	if record.Filename != filepath.Base(path) || result.Parts < 2 {
		t.Fatalf("%+v", record)
	}
	// The service describes no medium when it completes parts.
	if result.MediaID != "" || result.Media != nil {
		t.Fatalf("medium %q, described as %s", result.MediaID, result.Media)
	}
	if result.Retries != 0 || result.SentAgain != 0 {
		t.Fatalf("%+v", result)
	}
}

func TestUploadBytes(t *testing.T) {
	client, ctx := sandboxClient(t), background(t)
	_, data := clip(t)
	// The bytes lie in an allocation with pointers, which cgo forbids to pass, but for the bytes alone.
	var holder struct {
		pointer *int
		bytes   [100_000]byte
	}
	holder.pointer = new(int)
	copy(holder.bytes[:], data)
	for name, piece := range map[string][]byte{
		"all.mp4":    data,
		"one.mp4":    data[:1],
		"struct.mp4": holder.bytes[:],
		"middle.mp4": data[7:100_007],
	} {
		result, err := client.Upload(ctx, Bytes(piece, name))
		if err != nil {
			t.Fatal(name, err)
		}
		if record := expectUploaded(t, result, piece); record.Filename != name {
			t.Fatalf("%+v", record)
		}
		described := result.MediaID != "" && bytes.Contains(result.Media, []byte(result.MediaID))
		if result.Parts == 1 && !described {
			t.Fatalf("medium %q, described as %s", result.MediaID, result.Media)
		}
	}
}

// stingy reads no more than a few bytes at once, with io.EOF at the end, as an io.ReaderAt may not but readers do.
type stingy struct{ io.ReaderAt }

func (s stingy) ReadAt(p []byte, offset int64) (int, error) {
	if len(p) > 1000 {
		p = p[:1000]
	}
	return s.ReaderAt.ReadAt(p, offset)
}

func TestUploadReader(t *testing.T) {
	client, ctx := sandboxClient(t), background(t)
	path, data := clip(t)
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	size := int64(len(data))
	for name, source := range map[string]Source{
		"file.mp4":    Reader(file, size, "file.mp4"),
		"bytes.mp4":   Reader(bytes.NewReader(data), size, "bytes.mp4"),
		"section.mp4": Reader(io.NewSectionReader(file, 0, size), size, "section.mp4"),
		"stingy.mp4":  Reader(stingy{bytes.NewReader(data)}, size, "stingy.mp4"),
	} {
		result, err := client.Upload(ctx, source)
		if err != nil {
			t.Fatal(name, err)
		}
		if record := expectUploaded(t, result, data); record.Filename != name {
			t.Fatalf("%+v", record)
		}
	}
}

func TestASourceMayBeUsedAgain(t *testing.T) {
	client, ctx := sandboxClient(t), background(t)
	_, data := clip(t)
	source := Bytes(data, "again.mp4")
	references := map[string]bool{}
	for i := 0; i < 3; i++ {
		result, err := client.Upload(ctx, source)
		if err != nil {
			t.Fatal(err)
		}
		expectUploaded(t, result, data)
		references[result.UploadID] = true
	}
	if len(references) != 3 {
		t.Fatalf("%v", references)
	}
}

func TestOptionsReachTheService(t *testing.T) {
	client, ctx := sandboxClient(t), background(t)
	path, data := clip(t)
	result, err := client.Upload(ctx, File(path), nil,
		WithFilename("häßlich \"quoted\".mov"), WithContentType("video/quicktime"), WithConcurrency(1),
		WithVaultUpload("message", "42"), WithProgress(nil))
	if err != nil {
		t.Fatal(err)
	}
	record := expectUploaded(t, result, data)
	if record.Filename != "häßlich \"quoted\".mov" || record.ContentType != "video/quicktime" {
		t.Fatalf("%+v", record)
	}
	if _, err := client.Upload(ctx, File(path), WithVaultUpload("another", "")); err == nil {
		t.Fatal("the mode was not sent")
	} else if failure := expectStatus(t, err, ErrRejected); !strings.Contains(failure.Message, "mode") {
		t.Fatal(err)
	}

	config := settings(t)
	connection := config.ConnectionID
	config.ConnectionID = ""
	without := newClient(t, config)
	_, err = without.Upload(ctx, Bytes(data, "a.mp4"))
	expectStatus(t, err, ErrConfig)
	result, err = without.Upload(ctx, Bytes(data, "a.mp4"), WithConnectionID(connection))
	if err != nil {
		t.Fatal(err)
	}
	expectUploaded(t, result, data)
}

func TestProgressNeverGoesBack(t *testing.T) {
	client, ctx := sandboxClient(t), background(t)
	_, data := clip(t)
	playFaults(t, object{
		"on":    object{"operation": "upload_part", "filename": "progress.mp4", "part": 2},
		"fault": object{"kind": "status", "status": 500, "error": "try again"},
	})
	var seen []Progress
	note := func(p Progress) { seen = append(seen, p) }
	result, err := client.Upload(ctx, Bytes(data, "progress.mp4"), WithProgress(note))
	if err != nil {
		t.Fatal(err)
	}
	expectUploaded(t, result, data)
	if result.Retries != 1 {
		t.Fatalf("%d retries of a part that failed once", result.Retries)
	}
	total := int64(len(data))
	var last Progress
	for i, p := range seen {
		ordered := p.Acknowledged <= p.HandedOver && p.HandedOver <= p.Total && p.Total == total
		forward := p.Acknowledged >= last.Acknowledged && p.HandedOver >= last.HandedOver && p.PartsDone >= last.PartsDone
		early := p.Acknowledged == p.Total && p.Phase != PhaseDone
		if !ordered || !forward || early {
			t.Fatalf("progress %d is %+v after %+v", i, p, last)
		}
		last = p
	}
	want := Progress{
		Phase: PhaseDone, HandedOver: total, Acknowledged: total, Total: total,
		PartsDone: result.Parts, PartsTotal: result.Parts, Retries: 1,
	}
	want.Rate, want.SessionLeft = last.Rate, last.SessionLeft
	if last != want {
		t.Fatalf("the last progress is %+v", last)
	}
}

func TestUploadsSideBySide(t *testing.T) {
	client, ctx := sandboxClient(t), background(t)
	path, data := clip(t)
	type end struct {
		result *Result
		err    error
		last   Progress
	}
	ends := make(chan end)
	const uploads = 8
	for i := 0; i < uploads; i++ {
		name := fmt.Sprintf("side%d.mp4", i)
		sources := []Source{File(path), Bytes(data, name), Reader(bytes.NewReader(data), int64(len(data)), name)}
		source := sources[i%len(sources)]
		go func() {
			var e end
			e.result, e.err = client.Upload(ctx, source, WithProgress(func(p Progress) { e.last = p }))
			ends <- e
		}()
	}
	for i := 0; i < uploads; i++ {
		e := await(t, "the end of an upload", ends)
		if e.err != nil {
			t.Fatal(e.err)
		}
		expectUploaded(t, e.result, data)
		if e.last.Phase != PhaseDone {
			t.Fatalf("the last progress is %+v", e.last)
		}
	}
}

func TestAProgressFunctionMayUseTheClient(t *testing.T) {
	client, ctx := sandboxClient(t), background(t)
	_, data := clip(t)
	calls := 0
	_, err := client.Upload(ctx, Bytes(data, "nested.mp4"), WithProgress(func(Progress) {
		if err := client.Call(ctx, "whoami", nil, nil, nil); err != nil {
			t.Error(err)
		}
		calls++
	}))
	if err != nil || calls == 0 {
		t.Fatal(err, calls)
	}
}

func TestSourcesThatCannotBeSent(t *testing.T) {
	client, ctx := sandboxClient(t), background(t)
	directory := t.TempDir()
	empty := filepath.Join(directory, "empty.mp4")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	read := bytes.NewReader([]byte("bytes"))
	for name, c := range map[string]struct {
		source Source
		status Status
	}{
		"missing":        {File(filepath.Join(directory, "missing.mp4")), ErrSource},
		"directory":      {File(directory), ErrSource},
		"empty file":     {File(empty), ErrSource},
		"empty path":     {File(""), ErrSource},
		"NUL path":       {File("clip\x00.mp4"), ErrInvalidArgument},
		"no bytes":       {Bytes(nil, "a.mp4"), ErrSource},
		"no bytes left":  {Bytes([]byte{}, "a.mp4"), ErrSource},
		"no name":        {Bytes([]byte("x"), ""), ErrInvalidArgument},
		"NUL name":       {Bytes([]byte("x"), "a.mp4\x00.exe"), ErrInvalidArgument},
		"bad name":       {Bytes([]byte("x"), "a\xff.mp4"), ErrUTF8},
		"unknown format": {Bytes([]byte("x"), "a.unheardof"), ErrRejected},
		"nil":            {nil, ErrInvalidArgument},
		"nil reader":     {Reader(nil, 5, "a.mp4"), ErrInvalidArgument},
		"negative":       {Reader(read, -1, "a.mp4"), ErrInvalidArgument},
		"empty reader":   {Reader(read, 0, "a.mp4"), ErrSource},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := client.Upload(ctx, c.source)
			expectStatus(t, err, c.status)
		})
	}
}

func TestOptionsThatCannotBe(t *testing.T) {
	client, ctx := sandboxClient(t), background(t)
	source := Bytes([]byte("bytes"), "a.mp4")
	for name, c := range map[string]struct {
		option UploadOption
		status Status
	}{
		"no concurrency":       {WithConcurrency(0), ErrInvalidArgument},
		"negative concurrency": {WithConcurrency(-1), ErrInvalidArgument},
		"huge concurrency":     {WithConcurrency(1 << 40), ErrInvalidArgument},
		"empty name":           {WithFilename(""), ErrInvalidArgument},
		"empty type":           {WithContentType(""), ErrInvalidArgument},
		"NUL type":             {WithContentType("video/mp4\x00"), ErrInvalidArgument},
		"NUL connection":       {WithConnectionID("conn\x00"), ErrInvalidArgument},
		"empty connection":     {WithConnectionID(""), ErrConfig},
		"NUL user":             {WithVaultUpload("message", "4\x002"), ErrInvalidArgument},
		"NUL mode":             {WithVaultUpload("mess\x00age", "42"), ErrInvalidArgument},
		"bad user":             {WithVaultUpload("message", "\xc3"), ErrUTF8},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := client.Upload(ctx, source, c.option)
			expectStatus(t, err, c.status)
		})
	}
}

func TestUploadOnAContextWithoutEnd(t *testing.T) {
	client := sandboxClient(t)
	_, data := clip(t)
	result, err := client.Upload(context.Background(), Bytes(data, "endless.mp4"))
	if err != nil {
		t.Fatal(err)
	}
	expectUploaded(t, result, data)
}
