package factor

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"strings"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
	"github.com/google/uuid"

	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/form"
	"github.com/loam-dev/loam/internal/store"
	"github.com/loam-dev/loam/internal/vault"
)

// Passkey is one of a user's as they see it.
type Passkey struct {
	ID         string   `json:"id"`
	Name       string   `json:"name"`
	Transports []string `json:"transports"` // how a browser reaches it: "internal", "usb"
	BackedUp   bool     `json:"backedUp"`   // it is synchronized to the user's other devices
	CreatedAt  string   `json:"createdAt"`
	LastUsedAt *string  `json:"lastUsedAt"`
}

// NewPasskey is what a browser sends to register one: the answer of
// navigator.credentials.create, as JSON, with the id that came with its options.
type NewPasskey struct {
	ID      vault.Text      `json:"id"`
	Passkey json.RawMessage `json:"passkey"`
	Name    string          `json:"name"`
}

// Holder is a user, with the label that tells them from others in a browser's
// dialog.
type Holder struct{ ID, Label string }

// keyholder is a user as the WebAuthn library sees one. What an authenticator keeps
// of them is their id, which is no personal data.
type keyholder struct {
	Holder
	keys []webauthn.Credential
}

func (k keyholder) WebAuthnID() []byte                         { return []byte(k.ID) }
func (k keyholder) WebAuthnName() string                       { return k.Label }
func (k keyholder) WebAuthnDisplayName() string                { return k.Label }
func (k keyholder) WebAuthnCredentials() []webauthn.Credential { return k.keys }

// holding returns the user with their passkeys.
func holding(c store.Conn, who Holder) (keyholder, error) {
	k := keyholder{Holder: who}
	err := c.Query(`SELECT "credential", "public_key", "counter", "transports", "aaguid", "backup_eligible", "backed_up" FROM "_passkeys"
		WHERE "user_id" = ?1 ORDER BY "id"`, []any{who.ID}, func(r store.Row) error {
		id, err := strict().DecodeString(r.Text(0))
		if err != nil {
			return err
		}
		public, err := base64.RawStdEncoding.DecodeString(r.Text(1))
		if err != nil {
			return err
		}
		aaguid, err := uuid.Parse(r.Text(4))
		if err != nil {
			return err
		}
		key := webauthn.Credential{
			ID: id, PublicKey: public,
			Flags:         webauthn.CredentialFlags{UserPresent: true, UserVerified: true, BackupEligible: r.Bool(5), BackupState: r.Bool(6)},
			Authenticator: webauthn.Authenticator{AAGUID: aaguid[:], SignCount: uint32(r.Int(2))},
		}
		for _, name := range splitNames(r.Text(3)) {
			key.Transport = append(key.Transport, protocol.AuthenticatorTransport(name))
		}
		k.keys = append(k.keys, key)
		return nil
	})
	return k, err
}

// splitNames reads a list that is stored as one text.
func splitNames(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == ',' })
}

// RegisterOptions are what navigator.credentials.create takes, for a new passkey of
// the user's that Register gets at the same place.
func (s *Service) RegisterOptions(c store.Conn, who Holder, place string) (PasskeyOptions, error) {
	if err := s.Served(); err != nil {
		return PasskeyOptions{}, err
	}
	k, err := holding(c, who)
	if err != nil {
		return PasskeyOptions{}, err
	}
	if len(k.keys) >= s.MaxPasskeys {
		return PasskeyOptions{}, s.tooMany()
	}
	creation, session, err := s.site("").BeginRegistration(k,
		webauthn.WithExclusions(webauthn.Credentials(k.keys).CredentialDescriptors()),
		webauthn.WithAuthenticatorSelection(protocol.AuthenticatorSelection{
			ResidentKey: protocol.ResidentKeyRequirementRequired, RequireResidentKey: protocol.ResidentKeyRequired(),
			UserVerification: protocol.VerificationRequired,
		}))
	if err != nil {
		return PasskeyOptions{}, err
	}
	id, err := s.begin(*session, "register/"+place)
	return PasskeyOptions{id, creation.Response}, err
}

// Register adds what the browser has made to the user's passkeys.
func (s *Service) Register(c store.Conn, who Holder, place string, in NewPasskey) (Passkey, error) {
	if err := s.Served(); err != nil {
		return Passkey{}, err
	}
	session, err := s.resume(in.ID, "register/"+place)
	if err != nil {
		return Passkey{}, err
	}
	answer, err := protocol.ParseCredentialCreationResponseBytes(in.Passkey)
	if err != nil {
		return Passkey{}, badPasskey(err)
	}
	key, err := s.site(answer.Response.CollectedClientData.Origin).CreateCredential(keyholder{Holder: who}, session, answer)
	if err != nil {
		return Passkey{}, badPasskey(err)
	}
	if err := s.spend(c, session); err != nil {
		return Passkey{}, err
	}
	return s.insertPasskey(c, who.ID, cmp.Or(in.Name, "Passkey"), key)
}

// insertPasskey stores a new passkey of the user's.
func (s *Service) insertPasskey(c store.Conn, user, name string, key *webauthn.Credential) (Passkey, error) {
	p := Passkey{ID: uuid.Must(uuid.NewV7()).String(), Name: name, Transports: transports(key), BackedUp: key.Flags.BackupState, CreatedAt: form.Stamp(s.Now())}
	aaguid, err := uuid.FromBytes(key.Authenticator.AAGUID)
	if err != nil {
		return Passkey{}, badPasskey(err)
	}
	n, err := c.Exec(`INSERT INTO "_passkeys"
		("id", "user_id", "credential", "public_key", "counter", "transports", "aaguid", "name", "backup_eligible", "backed_up", "created_at")
		SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11 WHERE (SELECT COUNT(*) FROM "_passkeys" WHERE "user_id" = ?2) < ?12
		ON CONFLICT ("credential") DO NOTHING`,
		p.ID, user, strict().EncodeToString(key.ID), base64.RawStdEncoding.EncodeToString(key.PublicKey), int64(key.Authenticator.SignCount),
		strings.Join(p.Transports, ","), aaguid.String(), name, key.Flags.BackupEligible, key.Flags.BackupState, p.CreatedAt, s.MaxPasskeys)
	if err != nil || n == 1 {
		return p, err
	}
	taken := false
	if err := c.Query(`SELECT 1 FROM "_passkeys" WHERE "credential" = ?1`, []any{strict().EncodeToString(key.ID)}, func(store.Row) error {
		taken = true
		return nil
	}); err != nil {
		return Passkey{}, err
	}
	if taken {
		return Passkey{}, fault.New(fault.FactorExists, "this passkey is registered already")
	}
	return Passkey{}, s.tooMany()
}

// transports are the names that browsers know; a client may send any.
func transports(key *webauthn.Credential) []string {
	names := []string{}
	for _, t := range key.Transport {
		switch t {
		case protocol.USB, protocol.NFC, protocol.BLE, protocol.SmartCard, protocol.Hybrid, protocol.Internal:
			names = append(names, string(t))
		}
	}
	return names[:min(len(names), 6)]
}

// Passkeys returns the user's passkeys, oldest first.
func (s *Service) Passkeys(c store.Conn, user string) ([]Passkey, error) {
	return passkeys(c, `WHERE "user_id" = ?1 ORDER BY "id"`, user)
}

func passkeys(c store.Conn, where string, args ...any) ([]Passkey, error) {
	keys := []Passkey{}
	err := c.Query(`SELECT "id", "name", "transports", "backed_up", "created_at", "last_used_at" FROM "_passkeys" `+where, args, func(r store.Row) error {
		key := Passkey{ID: r.Text(0), Name: r.Text(1), Transports: append([]string{}, splitNames(r.Text(2))...), BackedUp: r.Bool(3), CreatedAt: r.Text(4)}
		if !r.Null(5) {
			used := r.Text(5)
			key.LastUsedAt = &used
		}
		keys = append(keys, key)
		return nil
	})
	return keys, err
}

// Rename gives a passkey of the user's another name.
func (s *Service) Rename(c store.Conn, user, id, name string) (Passkey, error) {
	n, err := c.Exec(`UPDATE "_passkeys" SET "name" = ?1 WHERE "id" = ?2 AND "user_id" = ?3`, cmp.Or(name, "Passkey"), id, user)
	if err == nil && n == 0 {
		err = noPasskey()
	}
	if err != nil {
		return Passkey{}, err
	}
	keys, err := passkeys(c, `WHERE "id" = ?1`, id)
	if err != nil {
		return Passkey{}, err
	}
	return keys[0], nil
}

// Remove ends a passkey of the user's.
func (s *Service) Remove(c store.Conn, user, id string) error {
	n, err := c.Exec(`DELETE FROM "_passkeys" WHERE "id" = ?1 AND "user_id" = ?2`, id, user)
	if err == nil && n == 0 {
		err = noPasskey()
	}
	if err == nil {
		err = s.dropIdleCodes(c, user)
	}
	return err
}

func noPasskey() *fault.Error {
	return fault.New(fault.FactorNotFound, "there is no such passkey among yours")
}

func badPasskey(err error) *fault.Error {
	return fault.New(fault.FactorBadPasskey,
		"this passkey can't be registered: send what navigator.credentials.create made of the options, as JSON, from a page of this site").At("passkey").Because(err)
}
