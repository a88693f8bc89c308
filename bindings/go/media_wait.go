package ofauth

// Waits for media: until the vault has processed them, or until Vault+ has their bytes.

// #include "shim.h"
import "C"

import (
	"context"
	"encoding/json"
)

// Media is a medium of the vault as the service describes it.
type Media struct {
	// ID is its id.
	ID string
	// Raw is all that the service said. Its URLs are signed: whoever has one can fetch the medium.
	Raw json.RawMessage
}

// WaitOption is one way in which a wait differs from the default.
type WaitOption func(*waitSettings)

type waitSettings struct {
	notice func(Notice)
	labels []string
}

// WithWaitNotice sets a function that is told how far a wait is, at first and whenever that changes. The wait waits for it. To
// stop it, cancel its context.
func WithWaitNotice(notice func(Notice)) WaitOption {
	return func(s *waitSettings) { s.notice = notice }
}

// WithWaitLabels has [Client.WaitStored] wait for the variants with these labels alone, such as source. By default it waits for
// all variants.
func WithWaitLabels(labels ...string) WaitOption {
	return func(s *waitSettings) { s.labels = labels }
}

// waitSettingsOf are the settings that options make.
func waitSettingsOf(options []WaitOption) (settings waitSettings) {
	for _, option := range options {
		if option != nil {
			option(&settings)
		}
	}
	return settings
}

// WaitReady waits until the vault has processed these media, so that posts and messages show them. Ids are those of the vault,
// as [Result.MediaID] is; the media come in their order.
//
// It looks again and again, after pauses that grow from 1 to 30 seconds and are longer while little of the request budget is
// left, for 30 minutes unless the context ends before. [ErrRejected] means that a medium cannot be had: the service could not
// process it, has removed it or does not know it.
func (c *Client) WaitReady(ctx context.Context, ids []string, options ...WaitOption) ([]Media, error) {
	of := func(raw json.RawMessage) Media { return Media{fieldsOf(raw).text("id"), raw} }
	settings := waitSettingsOf(options)
	if len(settings.labels) > 0 {
		return nil, invalid("the vault has no variants: labels are for WaitStored alone")
	}
	return waitFor(ctx, c, ids, settings, of, func(call under, ids, _ texts) C.ofauth_status {
		return C.ofauthgo_wait_ready(call.client, ids.array, ids.count, call.id, call.out, call.err)
	})
}

// WaitStored waits until Vault+ has the bytes of these media, so that [Client.Download] finds them: those of all variants, or of
// some alone ([WithWaitLabels]). Otherwise as [Client.WaitReady].
func (c *Client) WaitStored(ctx context.Context, ids []string, options ...WaitOption) ([]VaultPlusMedia, error) {
	return waitFor(ctx, c, ids, waitSettingsOf(options), VaultPlusMediaOf, func(call under, ids, labels texts) C.ofauth_status {
		return C.ofauthgo_wait_stored(
			call.client, ids.array, ids.count, labels.array, labels.count, call.id, call.out, call.err,
		)
	})
}

// texts is an array of texts in C.
type texts struct {
	array **C.char
	count C.size_t
}

// waitFor waits for media with a function of the library.
func waitFor[T any](
	ctx context.Context, c *Client, ids []string, settings waitSettings, read func(json.RawMessage) T,
	wait func(call under, ids, labels texts) C.ofauth_status,
) ([]T, error) {
	var m memory
	array, errIDs := m.texts("media id", ids)
	labels, errLabels := m.texts("label", settings.labels)
	if err := first(errIDs, errLabels); err != nil {
		m.free()
		return nil, err
	}
	response, err := c.askAndHear(ctx, &m, settings, func(call under) C.ofauth_status {
		return wait(call, texts{array, C.size_t(len(ids))}, texts{labels, C.size_t(len(settings.labels))})
	})
	if err != nil {
		return nil, err
	}
	return each(fieldsOf(response.JSON).items("items"), read), nil
}

// askAndHear is ask for a function that says how far it is.
func (c *Client) askAndHear(
	ctx context.Context, m *memory, settings waitSettings, f func(under) C.ofauth_status,
) (*Response, error) {
	return c.askWith(ctx, m, func(call *call) {
		if settings.notice != nil {
			call.hears = true
			call.notice = func(_ int, n Notice) { settings.notice(n) }
		}
	}, f)
}
