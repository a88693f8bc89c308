package ofauth

// The connections of the organization: linked OnlyFans accounts, listed and ended. How one comes into being is in link.go.

import (
	"context"
	"encoding/json"
	"time"
)

// Connection is a linked OnlyFans account.
type Connection struct {
	// ID is its id, conn_...
	ID string
	// Status is active, expired, awaiting_2fa, or a word of a newer service.
	Status string
	// ClientReferenceID is what the program that linked it called it.
	ClientReferenceID string
	// UserID, Username and Name are the creator's at OnlyFans.
	UserID, Username, Name string
	// Permissions are what it may be used for, such as vault:write.
	Permissions []string
	// Imported says whether it was imported rather than linked.
	Imported bool
	// CreatedAt and ExpiredAt are when it was linked first, and when it expired, if it did.
	CreatedAt, ExpiredAt time.Time
	// Raw is all that the service said.
	Raw json.RawMessage
}

// Connections walks through all connections of the organization; [ConnectionOf] reads an item. The caller closes it.
func (c *Client) Connections(options ...ItemsOption) *Items {
	return c.Items("list_connections", params{"limit": 50}, options...)
}

// ConnectionOf reads a connection, such as an item of [Client.Connections].
func ConnectionOf(raw json.RawMessage) Connection {
	o := fieldsOf(raw)
	user := o.of("userData")
	return Connection{
		ID:                o.text("id"),
		Status:            o.text("status"),
		ClientReferenceID: o.text("clientReferenceId"),
		UserID:            user.text("id"),
		Username:          user.text("username"),
		Name:              user.text("name"),
		Permissions:       o.texts("permissions"),
		Imported:          o.flag("imported"),
		CreatedAt:         o.time("createdAt"),
		ExpiredAt:         o.time("expiredAt"),
		Raw:               raw,
	}
}

// DisconnectConnection removes a connection for good. The creator would have to be linked anew.
func (c *Client) DisconnectConnection(ctx context.Context, id string) error {
	if err := named("connection id", id); err != nil {
		return err
	}
	return c.Call(ctx, "disconnect_connection", params{"connectionId": id}, nil, nil)
}

// InvalidateConnection ends the session of a connection, which can be linked again.
func (c *Client) InvalidateConnection(ctx context.Context, id string) error {
	if err := named("connection id", id); err != nil {
		return err
	}
	return c.Call(ctx, "invalidate_connection", params{"connectionId": id}, nil, nil)
}
