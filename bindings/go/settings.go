package ofauth

// The settings of Vault+, of a connection and of the account, and changes to them.

// #include "shim.h"
import "C"

import (
	"context"
	"encoding/json"
)

// ConnectionSettings are the settings of one connection.
type ConnectionSettings struct {
	// ConnectionID is the connection.
	ConnectionID string
	// Enabled says whether it has Vault+; nil if the service does not.
	Enabled *bool
	// Overrides are the settings of the cache that it has of its own; the account's hold for the rest.
	Overrides map[string]json.RawMessage
	// StoredBytes are those that Vault+ has of it.
	StoredBytes int64
	// Raw is all that the service said.
	Raw json.RawMessage
}

// AccountSettings are the settings of the account.
type AccountSettings struct {
	// AutoEnableForNewConnections says whether connections that are linked from now on have Vault+; nil if the service does not.
	AutoEnableForNewConnections *bool
	// Defaults are the settings of the cache that hold where a connection has none of its own.
	Defaults map[string]json.RawMessage
	// Raw is all that the service said.
	Raw json.RawMessage
}

// SettingsPatch are changes to settings. What is nil stays as it is.
type SettingsPatch struct {
	// Enabled turns Vault+ on or off for a connection. Off deletes its copies.
	Enabled *bool
	// Settings are those of the cache by their names in the API document, such as retentionDays.
	Settings map[string]any
	// ResetToAccount takes all settings of its own from a connection.
	ResetToAccount bool
	// AutoEnableForNewConnections and ApplyToExistingConnections are of the account alone.
	AutoEnableForNewConnections, ApplyToExistingConnections *bool
	// AllowPurge allows changes that delete copies. Otherwise those are [ErrInvalidArgument], with each reason, and not sent.
	AllowPurge bool
}

// SettingsUpdate is what a change of settings did.
type SettingsUpdate struct {
	// Settings are the settings as they are now.
	Settings json.RawMessage
	// Purged are the variants that were deleted, and FreedBytes the bytes that are free now.
	Purged, FreedBytes int64
	// AffectedConnections is how many connections the change was for, of a change of the account.
	AffectedConnections int64
}

// ConnectionSettings are the settings of a connection.
func (c *Client) ConnectionSettings(ctx context.Context, id string) (*ConnectionSettings, error) {
	if err := named("connection id", id); err != nil {
		return nil, err
	}
	return fetch(ctx, c, "get_connection_settings", params{"connectionId": id}, nil, func(raw json.RawMessage) *ConnectionSettings {
		o := fieldsOf(raw)
		of := o.of("vaultPlus")
		return &ConnectionSettings{
			o.text("connectionId"), of.known("enabled"), of.of("settingsOverrides"), of.of("stats").count("totalStorageBytes"), raw,
		}
	})
}

// AccountSettings are the settings of the account.
func (c *Client) AccountSettings(ctx context.Context) (*AccountSettings, error) {
	return fetch(ctx, c, "get_account_settings", nil, nil, func(raw json.RawMessage) *AccountSettings {
		of := fieldsOf(raw).of("vaultPlus")
		return &AccountSettings{of.known("autoEnableForNewConnections"), of.of("defaultSettings"), raw}
	})
}

// UpdateConnectionSettings changes the settings of a connection. The present ones are read first: a change that deletes copies is
// refused unless [SettingsPatch.AllowPurge] allows it.
func (c *Client) UpdateConnectionSettings(ctx context.Context, id string, patch SettingsPatch) (*SettingsUpdate, error) {
	var m memory
	text, idErr := m.text("the connection id", id)
	body, bodyErr := m.json("the changes", patch.body("settings"))
	if err := first(idErr, bodyErr); err != nil {
		m.free()
		return nil, err
	}
	return told[SettingsUpdate](c.ask(ctx, &m, func(call under) C.ofauth_status {
		return C.ofauthgo_update_connection_settings(call.client, text, body, isWanted(patch.AllowPurge), call.id, call.out, call.err)
	}))
}

// UpdateAccountSettings changes the settings of the account, as [Client.UpdateConnectionSettings] changes those of a connection.
func (c *Client) UpdateAccountSettings(ctx context.Context, patch SettingsPatch) (*SettingsUpdate, error) {
	var m memory
	body, err := m.json("the changes", patch.body("defaultSettings"))
	if err != nil {
		m.free()
		return nil, err
	}
	return told[SettingsUpdate](c.ask(ctx, &m, func(call under) C.ofauth_status {
		return C.ofauthgo_update_account_settings(call.client, body, isWanted(patch.AllowPurge), call.id, call.out, call.err)
	}))
}

// body are the changes as the API takes them; the library refuses those that are not for what it changes.
func (p SettingsPatch) body(cache string) params {
	fields := params{}
	for name, flag := range map[string]*bool{
		"enabled":                     p.Enabled,
		"autoEnableForNewConnections": p.AutoEnableForNewConnections,
		"applyToExistingConnections":  p.ApplyToExistingConnections,
	} {
		if flag != nil {
			fields[name] = *flag
		}
	}
	if p.ResetToAccount {
		fields[cache] = nil
	} else if len(p.Settings) > 0 {
		fields[cache] = p.Settings
	}
	return params{"vaultPlus": fields}
}
