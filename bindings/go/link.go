package ofauth

// Link: a creator signs in, and there is a connection to act on.

// #include "shim.h"
import "C"

import (
	"context"
	"encoding/json"
	"time"
)

// LinkOptions is how a creator is to be linked. Everything may be left out.
type LinkOptions struct {
	// ClientAppID is the application of the organization, app_... It decides what the creator is asked for, and whether the page
	// of the service is used (hosted) or one of your own (whitelabel).
	ClientAppID string `json:"clientAppId,omitempty"`
	// RedirectURL is where the creator is sent afterwards; [ParseLinkReturn] reads what comes back there.
	RedirectURL string `json:"redirectUrl,omitempty"`
	// ClientReferenceID is what you call the creator. Default: a random name.
	ClientReferenceID string `json:"clientReferenceId,omitempty"`
	// ConnectionID is a connection that is to be linked again. Default: a new one.
	ConnectionID string `json:"connectionId,omitempty"`
	// Mode is hosted or whitelabel. The service has deprecated it and decides by the application; the sandbox opens a whitelabel
	// session only if it is asked for one. Default: not sent.
	Mode string `json:"mode,omitempty"`
	// Geolocation is where the creator signs in from.
	Geolocation *Geolocation `json:"geolocation,omitempty"`
}

// Geolocation is a country as two letters, and a state and a city if they are known.
type Geolocation struct {
	Country string `json:"country"`
	State   string `json:"state,omitempty"`
	City    string `json:"city,omitempty"`
}

// LinkSession is a session in which a creator signs in. As JSON it is whole, for another process to wait for. It holds the
// secret or the address of the session: keep it as you keep a password.
type LinkSession struct {
	// Mode is hosted or whitelabel.
	Mode string
	// URL is where to send the creator, in hosted mode.
	URL string
	// ClientSecret is what names the session, in whitelabel mode.
	ClientSecret string
	// ClientReferenceID is what the connection will be known by.
	ClientReferenceID string
	// ExpiresAt is when the session ends; the zero time if the service did not say.
	ExpiresAt time.Time

	raw json.RawMessage
}

// String is the session without what is secret of it.
func (s LinkSession) String() string {
	return "link session " + s.ClientReferenceID + " (" + s.Mode + ")"
}

// GoString is String.
func (s LinkSession) GoString() string {
	return s.String()
}

// MarshalJSON writes all of the session.
func (s LinkSession) MarshalJSON() ([]byte, error) {
	if s.raw == nil {
		return nil, invalid("the link session is empty: take one of LinkStart")
	}
	return s.raw, nil
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (s *LinkSession) UnmarshalJSON(raw []byte) error {
	*s = linkSessionOf(append(json.RawMessage(nil), raw...))
	return nil
}

func linkSessionOf(raw json.RawMessage) LinkSession {
	o := fieldsOf(raw)
	return LinkSession{
		Mode:              o.text("mode"),
		URL:               o.text("url"),
		ClientSecret:      o.text("clientSecret"),
		ClientReferenceID: o.text("clientReferenceId"),
		ExpiresAt:         o.time("expiresAt"),
		raw:               raw,
	}
}

// Linked is a creator who was linked.
type Linked struct {
	// ConnectionID is the connection to act on.
	ConnectionID string
	// ClientReferenceID is what it is known by.
	ClientReferenceID string
	// UserID, Username and Name are the creator's at OnlyFans; empty if they are not known.
	UserID, Username, Name string
	// Data is all that the service said. If the session of OnlyFans was asked for, it is in here: it works like a password.
	Data json.RawMessage
}

// LinkReturn is what came back on the redirect URL. Anybody can open that address: before you act on it, look whether the
// connection is yours.
type LinkReturn struct {
	// Status is success, cancelled, error, or a word of a newer service.
	Status string
	// ConnectionID is the connection, if there is one.
	ConnectionID string
	// ClientReferenceID is what you called the creator.
	ClientReferenceID string
	// Step is where the creator stopped, and ErrorCode what went wrong, if something did.
	Step, ErrorCode string
	// Message is why there is no connection, and what to do; empty for a success.
	Message string
}

// LinkStart opens a session in which a creator signs in: send them to its URL, and [Client.LinkWait].
func (c *Client) LinkStart(ctx context.Context, options LinkOptions) (*LinkSession, error) {
	var m memory
	text, err := m.json("the options", options)
	if err != nil {
		m.free()
		return nil, err
	}
	response, err := c.ask(ctx, &m, func(call under) C.ofauth_status {
		return C.ofauthgo_link_start(call.client, text, call.id, call.out, call.err)
	})
	if err != nil {
		return nil, err
	}
	session := linkSessionOf(response.JSON)
	return &session, nil
}

// LinkWait waits until the creator has signed in, in any process that has the session. It looks every 2 to 10 seconds, and ends
// when the session does, or the context. Of a hosted session (one with a URL) the service tells nothing but the connection that comes
// of it: a wrong password or a refusal shows on the redirect URL alone ([ParseLinkReturn]).
func (c *Client) LinkWait(ctx context.Context, session *LinkSession, options ...WaitOption) (*Linked, error) {
	if session == nil {
		return nil, invalid("there is no link session: take one of LinkStart")
	}
	var m memory
	text, err := m.json("the link session", session)
	if err != nil {
		m.free()
		return nil, err
	}
	return told[Linked](c.askAndHear(ctx, &m, waitSettingsOf(options), func(call under) C.ofauth_status {
		return C.ofauthgo_link_wait(call.client, text, call.id, call.out, call.err)
	}))
}

// ParseLinkReturn reads the address that a creator came back to after a sign-in, whole or from its path on. Nothing is sent.
func ParseLinkReturn(url string) (*LinkReturn, error) {
	var m memory
	defer m.free()
	text, err := m.text("the address", url)
	if err != nil {
		return nil, err
	}
	var answer *C.ofauth_response
	err = attempt(func(err **C.ofauth_error) C.ofauth_status { return C.ofauth_link_return_parse(text, &answer, err) })
	if err != nil {
		return nil, err
	}
	defer C.ofauth_response_free(answer)
	return told[LinkReturn](responseOf(answer), nil)
}
