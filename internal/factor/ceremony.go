package factor

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strings"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/form"
	"github.com/loam-dev/loam/internal/store"
	"github.com/loam-dev/loam/internal/vault"
)

const (
	ceremonyMark = "loamw_"
	ceremonySize = 8 << 10 // bytes of a ceremony's id, at most
	localhost    = "localhost"
)

// PasskeyOptions begin a ceremony: publicKey is what the browser's
// parseCreationOptionsFromJSON or parseRequestOptionsFromJSON takes, and id goes
// back with what navigator.credentials makes of it. A challenge has an id already.
type PasskeyOptions struct {
	ID        vault.Text `json:"id,omitempty"`
	PublicKey any        `json:"publicKey"`
}

// Assertion is what a browser sends to show a passkey: the answer of
// navigator.credentials.get, as JSON, with the id that came with its options.
type Assertion struct {
	ID      vault.Text      `json:"id"`
	Passkey json.RawMessage `json:"passkey"`
}

// ceremony is what the server knows between the options and the answer. It is
// sealed into the id that goes with the options, so that whoever asks for options
// costs no room; what was answered is remembered until it would have expired.
type ceremony struct {
	Session webauthn.SessionData `json:"session"`
	Until   int64                `json:"until"`
}

// begin seals a ceremony for one place; it is resumed nowhere else.
func (s *Service) begin(session webauthn.SessionData, place string) (vault.Text, error) {
	text, err := json.Marshal(ceremony{session, s.Now().Add(ceremonyLife).Unix()})
	return vault.Text(ceremonyMark + strict().EncodeToString(s.sealer.Seal(text, "passkey/"+place))), err
}

// resume opens a ceremony that is not over.
func (s *Service) resume(id vault.Text, place string) (webauthn.SessionData, error) {
	text, ok := strings.CutPrefix(string(id), ceremonyMark)
	if !ok || len(text) > ceremonySize {
		return webauthn.SessionData{}, ceremonyEnded()
	}
	raw, err := strict().DecodeString(text)
	if err != nil {
		return webauthn.SessionData{}, ceremonyEnded()
	}
	plain, err := s.sealer.Open(raw, "passkey/"+place)
	if err != nil {
		return webauthn.SessionData{}, ceremonyEnded()
	}
	var c ceremony
	if err := json.Unmarshal(plain, &c); err != nil {
		return webauthn.SessionData{}, err
	}
	if s.Now().Unix() >= c.Until {
		return webauthn.SessionData{}, ceremonyEnded()
	}
	return c.Session, nil
}

// spend uses a ceremony up: one insert decides who of several with the same
// answer gets in.
func (s *Service) spend(c store.Conn, session webauthn.SessionData) error {
	n, err := c.Exec(`INSERT INTO "_ceremonies" ("id", "expires_at") VALUES (?1, ?2) ON CONFLICT ("id") DO NOTHING`,
		digest(session.Challenge), form.Stamp(s.Now().Add(ceremonyLife)))
	if err == nil && n == 0 {
		return ceremonyEnded()
	}
	return err
}

// relyingParty finds the domain that passkeys belong to: what the configured sites
// share. A site on this machine is served as localhost with any port, since there
// are no passkeys for addresses; id is "" for one elsewhere.
func relyingParty(sites []string) (id string, local bool, err error) {
	for _, site := range sites {
		u, err := url.Parse(site)
		if err != nil || u.Hostname() == "" {
			return "", false, fmt.Errorf("factor: %q is no site for passkeys: write https://app.example.com", site)
		}
		host := strings.ToLower(u.Hostname())
		if address, err := netip.ParseAddr(host); err == nil && !address.IsLoopback() && !address.IsUnspecified() {
			return "", false, nil // a server may well be reached by an address, without passkeys
		} else if err == nil {
			host = localhost
		}
		local = local || host == localhost
		if id == "" {
			id = host
		}
		id = sharedDomain(id, host)
		if id == "" {
			return "", false, fmt.Errorf("factor: passkeys belong to one domain, and the sites %s share none", strings.Join(sites, ", "))
		}
	}
	if id == "" {
		return localhost, true, nil
	}
	return id, local, nil
}

// sharedDomain is the longest domain that both are or are under; "" where that is
// less than two labels, unless they are the same.
func sharedDomain(a, b string) string {
	if a == b {
		return a
	}
	as, bs := strings.Split(a, "."), strings.Split(b, ".")
	n := 0
	for n < min(len(as), len(bs)) && as[len(as)-1-n] == bs[len(bs)-1-n] {
		n++
	}
	if n < 2 {
		return ""
	}
	return strings.Join(as[len(as)-n:], ".")
}

// site returns the library as it serves an answer from a page of that origin.
// Which origins are allowed it checks itself; on this machine any port is.
func (s *Service) site(origin string) *webauthn.WebAuthn {
	origins := s.Sites
	if s.local {
		origins = append([]string{"http://" + localhost}, origins...)
		if u, err := url.Parse(origin); err == nil && u.Scheme == "http" && u.Hostname() == localhost {
			origins = append(origins, origin)
		}
	}
	web, err := webauthn.New(&webauthn.Config{RPID: s.domain, RPDisplayName: s.App, RPOrigins: origins, AttestationPreference: protocol.PreferNoAttestation})
	if err != nil {
		panic("factor: " + err.Error()) // New has tried it
	}
	return web
}

// Served refuses where there are no passkeys.
func (s *Service) Served() error {
	switch {
	case s.NoPasskeys:
		return fault.New(fault.FactorOff, "this backend takes no passkeys: loam.yaml says auth.passkeys: off")
	case s.domain == "":
		return fault.New(fault.FactorOff, "passkeys need a domain, and the server has an address: set url or auth.passkeyOrigins in loam.yaml")
	}
	return nil
}

func (s *Service) tooMany() error {
	return fault.New(fault.FactorPasskeyLimit, "a user has at most %d passkeys: remove one first", s.MaxPasskeys)
}

// SignInOptions begin a sign-in by passkey. They are the same for everybody: whose
// passkey it is the answer says.
func (s *Service) SignInOptions() (PasskeyOptions, error) {
	if err := s.Served(); err != nil {
		return PasskeyOptions{}, err
	}
	assertion, session, err := s.site("").BeginDiscoverableLogin(webauthn.WithUserVerification(protocol.VerificationRequired))
	if err != nil {
		return PasskeyOptions{}, err
	}
	id, err := s.begin(*session, "sign-in")
	return PasskeyOptions{id, assertion.Response}, err
}

// Shown is a passkey whose signature is good; Use uses it up.
type Shown struct {
	User    string
	session webauthn.SessionData
	key     *webauthn.Credential
}

// SignIn checks the answer to SignInOptions: whose passkey it is, and that its holder
// was verified by it. It only reads.
func (s *Service) SignIn(c store.Conn, in Assertion) (Shown, error) {
	session, answer, err := s.answer(in, "sign-in")
	if err != nil {
		return Shown{}, err
	}
	var user string
	if err := c.Query(`SELECT "user_id" FROM "_passkeys" WHERE "credential" = ?1`, []any{strict().EncodeToString(answer.RawID)}, func(r store.Row) error {
		user = r.Text(0)
		return nil
	}); err != nil {
		return Shown{}, err
	}
	if user == "" {
		return Shown{}, refused(errors.New("nobody has this passkey"))
	}
	k, err := holding(c, Holder{ID: user})
	if err != nil {
		return Shown{}, err
	}
	key, err := s.site(answer.Response.CollectedClientData.Origin).
		ValidateDiscoverableLogin(func(_, _ []byte) (webauthn.User, error) { return k, nil }, session, answer)
	if err != nil {
		return Shown{}, refused(err)
	}
	return Shown{user, session, key}, nil
}

// answer reads an assertion with the ceremony that it belongs to.
func (s *Service) answer(in Assertion, place string) (webauthn.SessionData, *protocol.ParsedCredentialAssertionData, error) {
	if err := s.Served(); err != nil {
		return webauthn.SessionData{}, nil, err
	}
	session, err := s.resume(in.ID, place)
	if err != nil {
		return webauthn.SessionData{}, nil, err
	}
	answer, err := protocol.ParseCredentialRequestResponseBytes(in.Passkey)
	if err != nil {
		return webauthn.SessionData{}, nil, refused(err)
	}
	return session, answer, nil
}

// Use uses up an answer and notes the use of its passkey. The counter only grows: one
// that does not is of a copy.
func (s *Service) Use(c store.Conn, shown Shown) error {
	if err := s.spend(c, shown.session); err != nil {
		return err
	}
	key := shown.key
	n, err := c.Exec(`UPDATE "_passkeys" SET "counter" = ?1, "backed_up" = ?2, "last_used_at" = ?3
		WHERE "credential" = ?4 AND "user_id" = ?5 AND ("counter" < ?1 OR "counter" = 0 AND ?1 = 0)`,
		int64(key.Authenticator.SignCount), key.Flags.BackupState, form.Stamp(s.Now()), strict().EncodeToString(key.ID), shown.User)
	if err == nil && (n == 0 || key.Authenticator.CloneWarning) {
		return refused(errors.New("its counter has not grown"))
	}
	return err
}

// AssertOptions ask for one of the user's passkeys, for an answer that Assert gets at
// the same place. verified asks that the device verifies its holder.
func (s *Service) AssertOptions(c store.Conn, who Holder, place string, verified bool) (PasskeyOptions, error) {
	if err := s.Served(); err != nil {
		return PasskeyOptions{}, err
	}
	k, err := holding(c, who)
	if err == nil && len(k.keys) == 0 {
		err = noPasskey()
	}
	if err != nil {
		return PasskeyOptions{}, err
	}
	verification := protocol.VerificationPreferred
	if verified {
		verification = protocol.VerificationRequired
	}
	assertion, session, err := s.site("").BeginLogin(k, webauthn.WithUserVerification(verification))
	if err != nil {
		return PasskeyOptions{}, err
	}
	id, err := s.begin(*session, "assert/"+place)
	return PasskeyOptions{id, assertion.Response}, err
}

// Assert uses an answer to AssertOptions up, or fails with fault.FactorPasskey.
func (s *Service) Assert(c store.Conn, who Holder, place string, in Assertion) error {
	session, answer, err := s.answer(in, "assert/"+place)
	if err != nil {
		return err
	}
	k, err := holding(c, who)
	if err != nil {
		return err
	}
	key, err := s.site(answer.Response.CollectedClientData.Origin).ValidateLogin(k, session, answer)
	if err != nil {
		return refused(err)
	}
	return s.Use(c, Shown{who.ID, session, key})
}

// ceremonyEnded answers a ceremony that is over and one that never was alike.
func ceremonyEnded() *fault.Error {
	return fault.New(fault.FactorOptions, "the options were answered, have expired, or are of something else: ask for new ones").At("id")
}

func refused(err error) *fault.Error {
	return fault.New(fault.FactorPasskey, "the passkey's answer is not good here: ask for new options and try again").Because(err)
}
