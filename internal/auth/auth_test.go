package auth

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/config"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/jobs"
	"github.com/loam-dev/loam/internal/mail"
	"github.com/loam-dev/loam/internal/password"
	"github.com/loam-dev/loam/internal/store"
	"github.com/loam-dev/loam/internal/store/storetest"
	"github.com/loam-dev/loam/internal/tenant"
	"github.com/loam-dev/loam/internal/vault"
)

// place is an environment of the two rooms over a database on disk, with a
// clock that the test moves.
type place struct {
	*Service
	testing.TB
	tenants *tenant.Service
	engine  store.Engine
	vault   *vault.Vault
	ahead   atomic.Int64 // of the real clock
	derive  password.Derive

	mu      sync.Mutex
	letters []mail.Message  // that were sent, oldest first
	pauses  []time.Duration // that answers were held back
	waiting []jobs.Job
}

// Send and Add make the place the mail room and the queue of its service.
func (p *place) Send(_ store.Conn, m mail.Message) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.letters = append(p.letters, m)
	return nil
}

func (p *place) Add(_ store.Conn, j jobs.Job) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.waiting = append(p.waiting, j)
	return nil
}

// post runs the waiting wishes for mail, and returns the letters that came of
// them and of what was done since it was last called.
func (p *place) post() []mail.Message {
	p.Helper()
	p.mu.Lock()
	waiting := p.waiting
	p.waiting = nil
	p.mu.Unlock()
	for _, j := range waiting {
		if j.Kind != PostJob {
			continue
		}
		if err := p.Post(context.Background(), j.Payload); err != nil {
			p.Fatal(err)
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	letters := p.letters
	p.letters = nil
	return letters
}

// letter is the one letter that came.
func (p *place) letter() mail.Message {
	p.Helper()
	letters := p.post()
	if len(letters) != 1 {
		p.Fatalf("%d letters: %v", len(letters), letters)
	}
	return letters[0]
}

// newPlace hashes passwords at no cost, but counts them; real argon2 has tests of its
// own.
func newPlace(t testing.TB, settings ...func(*config.AuthConfig)) (*place, *atomic.Int64) {
	t.Helper()
	engine := storetest.Room(t, append(Tables(), tenant.Tables()...)...)
	p := &place{TB: t, engine: engine, vault: newVault(t)}
	p.Service = p.open("https://app.example", settings...)
	p.tenants = tenant.New(engine, tenant.Register{Now: p.clock}, p.Service, tenant.Outside{})
	hashed := new(atomic.Int64)
	p.derive = func(password, salt []byte, _, _ uint32, _ uint8, _ uint32) []byte {
		hashed.Add(1)
		sum := sha256.Sum256(append(append([]byte{}, salt...), password...))
		return sum[:]
	}
	p.hasher = password.New(password.Options{Derive: p.derive, Wait: p.pause})
	return p, hashed
}

// pause waits for nothing.
func (p *place) pause(_ context.Context, d time.Duration) { p.pauses = append(p.pauses, d) }

// derived puts something around every hash from now on.
func (p *place) derived(around func(hash func() []byte) []byte) {
	inner := p.derive
	p.derive = func(password, salt []byte, passes, memory uint32, threads uint8, size uint32) []byte {
		return around(func() []byte { return inner(password, salt, passes, memory, threads, size) })
	}
	p.hasher = password.New(password.Options{Derive: p.derive, Wait: p.pause})
}

// open starts another service over the same database.
func (p *place) open(issuer string, settings ...func(*config.AuthConfig)) *Service {
	p.Helper()
	c := config.Default()
	for _, set := range settings {
		set(&c.Auth)
	}
	s, err := New(context.Background(), Config{
		Engine: p.engine, Vault: p.vault, Organizations: tenant.Register{Now: p.clock}, Mailer: p, Queue: p,
		Settings: c.Auth, Limits: c.Limits, Issuer: issuer, URL: "https://app.example/", Now: p.clock,
	})
	if err != nil {
		p.Fatal(err)
	}
	return s
}

func newVault(t testing.TB) *vault.Vault {
	t.Helper()
	v, err := vault.Parse(hex.EncodeToString(random(32)))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func (p *place) clock() time.Time { return time.Now().Add(time.Duration(p.ahead.Load())) }

func (p *place) wait(d time.Duration) { p.ahead.Add(int64(d)) }

const rightPassword = "a right password"

// signUp makes a user and returns their first session.
func (p *place) signUp(name string) Session {
	p.Helper()
	up, err := p.SignUp(context.Background(), SignUp{Email: name + "@example.com", Password: rightPassword, Name: name}, Client{})
	if err != nil {
		p.Fatal(err)
	}
	if up.Session != nil {
		return *up.Session
	}
	return p.opened(name + "@example.com") // where a second factor is due
}

// opened is a session of a user that no proof has opened.
func (p *place) opened(email string) (session Session) {
	p.Helper()
	var o opening
	err := p.engine.Write(context.Background(), func(c store.Conn) error {
		user, err := findAccount(c, selectAccount+`WHERE u."email" = ?1`, email)
		if err == nil {
			o, err = p.Service.open(c, user, ByPassword, Client{})
		}
		return err
	})
	if err == nil {
		session, err = p.answer(context.Background(), o)
	}
	if err != nil {
		p.Fatal(err)
	}
	return session
}

func (p *place) signIn(email, password string) (Session, error) {
	in, err := p.SignIn(context.Background(), SignIn{email, Secret(password)}, Client{})
	if err != nil {
		return Session{}, err
	}
	return *in.Session, nil
}

// who verifies a token that must be good.
func (p *place) who(s Session) *access.Principal {
	p.Helper()
	who, err := p.Verify(context.Background(), string(s.AccessToken))
	if err != nil {
		p.Fatal(err)
	}
	return who
}

// is checks that an error is a fault of the code, or no error for "".
func is(t testing.TB, what string, err error, want fault.Code) {
	t.Helper()
	if want == "" && err != nil || want != "" && !fault.Is(err, want) {
		t.Errorf("%s: got %v, want %q", what, err, want)
	}
}

// text reads the first column of a query's last row.
func (p *place) text(sql string, args ...any) (text string) {
	p.Helper()
	err := p.engine.Read(context.Background(), func(c store.Conn) error {
		return c.Query(sql, args, func(r store.Row) error {
			text = r.Text(0)
			return nil
		})
	})
	if err != nil {
		p.Fatal(err)
	}
	return text
}

// count reads a number.
func (p *place) count(sql string, args ...any) int {
	p.Helper()
	n, err := strconv.Atoi(p.text(sql, args...))
	if err != nil {
		p.Fatal(err)
	}
	return n
}

// together runs fn n times at once and counts the faults by code; "" is success.
func together(n int, fn func(i int) error) map[fault.Code]int {
	var mu sync.Mutex
	got := map[fault.Code]int{}
	var group sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		group.Go(func() {
			<-start
			err := fn(i)
			code := fault.Code("")
			if err != nil {
				code = fault.Of(err).Code
			}
			mu.Lock()
			defer mu.Unlock()
			got[code]++
		})
	}
	close(start)
	group.Wait()
	return got
}

func TestSignUpInAndVerify(t *testing.T) {
	p, _ := newPlace(t)
	up := p.signUp("ada")
	if up.User.Email != "ada@example.com" || up.User.Name != "ada" || up.ExpiresIn != 900 || up.Organization == nil ||
		up.Organization.Role != "owner" || up.Organization.Name != "ada's organization" {
		t.Errorf("signing up answers %+v", up)
	}
	in, err := p.signIn(" Ada@EXAMPLE.com", rightPassword)
	if err != nil {
		t.Fatal(err)
	}
	if in.User != up.User || *in.Organization != *up.Organization {
		t.Errorf("signing in answers %+v", in)
	}
	for range 2 { // looked up, then remembered
		who := p.who(in)
		if who.Kind != access.User || who.UserID != up.User.ID || who.Username != up.User.ID || who.Email != "ada@example.com" ||
			who.Org != up.Organization.ID || who.Role != "owner" || who.Admin || who.ReadOnly || who.SessionID == "" {
			t.Errorf("the caller is %+v", who)
		}
	}
	me, err := p.Me(context.Background(), p.who(in))
	if err != nil || me.User != up.User || *me.Organization != *up.Organization {
		t.Errorf("me is %+v, %v", me, err)
	}
	_, err = p.SignUp(context.Background(), SignUp{Email: "ADA@example.com ", Password: "another password", Name: ""}, Client{})
	is(t, "a taken address", err, fault.AuthEmailTaken)
	if n := p.count(`SELECT COUNT(*) FROM "_orgs"`); n != 2 { // hers, and that of everyone
		t.Errorf("%d organizations", n)
	}
}

func TestSignUpChecksItsInput(t *testing.T) {
	p, hashed := newPlace(t)
	for name, test := range map[string]struct {
		in   SignUp
		want fault.Code
	}{
		"no address":         {SignUp{Email: "", Password: rightPassword, Name: ""}, fault.AuthBadEmail},
		"no at":              {SignUp{Email: "example.com", Password: rightPassword, Name: ""}, fault.AuthBadEmail},
		"no domain":          {SignUp{Email: "a@", Password: rightPassword, Name: ""}, fault.AuthBadEmail},
		"two at":             {SignUp{Email: "a@b@example.com", Password: rightPassword, Name: ""}, fault.AuthBadEmail},
		"space":              {SignUp{Email: "a b@example.com", Password: rightPassword, Name: ""}, fault.AuthBadEmail},
		"header injection":   {SignUp{Email: "a@example.com\r\nBcc: x@example.com", Password: rightPassword, Name: ""}, fault.AuthBadEmail},
		"nul":                {SignUp{Email: "a\x00@example.com", Password: rightPassword, Name: ""}, fault.AuthBadEmail},
		"empty label":        {SignUp{Email: "a@example..com", Password: rightPassword, Name: ""}, fault.AuthBadEmail},
		"angle brackets":     {SignUp{Email: "<a@example.com>", Password: rightPassword, Name: ""}, fault.AuthBadEmail},
		"long":               {SignUp{Email: string(make([]byte, 300)) + "@example.com", Password: rightPassword}, fault.AuthBadEmail},
		"no password":        {SignUp{Email: "a@example.com", Password: "", Name: ""}, fault.AuthBadPassword},
		"short password":     {SignUp{Email: "a@example.com", Password: "7 chars", Name: ""}, fault.AuthBadPassword},
		"malformed password": {SignUp{Email: "a@example.com", Password: "long enough \xff", Name: ""}, fault.AuthBadPassword},
		"control in name":    {SignUp{Email: "a@example.com", Password: rightPassword, Name: "a\x1b[31m"}, fault.AuthBadName},
		"long name":          {SignUp{Email: "a@example.com", Password: rightPassword, Name: string(make([]rune, 201))}, fault.AuthBadName},
	} {
		_, err := p.SignUp(context.Background(), test.in, Client{})
		is(t, name, err, test.want)
	}
	if hashed.Load() != 0 {
		t.Errorf("%d passwords were hashed for nothing", hashed.Load())
	}
}

// TestAttack012_LookAlikes: spellings of one address are one account, and what
// merely looks like it is another, so that no mail goes to a look-alike.
func TestAttack012_LookAlikes(t *testing.T) {
	p, _ := newPlace(t)
	victim := p.signUp("mike")
	for _, same := range []string{"MIKE@EXAMPLE.COM", "ｍｉｋｅ@example.com", "mi\u212Ae@example.com", "\tmike@example.com\n"} {
		in, err := p.signIn(same, rightPassword)
		if err != nil || in.User.ID != victim.User.ID || in.User.Email != "mike@example.com" {
			t.Errorf("%q: %+v, %v", same, in.User, err)
		}
	}
	for _, other := range []string{"míke@example.com", "mike@exаmple.com", "mıke@example.com", "mike@example.com.evil.com"} {
		_, err := p.signIn(other, rightPassword)
		is(t, other, err, fault.AuthWrong)
	}
}

func TestNetworksHaveOneName(t *testing.T) {
	for _, test := range []struct{ addr, want string }{
		{"192.0.2.1", "192.0.2.1"},
		{"::ffff:192.0.2.1", "192.0.2.1"},
		{"2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"},
		{"2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"},
		{"fe80::1%eth0", "fe80::/64"},
	} {
		if got := (Client{Addr: netip.MustParseAddr(test.addr)}).network(); got != test.want {
			t.Errorf("%s: got %s, want %s", test.addr, got, test.want)
		}
	}
	if got := (Client{}).network(); got != "" {
		t.Errorf("no address: got %q", got)
	}
}

func TestSecretsOfSessionsNeverPrint(t *testing.T) {
	p, _ := newPlace(t)
	session := p.signUp("ada")
	out := fmt.Sprintf("%v %+v %#v %s %q", session, session, session, session.AccessToken, session.RefreshToken)
	for _, token := range []Secret{session.AccessToken, session.RefreshToken} {
		if text := string(token); len(text) < 100 || strings.Contains(out, text[:20]) {
			t.Errorf("a token is printed: %s", out)
		}
	}
}
