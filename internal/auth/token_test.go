package auth

import (
	"context"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/loam-dev/loam/internal/apikey"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/tokens"
)

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// forge writes a token by hand: any header, any claims, any signature.
func forge(t testing.TB, header, claims map[string]any, sign func([]byte) []byte) string {
	t.Helper()
	h, err := json.Marshal(header)
	if err != nil {
		t.Fatal(err)
	}
	c, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	body := b64(h) + "." + b64(c)
	return body + "." + b64(sign([]byte(body)))
}

// parts returns a good token's header and claims, to be changed.
func parts(t testing.TB, token Secret) (header, claims map[string]any) {
	t.Helper()
	for i, into := range []*map[string]any{&header, &claims} {
		raw, err := base64.RawURLEncoding.DecodeString(strings.Split(string(token), ".")[i])
		if err == nil {
			err = json.Unmarshal(raw, into)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return header, claims
}

// with returns a copy of m with some members set; nil removes one.
func with(m map[string]any, pairs ...any) map[string]any {
	m = maps.Clone(m)
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] == nil {
			delete(m, pairs[i].(string))
		} else {
			m[pairs[i].(string)] = pairs[i+1]
		}
	}
	return m
}

// private returns the service's own signing key.
func (p *place) private() ed25519.PrivateKey {
	p.Helper()
	var key ed25519.PrivateKey
	id, sealed := p.text(`SELECT "id" FROM "_keys" ORDER BY "created_at" DESC LIMIT 1`), p.text(`SELECT "private" FROM "_keys" ORDER BY "created_at" DESC LIMIT 1`)
	raw, err := base64.RawStdEncoding.DecodeString(sealed)
	if err == nil {
		var seed []byte
		seed, err = p.vault.Sealer("auth/signing").Open(raw, "_keys/"+id)
		key = ed25519.NewKeyFromSeed(seed)
	}
	if err != nil {
		p.Fatal(err)
	}
	return key
}

// TestAttack027_ForgedTokens tries every known way to have a token accepted that
// this server did not sign, and those of what it did sign for something else.
func TestAttack027_ForgedTokens(t *testing.T) {
	p, _ := newPlace(t)
	good := p.signUp("ada")
	header, claims := parts(t, good.AccessToken)
	own := p.private()
	ours := func(b []byte) []byte { return ed25519.Sign(own, b) }
	public, stranger, _ := ed25519.GenerateKey(nil)
	theirs := func(b []byte) []byte { return ed25519.Sign(stranger, b) }
	none := func([]byte) []byte { return nil }
	mac := func(key []byte) func([]byte) []byte {
		return func(b []byte) []byte {
			h := hmac.New(sha256.New, key)
			h.Write(b)
			return h.Sum(nil)
		}
	}
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	jwk := map[string]any{"kty": "OKP", "crv": "Ed25519", "x": b64(public)}
	rsaJWK := map[string]any{"kty": "RSA", "n": b64(rsaKey.N.Bytes()), "e": "AQAB"}

	if _, err := p.Verify(context.Background(), forge(t, header, claims, ours)); err != nil {
		t.Fatalf("the forger's own tool does not make good tokens: %v", err)
	}
	segments := strings.Split(string(good.AccessToken), ".")
	tokens := map[string]string{
		"alg none":             forge(t, with(header, "alg", "none"), claims, none),
		"alg None":             forge(t, with(header, "alg", "None"), claims, none),
		"alg none, signed":     forge(t, with(header, "alg", "none"), claims, ours),
		"no alg":               forge(t, with(header, "alg", nil), claims, ours),
		"alg in a list":        forge(t, with(header, "alg", []string{"EdDSA"}), claims, ours),
		"HS256 by public key":  forge(t, with(header, "alg", "HS256"), claims, mac(own.Public().(ed25519.PublicKey))),
		"HS256 by empty key":   forge(t, with(header, "alg", "HS256"), claims, mac(nil)),
		"RS256":                forge(t, with(header, "alg", "RS256"), claims, theirs),
		"RS256, embedded key":  forge(t, with(header, "alg", "RS256", "jwk", rsaJWK), claims, theirs),
		"empty signature":      forge(t, header, claims, none),
		"zero signature":       forge(t, header, claims, func([]byte) []byte { return make([]byte, 64) }),
		"foreign key":          forge(t, header, claims, theirs),
		"embedded jwk":         forge(t, with(header, "jwk", jwk), claims, theirs),
		"embedded jwk, no kid": forge(t, with(header, "jwk", jwk, "kid", nil), claims, theirs),
		"embedded jwk, ours":   forge(t, with(header, "jwk", jwk), claims, ours),
		"jku":                  forge(t, with(header, "jku", "https://evil.example/jwks.json"), claims, theirs),
		"x5u":                  forge(t, with(header, "x5u", "https://evil.example/x.pem"), claims, theirs),
		"kid with a path":      forge(t, with(header, "kid", "../../../../dev/null"), claims, theirs),
		"kid with SQL":         forge(t, with(header, "kid", "' UNION SELECT 1 --"), claims, theirs),
		"kid with NUL":         forge(t, with(header, "kid", header["kid"].(string)+"\x00"), claims, ours),
		"no kid":               forge(t, with(header, "kid", nil), claims, ours),
		"numeric kid":          forge(t, with(header, "kid", 0), claims, ours),
		"unknown crit":         forge(t, with(header, "crit", []string{"x"}, "x", true), claims, ours),
		"unencoded payload":    forge(t, with(header, "crit", []string{"b64"}, "b64", false), claims, ours),
		"JSON serialization":   `{"payload":"` + segments[1] + `","protected":"` + segments[0] + `","signature":"` + segments[2] + `"}`,
		"two segments":         segments[0] + "." + segments[1],
		"five segments":        string(good.AccessToken) + "..",
		"changed claims":       segments[0] + "." + strings.Split(forge(t, header, with(claims, "sub", newID()), none), ".")[1] + "." + segments[2],
		"truncated":            string(good.AccessToken[:len(good.AccessToken)-2]),
		"padded":               string(good.AccessToken) + "==",
		"upper case":           strings.ToUpper(string(good.AccessToken)),
		"other tail bits":      string(good.AccessToken[:len(good.AccessToken)-1]) + string(alphabet[strings.IndexByte(alphabet, good.AccessToken[len(good.AccessToken)-1])^1]),
		"leading space":        " " + string(good.AccessToken),
		"line break inside":    segments[0] + ".\n" + segments[1] + "." + segments[2],
		"bearer inside":        "Bearer " + string(good.AccessToken),
		"empty":                "",
		"dots":                 "..",
		"huge":                 strings.Repeat("a.", 1<<20),
		"foreign issuer":       forge(t, header, with(claims, "iss", "https://evil.example"), ours),
		"issuer as a prefix":   forge(t, header, with(claims, "iss", "https://app.example.evil.example"), ours),
		"no issuer":            forge(t, header, with(claims, "iss", nil), ours),
		"foreign audience":     forge(t, header, with(claims, "aud", "https://other.example"), ours),
		"audiences":            forge(t, header, with(claims, "aud", []string{"https://app.example", "x"}), ours),
		"no audience":          forge(t, header, with(claims, "aud", nil), ours),
		"no subject":           forge(t, header, with(claims, "sub", nil), ours),
		"no session":           forge(t, header, with(claims, "sid", nil), ours),
		"subject not text":     forge(t, header, with(claims, "sub", map[string]any{"$ne": ""}), ours),
		"no expiry":            forge(t, header, with(claims, "exp", nil), ours),
		"expiry as text":       forge(t, header, with(claims, "exp", "9999999999"), ours),
		"expiry over a number": forge(t, header, with(claims, "exp", 1e300), ours),
		"claims not an object": forge(t, header, nil, ours),
	}
	for name, token := range tokens {
		want := fault.AuthBadToken
		if name == "no expiry" {
			want = fault.AuthExpired
		}
		_, err := p.Verify(context.Background(), token)
		is(t, name, err, want)
		if fault.Of(err).Status() != 401 {
			t.Errorf("%s: status %d", name, fault.Of(err).Status())
		}
	}
	p.who(good)
}

// TestAttack028_AnotherEnvironmentsKey: the same key id under another issuer
// with other keys is another key, and the same keys under another issuer sign
// other tokens.
func TestAttack028_AnotherEnvironmentsKey(t *testing.T) {
	p, _ := newPlace(t)
	other, _ := newPlace(t)
	session := p.signUp("ada")
	foreign := other.signUp("ada")
	_, err := p.Verify(context.Background(), string(foreign.AccessToken))
	is(t, "another environment's token", err, fault.AuthBadToken)
	header, claims := parts(t, foreign.AccessToken)
	ownHeader, _ := parts(t, session.AccessToken)
	_, err = p.Verify(context.Background(), forge(t, with(header, "kid", ownHeader["kid"]), claims, func(b []byte) []byte {
		return ed25519.Sign(other.private(), b)
	}))
	is(t, "with our key's id", err, fault.AuthBadToken)
	_, err = p.open("https://staging.example").Verify(context.Background(), string(session.AccessToken))
	is(t, "our keys, another issuer", err, fault.AuthBadToken)
}

// TestAttack029_Times: a remembered token expires like any other, and only a
// minute of disagreement between clocks is forgiven.
func TestAttack029_Times(t *testing.T) {
	p, _ := newPlace(t)
	session := p.signUp("ada")
	p.wait(p.life - 2*time.Second)
	p.who(session) // remembered
	p.who(session)
	p.wait(2 * time.Second)
	_, err := p.Verify(context.Background(), string(session.AccessToken))
	is(t, "expired in memory", err, fault.AuthExpired)
	_, err = p.open("https://app.example").Verify(context.Background(), string(session.AccessToken))
	is(t, "expired for another process", err, fault.AuthExpired)

	header, claims := parts(t, p.must(p.refreshed(session.RefreshToken)).AccessToken)
	own, now := p.private(), p.clock()
	for name, test := range map[string]struct {
		claim string
		at    time.Duration
		want  fault.Code
	}{
		"nbf in 50 s":  {"nbf", 50 * time.Second, ""},
		"nbf in 70 s":  {"nbf", 70 * time.Second, fault.AuthExpired},
		"iat in 70 s":  {"iat", 70 * time.Second, fault.AuthExpired},
		"exp 1 s ago":  {"exp", -time.Second, fault.AuthExpired},
		"exp in 30 s":  {"exp", 30 * time.Second, ""},
		"exp in 1970":  {"exp", -time.Duration(now.UnixNano()), fault.AuthExpired},
		"nbf in years": {"nbf", 200 * 365 * 24 * time.Hour, fault.AuthExpired},
	} {
		_, err := p.Verify(context.Background(), forge(t, header, with(claims, test.claim, now.Add(test.at).Unix()), func(b []byte) []byte {
			return ed25519.Sign(own, b)
		}))
		is(t, name, err, test.want)
	}
}

// TestAttack030_WrongKind shows each kind of credential where another belongs.
func TestAttack030_WrongKind(t *testing.T) {
	p, _ := newPlace(t)
	ctx := context.Background()
	session := p.signUp("ada")
	key, err := p.CreateKey(ctx, p.who(session), apikey.Request{Name: "ci"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.VerifyKey(ctx, string(key.Secret)); err != nil { // now remembered
		t.Fatal(err)
	}
	header, claims := parts(t, session.AccessToken)
	own := p.private()
	for name, token := range map[string]string{
		"a refresh token": string(session.RefreshToken),
		"an API key":      string(key.Secret),
		"an ID token":     forge(t, with(header, "typ", "JWT"), claims, func(b []byte) []byte { return ed25519.Sign(own, b) }),
		"a reset token":   forge(t, with(header, "typ", "reset+jwt"), claims, func(b []byte) []byte { return ed25519.Sign(own, b) }),
		"of no kind":      forge(t, with(header, "typ", nil), claims, func(b []byte) []byte { return ed25519.Sign(own, b) }),
	} {
		_, err := p.Verify(ctx, token)
		is(t, name+" as an access token", err, fault.AuthBadToken)
		if name != "an API key" {
			_, err = p.VerifyKey(ctx, token)
			is(t, name+" as an API key", err, fault.AuthBadKey)
		}
	}
	for name, token := range map[string]Secret{"an access token": session.AccessToken, "an API key": key.Secret} {
		_, err := p.refreshed(token)
		is(t, name+" as a refresh token", err, fault.AuthBadToken)
	}
	_, err = p.VerifyKey(ctx, string(session.AccessToken))
	is(t, "an access token as an API key", err, fault.AuthBadKey)
}

// TestAttack034_TokensOfOthersSessions: the signature of a token does not make
// its claims true.
func TestAttack034_TokensOfOthersSessions(t *testing.T) {
	p, _ := newPlace(t)
	ada, eve := p.signUp("ada"), p.signUp("eve")
	header, claims := parts(t, eve.AccessToken)
	own := p.private()
	sign := func(b []byte) []byte { return ed25519.Sign(own, b) }
	for name, change := range map[string][]any{
		"another's user":         {"sub", ada.User.ID},
		"another's session":      {"sid", p.who(ada).SessionID},
		"another's organization": {"org", ada.Organization.ID},
		"a session that is not":  {"sid", newID()},
	} {
		_, err := p.Verify(context.Background(), forge(t, header, with(claims, change...), sign))
		is(t, name, err, fault.AuthRevoked)
	}
	who, err := p.Verify(context.Background(), forge(t, header, with(claims, "role", "superuser", "admin", true, "email", "ada@example.com"), sign))
	if err != nil || who.Role != "owner" || who.Admin || who.Email != "eve@example.com" {
		t.Errorf("the token's word is taken: %+v, %v", who, err)
	}
}

// TestAttack124_KeyRotation signs with a new key at once; the old one verifies
// until its last token has expired, then nothing.
func TestAttack124_KeyRotation(t *testing.T) {
	p, _ := newPlace(t)
	ctx := context.Background()
	before := p.signUp("ada")
	if err := p.RotateKeys(ctx); err != nil {
		t.Fatal(err)
	}
	after := p.must(p.signIn("ada@example.com", rightPassword))
	p.who(before)
	p.who(after)
	if n := len(p.published()); n != 2 {
		t.Errorf("%d keys are published", n)
	}
	if _, err := p.open("https://app.example").Verify(ctx, string(before.AccessToken)); err != nil {
		t.Errorf("an older token after a restart: %v", err)
	}
	if _, err := p.keys.Read(string(before.AccessToken)); err != nil {
		t.Error(err)
	}
	p.wait(p.life + tokens.ClockLeeway + time.Second)
	if n := len(p.published()); n != 1 {
		t.Errorf("%d keys are published after the old one has retired", n)
	}
	if _, err := p.keys.Read(string(before.AccessToken)); !fault.Is(err, fault.AuthBadToken) {
		t.Error("a retired key verifies")
	}
	p.who(p.must(p.refreshed(after.RefreshToken)))
	if _, err := New(ctx, Config{Engine: p.engine, Vault: newVault(t), Issuer: "x"}); !fault.Is(err, fault.VaultSealed) {
		t.Errorf("starting with another master key: %v", err)
	}
}

// published reads the key set as a client would.
func (p *place) published() []jose.JSONWebKey {
	p.Helper()
	var set jose.JSONWebKeySet
	if err := json.Unmarshal(p.JWKS(), &set); err != nil {
		p.Fatal(err)
	}
	for _, key := range set.Keys {
		if !key.IsPublic() || key.Algorithm != "EdDSA" || key.Use != "sig" || key.KeyID == "" {
			p.Errorf("a published key is %+v", key)
		}
	}
	return set.Keys
}

func TestPublishedKeysVerifyTokens(t *testing.T) {
	p, _ := newPlace(t)
	signed, err := jose.ParseSignedCompact(string(p.signUp("ada").AccessToken), []jose.SignatureAlgorithm{jose.EdDSA})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := signed.Verify(p.published()[0]); err != nil {
		t.Error(err)
	}
	if strings.Contains(string(p.JWKS()), `"d"`) {
		t.Error("a private key is published")
	}
}

// FuzzTokens feeds the three readers of credentials: none may panic or accept.
func FuzzTokens(f *testing.F) {
	p, _ := newPlace(f)
	session := p.signUp("ada")
	key, err := p.CreateKey(context.Background(), p.who(session), apikey.Request{Name: "ci"})
	if err != nil {
		f.Fatal(err)
	}
	good := map[string]bool{string(session.AccessToken): true, string(session.RefreshToken): true, string(key.Secret): true}
	for token := range good {
		f.Add(token)
		f.Add(token[:len(token)/2])
	}
	f.Add(`{"payload":"","signatures":[]}`)
	f.Add("eyJhbGciOiJub25lIn0..")
	f.Fuzz(func(t *testing.T, token string) {
		if good[token] {
			return
		}
		if _, err := p.Verify(context.Background(), token); fault.Of(err).Status() != 401 {
			t.Errorf("access token %q: %v", token, err)
		}
		if _, ok := p.refresh.Session(Secret(token)); ok {
			t.Errorf("refresh token %q is accepted", token)
		}
		if _, err := p.VerifyKey(context.Background(), token); fault.Of(err).Status() != 401 {
			t.Errorf("API key %q: %v", token, err)
		}
	})
}

func BenchmarkVerify(b *testing.B) {
	p, _ := newPlace(b)
	token := string(p.signUp("ada").AccessToken)
	b.Run("remembered", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := p.Verify(context.Background(), token); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("remembered, parallel", func(b *testing.B) {
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				if _, err := p.Verify(context.Background(), token); err != nil {
					b.Error(err)
				}
			}
		})
	})
	b.Run("signature alone", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := p.readAccess(token); err != nil {
				b.Fatal(err)
			}
		}
	})
	user := p.who(Session{AccessToken: Secret(token)}).UserID
	b.Run("looked up", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			p.Forget(user)
			if _, err := p.Verify(context.Background(), token); err != nil {
				b.Fatal(err)
			}
		}
	})
}
