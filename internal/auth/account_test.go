package auth

import (
	"context"
	"fmt"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/loam-dev/loam/internal/apikey"
	"github.com/loam-dev/loam/internal/config"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/mail"
)

func confirming(how string) func(*config.AuthConfig) {
	return func(c *config.AuthConfig) { c.Email.Confirm = how }
}

// token takes the token out of a letter's link, code its code.
func token(t testing.TB, m mail.Message) Secret {
	t.Helper()
	u, err := url.Parse(fmt.Sprint(m.Data["Link"]))
	if err != nil || !strings.HasPrefix(u.String(), "https://app.example/account/") {
		t.Fatalf("the link is %v, %v", m.Data["Link"], err)
	}
	return Secret(strings.TrimPrefix(u.Fragment, "token="))
}

func code(m mail.Message) Secret { return Secret(fmt.Sprint(m.Data["Code"])) }

func TestConfirmation(t *testing.T) {
	ctx := context.Background()
	for _, how := range []string{"code", "link"} {
		p, _ := newPlace(t, confirming(how))
		in := SignUp{Email: "ada@example.com", Password: rightPassword, Name: "Ada"}
		up, err := p.SignUp(ctx, in, Client{})
		if err != nil || !up.Waits || up.Session != nil {
			t.Fatalf("%s: %+v, %v", how, up.User, err)
		}
		letter := p.letter()
		if letter.To != "ada@example.com" || (letter.Data["Code"] != nil) != (how == "code") || (letter.Data["Link"] != nil) != (how == "link") {
			t.Errorf("%s: the letter is %+v", how, letter)
		}
		_, err = p.signIn("ada@example.com", rightPassword)
		is(t, "before it is confirmed", err, fault.AuthUnconfirmed)
		_, err = p.signIn("ada@example.com", "a wrong password")
		is(t, "that it waits is told to who knows the password", err, fault.AuthWrong)

		// Another mail voids the first.
		is(t, "resending", p.AskConfirmation(ctx, Ask{Email: " ADA@example.com"}, Client{}), "")
		second := p.letter()
		proof := Proof{Email: "Ada@Example.com", Code: code(letter)}
		again := Proof{Email: "ada@example.com", Code: code(second)}
		if how == "link" {
			proof, again = Proof{Token: token(t, letter)}, Proof{Token: token(t, second)}
		}
		if proof.Code != again.Code || how == "link" { // one in a million is the same
			_, err = p.Confirm(ctx, proof, Client{})
			is(t, "the first mail's", err, fault.AuthBadTicket)
		}
		confirmed, err := p.Confirm(ctx, again, Client{})
		if err != nil || !confirmed.User.EmailVerified || confirmed.User.Name != "Ada" {
			t.Fatalf("%s: confirming: %+v, %v", how, confirmed, err)
		}
		p.who(*confirmed.Session)
		_, err = p.Confirm(ctx, again, Client{})
		is(t, "confirming again", err, fault.AuthBadTicket)
		p.must(p.signIn("ada@example.com", rightPassword))
	}
}

// TestAttack014_SignUp: a taken address answers like a free one, and its owner is
// told; where two have signed up with an address, neither's password counts.
func TestAttack014_SignUp(t *testing.T) {
	ctx := context.Background()
	p, _ := newPlace(t, confirming("code"))
	sign := func(password, name string) SignedUp {
		up, err := p.SignUp(ctx, SignUp{Email: "ada@example.com", Password: Secret(password), Name: name}, Client{})
		if err != nil || !up.Waits || up.User.EmailVerified || up.User.Email != "ada@example.com" || up.User.Name != name {
			t.Fatalf("signing up: %+v, %v", up, err)
		}
		return up
	}
	first := sign("password of eve 1", "Eve")
	p.post()
	second := sign("password of ada 1", "Ada")
	if first.User.ID == second.User.ID {
		t.Error("the answer shows the account that is there")
	}
	in, err := p.Confirm(ctx, Proof{Email: "ada@example.com", Code: code(p.letter())}, Client{})
	if err != nil || in.User.Name != "Ada" {
		t.Fatalf("%+v, %v", in, err)
	}
	for _, password := range []string{"password of eve 1", "password of ada 1"} { // whose mail was followed can't be told
		_, err = p.signIn("ada@example.com", password)
		is(t, password, err, fault.AuthWrong)
	}
	if _, err := p.ChangePassword(ctx, p.who(*in.Session), ChangePassword{New: "password of ada 1"}, Client{}); err != nil {
		t.Fatal(err)
	}
	p.post()

	sign("password of eve 2", "Eve")
	if letter := p.letter(); letter.Template != "account_exists" || letter.To != "ada@example.com" {
		t.Errorf("the owner gets %+v", letter)
	}
	p.must(p.signIn("ada@example.com", "password of ada 1"))
	for _, ask := range []func(context.Context, Ask, Client) error{p.AskReset, p.AskConfirmation} {
		for _, address := range []string{"ada@example.com", "nobody@example.com"} {
			is(t, "asking for "+address, ask(ctx, Ask{Email: address}, Client{}), "")
		}
	}
	if letters := p.post(); len(letters) != 1 || letters[0].Template != "reset" || letters[0].To != "ada@example.com" {
		t.Errorf("letters: %+v", letters)
	}
}

// TestAttack009_ResetOnce: of many who redeem a reset at once, one does.
func TestAttack009_ResetOnce(t *testing.T) {
	ctx := context.Background()
	p, _ := newPlace(t)
	old := p.signUp("ada")
	is(t, "asking", p.AskReset(ctx, Ask{Email: "ada@example.com"}, Client{}), "")
	letter := p.letter()
	for _, proof := range []Proof{{Token: token(t, letter)}, {Email: "ada@example.com", Code: code(letter)}} {
		var passed atomic.Int64
		var group sync.WaitGroup
		for i := range 50 {
			group.Go(func() {
				password := fmt.Sprint("a new password ", i)
				if _, err := p.Reset(ctx, Reset{proof, Secret(password)}, Client{}); err == nil {
					passed.Add(1)
				} else if !fault.Is(err, fault.AuthBadTicket) && !fault.Is(err, fault.AuthTooMany) {
					t.Error(err)
				}
			})
		}
		group.Wait()
		if proof.Token != "" && passed.Load() != 1 || proof.Token == "" && passed.Load() != 0 {
			t.Errorf("%d resets passed", passed.Load())
		}
	}
	_, err := p.Verify(ctx, string(old.AccessToken))
	is(t, "the old access token", err, fault.AuthRevoked)
	_, err = p.Refresh(ctx, Refresh{old.RefreshToken})
	is(t, "the old refresh token", err, fault.AuthRevoked)
	_, err = p.signIn("ada@example.com", rightPassword)
	if !fault.Is(err, fault.AuthWrong) && !fault.Is(err, fault.AuthTooMany) {
		t.Errorf("the old password: %v", err)
	}
}

// TestAttack010_EmptyProofs: nothing, and what is nearly a proof, opens nothing.
func TestAttack010_EmptyProofs(t *testing.T) {
	ctx := context.Background()
	p, _ := newPlace(t)
	p.signUp("ada")
	is(t, "asking", p.AskReset(ctx, Ask{Email: "ada@example.com"}, Client{}), "")
	good := token(t, p.letter())
	for _, test := range []struct {
		proof Proof
		want  fault.Code
	}{
		{Proof{}, fault.AuthBadProof},
		{Proof{Email: "ada@example.com"}, fault.AuthBadProof},
		{Proof{Code: "123456"}, fault.AuthBadEmail},
		{Proof{Email: "ada@example.com", Code: "12345"}, fault.AuthBadProof},
		{Proof{Email: "ada@example.com", Code: "%"}, fault.AuthBadProof},
		{Proof{Token: good, Email: "ada@example.com", Code: "123456"}, fault.AuthBadProof},
		{Proof{Token: "x"}, fault.AuthBadTicket},
		{Proof{Token: good + "A"}, fault.AuthBadTicket},
		{Proof{Token: Secret(strings.ToLower(string(good)))}, fault.AuthBadTicket},
		{Proof{Token: ticketPrefix}, fault.AuthBadTicket},
	} {
		_, err := p.Reset(ctx, Reset{test.proof, "a new password"}, Client{})
		is(t, fmt.Sprintf("%q %q %q", string(test.proof.Token), test.proof.Email, string(test.proof.Code)), err, test.want)
	}
	_, err := p.Confirm(ctx, Proof{Token: good}, Client{})
	is(t, "a ticket of another purpose", err, fault.AuthBadTicket)
	p.wait(31 * time.Minute)
	_, err = p.Reset(ctx, Reset{Proof{Token: good}, "a new password"}, Client{})
	is(t, "an expired ticket", err, fault.AuthBadTicket)
}

// TestCodesBearFiveTries: then the right one opens nothing either.
func TestCodesBearFiveTries(t *testing.T) {
	ctx := context.Background()
	p, _ := newPlace(t)
	p.signUp("ada")
	is(t, "asking", p.AskReset(ctx, Ask{Email: "ada@example.com"}, Client{}), "")
	right := code(p.letter())
	wrong := Secret("000000")
	if right == wrong {
		wrong = "000001"
	}
	for range maxTries {
		_, err := p.Reset(ctx, Reset{Proof{Email: "ada@example.com", Code: wrong}, "a new password"}, Client{})
		is(t, "a wrong code", err, fault.AuthBadTicket)
		p.wait(16 * time.Minute / 10)
	}
	_, err := p.Reset(ctx, Reset{Proof{Email: "ada@example.com", Code: right}, "a new password"}, Client{})
	is(t, "the right code, too late", err, fault.AuthBadTicket)
}

// TestAttack013_PasswordChange: what the old password opened is shut, but for who
// changes it.
func TestAttack013_PasswordChange(t *testing.T) {
	ctx := context.Background()
	p, _ := newPlace(t)
	here, there := p.signUp("ada"), p.must(p.signIn("ada@example.com", rightPassword))
	is(t, "asking", p.AskReset(ctx, Ask{Email: "ada@example.com"}, Client{}), "")
	reset := p.letter()
	who := p.who(here)
	_, err := p.ChangePassword(ctx, who, ChangePassword{"a wrong password", "a new password"}, Client{})
	is(t, "with a wrong one", err, fault.AuthWrong)
	_, err = p.ChangePassword(ctx, who, ChangePassword{rightPassword, "short"}, Client{})
	is(t, "to a short one", err, fault.AuthBadPassword)
	_, err = p.ChangePassword(ctx, who, ChangePassword{rightPassword, "ada@example.com"}, Client{})
	is(t, "to the address", err, fault.AuthCommon)
	changed, err := p.ChangePassword(ctx, who, ChangePassword{rightPassword, "a new password"}, Client{})
	if err != nil {
		t.Fatal(err)
	}
	p.who(*changed.Session)
	for name, s := range map[string]Session{"here": here, "there": there} {
		_, err := p.Verify(ctx, string(s.AccessToken))
		is(t, "the access token "+name, err, fault.AuthRevoked)
		_, err = p.Refresh(ctx, Refresh{s.RefreshToken})
		is(t, "the refresh token "+name, err, fault.AuthRevoked)
	}
	_, err = p.Reset(ctx, Reset{Proof{Token: token(t, reset)}, "another password"}, Client{})
	is(t, "a reset asked for before", err, fault.AuthBadTicket)
	p.must(p.signIn("ada@example.com", "a new password"))
	if letter := p.letter(); letter.Template != "password_changed" {
		t.Errorf("the letter is %+v", letter)
	}
}

// TestAttack008_FirstOwner: who can read the mail of an address that was never
// confirmed takes the account, and nothing that was set up before opens it.
func TestAttack008_FirstOwner(t *testing.T) {
	ctx := context.Background()
	for name, enter := range map[string]func(*place) (SignedIn, error){
		"a mailed code": func(p *place) (SignedIn, error) {
			is(t, "asking", p.AskSignIn(ctx, Ask{Email: "ada@example.com"}, Client{}), "")
			return p.SignInByMail(ctx, Proof{Email: "ada@example.com", Code: code(p.letter())}, Client{})
		},
		"a provider": func(p *place) (SignedIn, error) {
			return p.SignInExternal(ctx, External{Provider: "google", Subject: "1", Email: "Ada@example.com", EmailVerified: true, Name: "Ada"}, Client{})
		},
		"a reset": func(p *place) (SignedIn, error) {
			is(t, "asking", p.AskReset(ctx, Ask{Email: "ada@example.com"}, Client{}), "")
			return p.Reset(ctx, Reset{Proof{Email: "ada@example.com", Code: code(p.letter())}, "password of ada"}, Client{})
		},
	} {
		t.Run(name, func(t *testing.T) {
			p, _ := newPlace(t, func(c *config.AuthConfig) { c.Email.Code = true })
			eve := p.signUp("ada") // with the address of another
			is(t, "linking", p.Link(ctx, p.who(eve), External{Provider: "github", Subject: "eve"}), "")
			key, err := p.CreateKey(ctx, p.who(eve), apikey.Request{Name: "eve's"})
			is(t, "making a key", err, "")
			_, err = p.VerifyKey(ctx, string(key.Secret))
			is(t, "Eve's key, before", err, "")
			ada, err := enter(p)
			if err != nil || ada.User.ID != eve.User.ID || !ada.User.EmailVerified {
				t.Fatalf("%+v, %v", ada, err)
			}
			_, err = p.signIn("ada@example.com", rightPassword)
			is(t, "Eve's password", err, fault.AuthWrong)
			_, err = p.Verify(ctx, string(eve.AccessToken))
			is(t, "Eve's session", err, fault.AuthRevoked)
			_, err = p.SignInExternal(ctx, External{Provider: "github", Subject: "eve"}, Client{})
			is(t, "Eve's identity", err, fault.AuthUnverified)
			_, err = p.VerifyKey(ctx, string(key.Secret))
			is(t, "Eve's key", err, fault.AuthBadKey)
			p.who(*ada.Session)
		})
	}
}

// TestAttack001_AnonymousTakesAnAddress: an anonymous user who takes Ada's address
// waits signed in. When Ada signs up herself and confirms, she is alone in the account.
func TestAttack001_AnonymousTakesAnAddress(t *testing.T) {
	ctx := context.Background()
	p, _ := newPlace(t, confirming("code"), func(c *config.AuthConfig) { c.Anonymous = true })
	eve, err := p.SignInAnonymously(ctx, Client{})
	is(t, "anonymously", err, "")
	is(t, "linking", p.Link(ctx, p.who(*eve.Session), External{Provider: "github", Subject: "eve"}), "")
	key, err := p.CreateKey(ctx, p.who(*eve.Session), apikey.Request{Name: "eve's"})
	is(t, "making a key", err, "")
	_, err = p.Become(ctx, p.who(*eve.Session), SignUp{Email: "ada@example.com", Password: "password of eve 1"}, Client{})
	is(t, "taking the address", err, "")
	p.post()
	_, err = p.SignUp(ctx, SignUp{Email: "ada@example.com", Password: "password of ada 1", Name: "Ada"}, Client{})
	is(t, "signing up", err, "")
	ada, err := p.Confirm(ctx, Proof{Email: "ada@example.com", Code: code(p.letter())}, Client{})
	if err != nil || ada.User.ID != eve.User.ID || ada.User.Name != "Ada" {
		t.Fatalf("%+v, %v", ada, err)
	}
	_, err = p.Verify(ctx, string(eve.AccessToken))
	is(t, "Eve's session", err, fault.AuthRevoked)
	_, err = p.Refresh(ctx, Refresh{eve.RefreshToken})
	is(t, "her refresh token", err, fault.AuthRevoked)
	_, err = p.SignInExternal(ctx, External{Provider: "github", Subject: "eve"}, Client{})
	is(t, "her identity", err, fault.AuthUnverified)
	_, err = p.VerifyKey(ctx, string(key.Secret))
	is(t, "her key", err, fault.AuthBadKey)
	_, err = p.signIn("ada@example.com", "password of eve 1")
	is(t, "her password", err, fault.AuthWrong)
}

// TestAttack003_Unverified: an address that the provider does not vouch for links
// to nobody and makes nobody.
func TestAttack003_Unverified(t *testing.T) {
	ctx := context.Background()
	p, _ := newPlace(t)
	ada := p.signUp("ada")
	for _, email := range []string{"ada@example.com", "new@example.com", ""} {
		_, err := p.SignInExternal(ctx, External{Provider: "google", Subject: "1", Email: email}, Client{})
		is(t, email, err, fault.AuthUnverified)
	}
	google := External{Provider: "google", Subject: "1", Email: "other@example.com"}
	is(t, "linking while signed in", p.Link(ctx, p.who(ada), google), "")
	is(t, "linking again", p.Link(ctx, p.who(ada), google), "")
	is(t, "a second of one provider", p.Link(ctx, p.who(ada), External{Provider: "google", Subject: "2"}), fault.AuthLinked)
	is(t, "another's", p.Link(ctx, p.who(p.signUp("bob")), google), fault.AuthLinked)
	in, err := p.SignInExternal(ctx, google, Client{})
	if err != nil || in.User.ID != ada.User.ID || in.User.EmailVerified {
		t.Errorf("the linked one: %+v, %v", in, err)
	}
	if list, err := p.Identities(ctx, p.who(ada)); err != nil || len(list) != 1 || list[0].Provider != "google" {
		t.Errorf("%+v, %v", list, err)
	}
	is(t, "unlinking", p.Unlink(ctx, p.who(ada), "google"), "")
	is(t, "unlinking again", p.Unlink(ctx, p.who(ada), "google"), fault.AuthNotLinked)
	only, err := p.SignInExternal(ctx, External{Provider: "google", Subject: "3", Email: "carl@example.com", EmailVerified: true}, Client{})
	is(t, "a new one", err, "")
	is(t, "the last way in", p.Unlink(ctx, p.who(*only.Session), "google"), fault.AuthLastWay)
}

// TestAttack026_ChangeOfAddress: it takes the old address and the new one, in any
// order, and an address of somebody else can't be taken.
func TestAttack026_ChangeOfAddress(t *testing.T) {
	ctx := context.Background()
	for name, order := range map[string][]int{"old first": {1, 0}, "new first": {0, 1}} {
		t.Run(name, func(t *testing.T) {
			p, _ := newPlace(t, confirming("code"))
			if _, err := p.SignUp(ctx, SignUp{Email: "ada@example.com", Password: rightPassword}, Client{}); err != nil {
				t.Fatal(err)
			}
			ada, err := p.Confirm(ctx, Proof{Email: "ada@example.com", Code: code(p.letter())}, Client{})
			if err != nil {
				t.Fatal(err)
			}
			who := p.who(*ada.Session)
			is(t, "with a wrong password", p.AskEmailChange(ctx, who, ChangeEmail{Email: "new@example.com", Password: "a wrong password"}, Client{}), fault.AuthWrong)
			is(t, "asking", p.AskEmailChange(ctx, who, ChangeEmail{Email: "New@example.com", Password: rightPassword}, Client{}), "")
			letters := p.post()
			if len(letters) != 2 || letters[0].To != "new@example.com" || letters[1].To != "ada@example.com" {
				t.Fatalf("letters: %+v", letters)
			}
			first, err := p.ConfirmEmailChange(ctx, Proof{Token: token(t, letters[order[0]])})
			if err != nil || first.Changed || first.Email != "ada@example.com" || first.Waiting == "" {
				t.Errorf("one link: %+v, %v", first, err)
			}
			if me, err := p.Me(ctx, who); err != nil || me.User.Email != "ada@example.com" {
				t.Errorf("one link changed the address: %+v, %v", me, err)
			}
			second, err := p.ConfirmEmailChange(ctx, Proof{Token: token(t, letters[order[1]])})
			if err != nil || !second.Changed || second.Email != "new@example.com" {
				t.Errorf("both links: %+v, %v", second, err)
			}
			_, err = p.Verify(ctx, string(ada.AccessToken))
			is(t, "the session from before", err, fault.AuthRevoked)
			p.must(p.signIn("new@example.com", rightPassword))
			_, err = p.ConfirmEmailChange(ctx, Proof{Token: token(t, letters[0])})
			is(t, "again", err, fault.AuthBadTicket)
		})
	}
}

func TestAnonymous(t *testing.T) {
	ctx := context.Background()
	p, _ := newPlace(t)
	_, err := p.SignInAnonymously(ctx, Client{})
	is(t, "where it is off", err, fault.AuthMethodOff)
	p, _ = newPlace(t, func(c *config.AuthConfig) { c.Anonymous = true })
	in, err := p.SignInAnonymously(ctx, Client{})
	if err != nil || in.User.Email != "" || in.Organization == nil {
		t.Fatalf("%+v, %v", in, err)
	}
	other := p.signUp("bob")
	who := p.who(*in.Session)
	become := SignUp{Email: "bob@example.com", Password: rightPassword, Name: "Ada"}
	_, err = p.Become(ctx, who, become, Client{})
	is(t, "with another's address", err, fault.AuthEmailTaken)
	become.Email = "ada@example.com"
	up, err := p.Become(ctx, who, become, Client{})
	if err != nil || up.Session == nil || up.User.ID != in.User.ID || up.Session.Organization.ID != in.Organization.ID {
		t.Fatalf("%+v, %v", up, err)
	}
	_, err = p.Become(ctx, who, SignUp{Email: "third@example.com", Password: rightPassword}, Client{})
	is(t, "once more", err, fault.AuthNotAnonymous)
	_, err = p.Become(ctx, p.who(other), SignUp{Email: "third@example.com", Password: rightPassword}, Client{})
	is(t, "a real one", err, fault.AuthNotAnonymous)
	p.must(p.signIn("ada@example.com", rightPassword))
}

func TestSessions(t *testing.T) {
	ctx := context.Background()
	p, _ := newPlace(t)
	a, b, c := p.signUp("ada"), p.must(p.signIn("ada@example.com", rightPassword)), p.must(p.signIn("ada@example.com", rightPassword))
	eve := p.who(p.signUp("eve"))
	who := p.who(a)
	list, err := p.Sessions(ctx, who)
	if err != nil || len(list) != 3 || !list[2].Current || list[0].Current || list[0].Method != ByPassword {
		t.Fatalf("%+v, %v", list, err)
	}
	is(t, "another's session", p.EndSession(ctx, eve, list[0].ID), fault.AuthNoSession)
	is(t, "one's own", p.EndSession(ctx, who, list[0].ID), "")
	is(t, "again", p.EndSession(ctx, who, list[0].ID), fault.AuthNoSession)
	_, err = p.Verify(ctx, string(c.AccessToken))
	is(t, "its token", err, fault.AuthRevoked)
	is(t, "the others", p.EndSessions(ctx, who, true), "")
	_, err = p.Verify(ctx, string(b.AccessToken))
	is(t, "another's token", err, fault.AuthRevoked)
	p.who(a)
	is(t, "all", p.EndSessions(ctx, who, false), "")
	_, err = p.Verify(ctx, string(a.AccessToken))
	is(t, "one's own token", err, fault.AuthRevoked)
	if _, err := p.Verify(ctx, string(p.must(p.signIn("eve@example.com", rightPassword)).AccessToken)); err != nil {
		t.Error(err)
	}
}

func TestDeleteAccount(t *testing.T) {
	ctx := context.Background()
	p, _ := newPlace(t)
	ada := p.signUp("ada")
	who := p.who(ada)
	is(t, "with a wrong password", p.Delete(ctx, who, DeleteAccount{"a wrong password"}, nil, Client{}), fault.AuthWrong)
	p.wait(11 * time.Minute)
	is(t, "long after signing in", p.Delete(ctx, p.who(ada), DeleteAccount{}, nil, Client{}), fault.AuthReauthenticate)
	is(t, "with the password", p.Delete(ctx, who, DeleteAccount{rightPassword}, nil, Client{}), "")
	_, err := p.Verify(ctx, string(ada.AccessToken))
	is(t, "the token", err, fault.AuthRevoked)
	_, err = p.signIn("ada@example.com", rightPassword)
	is(t, "the password", err, fault.AuthWrong)
	again := p.signUp("ada")
	if again.User.ID == ada.User.ID || again.Organization.ID == ada.Organization.ID {
		t.Error("who signs up again inherits")
	}
}

// TestAttack011_Links: a mailed link starts with the configured address, and leads
// to no page that the configuration does not name.
func TestAttack011_Links(t *testing.T) {
	ctx := context.Background()
	p, _ := newPlace(t, func(c *config.AuthConfig) { c.Redirects = []string{"https://app.example/done?x=1"} })
	p.signUp("ada")
	for _, to := range []string{"https://evil.example", "//evil.example", "https://app.example@evil.example", `https://app.example\evil`,
		"https://app.example/done?x=1&y=2", "https://app.example/done?x=1 ", "https://APP.example/done?x=1", "javascript:alert(1)"} {
		is(t, to, p.AskReset(ctx, Ask{Email: "ada@example.com", Redirect: to}, Client{}), fault.AuthBadRedirect)
	}
	is(t, "a page that is named", p.AskReset(ctx, Ask{Email: "ada@example.com", Redirect: "https://app.example/done?x=1"}, Client{}), "")
	if link := fmt.Sprint(p.letter().Data["Link"]); !strings.HasPrefix(link, "https://app.example/done?for=reset&token=loamt_") || !strings.HasSuffix(link, "&x=1") {
		t.Errorf("the link is %s", link)
	}
}

// TestAttack137_MailsToOneAddress: past the free ones each further mail waits
// twice as long.
func TestAttack137_MailsToOneAddress(t *testing.T) {
	ctx := context.Background()
	p, _ := newPlace(t)
	asked := 0
	for range 100 {
		if err := p.AskReset(ctx, Ask{Email: "ada@example.com"}, Client{}); err == nil {
			asked++
		} else {
			is(t, "asking", err, fault.AuthTooMany)
		}
	}
	if asked > config.Default().Limits.Mail.PerAddress {
		t.Errorf("%d mails to one address", asked)
	}
}

// TestNewcomersOfANetwork: accounts are not made without end.
func TestNewcomersOfANetwork(t *testing.T) {
	ctx := context.Background()
	p, _ := newPlace(t)
	p.attempts.newcomers.Free = 3
	from := Client{Addr: netip.MustParseAddr("203.0.113.7")}
	for i := range 4 {
		_, err := p.SignUp(ctx, SignUp{Email: fmt.Sprintf("user%d@example.com", i), Password: rightPassword}, from)
		is(t, fmt.Sprint("sign-up ", i), err, []fault.Code{"", "", "", fault.AuthTooMany}[i])
	}
	_, err := p.SignUp(ctx, SignUp{Email: "elsewhere@example.com", Password: rightPassword}, Client{Addr: netip.MustParseAddr("203.0.113.8")})
	is(t, "from another network", err, "")
}
