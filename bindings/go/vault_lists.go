package ofauth

// Lists of the vault (folders).

// #include "shim.h"
import "C"

import (
	"context"
	"encoding/json"
)

// VaultList is a list of the vault as the service describes it.
type VaultList struct {
	// ID is its id.
	ID string
	// Name is its name.
	Name string
	// Raw is all that the service said. Its URLs are signed: whoever has one can fetch the medium.
	Raw json.RawMessage
}

// VaultListChange is what a change of what is in a list did.
type VaultListChange struct {
	// Changed are the media that were added or removed.
	Changed []string
	// Unchanged are the media that were as wanted before.
	Unchanged []string
}

func vaultListOf(raw json.RawMessage) *VaultList {
	o := fieldsOf(raw)
	return &VaultList{o.text("id"), o.text("name"), raw}
}

// CreateVaultList creates a list in the vault, with a name of 1 to 100 characters.
func (c *Client) CreateVaultList(ctx context.Context, name string) (*VaultList, error) {
	return fetch(ctx, c, "create_vault_list", nil, params{"name": name}, vaultListOf)
}

// RenameVaultList gives a list of the vault another name.
func (c *Client) RenameVaultList(ctx context.Context, id, name string) (*VaultList, error) {
	return fetch(ctx, c, "update_vault_list", params{"listId": id}, params{"name": name}, vaultListOf)
}

// DeleteVaultList deletes a list of the vault. Its media stay in the vault.
func (c *Client) DeleteVaultList(ctx context.Context, id string) error {
	return c.Call(ctx, "delete_vault_list", params{"listId": id}, nil, nil)
}

// AddToVaultList puts media of the vault into a list, any number of them. Media that are in it stay as they are. If it fails
// midway, the error says how many were added; doing it again adds the rest.
func (c *Client) AddToVaultList(ctx context.Context, id string, mediaIDs []string) error {
	var m memory
	defer m.free()
	list, listErr := m.text("the list id", id)
	ids, idsErr := m.texts("media id", mediaIDs)
	if err := first(listErr, idsErr); err != nil {
		return err
	}
	return c.do(ctx, func(call under) C.ofauth_status {
		return C.ofauthgo_add_to_vault_list(call.client, list, ids, C.size_t(len(mediaIDs)), call.id, call.err)
	})
}

// RemoveFromVaultList takes media out of a list. They stay in the vault.
//
// The API can only empty a list, so what shall stay is kept in a second list meanwhile, named "ofauth keeps ...". Nothing is
// lost if this is interrupted: do it again, and it goes on. The order of the list may change, and what somebody else adds to it
// meanwhile may be lost from it.
func (c *Client) RemoveFromVaultList(ctx context.Context, id string, mediaIDs []string) (*VaultListChange, error) {
	var m memory
	list, listErr := m.text("the list id", id)
	ids, idsErr := m.texts("media id", mediaIDs)
	if err := first(listErr, idsErr); err != nil {
		m.free()
		return nil, err
	}
	return told[VaultListChange](c.ask(ctx, &m, func(call under) C.ofauth_status {
		return C.ofauthgo_remove_from_vault_list(call.client, list, ids, C.size_t(len(mediaIDs)), call.id, call.out, call.err)
	}))
}

// CopyVaultList puts all media of one list into another, which keeps what it has.
func (c *Client) CopyVaultList(ctx context.Context, from, to string) (*VaultListChange, error) {
	var m memory
	fromText, fromErr := m.text("the list id", from)
	toText, toErr := m.text("the list id", to)
	if err := first(fromErr, toErr); err != nil {
		m.free()
		return nil, err
	}
	return told[VaultListChange](c.ask(ctx, &m, func(call under) C.ofauth_status {
		return C.ofauthgo_copy_vault_list(call.client, fromText, toText, call.id, call.out, call.err)
	}))
}

// told reads what the library itself wrote.
func told[T any](response *Response, err error) (*T, error) {
	if err != nil {
		return nil, err
	}
	result := new(T)
	if err := response.decode("the call", result); err != nil {
		return nil, err
	}
	return result, nil
}
