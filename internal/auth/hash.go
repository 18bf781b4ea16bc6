package auth

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"

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

// hashQueue bounds the callers that wait for a core to hash on.
const hashQueue = 256

// hasher hashes passwords, as many at once as there are cores: more would make
// all of them slower and take 19 MiB each.
type hasher struct {
	slots   chan struct{}
	waiting atomic.Int64
	dummy   string // what a sign-in to no account is checked against
	idKey   func(password, salt []byte, passes, memory uint32, threads uint8, size uint32) []byte
}

func newHasher() *hasher {
	salt, key := random(saltSize), random(hashSize) // nobody's password
	return &hasher{
		slots: make(chan struct{}, runtime.GOMAXPROCS(0)),
		idKey: argon2.IDKey,
		dummy: phc(hashMemory, hashPasses, hashThreads, salt, key),
	}
}

// hash returns the PHC string of a new password.
func (h *hasher) hash(ctx context.Context, password string) (string, error) {
	salt := random(saltSize)
	key, err := h.derive(ctx, password, salt, hashPasses, hashMemory, hashThreads, hashSize)
	if err != nil {
		return "", err
	}
	return phc(hashMemory, hashPasses, hashThreads, salt, key), nil
}

// check tells whether the password is the one that was hashed. Where there is
// no hash it takes as long and is false.
func (h *hasher) check(ctx context.Context, stored, password string) (bool, error) {
	if stored == "" {
		stored = h.dummy
	}
	var memory, passes uint32
	var threads uint8
	fields := strings.Split(stored, "$") // "", argon2id, v=19, m=..,t=..,p=.., salt, key
	if len(fields) != 6 || fields[1] != "argon2id" || fields[2] != "v=19" {
		return false, fmt.Errorf("auth: a stored password hash has an unknown form")
	}
	if _, err := fmt.Sscanf(fields[3], "m=%d,t=%d,p=%d", &memory, &passes, &threads); err != nil {
		return false, fmt.Errorf("auth: a stored password hash has unknown costs: %w", err)
	}
	salt, errSalt := base64.RawStdEncoding.DecodeString(fields[4])
	want, errKey := base64.RawStdEncoding.DecodeString(fields[5])
	if errSalt != nil || errKey != nil || len(want) < saltSize {
		return false, fmt.Errorf("auth: a stored password hash is damaged")
	}
	key, err := h.derive(ctx, password, salt, passes, memory, threads, uint32(len(want)))
	if err != nil {
		return false, err
	}
	return subtle.ConstantTimeCompare(key, want) == 1, nil
}

// derive waits for a core and runs argon2id on it.
func (h *hasher) derive(ctx context.Context, password string, salt []byte, passes, memory uint32, threads uint8, size uint32) ([]byte, error) {
	if h.waiting.Add(1) > hashQueue {
		h.waiting.Add(-1)
		return nil, fault.New(fault.AuthBusy, "more than %d sign-ins are waiting: try again in a few seconds", hashQueue).After(5 * time.Second)
	}
	select {
	case h.slots <- struct{}{}:
		h.waiting.Add(-1)
	case <-ctx.Done():
		h.waiting.Add(-1)
		return nil, ctx.Err()
	}
	defer func() { <-h.slots }()
	return h.idKey([]byte(password), salt, passes, memory, threads, size), nil
}

func phc(memory, passes, threads int, salt, key []byte) string {
	return fmt.Sprintf("$argon2id$v=19$m=%d,t=%d,p=%d$%s$%s", memory, passes, threads,
		base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(key))
}

// newPassword checks a password that somebody chooses; givenPassword one that
// they sign in with. Both return its one spelling, so that keyboards which
// compose accents differently agree, and neither hashes what is too long.
func newPassword(text string) (string, error) {
	if utf8.RuneCountInString(text) < minPassword {
		return "", fault.New(fault.AuthBadPassword, "choose a password of at least %d characters", minPassword).At("password")
	}
	return givenPassword(text)
}

func givenPassword(text string) (string, error) {
	switch {
	case text == "":
		return "", fault.New(fault.AuthBadPassword, "send the password").At("password")
	case len(text) > maxPassword:
		return "", fault.New(fault.AuthBadPassword, "a password has at most %d bytes", maxPassword).At("password")
	case !utf8.ValidString(text):
		return "", fault.New(fault.AuthBadPassword, "send the password as UTF-8").At("password")
	}
	return norm.NFC.String(text), nil
}
