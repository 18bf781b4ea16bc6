package auth

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/crypto/argon2"

	"github.com/loam-dev/loam/internal/config"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/password"
	"github.com/loam-dev/loam/internal/store"
)

// TestAttack015_ParallelGuesses sends 500 wrong passwords at once: no more are
// checked than if they had come one after another.
func TestAttack015_ParallelGuesses(t *testing.T) {
	p, hashed := newPlace(t)
	p.signUp("ada")
	p.freeze()
	p.slow(time.Millisecond)
	hashed.Store(0)
	got := together(500, func(i int) error {
		_, err := p.signIn("ada@example.com", fmt.Sprint("wrong password ", i))
		return err
	})
	if n := hashed.Load(); n > 5 || got[fault.AuthWrong] != int(n) || got[fault.AuthTooMany] != 500-int(n) {
		t.Errorf("%d were checked; the answers are %v", n, got)
	}
	_, err := p.signIn("ada@example.com", rightPassword)
	is(t, "the right password within the back-off", err, fault.AuthTooMany)
	if e := fault.Of(err); e.RetryAfter < time.Second || e.RetryAfter > 2*time.Second {
		t.Errorf("try again after %v", e.RetryAfter)
	}
}

// TestAttack016_OneCounter spells one account in many ways: they share a counter.
func TestAttack016_OneCounter(t *testing.T) {
	p, hashed := newPlace(t)
	p.signUp("ada")
	p.freeze()
	hashed.Store(0)
	for i, email := range []string{"ada@example.com", "ADA@example.com", " ada@EXAMPLE.com", "ａda@example.com", "Ada@Example.Com\t", "aDa@example.com", "adA@example.com "} {
		_, err := p.signIn(email, "wrong password")
		want := fault.AuthWrong
		if i >= 5 {
			want = fault.AuthTooMany
		}
		is(t, email, err, want)
	}
	if hashed.Load() != 5 {
		t.Errorf("%d were checked", hashed.Load())
	}
}

// TestAttack018_LockoutEnds: however often somebody else fails, the owner gets
// in after the back-off, which has an upper bound.
func TestAttack018_LockoutEnds(t *testing.T) {
	p, _ := newPlace(t)
	p.signUp("ada")
	p.freeze()
	want := []time.Duration{0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900}
	for i, wait := range want {
		_, err := p.signIn("ada@example.com", "wrong password")
		is(t, fmt.Sprint("attempt ", i), err, fault.AuthWrong)
		if wait > 0 {
			p.wait(wait*time.Second - time.Millisecond)
			_, err = p.signIn("ada@example.com", rightPassword)
			is(t, fmt.Sprint("just before the end of back-off ", i), err, fault.AuthTooMany)
			p.wait(time.Millisecond)
		}
	}
	_, err := p.signIn("ada@example.com", rightPassword)
	is(t, "the owner after the back-off", err, "")
	for range 4 {
		_, err = p.signIn("ada@example.com", "wrong password")
		is(t, "after a success the count starts again", err, fault.AuthWrong)
	}
}

func TestGuessesFromOneNetwork(t *testing.T) {
	p, hashed := newPlace(t)
	p.freeze()
	from := func(i int) Client {
		return Client{Addr: netip.MustParseAddr(fmt.Sprintf("2001:db8:0:1::%x", i+1))}
	}
	for i := range 120 {
		_, err := p.SignIn(context.Background(), SignIn{fmt.Sprintf("user%d@example.com", i), "wrong password"}, from(i))
		want := fault.AuthWrong
		if i >= 100 {
			want = fault.AuthTooMany
		}
		is(t, fmt.Sprint("attempt ", i), err, want)
	}
	if hashed.Load() != 100 {
		t.Errorf("%d were checked", hashed.Load())
	}
	_, err := p.SignUp(context.Background(), SignUp{Email: "new@example.com", Password: rightPassword, Name: ""}, from(7))
	is(t, "signing up from there", err, fault.AuthTooMany)
	_, err = p.SignUp(context.Background(), SignUp{Email: "new@example.com", Password: rightPassword, Name: ""}, Client{Addr: netip.MustParseAddr("2001:db8:0:2::1")})
	is(t, "signing up from elsewhere", err, "")
}

// TestManyRightPasswordsAtOnce: the count of attempts in flight makes honest
// ones wait, it does not refuse them.
func TestManyRightPasswordsAtOnce(t *testing.T) {
	p, _ := newPlace(t)
	p.signUp("ada")
	got := together(64, func(int) error {
		_, err := p.signIn("ada@example.com", rightPassword)
		return err
	})
	if got[""] != 64 {
		t.Errorf("the answers are %v", got)
	}
}

func TestAttemptsThatGiveUpAreNotCounted(t *testing.T) {
	p, _ := newPlace(t)
	p.signUp("ada")
	gone, cancel := context.WithCancel(context.Background())
	cancel()
	for range 20 {
		if _, err := p.SignIn(gone, SignIn{"ada@example.com", rightPassword}, Client{}); !errors.Is(err, context.Canceled) {
			t.Fatalf("a request that is gone: %v", err)
		}
	}
	_, err := p.signIn("ada@example.com", rightPassword)
	is(t, "afterwards", err, "")
}

// TestAttack014_UnknownAccounts answers alike and does the same work for an
// account that is not there, for a wrong password and for an account without one.
func TestAttack014_UnknownAccounts(t *testing.T) {
	p, hashed := newPlace(t)
	p.signUp("ada")
	if _, err := p.AddUsers(context.Background(), []SignUp{{Email: "bare@example.com"}}); err != nil {
		t.Fatal(err)
	}
	var answers []string
	for _, email := range []string{"ada@example.com", "nobody@example.com", "bare@example.com"} {
		hashed.Store(0)
		_, err := p.signIn(email, "wrong password")
		e := fault.Of(err)
		answers = append(answers, fmt.Sprint(e.Code, e.Message, e.Field, e.RetryAfter, hashed.Load()))
	}
	if answers[0] != answers[1] || answers[0] != answers[2] || !strings.HasSuffix(answers[0], "1") {
		t.Errorf("the answers differ: %q", answers)
	}
}

// TestAddUsers adds all or none, and hashes a password that users share once.
func TestAddUsers(t *testing.T) {
	p, hashed := newPlace(t)
	ctx := context.Background()
	seed := []SignUp{
		{Email: "ada@example.com", Password: rightPassword, Name: "Ada"}, {Email: "bare@example.com"},
		{Email: "Grace@Example.com", Password: rightPassword}, {Email: "ken@example.com", Password: "another password"},
	}
	users, err := p.AddUsers(ctx, seed)
	if err != nil || len(users) != 4 || users[0].Name != "Ada" || users[2].Email != "grace@example.com" || users[0].ID == users[2].ID {
		t.Fatalf("%+v, %v", users, err)
	}
	if n := hashed.Load(); n != 2 {
		t.Errorf("%d hashes of 2 passwords", n)
	}
	for i, u := range users {
		session, err := p.signIn(u.Email, string(seed[i].Password))
		switch {
		case seed[i].Password == "":
			is(t, u.Email, err, fault.AuthBadPassword)
		case err != nil || session.User.ID != u.ID:
			t.Errorf("%s signs in: %+v, %v", u.Email, session.User, err)
		}
	}
	_, err = p.signIn("ken@example.com", rightPassword)
	is(t, "another's password", err, fault.AuthWrong)

	for what, test := range map[string]struct {
		second SignUp
		field  string
		want   fault.Code
	}{
		"a taken address":  {SignUp{Email: "ADA@example.com"}, "users.1.email", fault.AuthEmailTaken},
		"a bad address":    {SignUp{Email: "ada"}, "users.1.email", fault.AuthBadEmail},
		"a short password": {SignUp{Email: "b@example.com", Password: "short"}, "users.1.password", fault.AuthBadPassword},
		"a bad name":       {SignUp{Email: "b@example.com", Name: "a\nb"}, "users.1.name", fault.AuthBadName},
	} {
		_, err := p.AddUsers(ctx, []SignUp{{Email: "new@example.com"}, test.second})
		is(t, what, err, test.want)
		if field := fault.Of(err).Field; field != test.field {
			t.Errorf("%s is at %q", what, field)
		}
	}
	if n := p.text(`SELECT COUNT(*) FROM "_users"`); n != "4" {
		t.Errorf("%s users", n)
	}
}

// TestAttack022_EmptyPassword never opens an account, least of all one that has
// no password.
func TestAttack022_EmptyPassword(t *testing.T) {
	p, _ := newPlace(t)
	p.signUp("ada")
	if _, err := p.AddUsers(context.Background(), []SignUp{{Email: "bare@example.com"}}); err != nil {
		t.Fatal(err)
	}
	for _, email := range []string{"ada@example.com", "bare@example.com"} {
		_, err := p.signIn(email, "")
		is(t, email, err, fault.AuthBadPassword)
	}
	for _, email := range []string{"", "*", "' OR 1=1 --@example.com", "ada@example.com\x00"} {
		_, err := p.signIn(email, rightPassword)
		is(t, email, err, fault.AuthBadEmail)
	}
}

// TestAttack023_LongPasswords tells passwords apart in every byte and hashes
// none over the limit.
func TestAttack023_LongPasswords(t *testing.T) {
	p, hashed := newPlace(t)
	long := rightPassword + strings.Repeat("x", 1023-len(rightPassword))
	if _, err := p.SignUp(context.Background(), SignUp{Email: "ada@example.com", Password: Secret(long + "a"), Name: ""}, Client{}); err != nil {
		t.Fatal(err)
	}
	_, err := p.signIn("ada@example.com", long+"b")
	is(t, "another last byte", err, fault.AuthWrong)
	_, err = p.signIn("ada@example.com", long+"a")
	is(t, "the right one", err, "")
	hashed.Store(0)
	for _, size := range []int{1025, 1 << 20} {
		_, err = p.signIn("ada@example.com", strings.Repeat("x", size))
		is(t, "too long to sign in", err, fault.AuthBadPassword)
		_, err = p.SignUp(context.Background(), SignUp{Email: "new@example.com", Password: Secret(strings.Repeat("x", size)), Name: ""}, Client{})
		is(t, "too long to sign up", err, fault.AuthBadPassword)
	}
	if hashed.Load() != 0 {
		t.Error("a password over the limit was hashed")
	}
}

// TestAccentsComposeAlike: keyboards send é as one character or as two.
func TestAccentsComposeAlike(t *testing.T) {
	p, _ := newPlace(t)
	if _, err := p.SignUp(context.Background(), SignUp{Email: "ada@example.com", Password: "caf\u00e9 society", Name: ""}, Client{}); err != nil {
		t.Fatal(err)
	}
	_, err := p.signIn("ada@example.com", "cafe\u0301 society")
	is(t, "decomposed", err, "")
}

// TestAttack136_ParallelHashes signs in 1,000 times at once: as many hashes run
// as there are cores, and what does not fit the queue is told to come back.
func TestAttack136_ParallelHashes(t *testing.T) {
	p, _ := newPlace(t)
	cores := int64(runtime.GOMAXPROCS(0))
	var running, peak, busy atomic.Int64
	full, release := context.WithTimeout(context.Background(), 10*time.Second) // until the queue has refused all that it must
	defer release()
	p.derived(func(cheap func() []byte) []byte {
		now := running.Add(1)
		defer running.Add(-1)
		for old := peak.Load(); now > old && !peak.CompareAndSwap(old, now); old = peak.Load() {
		}
		<-full.Done()
		return cheap()
	})
	got := together(1000, func(i int) error {
		_, err := p.signIn(fmt.Sprintf("user%d@example.com", i), "a password")
		if fault.Is(err, fault.AuthBusy) && busy.Add(1) == 1000-password.MaxWaiting-cores {
			release()
		}
		return err
	})
	if peak.Load() != cores {
		t.Errorf("%d hashes ran at once on %d cores", peak.Load(), cores)
	}
	if n := int64(got[fault.AuthWrong]); n < password.MaxWaiting || n > password.MaxWaiting+cores || got[fault.AuthBusy] != 1000-int(n) {
		t.Errorf("the answers are %v", got)
	}
}

// TestUpgradeHash: the right password's first sign-in leaves a hash of ours, and
// loses to a change that was faster.
func TestUpgradeHash(t *testing.T) {
	p, _ := newPlace(t)
	id := p.signUp("ada").User.ID
	const old = "$pbkdf2-sha256$i=1$c2FsdA$VawEblbjCJ/sFpHCJUS2BflBhSFt3gRl5oudV8INrLxJypzM8Xm2RZkWZLOdd+8xfHG4RbHjC9UJESBB06GXgw"
	stored := func() (hash string) {
		if err := p.engine.Read(t.Context(), func(c store.Conn) error {
			return c.Query(`SELECT "password" FROM "_users" WHERE "id" = ?1`, []any{id}, func(r store.Row) error {
				hash = r.Text(0)
				return nil
			})
		}); err != nil {
			t.Fatal(err)
		}
		return hash
	}
	own := stored()
	if password.NeedsUpgrade(own) || password.NeedsUpgrade("") {
		t.Fatalf("%q would be replaced", own)
	}
	if err := p.upgradeHash(t.Context(), id, own, rightPassword); err != nil || stored() != own {
		t.Errorf("a hash of ours: %v, %q", err, stored())
	}
	if err := p.upgradeHash(t.Context(), id, old, "passwd"); err != nil || stored() != own {
		t.Errorf("another password was set meanwhile: %v, %q", err, stored())
	}
	if err := p.engine.Write(t.Context(), func(c store.Conn) error {
		_, err := c.Exec(`UPDATE "_users" SET "password" = ?1 WHERE "id" = ?2`, old, id)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if err := p.upgradeHash(t.Context(), id, old, "passwd"); err != nil {
		t.Fatal(err)
	}
	if right, err := p.hasher.Check(t.Context(), stored(), "passwd"); !right || err != nil || password.NeedsUpgrade(stored()) {
		t.Errorf("after the upgrade: %v, %v, %q", right, err, stored())
	}
}

// freeze stops the clock, so that a slow machine does not outlast a back-off.
func (p *place) freeze() {
	start := time.Now()
	p.attempts = newAttempts(config.Default().Limits.SignIn, func() time.Time { return start.Add(time.Duration(p.ahead.Load())) }, nil)
}

// slow makes each hash take a while, so that attempts overlap.
func (p *place) slow(d time.Duration) {
	p.derived(func(quick func() []byte) []byte {
		time.Sleep(d)
		return quick()
	})
}

// BenchmarkSignInButHash signs in with passwords that are hashed at no cost: what is
// left is the counters, the session, the audit record, the token and their commit.
func BenchmarkSignInButHash(b *testing.B) {
	p, _ := newPlace(b)
	p.signUp("ada")
	once := func() {
		if _, err := p.signIn("ada@example.com", rightPassword); err != nil {
			b.Error(err)
		}
	}
	b.Run("one at a time", func(b *testing.B) {
		for b.Loop() {
			once()
		}
	})
	b.Run("16 at a time", func(b *testing.B) {
		b.SetParallelism(16 / runtime.GOMAXPROCS(0))
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				once()
			}
		})
	})
}

// BenchmarkSignIn signs in 16 at a time, and beside it the hashes alone run one
// per core: the rates should be nearly the same.
func BenchmarkSignIn(b *testing.B) {
	p, _ := newPlace(b)
	p.hasher = password.New(password.Options{})
	emails := make([]string, 16)
	for i := range emails {
		emails[i] = p.signUp(fmt.Sprint("user", i)).User.Email
	}
	run := func(workers int, each func(worker int)) func(*testing.B) {
		return func(b *testing.B) {
			var next atomic.Int64
			var group sync.WaitGroup
			for worker := range workers {
				group.Go(func() {
					for next.Add(1) <= int64(b.N) {
						each(worker)
					}
				})
			}
			group.Wait()
		}
	}
	b.Run("16 at a time", run(16, func(worker int) {
		if _, err := p.signIn(emails[worker], rightPassword); err != nil {
			b.Error(err)
		}
	}))
	salt := slices.Repeat([]byte{7}, 16)
	b.Run("argon2id alone", run(runtime.GOMAXPROCS(0), func(int) {
		argon2.IDKey([]byte(rightPassword), salt, 2, 19*1024, 1, 32) // as the password room does
	}))
}
