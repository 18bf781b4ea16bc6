// Package password hashes passwords and checks them, those that other systems
// have hashed among them, and says which ones may be chosen. It knows no users
// and stores nothing.
package password

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"

	"github.com/loam-dev/loam/internal/config"
	"github.com/loam-dev/loam/internal/fault"
)

// The cost of a password hash. A stored hash carries its own, so that these can
// be raised.
const (
	hashMemory  = 19 * 1024 // KiB
	hashPasses  = 2
	hashThreads = 1
	hashSize    = 32 // bytes
	saltSize    = 16 // bytes
)

// The limits on passwords. A stricter minimum is the project's to set.
const (
	minLength = 8    // characters, whatever loam.yaml says
	maxLength = 1024 // bytes
)

// MaxWaiting bounds the callers that wait for a core to hash on.
const MaxWaiting = 256

// Derive makes a key of size bytes of a password, as argon2id does.
type Derive func(password, salt []byte, passes, memory uint32, threads uint8, size uint32) []byte

// Options are what New may be given. The zero Options are what anything but a test
// wants.
type Options struct {
	Derive Derive                               // nil: argon2id
	Wait   func(context.Context, time.Duration) // nil: of the clock
}

// Hasher hashes passwords, as many at once as there are cores: more would make
// all of them slower and take 19 MiB each. It is safe for concurrent use.
type Hasher struct {
	slots   chan struct{}
	waiting atomic.Int64
	dummy   string // what a sign-in to no account is checked against
	derive  Derive
	wait    func(context.Context, time.Duration)
}

// New makes a Hasher.
func New(o Options) *Hasher {
	if o.Derive == nil {
		o.Derive = argon2.IDKey
	}
	if o.Wait == nil {
		o.Wait = wait
	}
	salt, key := random(saltSize), random(hashSize) // nobody's password
	return &Hasher{
		slots:  make(chan struct{}, runtime.GOMAXPROCS(0)),
		derive: o.Derive,
		wait:   o.Wait,
		dummy:  phc(hashMemory, hashPasses, hashThreads, salt, key),
	}
}

// Hash returns the PHC string of a new password. Where MaxWaiting others wait
// already it refuses with fault.AuthBusy, as Check does.
func (h *Hasher) Hash(ctx context.Context, password string) (string, error) {
	salt := random(saltSize)
	var key []byte
	err := h.run(ctx, func() {
		key = h.derive([]byte(password), salt, hashPasses, hashMemory, hashThreads, hashSize)
	})
	if err != nil {
		return "", err
	}
	return phc(hashMemory, hashPasses, hashThreads, salt, key), nil
}

// Check tells whether the password is the one that was hashed, here or by the
// system that the account was imported from. Where there is no hash it takes as
// long as a hash of ours and is false.
func (h *Hasher) Check(ctx context.Context, stored, password string) (bool, error) {
	if stored == "" {
		stored = h.dummy
	}
	match, err := h.matcher(strings.TrimPrefix(stored, ImportedMark))
	if err != nil {
		return false, fmt.Errorf("password: reading a stored password hash: %w", err)
	}
	right := false
	err = h.run(ctx, func() { right = match([]byte(password)) })
	return right, err
}

// evenStep is more than most hashes of other systems take, the dearest that are
// imported among them.
const evenStep = time.Second

// Even waits until what has taken so long has taken a whole number of seconds, which
// hides a hash that takes another time than ours. It holds no core meanwhile.
func (h *Hasher) Even(ctx context.Context, took time.Duration) { h.wait(ctx, evenStep-took%evenStep) }

func wait(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// run waits for a core and hashes on it.
func (h *Hasher) run(ctx context.Context, hash func()) error {
	if h.waiting.Add(1) > MaxWaiting {
		h.waiting.Add(-1)
		return fault.New(fault.AuthBusy, "more than %d sign-ins are waiting: try again in a few seconds", MaxWaiting).After(5 * time.Second)
	}
	select {
	case h.slots <- struct{}{}:
		h.waiting.Add(-1)
	case <-ctx.Done():
		h.waiting.Add(-1)
		return ctx.Err()
	}
	defer func() { <-h.slots }()
	hash()
	return nil
}

func phc(memory, passes, threads int, salt, key []byte) string {
	return fmt.Sprintf("$argon2id$v=19$m=%d,t=%d,p=%d$%s$%s", memory, passes, threads,
		base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(key))
}

// Choose checks a password that somebody chooses, given what is known about them
// (address, name) and the product's name; Given one that they sign in with. Both
// return its one spelling, so that keyboards which compose accents differently
// agree, and neither lets through what is too long to hash.
func Choose(text string, rules config.PasswordConfig, about ...string) (string, error) {
	if utf8.RuneCountInString(text) < rules.MinLength {
		return "", fault.New(fault.AuthBadPassword, "choose a password of at least %d characters", rules.MinLength).At("password")
	}
	password, err := Given(text)
	if err != nil {
		return "", err
	}
	if rules.RefuseCommon && commonPassword(password, about...) {
		return "", fault.New(fault.AuthCommon, "this password is among the first that are tried, or little more than your name or address: "+
			"choose another, such as four words that do not belong together").At("password")
	}
	return password, nil
}

// Given checks a password that somebody signs in with: see Choose.
func Given(text string) (string, error) {
	switch {
	case text == "":
		return "", fault.New(fault.AuthBadPassword, "send the password").At("password")
	case len(text) > maxLength:
		return "", fault.New(fault.AuthBadPassword, "a password has at most %d bytes", maxLength).At("password")
	case !utf8.ValidString(text):
		return "", fault.New(fault.AuthBadPassword, "send the password as UTF-8").At("password")
	}
	return norm.NFC.String(text), nil
}

// random returns n unguessable bytes. Go ends the process if the system has none.
func random(n int) []byte {
	b := make([]byte, n)
	rand.Read(b)
	return b
}
