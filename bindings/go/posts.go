package ofauth

// Posts, messages and mass messages, from the first request to the last.

import (
	"context"
	"encoding/json"
	"strings"
)

// Post is a post as the service describes it.
type Post struct {
	// ID is its id.
	ID string
	// Raw is all that the service said.
	Raw json.RawMessage
}

// MediaIDs are the media ids of what it shows, which work any number of times. Of an uploaded file, this is how its id is known
// if the answer to the upload had none.
func (p *Post) MediaIDs() []string {
	return mediaIDs(p.Raw)
}

// Message is a message or mass message as the service describes it.
type Message struct {
	// ID is its id.
	ID string
	// Raw is all that the service said.
	Raw json.RawMessage
}

// MediaIDs are the media ids of what it shows, as [Post.MediaIDs]. The answer to a mass message has none: read it with
// [Client.GetMassMessage].
func (m *Message) MediaIDs() []string {
	return mediaIDs(m.Raw)
}

func mediaIDs(raw json.RawMessage) []string {
	var ids []string
	for _, medium := range fieldsOf(raw).items("media") {
		if id := fieldsOf(medium).text("id"); id != "" {
			ids = append(ids, id)
		}
	}
	return ids
}

func postOf(raw json.RawMessage) *Post {
	return &Post{fieldsOf(raw).text("id"), raw}
}

func messageOf(raw json.RawMessage) *Message {
	return &Message{fieldsOf(raw).text("id"), raw}
}

// CreatePost creates a post. [ErrOutcomeUnknown] means that the service may have made it: look before you try again.
func (c *Client) CreatePost(ctx context.Context, content Content) (*Post, error) {
	return fetch(ctx, c, "create_post", nil, content, postOf)
}

// GetPost reads a post.
func (c *Client) GetPost(ctx context.Context, id string) (*Post, error) {
	return fetch(ctx, c, "get_post", params{"postId": id}, nil, postOf)
}

// UpdatePost edits a post: it is as the content says from then on, without the text, media, price and date that it leaves out. For
// what stays, take [Post.MediaIDs], and not the upload references, which are used up.
func (c *Client) UpdatePost(ctx context.Context, id string, content Content) (*Post, error) {
	return fetch(ctx, c, "update_post", params{"postId": id}, content, postOf)
}

// DeletePost deletes a post, or a scheduled one before it is published.
func (c *Client) DeletePost(ctx context.Context, id string) error {
	return c.Call(ctx, "delete_post", params{"postId": id}, nil, nil)
}

// SendMessage sends a message to a user. With [Content.ReplyTo] it is a reply.
func (c *Client) SendMessage(ctx context.Context, userID string, content Content) (*Message, error) {
	if err := named("user id", userID); err != nil {
		return nil, err
	}
	return fetch(ctx, c, "send_chat_message", params{"userId": userID}, content, messageOf)
}

// UnsendMessage takes back a message to a user.
func (c *Client) UnsendMessage(ctx context.Context, userID, messageID string) error {
	with := params{"userId": userID, "messageId": messageID}
	return c.Call(ctx, "unsend_chat_message", with, params{"withUserId": userID}, nil)
}

// CreateMassMessage creates a message for the users and lists that the content names.
func (c *Client) CreateMassMessage(ctx context.Context, content Content) (*Message, error) {
	return fetch(ctx, c, "create_mass_message", nil, content, messageOf)
}

// GetMassMessage reads a mass message.
func (c *Client) GetMassMessage(ctx context.Context, id string) (*Message, error) {
	return fetch(ctx, c, "get_mass_message", params{"massMessageId": id}, nil, messageOf)
}

// UpdateMassMessage edits a mass message that was not sent yet, as [Client.UpdatePost] edits a post.
func (c *Client) UpdateMassMessage(ctx context.Context, id string, content Content) (*Message, error) {
	return fetch(ctx, c, "update_mass_message", params{"massMessageId": id}, content, messageOf)
}

// DeleteMassMessage deletes a mass message; one that was sent is taken back.
func (c *Client) DeleteMassMessage(ctx context.Context, id string) error {
	return c.Call(ctx, "delete_mass_message", params{"massMessageId": id}, nil, nil)
}

// named refuses an id that names nothing.
func named(what, id string) error {
	if strings.TrimSpace(id) == "" {
		return invalid("the " + what + " is empty")
	}
	return nil
}
