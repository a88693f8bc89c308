package ofauth

// Batches: results, sources, options, records, and files that are added.

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"
)

// newBatch is a batch that ends with the test.
func newBatch(t testing.TB, client *Client, sources []Source, options ...BatchOption) *Batch {
	t.Helper()
	batch := client.UploadAll(sources, options...)
	t.Cleanup(func() { batch.Close() })
	return batch
}

// drain is how the rest of the files ended, by their indexes.
func drain(t testing.TB, batch *Batch) map[int]Batched {
	t.Helper()
	files, ctx := map[int]Batched{}, background(t)
	for batch.Next(ctx) {
		file := batch.Value()
		if _, twice := files[file.Index]; twice || (file.Result == nil) == (file.Err == nil) || file.Name == "" {
			t.Fatalf("%+v, after %+v", file, files)
		}
		files[file.Index] = file
	}
	if err := batch.Err(); err != nil {
		t.Fatal(err)
	}
	if (batch.Value() != Batched{}) {
		t.Fatalf("after the end: %+v", batch.Value())
	}
	return files
}

// several are so many sources of some bytes.
func several(count int, filename string) []Source {
	var sources []Source
	for i := 0; i < count; i++ {
		sources = append(sources, Bytes([]byte("some bytes"), filename))
	}
	return sources
}

// expectFailures are the ends of so many files, all with this status.
func expectFailures(t testing.TB, files map[int]Batched, count int, status Status) {
	t.Helper()
	if len(files) != count {
		t.Fatalf("%d files: %+v", len(files), files)
	}
	for _, file := range files {
		expectStatus(t, file.Err, status)
	}
}

func TestEveryFileOfABatchHasItsResult(t *testing.T) {
	client := sandboxClient(t)
	path, data := clip(t)
	size := int64(len(data))
	errTape := errors.New("the tape is torn")
	failing := func(err error) Source {
		return Reader(readerFunc(func([]byte, int64) (int, error) { return 0, err }), size, "failing.mp4")
	}
	sources := []Source{
		File(path),
		Bytes(data, "batch-bytes.mp4"),
		File("missing.mp4"),
		failing(errDisk),
		Reader(bytes.NewReader(data), size, "batch-reader.mp4"),
		failing(errTape),
		Bytes(nil, "empty.mp4"),
	}
	names := []string{path, "batch-bytes.mp4", "missing.mp4", "failing.mp4", "batch-reader.mp4", "failing.mp4", "empty.mp4"}
	causes := map[int]error{2: nil, 3: errDisk, 5: errTape, 6: nil}
	last := map[int]Progress{}
	batch := newBatch(t, client, sources, WithFiles(3), WithContentType("video/mp4"), nil, UploadOption(nil),
		WithBatchProgress(func(index int, p Progress) { last[index] = p }))
	files := drain(t, batch)
	if len(files) != len(sources) {
		t.Fatalf("%+v", files)
	}
	for index, file := range files {
		if file.Index != index || file.Name != names[index] || !file.WasTried {
			t.Fatalf("%+v", file)
		}
		cause, fails := causes[index]
		if !fails {
			if file.Err != nil {
				t.Fatal(file.Err)
			}
			expectUploaded(t, file.Result, data)
			if last[index].Acknowledged != size || last[index].Phase != PhaseDone {
				t.Fatalf("%+v", last[index])
			}
			continue
		}
		expectStatus(t, file.Err, ErrSource)
		for _, err := range []error{errDisk, errTape} {
			if errors.Is(file.Err, err) != (err == cause) {
				t.Fatalf("%v, which came from %v", file.Err, cause)
			}
		}
	}
	// It is over, and stays so.
	drain(t, batch)
	expectStatus(t, batch.Add(File(path)), ErrInvalidArgument)
	expectStatus(t, batch.Add(Bytes(data, "late.mp4")), ErrInvalidArgument)
	drain(t, newBatch(t, client, nil))
	if len(batch.lent) != 0 {
		t.Fatalf("still lent: %v", batch.lent)
	}
}

func TestFilesAreAddedWhileABatchRuns(t *testing.T) {
	client := sandboxClient(t)
	_, data := clip(t)
	var batch *Batch
	added := 0
	batch = newBatch(t, client, several(1, "added.mp4"), WithBatchProgress(func(index int, _ Progress) {
		if index == added && added < 3 {
			added++
			if err := batch.Add(Bytes(data[:1000*added], "added.mp4")); err != nil {
				t.Error(err)
			}
		}
	}))
	files := drain(t, batch)
	if len(files) != 4 {
		t.Fatalf("%+v", files)
	}
	for index, file := range files {
		if index > 0 {
			expectUploaded(t, file.Result, data[:1000*index])
		}
	}
}

func TestOptionsOfUploadsAreThoseOfEachFile(t *testing.T) {
	client := sandboxClient(t)
	for _, file := range drain(t, newBatch(t, client, several(2, "a.mp4"), WithFilename("same.bin"),
		WithContentType("image/png"), WithContentType("video/quicktime"), WithConcurrency(2))) {
		if file.Err != nil {
			t.Fatal(file.Err)
		}
		record := recordOf(t, file.Result.UploadID)
		if record.Filename != "same.bin" || record.ContentType != "video/quicktime" {
			t.Fatalf("%+v", record)
		}
	}
	held := newHeldServer(t, answerJSON("{}"))
	hasty := newBatch(t, held.client(t), several(2, "hasty.mp4"), WithFiles(2), WithFileTimeout(time.Nanosecond))
	expectFailures(t, drain(t, hasty), 2, ErrTimeout)
}

func TestBatchesThatCannotBe(t *testing.T) {
	client := sandboxClient(t)
	gone := newClient(t, settings(t))
	gone.Close()
	reader := strings.NewReader("bytes")
	good := several(2, "a.mp4")
	for name, c := range map[string]struct {
		client  *Client
		sources []Source
		option  BatchOption
		names   string
	}{
		"no file at once":   {client, good, WithFiles(0), "files"},
		"too many at once":  {client, good, WithFiles(65), "files"},
		"below zero":        {client, good, WithFiles(-1), "files at once"},
		"NUL record":        {client, good, WithRecord("a\x00b"), "record"},
		"negative timeout":  {client, good, WithFileTimeout(-1), "timeout"},
		"progress":          {client, good, WithProgress(func(Progress) {}), "WithBatchProgress"},
		"no progress":       {client, good, WithProgress(nil), "WithBatchProgress"},
		"notice":            {client, good, WithNotice(func(Notice) {}), "WithBatchNotice"},
		"upload option":     {client, good, WithConcurrency(65), "parts"},
		"no source":         {client, append(good, nil), nil, "source 2: there is no source"},
		"no reader":         {client, []Source{Reader(nil, 5, "a.mp4")}, nil, "source 0: the reader is nil"},
		"negative size":     {client, append(good, Reader(reader, -5, "a.mp4")), nil, "source 2: the size"},
		"NUL path":          {client, append(good, File("a\x00b")), nil, "source 2: the path"},
		"NUL name":          {client, append(good, Bytes(nil, "a\x00b")), nil, "source 2: the file name"},
		"client that ended": {gone, good, nil, "closed"},
		"no client":         {new(Client), good, nil, "closed"},
	} {
		t.Run(name, func(t *testing.T) {
			batch := c.client.UploadAll(c.sources, c.option)
			defer batch.Close()
			if batch.Next(background(t)) {
				t.Fatalf("%+v", batch.Value())
			}
			for _, err := range []error{batch.Err(), batch.Add(good[0]), batch.Settle(background(t))} {
				expectStatus(t, err, ErrInvalidArgument)
				if !strings.Contains(err.Error(), c.names) || errors.Is(err, ErrClosed) != (c.client != client) {
					t.Fatal(err)
				}
			}
			batch.Cancel()
		})
	}
	// A source that is refused later leaves the others and their indexes as they are.
	batch := newBatch(t, client, good)
	for _, bad := range []Source{nil, File("a\x00b"), Reader(reader, 5, "\xff"), Bytes(nil, "a\x00b")} {
		if batch.Add(bad) == nil {
			t.Fatalf("%v was added", bad)
		}
	}
	if err := batch.Add(Reader(reader, 5, "later.mp4")); err != nil {
		t.Fatal(err)
	}
	files := drain(t, batch)
	if len(files) != 3 || files[2].Name != "later.mp4" || files[2].Err != nil {
		t.Fatalf("%+v", files)
	}
	if client.uses.count != 1 {
		t.Fatalf("%d uses of the client, of which one is this batch", client.uses.count)
	}
}

func TestARecordGivesResultsAgainUntilItIsSettled(t *testing.T) {
	client, _ := journaled(t)
	path, data := clip(t)
	var references [2]string
	for run := 0; run < 3; run++ {
		told := map[NoticeKind]int{}
		batch := newBatch(t, client, []Source{File(path), Bytes(data[:1000], "held.mp4")}, WithHeldResult(),
			WithRecord("held"), WithBatchNotice(func(index int, n Notice) {
				if index > 1 || n.Text == "" {
					t.Errorf("file %d: %+v", index, n)
				}
				told[n.Kind]++
			}))
		for index, file := range drain(t, batch) {
			if file.Err != nil {
				t.Fatal(file.Err)
			}
			isKnown := file.Result.UploadID == references[index] && file.Result.Resumed == file.Result.Bytes
			if isKnown != (run == 1) {
				t.Fatalf("run %d: %+v after %v", run, file.Result, references)
			}
			references[index] = file.Result.UploadID
			// The record holds it, and not the result.
			if err := client.Settle(background(t), file.Result); err != nil {
				t.Fatal(err)
			}
		}
		if recorded := told[NoticeAlreadyRecorded]; recorded != 0 && run != 1 || recorded != 2 && run == 1 {
			t.Fatalf("run %d: %v", run, told)
		}
		for i := 0; run > 0 && i < 2; i++ {
			if err := batch.Settle(background(t)); err != nil {
				t.Fatal(err)
			}
		}
		batch.Close()
	}
}

func TestABatchWithoutARecordIsSettledToo(t *testing.T) {
	client := sandboxClient(t)
	batch := newBatch(t, client, several(1, "settled.mp4"))
	for i := 0; i < 2; i++ {
		if err := batch.Settle(background(t)); err != nil {
			t.Fatal(err)
		}
	}
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	if failure := expectStatus(t, batch.Settle(ended), ErrCancelled); !errors.Is(failure, context.Canceled) {
		t.Fatal(failure)
	}
	if files := drain(t, batch); len(files) != 1 || files[0].Err != nil {
		t.Fatalf("%+v", files)
	}
}

func TestOneBatchAtATimeHasAName(t *testing.T) {
	client, _ := journaled(t)
	ctx := background(t)
	first := newBatch(t, client, several(1, "named.mp4"), WithRecord("a name"))
	second := newBatch(t, client, several(2, "named.mp4"), WithRecord("a name"))
	if !first.Next(ctx) {
		t.Fatal(first.Err())
	}
	if second.Next(ctx) {
		t.Fatalf("%+v", second.Value())
	}
	expectStatus(t, second.Err(), ErrBusy)
	rest := drain(t, second)
	expectFailures(t, rest, 2, ErrBusy)
	if rest[0].WasTried || rest[1].WasTried {
		t.Fatalf("%+v", rest)
	}
	first.Close()
	third := newBatch(t, client, several(1, "named.mp4"), WithRecord("a name"))
	if file := drain(t, third)[0]; file.Err != nil {
		t.Fatal(file.Err)
	}
}

func TestWhatWouldMeetAllFilesStopsABatch(t *testing.T) {
	client := sandboxClient(t)
	playFaults(t, object{
		"on":    object{"operation": "init_upload"},
		"fault": object{"kind": "status", "status": http.StatusUnauthorized},
	})
	files := drain(t, newBatch(t, client, several(3, "stopped.mp4")))
	expectFailures(t, files, 3, ErrUnauthorized)
	if !files[0].WasTried || files[1].WasTried || files[2].WasTried {
		t.Fatalf("%+v", files)
	}
}
