package ofauth

// Vault+: the persistent copies of media that OFAuth keeps for a connection.

import (
	"context"
	"encoding/json"
	"sort"
	"time"
)

// VaultPlusMedia is a medium of Vault+.
type VaultPlusMedia struct {
	// ID is its id at OnlyFans.
	ID string
	// Type is image, video, audio, or a word of a newer service.
	Type string
	// Variants are its copies, by label.
	Variants []Variant
	// Raw is all that the service said. Its URLs are signed: whoever has one can fetch the medium.
	Raw json.RawMessage
}

// Variant is a copy of a medium: thumb, preview or full of a picture, preview, 720p, 1080p or source of a video.
type Variant struct {
	// Label tells it from the others of the medium.
	Label string
	// Status is edge_only, pending, storing, stored, removed, or a word of a newer service.
	Status string
	// Bytes is its size; 0 while that is not known.
	Bytes int64
	// ContentType is its type.
	ContentType string
	// StoredAt is when Vault+ had its bytes.
	StoredAt time.Time
	// ExpiresAt is when the copy goes, if nobody looks at it before.
	ExpiresAt time.Time
}

// VaultPlusDeleted is what became of a deletion in Vault+.
type VaultPlusDeleted struct {
	// Success says whether anything was there to delete.
	Success bool
	// Purged is how many variants went.
	Purged int64
	// FreedBytes is how many bytes are free now.
	FreedBytes int64
	// Raw is all that the service said.
	Raw json.RawMessage
}

// VaultPlusList is a list of the vault that Vault+ keeps copies of.
type VaultPlusList struct {
	// ID is the list, as the vault names it, and Name what the user calls it.
	ID, Name string
	// Media is how many media of it Vault+ knows.
	Media int64
	// SyncedAt is when it was synced last.
	SyncedAt time.Time
	// Raw is all that the service said.
	Raw json.RawMessage
}

// VaultPlusSync is what a sync of a list did, or what adding one did.
type VaultPlusSync struct {
	// Synced says whether the list was synced, or added.
	Synced bool
	// Seen, Added, Updated, Removed, Unchanged and Adopted count the media of the list.
	Seen, Added, Updated, Removed, Unchanged, Adopted int64
	// Raw is all that the service said.
	Raw json.RawMessage
}

// VaultPlusStatus is what Vault+ has of one connection. It counts variants, not media.
type VaultPlusStatus struct {
	// ConnectionID is the connection.
	ConnectionID string
	// Stored and Pending are how many variants are there, and are not yet.
	Stored, Pending int64
	// TotalBytes are those of all that is stored.
	TotalBytes int64
	// Raw is all that the service said.
	Raw json.RawMessage
}

// VaultPlusStats is what Vault+ has of all connections together.
type VaultPlusStats struct {
	// Connections are those of the organization, and ConnectionsWithVaultPlus those of them with Vault+.
	Connections, ConnectionsWithVaultPlus int64
	// TotalBytes are those of all that is stored.
	TotalBytes int64
	// Media is how many media there is a copy of.
	Media int64
	// Raw is all that the service said.
	Raw json.RawMessage
}

// VaultPlusQuery is the filters and the order of a search in Vault+. What has the zero value is no filter.
type VaultPlusQuery struct {
	// Status is that of a variant, such as stored.
	Status string
	// Type is image, video or audio.
	Type string
	// ContentType is exactly this one, such as video/mp4.
	ContentType string
	// DurationMin and DurationMax bound how long a medium plays, to the second.
	DurationMin, DurationMax time.Duration
	// CreatedFrom and CreatedTo bound when a medium was made.
	CreatedFrom, CreatedTo time.Time
	// CachedFrom and CachedTo bound when it was copied.
	CachedFrom, CachedTo time.Time
	// Sort is the order, such as createdAt_desc or duration_asc.
	Sort string
	// PageSize is how many media one request fetches, 1 to 100.
	PageSize int
}

// VaultPlusQuery walks through all media of Vault+ that the query asks for; [VaultPlusMediaOf] reads an item. The caller closes it.
func (c *Client) VaultPlusQuery(query VaultPlusQuery, options ...ItemsOption) *Items {
	return c.Items("query_vault_plus_media", query.params(), options...)
}

// VaultPlusMediaOf reads a medium of Vault+, such as an item of [Client.VaultPlusQuery].
func VaultPlusMediaOf(raw json.RawMessage) VaultPlusMedia {
	o := fieldsOf(raw)
	media := VaultPlusMedia{ID: o.text("id"), Type: o.text("type"), Raw: raw}
	if media.ID == "" {
		// In a list of the vault it has its id under another name.
		if media.ID = o.text("mediaId"); media.ID == "" {
			media.ID = o.text("ofMediaId")
		}
	}
	for label, variant := range o.of("media") {
		v := fieldsOf(variant)
		if len(v) == 0 {
			continue
		}
		media.Variants = append(media.Variants, Variant{
			Label:       label,
			Status:      v.text("status"),
			Bytes:       v.count("sizeBytes"),
			ContentType: v.text("contentType"),
			StoredAt:    v.time("storedAt"),
			ExpiresAt:   v.time("expiresAt"),
		})
	}
	sort.Slice(media.Variants, func(i, j int) bool { return media.Variants[i].Label < media.Variants[j].Label })
	return media
}

// VaultPlusGet is one medium of Vault+ with its variants.
func (c *Client) VaultPlusGet(ctx context.Context, id string) (*VaultPlusMedia, error) {
	if err := named("media id", id); err != nil {
		return nil, err
	}
	return fetch(ctx, c, "get_vault_plus_media", params{"mediaId": id}, nil, func(raw json.RawMessage) *VaultPlusMedia {
		media := VaultPlusMediaOf(raw)
		return &media
	})
}

// VaultPlusDelete deletes all variants of one medium from Vault+. The vault of OnlyFans keeps it.
func (c *Client) VaultPlusDelete(ctx context.Context, id string) (*VaultPlusDeleted, error) {
	if err := named("media id", id); err != nil {
		return nil, err
	}
	return fetch(ctx, c, "delete_vault_plus_media", params{"mediaId": id}, nil, deletedOf)
}

// VaultPlusPurge deletes everything that Vault+ has of the connection. The vault of OnlyFans keeps it.
func (c *Client) VaultPlusPurge(ctx context.Context) (*VaultPlusDeleted, error) {
	return fetch(ctx, c, "purge_vault_plus_media", nil, nil, deletedOf)
}

func deletedOf(raw json.RawMessage) *VaultPlusDeleted {
	o := fieldsOf(raw)
	return &VaultPlusDeleted{o.flag("success"), o.count("purgedCount"), o.count("freedBytes"), raw}
}

// VaultPlusListMedia are the media of a list of the vault, as far as Vault+ has them.
func (c *Client) VaultPlusListMedia(ctx context.Context, listID string) ([]VaultPlusMedia, error) {
	if err := named("list id", listID); err != nil {
		return nil, err
	}
	read := func(raw json.RawMessage) []VaultPlusMedia {
		return each(fieldsOf(raw).items("items"), VaultPlusMediaOf)
	}
	return fetch(ctx, c, "list_vault_plus_list_media", params{"listId": listID}, nil, read)
}

// VaultPlusSync brings the copies of a list of the vault up to date. The first sync of a list only notes what is in it; later
// ones remove from Vault+ what left the list, unless another synced list has it.
func (c *Client) VaultPlusSync(ctx context.Context, listID string) (*VaultPlusSync, error) {
	if err := named("list id", listID); err != nil {
		return nil, err
	}
	return fetch(ctx, c, "sync_vault_plus_list", params{"listId": listID}, nil, syncOf("synced"))
}

// VaultPlusAddList has Vault+ copy what is new in a list of the vault; unlike [Client.VaultPlusSync], it removes nothing. The
// documents do not show what the service answers: what it does not say is zero here.
func (c *Client) VaultPlusAddList(ctx context.Context, listID string) (*VaultPlusSync, error) {
	if err := named("list id", listID); err != nil {
		return nil, err
	}
	return fetch(ctx, c, "add_vault_plus_list", params{"listId": listID}, nil, syncOf("added"))
}

// VaultPlusLists are the lists of the vault that Vault+ keeps copies of. The documents do not show what the service answers: a
// field that it calls otherwise is in Raw alone.
func (c *Client) VaultPlusLists(ctx context.Context) ([]VaultPlusList, error) {
	of := func(raw json.RawMessage) VaultPlusList {
		o := fieldsOf(raw)
		list := VaultPlusList{o.text("listId"), o.text("name"), o.count("mediaCount"), o.time("lastSyncedAt"), raw}
		if list.ID == "" {
			list.ID = o.text("id")
		}
		return list
	}
	return fetch(ctx, c, "list_vault_plus_lists", nil, nil, func(raw json.RawMessage) []VaultPlusList {
		return each(fieldsOf(raw).items("items"), of)
	})
}

// syncOf reads what came of a sync, or of what is like one; done is the field that says so.
func syncOf(done string) func(json.RawMessage) *VaultPlusSync {
	return func(raw json.RawMessage) *VaultPlusSync {
		o := fieldsOf(raw)
		return &VaultPlusSync{
			o.flag(done), o.count("seen"), o.count("addedItems"), o.count("updatedItems"), o.count("removedItems"),
			o.count("unchangedItems"), o.count("adoptedItems"), raw,
		}
	}
}

// VaultPlusStatus is what Vault+ has of the connection.
func (c *Client) VaultPlusStatus(ctx context.Context) (*VaultPlusStatus, error) {
	return fetch(ctx, c, "get_vault_plus_status", nil, nil, func(raw json.RawMessage) *VaultPlusStatus {
		o := fieldsOf(raw)
		return &VaultPlusStatus{
			o.text("connectionId"), o.count("storedCount"), o.count("pendingCount"), o.count("totalSizeBytes"), raw,
		}
	})
}

// VaultPlusStats is what Vault+ has of all connections of the organization.
func (c *Client) VaultPlusStats(ctx context.Context) (*VaultPlusStats, error) {
	return fetch(ctx, c, "get_vault_plus_stats", nil, nil, func(raw json.RawMessage) *VaultPlusStats {
		o := fieldsOf(raw)
		return &VaultPlusStats{
			o.count("totalConnections"), o.count("connectionsWithVaultPlus"), o.count("totalStorageBytes"),
			o.count("totalMediaCount"), raw,
		}
	})
}

// params are the filters as the operation takes them.
func (q VaultPlusQuery) params() params {
	all := params{}
	set := func(name string, value any, isSet bool) {
		if isSet {
			all[name] = value
		}
	}
	at := func(name string, moment time.Time) {
		set(name, moment.UTC().Format("2006-01-02T15:04:05.000Z"), !moment.IsZero())
	}
	set("status", q.Status, q.Status != "")
	set("type", q.Type, q.Type != "")
	set("contentType", q.ContentType, q.ContentType != "")
	set("durationMin", q.DurationMin.Seconds(), q.DurationMin != 0)
	set("durationMax", q.DurationMax.Seconds(), q.DurationMax != 0)
	at("createdAtFrom", q.CreatedFrom)
	at("createdAtTo", q.CreatedTo)
	at("cachedAtFrom", q.CachedFrom)
	at("cachedAtTo", q.CachedTo)
	set("sort", q.Sort, q.Sort != "")
	set("limit", q.PageSize, q.PageSize != 0)
	return all
}
