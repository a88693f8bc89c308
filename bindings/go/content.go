package ofauth

// What a post or message says and shows, as the fields of the request.

import (
	"encoding/json"
	"strconv"
	"time"
)

// MediaItem is a medium of a post or message, in one of the forms that the API takes. What surely is none, such as the name of a
// file, is refused with [ErrInvalidArgument] before anything is sent.
type MediaItem string

// MediaReference is an upload reference, as [Result.UploadID] is, in whatever form the service gave it. It can be used once: a second use is refused before anything
// is sent.
func MediaReference(uploadID string) MediaItem {
	return MediaItem(uploadID)
}

// MediaID is a media id of the vault, as [Result.MediaID] is. It can be used any number of times.
func MediaID(id string) MediaItem {
	return MediaItem(id)
}

// MediaURL is a picture or video on another server, http or https.
func MediaURL(url string) MediaItem {
	return MediaItem(url)
}

// Content is the text and the media of a post, a message or a mass message. What has the zero value is not sent.
type Content struct {
	// Text has at most 10 000 characters, and may be empty.
	Text string
	// Media are shown in this order.
	Media []MediaItem
	// PriceCents is the price in cents, $0 to $200; 0 is free.
	PriceCents int64
	// LockedText locks the text, too, behind the price.
	LockedText bool
	// PreviewMediaCount is how many media, from the first, are shown free of charge.
	PreviewMediaCount int
	// Schedule publishes a post or a mass message at that moment instead of now.
	Schedule time.Time
	// ExpireAfterDays removes a post again after so many days, 1 to 30.
	ExpireAfterDays int
	// ReplyTo is the message that [Client.SendMessage] replies to.
	ReplyTo string
	// ToUsers are the users that get a mass message.
	ToUsers []string
	// ToLists are the lists whose users get a mass message.
	ToLists []string
	// ExceptLists are the lists whose users do not get a mass message.
	ExceptLists []string
	// Fields are any others by their names in the API document, such as userTags.
	Fields map[string]any
}

// MarshalJSON writes the content as the API takes it.
func (c Content) MarshalJSON() ([]byte, error) {
	fields := map[string]any{"text": c.Text}
	set := func(name string, value any, isSet bool) {
		if isSet {
			fields[name] = value
		}
	}
	set("mediaItems", c.Media, len(c.Media) > 0)
	set("price", dollars(c.PriceCents), c.PriceCents != 0)
	set("isLockedText", true, c.LockedText)
	set("previewMediaCount", c.PreviewMediaCount, c.PreviewMediaCount != 0)
	set("scheduledDate", c.Schedule.UTC().Format("2006-01-02T15:04:05.000Z"), !c.Schedule.IsZero())
	set("expireAfter", c.ExpireAfterDays, c.ExpireAfterDays != 0)
	set("replyToMessageId", c.ReplyTo, c.ReplyTo != "")
	set("userIds", idsOf(c.ToUsers), len(c.ToUsers) > 0)
	set("userLists", idsOf(c.ToLists), len(c.ToLists) > 0)
	set("excludeUserLists", idsOf(c.ExceptLists), len(c.ExceptLists) > 0)
	for name, value := range c.Fields {
		fields[name] = value
	}
	return json.Marshal(fields)
}

// dollars are exact to the cent.
func dollars(cents int64) json.Number {
	sign := ""
	if cents < 0 {
		sign, cents = "-", -cents
	}
	digits := strconv.FormatInt(cents+100, 10)
	whole, _ := strconv.ParseInt(digits[:len(digits)-2], 10, 64)
	return json.Number(sign + strconv.FormatInt(whole-1, 10) + "." + digits[len(digits)-2:])
}

// idsOf are ids as the service takes them: numbers for users and lists of one's own, words for lists such as fans.
func idsOf(texts []string) []any {
	ids := make([]any, 0, len(texts))
	for _, text := range texts {
		if number, err := strconv.ParseUint(text, 10, 64); err == nil {
			ids = append(ids, number)
		} else {
			ids = append(ids, text)
		}
	}
	return ids
}
