package auth

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/descope/virtualwebauthn"

	"github.com/loam-dev/loam/internal/factor"
	"github.com/loam-dev/loam/internal/fault"
)

// device is an authenticator with one passkey on it.
type device struct {
	place *place
	site  virtualwebauthn.RelyingParty
	auth  virtualwebauthn.Authenticator
	key   virtualwebauthn.Credential
}

// newDevice is one in the hands of a user, at a page of this machine.
func (p *place) newDevice(user string) *device {
	return &device{p, virtualwebauthn.RelyingParty{ID: "localhost", Name: "Loam", Origin: "http://localhost:8080"},
		virtualwebauthn.NewAuthenticatorWithOptions(virtualwebauthn.AuthenticatorOptions{UserHandle: []byte(user), BackupEligible: true, BackupState: true}),
		newKey()}
}

// newKey is a new key of a passkey. The authenticator leaves out leading zeros of a
// coordinate, which no real one does: such a key is not taken.
func newKey() virtualwebauthn.Credential {
	const whole = 77 // bytes of a public key
	for {
		if key := virtualwebauthn.NewCredential(virtualwebauthn.KeyTypeEC2); len(key.Key.AttestationData()) == whole {
			return key
		}
	}
}

// text is options as a page gets them.
func (d *device) text(o factor.PasskeyOptions) string {
	d.place.Helper()
	text, err := json.Marshal(o)
	if err != nil {
		d.place.Fatal(err)
	}
	return string(text)
}

// make answers the options of a registration.
func (d *device) make(o factor.PasskeyOptions) json.RawMessage {
	d.place.Helper()
	options, err := virtualwebauthn.ParseAttestationOptions(d.text(o))
	if err != nil {
		d.place.Fatal(err)
	}
	return json.RawMessage(virtualwebauthn.CreateAttestationResponse(d.site, d.auth, d.key, *options))
}

// show answers the options of a sign-in. The counter grows with every use.
func (d *device) show(o factor.PasskeyOptions) json.RawMessage {
	d.place.Helper()
	options, err := virtualwebauthn.ParseAssertionOptions(d.text(o))
	if err != nil {
		d.place.Fatal(err)
	}
	d.key.Counter++
	return json.RawMessage(virtualwebauthn.CreateAssertionResponse(d.site, d.auth, d.key, *options))
}

// add registers a device's passkey.
func (p *place) add(s Session, d *device) (factor.Passkey, error) {
	p.Helper()
	o, err := p.PasskeyOptions(context.Background(), p.who(s))
	if err != nil {
		return factor.Passkey{}, err
	}
	return p.AddPasskey(context.Background(), p.who(s), factor.NewPasskey{ID: o.ID, Passkey: d.make(o), Name: "Phone"})
}

// holding makes a user with a passkey.
func (p *place) holding(name string) (Session, *device, factor.Passkey) {
	p.Helper()
	s := p.signUp(name)
	d := p.newDevice(s.User.ID)
	key, err := p.add(s, d)
	if err != nil {
		p.Fatal(err)
	}
	return s, d, key
}

// enter signs in by passkey.
func (p *place) enter(d *device) (Session, error) {
	p.Helper()
	o, err := p.SignInOptions()
	if err != nil {
		p.Fatal(err)
	}
	return p.entered(p.SignInByPasskey(context.Background(), factor.Assertion{ID: o.ID, Passkey: d.show(o)}, Client{}))
}

func (p *place) entered(in SignedIn, err error) (Session, error) {
	p.Helper()
	if err != nil {
		return Session{}, err
	}
	if in.Session == nil {
		p.Fatalf("signing in by passkey answers %+v", in)
	}
	return *in.Session, nil
}

func TestPasskeys(t *testing.T) {
	p, _ := newPlace(t)
	ctx := context.Background()
	session, d, key := p.holding("ada")
	if key.Name != "Phone" || !key.BackedUp || key.LastUsedAt != nil {
		t.Errorf("the passkey is %+v", key)
	}
	if in := p.must(p.enter(d)); in.User != session.User {
		t.Errorf("signed in as %+v", in.User)
	}
	_, err := p.add(session, d)
	is(t, "the same passkey again", err, fault.FactorExists)

	renamed, err := p.RenamePasskey(ctx, p.who(session), key.ID, Name{Name: "Old phone"})
	if err != nil || renamed.Name != "Old phone" || renamed.LastUsedAt == nil {
		t.Errorf("renamed: %+v %v", renamed, err)
	}
	keys, err := p.ListPasskeys(ctx, p.who(session))
	if err != nil || len(keys) != 1 || keys[0].ID != key.ID {
		t.Errorf("the passkeys are %+v %v", keys, err)
	}
	if has, err := p.ListFactors(ctx, p.who(session)); err != nil || has.Passkeys != 1 {
		t.Errorf("the factors are %+v %v", has, err)
	}
	is(t, "removing", p.RemovePasskey(ctx, p.who(session), key.ID), "")
	is(t, "removing again", p.RemovePasskey(ctx, p.who(session), key.ID), fault.FactorNotFound)
	_, err = p.enter(d)
	is(t, "a removed passkey", err, fault.FactorPasskey)
}

// TestPasskeyIsTwoFactors: a passkey signs in alone where an app is set up, and
// answers a challenge where it is not the first proof.
func TestPasskeyIsTwoFactors(t *testing.T) {
	p, _ := newPlace(t)
	ctx := context.Background()
	session, d, _ := p.holding("ada")
	p.must(p.signIn("ada@example.com", rightPassword)) // it is asked for where the configuration says so
	p.factors.Second = SecondRequired
	c := p.challenged("ada")
	if len(c.Kinds) != 1 || c.Kinds[0] != kindPasskey {
		t.Errorf("the kinds are %v", c.Kinds)
	}
	p.enrol(session)
	p.must(p.enter(d))
	c = p.challenged("ada")
	if len(c.Kinds) != 3 || c.Kinds[1] != kindPasskey {
		t.Errorf("the kinds are %v", c.Kinds)
	}
	_, err := p.AnswerChallenge(ctx, Answer{ID: c.ID, Passkey: json.RawMessage(`{}`)}, Client{})
	is(t, "before the options", err, fault.FactorOptions)
	o, err := p.ChallengeOptions(ctx, ChallengeID{c.ID})
	if err != nil {
		t.Fatal(err)
	}
	_, eve, _ := p.holding("eve")
	_, err = p.AnswerChallenge(ctx, Answer{ID: c.ID, Passkey: eve.show(o)}, Client{})
	is(t, "another's passkey", err, fault.FactorPasskey)
	d.auth.Options.UserNotVerified = true // the password was the first factor
	in := p.must(p.entered(p.AnswerChallenge(ctx, Answer{ID: c.ID, Passkey: d.show(o)}, Client{})))
	if in.User != session.User {
		t.Errorf("signed in as %+v", in.User)
	}
}

// TestAttack021_Assertions shows assertions that must not sign in.
func TestAttack021_Assertions(t *testing.T) {
	p, _ := newPlace(t)
	ctx := context.Background()
	_, ada, _ := p.holding("ada")
	_, eve, _ := p.holding("eve")
	for _, c := range []struct {
		what string
		turn func(d *device)
	}{
		{"another site", func(d *device) { d.site.Origin = "https://evil.example" }},
		{"a site under the same name", func(d *device) { d.site.Origin = "http://localhost.evil.example" }},
		{"a site with the name as user", func(d *device) { d.site.Origin = "http://localhost@evil.example" }},
		{"another scheme", func(d *device) { d.site.Origin = "https://localhost:8080" }},
		{"another relying party", func(d *device) { d.site.ID = "evil.example" }},
		{"nobody verified", func(d *device) { d.auth.Options.UserNotVerified = true }},
		{"nobody there", func(d *device) { d.auth.Options.UserNotPresent = true }},
		{"another's handle", func(d *device) { d.auth.Options.UserHandle = eve.auth.Options.UserHandle }},
		{"no handle", func(d *device) { d.auth.Options.UserHandle = nil }},
		{"another's key", func(d *device) { d.key.Key = eve.key.Key }},
		{"another's id", func(d *device) { d.key.ID = eve.key.ID }},
		{"an unknown id", func(d *device) { d.key.ID = []byte("0123456789abcdef") }},
		{"not backed up any more", func(d *device) { d.auth.Options.BackupEligible, d.auth.Options.BackupState = false, false }},
	} {
		turned := *ada
		c.turn(&turned)
		_, err := p.enter(&turned)
		is(t, c.what, err, fault.FactorPasskey)
	}
	p.must(p.enter(ada))

	copied := *ada
	p.must(p.enter(ada))
	_, err := p.enter(&copied)
	is(t, "a counter that does not grow", err, fault.FactorPasskey)

	o, err := p.SignInOptions()
	if err != nil {
		t.Fatal(err)
	}
	answer := ada.show(o)
	for _, c := range []struct {
		what   string
		id     Secret
		answer json.RawMessage
		want   fault.Code
	}{
		{"no JSON of an assertion", o.ID, json.RawMessage(`{"id": "x"}`), fault.FactorPasskey},
		{"nothing", o.ID, nil, fault.FactorPasskey},
		{"no options", "", answer, fault.FactorOptions},
		{"damaged options", o.ID[:len(o.ID)-2] + "AA", answer, fault.FactorOptions},
		{"in time", o.ID, answer, ""},
		{"the same again", o.ID, answer, fault.FactorOptions},
	} {
		_, err := p.SignInByPasskey(ctx, factor.Assertion{ID: c.id, Passkey: c.answer}, Client{})
		is(t, c.what, err, c.want)
	}
	if o, err = p.SignInOptions(); err != nil {
		t.Fatal(err)
	}
	p.wait(challengeLife)
	_, err = p.SignInByPasskey(ctx, factor.Assertion{ID: o.ID, Passkey: ada.show(o)}, Client{})
	is(t, "too late", err, fault.FactorOptions)
	if _, err := p.Prune(ctx); err != nil {
		t.Fatal(err)
	}
	if n := p.count(`SELECT COUNT(*) FROM "_ceremonies" WHERE "expires_at" < ?1`, stamp(p.clock())); n != 0 {
		t.Errorf("%d ceremonies are left", n)
	}
}

// TestAttack021_ReplayAtOnce shows one assertion 20 times at once.
func TestAttack021_ReplayAtOnce(t *testing.T) {
	p, _ := newPlace(t)
	_, d, _ := p.holding("ada")
	o, err := p.SignInOptions()
	if err != nil {
		t.Fatal(err)
	}
	answer := d.show(o)
	got := together(20, func(int) error {
		_, err := p.SignInByPasskey(context.Background(), factor.Assertion{ID: o.ID, Passkey: answer}, Client{})
		return err
	})
	if got[""] != 1 || got[fault.FactorOptions] != 19 {
		t.Errorf("the answers are %v", got)
	}
}

// TestAttack021_CeremoniesOfOthers: options that were made for one thing or session
// serve no other, and a passkey is its owner's to change.
func TestAttack021_CeremoniesOfOthers(t *testing.T) {
	p, _ := newPlace(t)
	ctx := context.Background()
	ada, adas, key := p.holding("ada")
	eve, eves, _ := p.holding("eve")
	o, err := p.ReauthenticateOptions(ctx, p.who(ada))
	if err != nil {
		t.Fatal(err)
	}
	answer := adas.show(o)
	_, err = p.SignInByPasskey(ctx, factor.Assertion{ID: o.ID, Passkey: answer}, Client{})
	is(t, "a fresh proof as a sign-in", err, fault.FactorOptions)
	is(t, "a fresh proof in another's session", p.Reauthenticate(ctx, p.who(eve), Reauthenticate{Assertion: factor.Assertion{ID: o.ID, Passkey: answer}}, Client{}), fault.FactorOptions)
	is(t, "another's passkey", p.Reauthenticate(ctx, p.who(ada), Reauthenticate{Assertion: factor.Assertion{ID: o.ID, Passkey: eves.show(o)}}, Client{}), fault.FactorPasskey)
	p.wait(freshFor)
	_, err = p.PasskeyOptions(ctx, p.who(ada))
	is(t, "without a fresh proof", err, fault.AuthReauthenticate)
	if o, err = p.ReauthenticateOptions(ctx, p.who(ada)); err != nil {
		t.Fatal(err)
	}
	proof := Reauthenticate{Assertion: factor.Assertion{ID: o.ID, Passkey: adas.show(o)}}
	is(t, "a fresh proof", p.Reauthenticate(ctx, p.who(ada), proof, Client{}), "")
	is(t, "the same again", p.Reauthenticate(ctx, p.who(ada), proof, Client{}), fault.FactorOptions)

	if o, err = p.PasskeyOptions(ctx, p.who(ada)); err != nil {
		t.Fatal(err)
	}
	is(t, "eve's proof", p.Reauthenticate(ctx, p.who(eve), Reauthenticate{Password: rightPassword}, Client{}), "")
	another := p.newDevice(ada.User.ID)
	_, err = p.AddPasskey(ctx, p.who(eve), factor.NewPasskey{ID: o.ID, Passkey: another.make(o)})
	is(t, "registered in another's session", err, fault.FactorOptions)
	another.site.Origin = "https://evil.example"
	_, err = p.AddPasskey(ctx, p.who(ada), factor.NewPasskey{ID: o.ID, Passkey: another.make(o)})
	is(t, "registered from another site", err, fault.FactorBadPasskey)
	another.site.Origin, another.auth.Options.UserNotVerified = "http://localhost:3000", true
	_, err = p.AddPasskey(ctx, p.who(ada), factor.NewPasskey{ID: o.ID, Passkey: another.make(o)})
	is(t, "registered by nobody verified", err, fault.FactorBadPasskey)
	another.auth.Options.UserNotVerified = false
	_, err = p.AddPasskey(ctx, p.who(ada), factor.NewPasskey{ID: o.ID, Passkey: another.make(o)})
	is(t, "registered", err, "")

	is(t, "removing another's", p.RemovePasskey(ctx, p.who(eve), key.ID), fault.FactorNotFound)
	_, err = p.RenamePasskey(ctx, p.who(eve), key.ID, Name{Name: "mine"})
	is(t, "renaming another's", err, fault.FactorNotFound)
	p.must(p.enter(adas))
}

func TestPasskeysAreBounded(t *testing.T) {
	p, _ := newPlace(t)
	p.factors.Service.MaxPasskeys = 1
	session, _, _ := p.holding("ada")
	_, err := p.add(session, p.newDevice(session.User.ID))
	is(t, "one too many", err, fault.FactorPasskeyLimit)
	p.factors.Service.NoPasskeys = true
	_, err = p.SignInOptions()
	is(t, "turned off", err, fault.FactorOff)
}

// TestPasskeysOfAServedSite: any port of this machine's, until the server has a site.
func TestPasskeysOfAServedSite(t *testing.T) {
	p, _ := newPlace(t)
	_, d, _ := p.holding("ada")
	d.site.Origin = "http://localhost"
	p.must(p.enter(d))
	served, err := newFactors(Factors{Sites: []string{"https://app.example.com"}}, p.vault, p.clock)
	if err != nil {
		t.Fatal(err)
	}
	p.factors = served
	_, err = p.enter(d)
	is(t, "this machine's page on a served site", err, fault.FactorPasskey)
}
