package ofauth

// What the service says, read leniently: an id as text or number, a number as text, a field that is missing or odd as its zero
// value. No answer becomes an error because of one field.

import (
	"context"
	"encoding/json"
	"math"
	"strconv"
	"time"
)

// params are the parameters of a call by their names.
type params map[string]any

// fields is a JSON object whose fields were not read yet.
type fields map[string]json.RawMessage

// fieldsOf reads an object; one without fields if it is something else.
func fieldsOf(raw json.RawMessage) fields {
	var o fields
	if json.Unmarshal(raw, &o) != nil {
		return fields{}
	}
	return o
}

// of is an object in a field.
func (o fields) of(name string) fields {
	return fieldsOf(o[name])
}

// text is a text, or a number as it is written.
func (o fields) text(name string) string {
	var text string
	if json.Unmarshal(o[name], &text) == nil {
		return text
	}
	var number json.Number
	if json.Unmarshal(o[name], &number) == nil {
		return number.String()
	}
	return ""
}

// count is a number of 0 or more, also one in a text; 0 if there is none.
func (o fields) count(name string) int64 {
	number, err := strconv.ParseFloat(o.text(name), 64)
	if err != nil || number < 0 || number >= math.MaxInt64 {
		return 0
	}
	return int64(number)
}

// flag is whether a field is true.
func (o fields) flag(name string) bool {
	known := o.known(name)
	return known != nil && *known
}

// known is a yes or no; nil if there is none.
func (o fields) known(name string) *bool {
	var flag *bool
	if json.Unmarshal(o[name], &flag) != nil {
		return nil
	}
	return flag
}

// time is a moment, as a text of RFC 3339 or as milliseconds since 1970; the zero time if there is none.
func (o fields) time(name string) time.Time {
	text := o.text(name)
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return at
	}
	if milliseconds, err := strconv.ParseInt(text, 10, 64); err == nil {
		return time.UnixMilli(milliseconds).UTC()
	}
	return time.Time{}
}

// texts are the texts of an array.
func (o fields) texts(name string) []string {
	var items []json.RawMessage
	if json.Unmarshal(o[name], &items) != nil {
		return nil
	}
	var texts []string
	for _, item := range items {
		if text := (fields{"": item}).text(""); text != "" {
			texts = append(texts, text)
		}
	}
	return texts
}

// items are the objects of an array.
func (o fields) items(name string) []json.RawMessage {
	var items []json.RawMessage
	if json.Unmarshal(o[name], &items) != nil {
		return nil
	}
	return items
}

// fetch calls an operation and gives its answer to read.
func fetch[T any](
	ctx context.Context, c *Client, operation string, with params, body any, read func(json.RawMessage) T,
) (result T, err error) {
	var answer Response
	if err := c.Call(ctx, operation, with, body, &answer); err != nil {
		return result, err
	}
	var raw json.RawMessage
	if err := answer.decode(operation, &raw); err != nil {
		return result, err
	}
	return read(raw), nil
}

// each reads all of several objects.
func each[T any](items []json.RawMessage, read func(json.RawMessage) T) []T {
	all := make([]T, 0, len(items))
	for _, item := range items {
		all = append(all, read(item))
	}
	return all
}
