package password

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/pbkdf2"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"math/bits"
	"strconv"
	"strings"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/bcrypt"
	"golang.org/x/crypto/scrypt"
)

// What checking a hash of another system may cost: about a second of a core,
// and memory. Whoever wrote the hash has chosen its cost, so that it is bounded
// when it is read.
const (
	mostHash    = 1024      // bytes of a stored hash
	mostMemory  = 128 << 10 // KiB at once, of argon2 and scrypt
	mostFilled  = 512 << 10 // KiB over all passes of argon2; half as many of scrypt, which is half as fast
	mostPasses  = 64        // of argon2
	mostThreads = 16        // of argon2 and scrypt
	mostRounds  = 2_000_000 // of PBKDF2, over all blocks of the key
	mostBcrypt  = 14        // the logarithm of its rounds
	mostSalt    = 256       // bytes
	leastKey    = 16        // bytes
	mostKey     = 128       // bytes
	bcryptReads = 72        // bytes of a password; it ignores the rest
)

// matcher runs a hash over a password and compares.
type matcher func(password []byte) bool

// errHashForm is what a hash of a kind that nobody here can check is answered with.
var errHashForm = errors.New("unknown form of password hash: send bcrypt ($2b$), argon2i or argon2id, scrypt, PBKDF2 or Firebase's scrypt")

// ImportedMark stands before a hash that an import brought, until its password
// is used here: whoever made an account here has a hash without it.
const ImportedMark = "imported:"

// matcher reads a stored hash: a PHC string, or bcrypt's.
func (h *Hasher) matcher(stored string) (matcher, error) {
	fields := strings.Split(stored, "$")
	if len(stored) > mostHash || len(fields) < 4 || fields[0] != "" {
		return nil, errHashForm
	}
	kind, fields := fields[1], fields[2:]
	switch kind {
	case "argon2id":
		return argon2Matcher(fields, h.derive)
	case "argon2i":
		return argon2Matcher(fields, argon2.Key)
	case "2a", "2b", "2y":
		return bcryptMatcher(stored, fields)
	case "scrypt":
		return scryptMatcher(fields)
	case "firebase-scrypt":
		return firebaseMatcher(fields)
	case "pbkdf2", "pbkdf2-sha1":
		return pbkdf2Matcher(fields, sha1.New)
	case "pbkdf2-sha256":
		return pbkdf2Matcher(fields, sha256.New)
	case "pbkdf2-sha512":
		return pbkdf2Matcher(fields, sha512.New)
	}
	return nil, errHashForm
}

func argon2Matcher(fields []string, derive Derive) (matcher, error) {
	if len(fields) != 4 || fields[0] != "v=19" {
		return nil, errors.New("argon2 is checked in its version 19 alone: $argon2id$v=19$m=..,t=..,p=..$salt$key")
	}
	memory, passes, threads := number{name: "m", most: mostMemory}, number{name: "t", most: mostPasses}, number{name: "p", most: mostThreads}
	if err := readNumbers(fields[1], &memory, &passes, &threads); err != nil {
		return nil, err
	}
	if memory.is*passes.is > mostFilled {
		return nil, fmt.Errorf("m times t is at most %d", mostFilled)
	}
	salt, want, err := saltAndKey(fields[2], fields[3])
	if err != nil {
		return nil, err
	}
	return func(password []byte) bool {
		key := derive(password, salt, uint32(passes.is), uint32(memory.is), uint8(threads.is), uint32(len(want)))
		return subtle.ConstantTimeCompare(key, want) == 1
	}, nil
}

// bcryptMatcher never opens by a prefix: a longer password than bcrypt reads is
// wrong, though its system has taken it.
func bcryptMatcher(stored string, fields []string) (matcher, error) {
	const digits = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	if len(fields) != 2 || len(fields[0]) != 2 || len(fields[1]) != 53 || strings.Trim(fields[1], digits) != "" {
		return nil, errors.New("a bcrypt hash is $2b$, two digits, $, and 53 characters of ./A-Za-z0-9")
	}
	rounds, err := strconv.Atoi(fields[0])
	if err != nil || rounds < bcrypt.MinCost || rounds > mostBcrypt {
		return nil, fmt.Errorf("the cost of bcrypt is from %d to %d", bcrypt.MinCost, mostBcrypt)
	}
	return whole(bcryptReads, func(password []byte) bool {
		return bcrypt.CompareHashAndPassword([]byte(stored), password) == nil
	}), nil
}

func scryptMatcher(fields []string) (matcher, error) {
	if len(fields) != 3 {
		return nil, errors.New("scrypt is $scrypt$ln=..,r=..,p=..$salt$key")
	}
	log, block, threads := number{name: "ln", most: 24}, number{name: "r", most: 64}, number{name: "p", most: mostThreads}
	if err := readNumbers(fields[0], &log, &block, &threads); err != nil {
		return nil, err
	}
	if err := scryptCost(log.is, block.is, threads.is); err != nil {
		return nil, err
	}
	salt, want, err := saltAndKey(fields[1], fields[2])
	if err != nil {
		return nil, err
	}
	return whole(maxLength, func(password []byte) bool {
		key, err := scrypt.Key(password, salt, 1<<log.is, int(block.is), int(threads.is), len(want))
		return err == nil && subtle.ConstantTimeCompare(key, want) == 1
	}), nil
}

// scryptCost bounds the 128 bytes that scrypt fills for each unit.
func scryptCost(log, block, threads uint64) error {
	memory := block << log / 8 // KiB
	if memory > mostMemory || memory*threads > mostFilled/2 {
		return fmt.Errorf("scrypt takes at most %d MiB (128 bytes times N times r), and p times that at most %d", mostMemory>>10, mostFilled>>11)
	}
	return nil
}

// firebaseMatcher checks Firebase's scrypt, which encrypts the project's signer
// key with what scrypt makes of the password. The form is that in which others
// store it, under a longer name:
// $firebase-scrypt$v=1,n=<mem_cost>,r=<rounds>,p=1,ss=<salt separator>,sk=<signer key>$salt$hash
func firebaseMatcher(fields []string) (matcher, error) {
	if len(fields) != 3 {
		return nil, errors.New("the form of Firebase's scrypt is $firebase-scrypt$v=1,n=..,r=..,p=1,ss=..,sk=..$salt$hash")
	}
	var numbers []string
	texts := map[string]string{}
	for part := range strings.SplitSeq(fields[0], ",") {
		if name, text, _ := strings.Cut(part, "="); name == "ss" || name == "sk" {
			texts[name] = text
		} else {
			numbers = append(numbers, part)
		}
	}
	version, log := number{name: "v", most: 1}, number{name: "n", most: 24}
	block, threads := number{name: "r", most: 64}, number{name: "p", most: 1}
	if err := readNumbers(strings.Join(numbers, ","), &version, &log, &block, &threads); err != nil {
		return nil, err
	}
	if err := scryptCost(log.is, block.is, threads.is); err != nil {
		return nil, err
	}
	salt, want, err := saltAndKey(fields[1], fields[2])
	if err != nil {
		return nil, err
	}
	separator, errSeparator := decode64(texts["ss"])
	signer, errSigner := decode64(texts["sk"])
	if errSeparator != nil || errSigner != nil || len(separator) > mostSalt || len(signer) != len(want) {
		return nil, errors.New("the signer key or the salt separator is not the project's")
	}
	salt = append(salt, separator...)
	return whole(maxLength, func(password []byte) bool {
		key, err := scrypt.Key(password, salt, 1<<log.is, int(block.is), 1, 32)
		if err != nil {
			return false
		}
		block, err := aes.NewCipher(key)
		if err != nil {
			return false
		}
		got := make([]byte, len(signer))
		cipher.NewCTR(block, make([]byte, aes.BlockSize)).XORKeyStream(got, signer)
		return subtle.ConstantTimeCompare(got, want) == 1
	}), nil
}

func pbkdf2Matcher(fields []string, digest func() hash.Hash) (matcher, error) {
	if len(fields) != 3 {
		return nil, errors.New("PBKDF2 is $pbkdf2-sha256$i=..$salt$key")
	}
	rounds, size := number{name: "i", most: mostRounds}, number{name: "l", most: mostKey, optional: true}
	if err := readNumbers(fields[0], &rounds, &size); err != nil {
		return nil, err
	}
	salt, want, err := saltAndKey(fields[1], fields[2])
	if err != nil {
		return nil, err
	}
	if size.is != 0 && size.is != uint64(len(want)) {
		return nil, fmt.Errorf("l says %d bytes of key, and there are %d", size.is, len(want))
	}
	if blocks := (len(want) + digest().Size() - 1) / digest().Size(); rounds.is*uint64(blocks) > mostRounds {
		return nil, fmt.Errorf("i times the key's %d blocks is at most %d", blocks, mostRounds)
	}
	return whole(maxLength, func(password []byte) bool {
		key, err := pbkdf2.Key(digest, string(password), salt, int(rounds.is), len(want))
		return err == nil && subtle.ConstantTimeCompare(key, want) == 1
	}), nil
}

// whole is for the hashes that take different passwords for the same: those
// that agree in what bcrypt reads, and a password with zero bytes behind it for
// the password. It hashes them all, and says no.
func whole(most int, match matcher) matcher {
	return func(password []byte) bool {
		right := match(password)
		return right && len(password) <= most && bytes.IndexByte(password, 0) < 0
	}
}

// number is a parameter of a PHC string.
type number struct {
	name     string
	most     uint64
	optional bool
	is       uint64
}

// readNumbers reads parameters such as m=19456,t=2,p=1, each from 1 to its limit.
func readNumbers(text string, numbers ...*number) error {
	for part := range strings.SplitSeq(text, ",") {
		name, digits, _ := strings.Cut(part, "=")
		known := false
		for _, n := range numbers {
			if n.name != name {
				continue
			}
			known = true
			value, err := strconv.ParseUint(digits, 10, 32)
			if err != nil || value < 1 || value > n.most {
				return fmt.Errorf("%s is a whole number from 1 to %d", name, n.most)
			}
			n.is = value
		}
		if !known {
			return errors.New("a parameter of the hash is unknown")
		}
	}
	for _, n := range numbers {
		if n.is == 0 && !n.optional {
			return fmt.Errorf("the hash lacks its parameter %s", n.name)
		}
	}
	return nil
}

func saltAndKey(salt64, key64 string) (salt, key []byte, err error) {
	salt, errSalt := decode64(salt64)
	key, errKey := decode64(key64)
	if errSalt != nil || errKey != nil || len(salt) == 0 || len(salt) > mostSalt || len(key) < leastKey || len(key) > mostKey {
		return nil, nil, fmt.Errorf("the salt (at most %d bytes) or the key (%d to %d) is damaged", mostSalt, leastKey, mostKey)
	}
	return salt, key, nil
}

// decode64 reads base64 as it comes: of either alphabet or passlib's, padded or not.
func decode64(text string) ([]byte, error) {
	return base64.RawStdEncoding.DecodeString(strings.NewReplacer("-", "+", "_", "/", ".", "+").Replace(strings.TrimRight(text, "=")))
}

func encode64(b []byte) string { return base64.RawStdEncoding.EncodeToString(b) }

// Foreign returns the stored form of a hash from another system, or what is
// wrong with it. The error never quotes the text: it may be a password.
func Foreign(text string) (string, error) {
	text = strings.TrimSpace(text)
	if len(text) > mostHash {
		return "", fmt.Errorf("a password hash has at most %d bytes", mostHash)
	}
	stored := text
	switch kind, rest, _ := strings.Cut(text, "$"); {
	case kind == "bcrypt" || kind == "argon2": // Django writes its name before
		stored = "$" + strings.TrimPrefix(rest, "$")
	case strings.HasPrefix(kind, "pbkdf2_"): // Django: pbkdf2_sha256$600000$salt$base64
		parts := strings.Split(rest, "$")
		if len(parts) != 3 {
			return "", errHashForm
		}
		stored = fmt.Sprintf("$pbkdf2-%s$i=%s$%s$%s", strings.TrimPrefix(kind, "pbkdf2_"), parts[0], encode64([]byte(parts[1])), parts[2])
	case strings.HasPrefix(kind, "pbkdf2:"), strings.HasPrefix(kind, "scrypt:"): // Werkzeug: scrypt:32768:8:1$salt$hex
		var err error
		if stored, err = werkzeugHash(kind, rest); err != nil {
			return "", err
		}
	case strings.HasPrefix(text, "$fbscrypt$"):
		stored = "$firebase-scrypt$" + strings.TrimPrefix(text, "$fbscrypt$")
	case strings.HasPrefix(text, "$pbkdf2"): // passlib leaves out the "i="
		parts := strings.Split(text, "$")
		if len(parts) == 5 && !strings.Contains(parts[2], "=") {
			parts[2] = "i=" + parts[2]
			stored = strings.Join(parts, "$")
		}
	}
	_, err := new(Hasher).matcher(stored)
	return stored, err
}

func werkzeugHash(method, rest string) (string, error) {
	salt, digits, _ := strings.Cut(rest, "$")
	key, err := hex.DecodeString(digits)
	args := strings.Split(method, ":")
	if err != nil {
		return "", errHashForm
	}
	tail := "$" + encode64([]byte(salt)) + "$" + encode64(key)
	switch {
	case args[0] == "pbkdf2" && len(args) == 3:
		return "$pbkdf2-" + args[1] + "$i=" + args[2] + tail, nil
	case args[0] == "scrypt" && len(args) == 4:
		n, err := strconv.ParseUint(args[1], 10, 32)
		if err != nil || bits.OnesCount64(n) != 1 {
			return "", errors.New("scrypt's N is a power of two")
		}
		return fmt.Sprintf("$scrypt$ln=%d,r=%s,p=%s%s", bits.Len64(n)-1, args[2], args[3], tail), nil
	}
	return "", errHashForm
}

// NeedsUpgrade tells whether a stored hash is another than a new one would be:
// imported, or made when hashing cost less.
func NeedsUpgrade(stored string) bool {
	return stored != "" && !strings.HasPrefix(stored, ownHash())
}

// ownHash is how every hash made here begins.
func ownHash() string {
	return strings.TrimSuffix(phc(hashMemory, hashPasses, hashThreads, nil, nil), "$")
}
