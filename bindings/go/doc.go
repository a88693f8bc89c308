// Package ofauth uploads media to the OnlyFans vault through the OFAuth API, and calls every other operation of that
// API.
//
// It is a thin layer over the C library of the same name and needs its header and shared object, which it finds with
// pkg-config. It decides no protocol: plans, retries, limits and what may be repeated are the library's. It reads no
// environment and no files of its own.
//
// # A whole program
//
//	client, err := ofauth.New(ofauth.Config{APIKey: key, ConnectionID: "conn_abc123"})
//	if err != nil {
//		return err
//	}
//	defer client.Close()
//
//	result, err := client.Upload(ctx, ofauth.File("clip.mp4"), ofauth.WithProgress(func(p ofauth.Progress) {
//		fmt.Fprintf(os.Stderr, "\r%d of %d bytes", p.Acknowledged, p.Total)
//	}))
//	if err != nil {
//		return err
//	}
//	fmt.Println(result.UploadID)
//
// # Goroutines
//
// A [Client] may be used by any number of goroutines at once, and closed while they use it. Functions and readers that
// are given to a call run while that call runs, one at a time for one call, on a goroutine of their own; those of a
// [Batch] run during [Batch.Next]. A panic in one of them ends the call and comes out of it; so does [runtime.Goexit].
//
// # Errors
//
// Every error of this package is an [*Error]; [errors.Is] finds the status ([ErrRateLimited], [ErrOutcomeUnknown] and
// so on), what a reader returned, and what ended a context. Look for [ErrOutcomeUnknown] first: then, whatever else the
// error is, trying again before looking could duplicate.
//
// # Texts
//
// Texts go to the library as UTF-8 without NUL bytes. Others are refused, never cut. What is passed as JSON follows
// encoding/json, which replaces bytes that are not UTF-8.
package ofauth
