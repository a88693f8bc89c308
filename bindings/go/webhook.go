package ofauth

// Webhooks: who sent a request, and what it says. The library decides; nothing is sent, and no client is needed.

// #include "shim.h"
import "C"

import (
	"encoding/json"
	"net/http"
	"time"
)

// WebhookScheme is how a webhook is signed.
type WebhookScheme string

const (
	// WebhookOFAuth is the documented scheme, with the header OFAuth-Signature.
	WebhookOFAuth WebhookScheme = "ofauth"
	// WebhookSvix is the one before it, with the headers svix-id, svix-timestamp and svix-signature.
	WebhookSvix WebhookScheme = "svix"
)

// WebhookEvent is what a webhook says, whichever generation of the service sent it. What is not known has the zero value.
type WebhookEvent struct {
	// Scheme is how it was signed.
	Scheme WebhookScheme
	// Type is the name of the event, such as connection.created.
	Type string
	// Timestamp is when it happened.
	Timestamp time.Time
	// SignedAt is when it was sent.
	SignedAt time.Time
	// Live says whether it is about real accounts; only the older envelope does.
	Live *bool
	// ID is the id under which the service sends it, the same each time; only in the scheme of svix.
	ID string
	// Connection is what the event is about; nil if it names none.
	Connection *WebhookConnection
	// Environment is live, test or sandbox, for what happened on OnlyFans.
	Environment string
	// DedupeKey is the same each time the service sends this event, and another one for another event.
	DedupeKey string
	// Data is what the event says, as it came.
	Data json.RawMessage
}

// WebhookConnection is a connection as an event describes it.
type WebhookConnection struct {
	// ID is its id.
	ID string
	// Status is active, awaiting_2fa, expired, or a word of a newer service.
	Status string
	// Permissions are what it may be used for.
	Permissions []string
	// ClientReferenceID is what your program called it when it was made.
	ClientReferenceID string
	// User is the OnlyFans account behind it; nil if the event does not name it.
	User *WebhookUser
}

// WebhookUser is an account on OnlyFans.
type WebhookUser struct {
	// ID is its id on OnlyFans.
	ID string
	// Name is the name that is shown.
	Name string
	// Username is the name in addresses.
	Username string
	// Avatar is the address of its picture.
	Avatar string
}

// VerifyWebhook verifies a webhook and reads its event, now and with the default tolerance of 5 minutes.
//
// The secrets are those of the endpoint: several while they are rotated. The body is the body as it came, before anything
// parses it. A request that is not to be taken is an [*Error] with one of the statuses ErrWebhook...; answer 400 to it.
// [NewWebhookHandler] does all of that.
func VerifyWebhook(secrets []string, header http.Header, body []byte) (*WebhookEvent, error) {
	return VerifyWebhookAt(secrets, header, body, time.Now(), 0)
}

// VerifyWebhookAt is VerifyWebhook for another time and another tolerance: how old a signature may be, and how far in the
// future, in whole seconds. 0 stands for the default.
func VerifyWebhookAt(
	secrets []string, header http.Header, body []byte, now time.Time, tolerance time.Duration,
) (*WebhookEvent, error) {
	var names, values []string
	for name, all := range header {
		for _, value := range all {
			names, values = append(names, name), append(values, value)
		}
	}
	var m memory
	defer m.free()
	keys, secretErr := m.texts("secret", secrets)
	nameTexts, nameErr := m.texts("the name of header", names)
	valueTexts, valueErr := m.texts("the value of header", values)
	seconds, toleranceErr := toUint64("the tolerance", int64(tolerance/time.Second))
	if err := first(secretErr, nameErr, valueErr, toleranceErr); err != nil {
		return nil, err
	}
	var answer *C.ofauth_response
	err := attempt(func(err **C.ofauth_error) C.ofauth_status {
		return C.ofauthgo_webhook_verify(keys, C.size_t(len(secrets)), nameTexts, valueTexts, C.size_t(len(names)),
			bytesOf(body), C.size_t(len(body)), C.int64_t(now.Unix()), seconds, &answer, err)
	})
	if err != nil {
		return nil, err
	}
	defer C.ofauth_response_free(answer)
	return eventOf(responseOf(answer))
}

// SignWebhook signs a body as the service does, to test an endpoint: the headers to send with it. The id is that of the
// event, for [WebhookSvix] alone.
func SignWebhook(scheme WebhookScheme, secret string, body []byte, id string, at time.Time) (http.Header, error) {
	var m memory
	defer m.free()
	schemeText, schemeErr := m.text("the scheme", string(scheme))
	secretText, secretErr := m.text("the secret", secret)
	idText, idErr := m.textOrNil("the id", id)
	if err := first(schemeErr, secretErr, idErr); err != nil {
		return nil, err
	}
	var answer *C.ofauth_response
	err := attempt(func(err **C.ofauth_error) C.ofauth_status {
		return C.ofauthgo_webhook_sign(schemeText, secretText, idText, bytesOf(body), C.size_t(len(body)),
			C.int64_t(at.Unix()), &answer, err)
	})
	if err != nil {
		return nil, err
	}
	defer C.ofauth_response_free(answer)
	return responseOf(answer).Header, nil
}

// eventOf reads the event as the library writes it.
func eventOf(response *Response) (*WebhookEvent, error) {
	written := struct {
		*WebhookEvent
		// Texts: a form that Go does not know is to cost no event.
		Timestamp, SignedAt string
	}{WebhookEvent: new(WebhookEvent)}
	if err := response.decode("the verification of a webhook", &written); err != nil {
		return nil, err
	}
	written.WebhookEvent.Timestamp, _ = time.Parse(time.RFC3339, written.Timestamp)
	written.WebhookEvent.SignedAt, _ = time.Parse(time.RFC3339, written.SignedAt)
	return written.WebhookEvent, nil
}
