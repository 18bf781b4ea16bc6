package auth

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/apikey"
	"github.com/loam-dev/loam/internal/config"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/hooks"
	"github.com/loam-dev/loam/internal/mail"
	"github.com/loam-dev/loam/internal/outbound"
	"github.com/loam-dev/loam/internal/password"
	"github.com/loam-dev/loam/internal/store"
	"github.com/loam-dev/loam/internal/tokens"
)

// TestAttack136_ResetsAreCountedFirst: a reset with a made-up token hashes no
// password beyond what its network may try.
func TestAttack136_ResetsAreCountedFirst(t *testing.T) {
	p, hashed := newPlace(t)
	from := Client{Addr: netip.MustParseAddr("192.0.2.1")}
	for range 150 {
		proof := Proof{Token: Secret(ticketPrefix + tokens.Strict().EncodeToString(random(ticketSize)))}
		if _, err := p.Reset(context.Background(), Reset{proof, "a new password"}, from); !fault.Is(err, fault.AuthBadTicket) && !fault.Is(err, fault.AuthTooMany) {
			t.Fatal(err)
		}
	}
	if n := hashed.Load(); n > 100 {
		t.Errorf("%d passwords were hashed", n)
	}
}

// TestAttack013_ChallengesEnd: the challenge that the old password got opens
// nothing once there is a new one.
func TestAttack013_ChallengesEnd(t *testing.T) {
	ctx := context.Background()
	p, _ := newPlace(t)
	ada := p.signUp("ada")
	secret, _ := p.enrol(ada)
	begun := p.challenged("ada")
	if _, err := p.ChangePassword(ctx, p.who(ada), ChangePassword{rightPassword, "password of ada 2"}, Client{}); err != nil {
		t.Fatal(err)
	}
	_, err := p.AnswerChallenge(ctx, Answer{ID: begun.ID, Code: p.code(secret, 0)}, Client{})
	is(t, "the challenge from before", err, fault.AuthChallenge)
}

// TestAttack032_KeysOfADeletedAccount: with the account go the organizations that
// nobody else is in, and with them their keys, at once.
func TestAttack032_KeysOfADeletedAccount(t *testing.T) {
	ctx := context.Background()
	p, _ := newPlace(t)
	ada := p.signUp("ada")
	key, err := p.CreateKey(ctx, p.who(ada), apikey.Request{Name: "k"})
	is(t, "making a key", err, "")
	_, err = p.VerifyKey(ctx, string(key.Secret))
	is(t, "the key", err, "")
	is(t, "deleting the account", p.Delete(ctx, p.who(ada), DeleteAccount{rightPassword}, nil, Client{}), "")
	_, err = p.VerifyKey(ctx, string(key.Secret))
	is(t, "the key of an organization that is gone", err, fault.AuthBadKey)
}

// TestLinkingTakesAFreshProof: a token that was stolen adds no way in. An anonymous
// user has no proof to give.
func TestLinkingTakesAFreshProof(t *testing.T) {
	ctx := context.Background()
	p, _ := newPlace(t, func(c *config.AuthConfig) { c.Anonymous = true })
	ada := p.signUp("ada")
	nobody, err := p.SignInAnonymously(ctx, Client{})
	is(t, "anonymously", err, "")
	is(t, "at once", p.MayLink(ctx, p.who(ada)), "")
	p.wait(11 * time.Minute)
	is(t, "long after signing in", p.MayLink(ctx, p.who(ada)), fault.AuthReauthenticate)
	is(t, "with the password", p.Reauthenticate(ctx, p.who(ada), Reauthenticate{Password: rightPassword}, Client{}), "")
	is(t, "after a fresh proof", p.MayLink(ctx, p.who(ada)), "")
	is(t, "an anonymous user", p.MayLink(ctx, p.who(*nobody.Session)), "")
	is(t, "linking", p.Link(ctx, p.who(*nobody.Session), External{Provider: "github", Subject: "1"}), "")
	is(t, "who has a way in", p.MayLink(ctx, p.who(*nobody.Session)), fault.AuthReauthenticate)
	is(t, "a key", p.MayLink(ctx, &access.Principal{Kind: access.APIKey}), fault.AccessSignIn)
}

// TestAttack014_InventedInvitation: an invitation that is none does not tell
// whether its address is taken.
func TestAttack014_InventedInvitation(t *testing.T) {
	p, _ := newPlace(t, confirming("code"))
	sign := func(email string, invitation Secret) error {
		_, err := p.SignUp(context.Background(), SignUp{Email: email, Password: rightPassword, Invitation: invitation}, Client{})
		return err
	}
	is(t, "signing up", sign("ada@example.com", ""), "")
	for _, email := range []string{"ada@example.com", "free@example.com"} {
		is(t, email, sign(email, "loami_x"), fault.TenantNoInvitation)
	}
}

// noMail is a mail room that has sent too much.
type noMail struct{}

func (noMail) Send(store.Conn, mail.Message) error { return fault.New(fault.MailTooMany, "too many") }

// TestAttack014_FullMailbox: that an address gets no more mail does not tell
// whether it is taken.
func TestAttack014_FullMailbox(t *testing.T) {
	p, _ := newPlace(t, confirming("code"))
	p.mailer = noMail{}
	for range 2 {
		up, err := p.SignUp(context.Background(), SignUp{Email: "ada@example.com", Password: rightPassword}, Client{})
		if err != nil || !up.Waits {
			t.Errorf("%+v, %v", up, err)
		}
	}
}

// asked is a hook before a sign-up that refuses everybody, and counts.
func asked(t *testing.T) (*hooks.Hooks, *atomic.Int64) {
	t.Helper()
	calls := new(atomic.Int64)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		calls.Add(1)
		io.WriteString(w, `{"allow": false}`)
	}))
	t.Cleanup(server.Close)
	secret, err := outbound.ParseSecret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	if err != nil {
		t.Fatal(err)
	}
	h, err := hooks.New(hooks.Options{BeforeSignUp: hooks.Hook{URL: server.URL, Secret: secret}, Client: outbound.New(outbound.Options{AllowPrivate: true})})
	if err != nil {
		t.Fatal(err)
	}
	return h, calls
}

// TestAttack015_HookIsNoOracle: codes that are tried too often are not looked at,
// not even to ask the hook about a newcomer.
func TestAttack015_HookIsNoOracle(t *testing.T) {
	ctx := context.Background()
	p, _ := newPlace(t, func(c *config.AuthConfig) { c.Email.Code = true })
	hook, calls := asked(t)
	is(t, "asking", p.AskSignIn(ctx, Ask{Email: "new@example.com"}, Client{}), "")
	right := code(p.letter())
	wrong := Secret("000000")
	if right == wrong {
		wrong = "000001"
	}
	p.hooks = hook
	for range 5 {
		_, err := p.SignInByMail(ctx, Proof{Email: "new@example.com", Code: wrong}, Client{})
		is(t, "a wrong code", err, fault.AuthBadTicket)
	}
	_, err := p.SignInByMail(ctx, Proof{Email: "new@example.com", Code: right}, Client{})
	is(t, "the right one", err, fault.AuthTooMany)
	if n := calls.Load(); n != 0 {
		t.Errorf("the hook was asked %d times", n)
	}
}

// TestHookIsAskedOfNewUsersAlone: an account that a provider is linked to needs no
// leave to sign in, whatever address the provider names.
func TestHookIsAskedOfNewUsersAlone(t *testing.T) {
	ctx := context.Background()
	p, _ := newPlace(t)
	ada := p.signUp("ada")
	google := External{Provider: "google", Subject: "1", Email: "elsewhere@example.org", EmailVerified: true}
	is(t, "linking", p.Link(ctx, p.who(ada), google), "")
	hook, calls := asked(t)
	p.hooks = hook
	in, err := p.SignInExternal(ctx, google, Client{})
	if err != nil || in.User.ID != ada.User.ID || calls.Load() != 0 {
		t.Errorf("%+v, %v, %d calls", in, err, calls.Load())
	}
	google.Subject = "2"
	_, err = p.SignInExternal(ctx, google, Client{})
	is(t, "somebody new", err, fault.AuthHookRefused)
}

const (
	bcryptLong   = "$2a$05$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui" // of all 72 bytes that bcrypt reads
	bcryptLongIs = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
)

// TestAttack014_ImportedHashes: while a hash of another system is about, a wrong
// password takes a whole number of seconds, for its account, for another and for none.
func TestAttack014_ImportedHashes(t *testing.T) {
	p, _ := newPlace(t)
	p.signUp("ada")
	try := func(email, password string, want fault.Code, pauses int) {
		t.Helper()
		p.pauses = nil
		began := time.Now()
		_, err := p.signIn(email, password)
		is(t, email, err, want)
		if len(p.pauses) != pauses {
			t.Fatalf("%s: held back %d times", email, len(p.pauses))
		}
		if pauses == 0 {
			return
		}
		if all := time.Since(began) + p.pauses[0]; p.pauses[0] <= 0 || all < time.Second || all%time.Second > time.Second/2 {
			t.Errorf("%s takes %v", email, all)
		}
	}
	everybody := func(pauses int, emails ...string) {
		t.Helper()
		for _, email := range emails {
			try(email, "a wrong password", fault.AuthWrong, pauses)
		}
	}
	everybody(0, "ada@example.com", "nobody@example.com")
	if err := p.engine.Write(t.Context(), func(c store.Conn) error { // as an import does
		return insertAccount(c, account{User: User{ID: newID(), Email: "bob@example.com", EmailVerified: true, CreatedAt: stamp(p.clock())}, password: password.ImportedMark + bcryptLong})
	}); err != nil {
		t.Fatal(err)
	}
	everybody(1, "ada@example.com", "nobody@example.com", "bob@example.com")
	try("ada@example.com", rightPassword, "", 0)
	try("bob@example.com", bcryptLongIs, "", 0)
	everybody(0, "ada@example.com", "nobody@example.com", "bob@example.com")
}

// TestAttack014_ChangingToATakenAddress: who changes to an address that somebody has
// gets what they would get for a free one, and waits for it in vain.
func TestAttack014_ChangingToATakenAddress(t *testing.T) {
	ctx := context.Background()
	for name, address := range map[string]string{"taken": "eve@example.com", "free": "free@example.com"} {
		t.Run(name, func(t *testing.T) {
			p, _ := newPlace(t, confirming("code"))
			_, err := p.SignUp(ctx, SignUp{Email: "ada@example.com", Password: rightPassword, Name: "Ada"}, Client{})
			is(t, "signing up", err, "")
			ada, err := p.Confirm(ctx, Proof{Email: "ada@example.com", Code: code(p.letter())}, Client{})
			is(t, "confirming", err, "")
			_, err = p.AddUsers(ctx, []SignUp{{Email: "eve@example.com"}})
			is(t, "adding", err, "")
			is(t, "asking", p.AskEmailChange(ctx, p.who(*ada.Session), ChangeEmail{Email: address, Password: rightPassword}, Client{}), "")
			letters := p.post()
			if len(letters) != 2 || letters[0].To != address || letters[1].To != "ada@example.com" || letters[1].Template != "email_change_notice" {
				t.Fatalf("letters: %+v", letters)
			}
			if greeted := letters[0].Name; name == "taken" && (greeted != "" || letters[0].Org != "") {
				t.Errorf("the owner of the address is told of the one who asks: %q of %q", greeted, letters[0].Org)
			}
			got, err := p.ConfirmEmailChange(ctx, Proof{Token: token(t, letters[1])})
			if err != nil || got != (EmailChange{Email: "ada@example.com", Waiting: "new"}) {
				t.Errorf("the old address's link: %+v, %v", got, err)
			}
			p.mailer = noMail{}
			is(t, "asking where the address gets no more mail", p.AskEmailChange(ctx, p.who(*ada.Session), ChangeEmail{Email: address, Password: rightPassword}, Client{}), fault.MailTooMany)
		})
	}
}
