package ofauth

// How a batch can differ from the default.

// #include "shim.h"
import "C"

import "time"

// BatchOption is one way in which a batch differs from the default: one of those below, or an [UploadOption], which holds for each
// file. [WithProgress] and [WithNotice] are for one upload and refused. Of two that say different things the later holds.
type BatchOption interface {
	apply(s *batchSettings) error
}

// batchSettings are a batch that has not begun.
type batchSettings struct {
	*Batch
	// What its files have in common.
	upload upload
}

type batchOption func(*batchSettings) error

func (o batchOption) apply(s *batchSettings) error {
	return o(s)
}

func (o UploadOption) apply(s *batchSettings) error {
	if o == nil {
		return nil
	}
	return o(&s.upload)
}

// WithFiles is how many files are uploaded at once, 1 to 64. Default: 1. Each sends so many parts in parallel as its options say.
func WithFiles(files int) BatchOption {
	return batchOption(func(s *batchSettings) error {
		number, err := toUint32("the number of files at once", files)
		if err != nil {
			return err
		}
		return attempt(func(err **C.ofauth_error) C.ofauth_status {
			return C.ofauth_batch_set_files(s.native.batch, number, err)
		})
	})
}

// WithRecord is the name of the record in [Config.JournalDir]. It then has what batches of this name uploaded and nothing else,
// and all of it is forgotten when the batch is done. Only one batch at a time has a name. The empty one, the default, is none:
// then batches with the same files may run at the same time.
func WithRecord(name string) BatchOption {
	return batchOption(func(s *batchSettings) error {
		text, err := s.upload.memory.textOrNil("the name of the record", name)
		if err != nil {
			return err
		}
		return attempt(func(err **C.ofauth_error) C.ofauth_status {
			return C.ofauth_batch_set_record(s.native.batch, text, err)
		})
	})
}

// WithFileTimeout is how long each file may take, from its own beginning, all tries and pauses together. 0, the default, is no
// limit. It is rounded up to milliseconds.
func WithFileTimeout(timeout time.Duration) BatchOption {
	return batchOption(func(s *batchSettings) error {
		milliseconds, err := toMilliseconds("the timeout of a file", timeout)
		if err != nil {
			return err
		}
		return s.upload.setMilliseconds(milliseconds)
	})
}

// WithBatchProgress sets a function that is called with the progress of each file and its index, as that of [WithProgress] is,
// for one file at a time and during [Batch.Next] and [Batch.Settle] alone. The batch waits for it. To end the batch, call [Batch.Cancel].
func WithBatchProgress(progress func(index int, p Progress)) BatchOption {
	return batchOption(func(s *batchSettings) error {
		s.progress = progress
		return attempt(func(err **C.ofauth_error) C.ofauth_status {
			return C.ofauthgo_batch_set_progress(s.native.batch, isWanted(progress != nil), err)
		})
	})
}

// WithBatchNotice sets a function that is called with each notice of a file and its index, as that of [WithNotice] is, and with
// what the batch waits for. Notices that come between two calls of [Batch.Next] wait for the next one.
func WithBatchNotice(notice func(index int, n Notice)) BatchOption {
	return batchOption(func(s *batchSettings) error {
		s.notice = notice
		return attempt(func(err **C.ofauth_error) C.ofauth_status {
			return C.ofauthgo_batch_set_notice(s.native.batch, isWanted(notice != nil), err)
		})
	})
}

func isWanted(wanted bool) C.int {
	if wanted {
		return 1
	}
	return 0
}

// configure sets what the options say.
func (b *Batch) configure(options []BatchOption) error {
	s := batchSettings{Batch: b}
	defer s.upload.free()
	if err := s.upload.make(); err != nil {
		return err
	}
	for _, option := range options {
		if option == nil {
			continue
		}
		if err := option.apply(&s); err != nil {
			return err
		}
	}
	return attempt(func(err **C.ofauth_error) C.ofauth_status {
		return C.ofauth_batch_set_options(b.native.batch, s.upload.upload, err)
	})
}
