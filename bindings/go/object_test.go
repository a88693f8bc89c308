package ofauth

// What is odd in an answer is read as far as it goes.

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"
)

func TestMediaAreKnownByTheirIDs(t *testing.T) {
	for raw, want := range map[string]string{
		`{"media": [{"id": 7}, {"id": "8"}, {"type": "photo"}, {"id": 4492994399}]}`: "[7 8 4492994399]",
		`{"media": null}`: "[]",
		`{}`:              "[]",
	} {
		if got := fmt.Sprint(postOf(json.RawMessage(raw)).MediaIDs()); got != want {
			t.Errorf("%s: %s", raw, got)
		}
		if got := fmt.Sprint(messageOf(json.RawMessage(raw)).MediaIDs()); got != want {
			t.Errorf("%s: %s", raw, got)
		}
	}
}

func TestOddFieldsAreNoErrors(t *testing.T) {
	o := fieldsOf(json.RawMessage(`{"id": 12345, "name": null, "size": "1024", "part": 3.0, "below": -1, "on": true, "off": "yes",
		"at": "2026-04-29T10:18:48+00:00", "ms": 1777457928831, "all": ["a", 1, null, {}], "inner": {"id": "x"}}`))
	for name, want := range map[string]string{"id": "12345", "name": "", "missing": "", "inner": "", "size": "1024"} {
		if got := o.text(name); got != want {
			t.Errorf("the text %s is %q", name, got)
		}
	}
	for name, want := range map[string]int64{"id": 12345, "size": 1024, "part": 3, "below": 0, "name": 0, "missing": 0} {
		if got := o.count(name); got != want {
			t.Errorf("the number %s is %d", name, got)
		}
	}
	if !o.flag("on") || o.flag("off") || o.known("off") != nil || o.known("name") != nil {
		t.Error("a yes or no was read wrongly")
	}
	if want := time.Date(2026, 4, 29, 10, 18, 48, 0, time.UTC); !o.time("at").Equal(want) || !o.time("name").IsZero() {
		t.Error(o.time("at"))
	}
	if o.time("ms").UnixMilli() != 1777457928831 {
		t.Error(o.time("ms"))
	}
	if fmt.Sprint(o.texts("all")) != "[a 1]" || o.of("inner").text("id") != "x" || len(o.of("id")) != 0 {
		t.Error(o.texts("all"))
	}
	if len(fieldsOf(nil)) != 0 || len(fieldsOf(json.RawMessage(`[1]`))) != 0 {
		t.Error("what is no object has no fields")
	}
}

func TestAMediumOfVaultPlusIsReadInBothForms(t *testing.T) {
	media := VaultPlusMediaOf(json.RawMessage(`{"id": 7, "type": "video", "media": {
		"source": {"status": "stored", "sizeBytes": 1024.0, "contentType": "video/mp4"}, "720p": {"status": "melting"}, "none": null}}`))
	if media.ID != "7" || len(media.Variants) != 2 || media.Variants[0].Label != "720p" || media.Variants[1].Bytes != 1024 {
		t.Errorf("%+v", media)
	}
	if of := VaultPlusMediaOf(json.RawMessage(`{"mediaId": "8"}`)); of.ID != "8" || of.Variants != nil {
		t.Errorf("%+v", of)
	}
}
