package ofauth

// Downloads of variants from Vault+ to files: whole or not at all, and resumed after interruptions.

// #include "shim.h"
import "C"

import "context"

// DownloadProgress is how far a download is.
type DownloadProgress struct {
	// Received are the bytes that are there.
	Received int64
	// Total are the bytes of the file; -1 while they are not known.
	Total int64
	// Resumed are the bytes that an earlier download had. They are in Received from the start.
	Resumed int64
}

// Downloaded is a file that was downloaded.
type Downloaded struct {
	// Bytes is its size.
	Bytes int64
	// Resumed are the bytes that an earlier download had.
	Resumed int64
	// ContentType is its type; empty if nobody said it.
	ContentType string
}

// DownloadOption is one way in which a download differs from the default.
type DownloadOption func(*downloadSettings)

type downloadSettings struct {
	overwrite, wait bool
	progress        func(DownloadProgress)
}

// WithOverwrite puts the file in place of one that is there. By default, that is an error.
func WithOverwrite() DownloadOption {
	return func(s *downloadSettings) { s.overwrite = true }
}

// WithStoredWait waits until Vault+ has the bytes, as [Client.WaitStored] does. By default, a variant that is not stored is an
// error.
func WithStoredWait() DownloadOption {
	return func(s *downloadSettings) { s.wait = true }
}

// WithDownloadProgress sets a function that is called about ten times a second while bytes come. The download waits for it. To
// stop it, cancel its context.
func WithDownloadProgress(progress func(DownloadProgress)) DownloadOption {
	return func(s *downloadSettings) { s.progress = progress }
}

// Download downloads a variant of a medium from Vault+ to the file at path. The label is one of those that [Client.VaultPlusGet]
// shows, such as full, source or 720p.
//
// The bytes come into a file beside it whose name ends with .ofauth-part, and the file appears when they are all there and safe
// on the disk. Who is interrupted, by a kill or by a context, does the same again: it goes on where it was.
func (c *Client) Download(
	ctx context.Context, mediaID, label, path string, options ...DownloadOption,
) (*Downloaded, error) {
	var settings downloadSettings
	for _, option := range options {
		if option != nil {
			option(&settings)
		}
	}
	var m memory
	defer m.free()
	mediaText, mediaErr := m.text("the media id", mediaID)
	labelText, labelErr := m.text("the label", label)
	pathText, pathErr := m.text("the path", path)
	if err := first(mediaErr, labelErr, pathErr); err != nil {
		return nil, err
	}
	var download *C.ofauth_download
	defer func() { C.ofauth_download_free(download) }()
	for _, step := range []func(err **C.ofauth_error) C.ofauth_status{
		func(err **C.ofauth_error) C.ofauth_status {
			return C.ofauth_download_new(mediaText, labelText, pathText, &download, err)
		},
		func(err **C.ofauth_error) C.ofauth_status {
			return C.ofauth_download_set_overwrite(download, isWanted(settings.overwrite), err)
		},
		func(err **C.ofauth_error) C.ofauth_status {
			return C.ofauth_download_set_wait(download, isWanted(settings.wait), err)
		},
	} {
		if err := attempt(step); err != nil {
			return nil, err
		}
	}
	return told[Downloaded](c.askWith(ctx, &m, func(call *call) {
		if settings.progress != nil {
			call.progress = func(_ int, p Progress) { settings.progress(downloadProgressOf(p)) }
		}
	}, func(call under) C.ofauth_status {
		return C.ofauthgo_download_run(call.client, download, isWanted(settings.progress != nil), call.id, call.out, call.err)
	}))
}

// downloadProgressOf is what the progress of a download says.
func downloadProgressOf(p Progress) DownloadProgress {
	// What is not known is the largest number of the library, which is -1 here.
	return DownloadProgress{Received: p.HandedOver, Total: p.Total, Resumed: p.Resumed}
}
