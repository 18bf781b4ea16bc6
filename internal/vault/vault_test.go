package vault_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/vault"
)

var good = []byte("\x8f\x1c\xa0\x37\xee\x52\x09\xb4\x6d\xf3\x18\x7a\xc5\x21\x9e\x40\xd7\x63\x0b\xfa\x84\x2f\xb1\x5c\x96\xe8\x3d\x70\xab\x14\xcf\x59")

// TestAttack123_WeakMasterKey refuses every key that somebody could guess.
func TestAttack123_WeakMasterKey(t *testing.T) {
	sequence := make([]byte, 32)
	for i := range sequence {
		sequence[i] = byte(3 * i)
	}
	for name, test := range map[string]struct {
		key  string
		want fault.Code
	}{
		"missing":          {"", fault.VaultNoKey},
		"blank":            {" \n", fault.VaultNoKey},
		"password":         {"correct horse battery staple!", fault.VaultWeakKey},
		"short":            {hex.EncodeToString(good[:31]), fault.VaultWeakKey},
		"zeros":            {strings.Repeat("00", 32), fault.VaultWeakKey},
		"repeated":         {strings.Repeat("deadbeef", 8), fault.VaultWeakKey},
		"sequence":         {hex.EncodeToString(sequence), fault.VaultWeakKey},
		"text in base64":   {base64.StdEncoding.EncodeToString([]byte("changeme-changeme-CHANGEME-1234567")), fault.VaultWeakKey},
		"huge":             {strings.Repeat(hex.EncodeToString(good), 1000), fault.VaultWeakKey},
		"hex":              {hex.EncodeToString(good), ""},
		"upper hex":        {strings.ToUpper(hex.EncodeToString(good)), ""},
		"base64":           {base64.StdEncoding.EncodeToString(good) + "\n", ""},
		"base64url":        {base64.URLEncoding.EncodeToString(good), ""},
		"unpadded base64":  {base64.RawStdEncoding.EncodeToString(good), ""},
		"longer than need": {base64.RawURLEncoding.EncodeToString(append(good, good[:7]...)), ""},
	} {
		_, err := vault.Parse(test.key)
		if test.want == "" && err != nil || test.want != "" && !fault.Is(err, test.want) {
			t.Errorf("%s: got %v, want %q", name, err, test.want)
		}
		if err != nil && !strings.Contains(err.Error(), "`loam keys generate`") {
			t.Errorf("%s: %v does not say how to make a key", name, err)
		}
	}
}

func TestKeysDifferByPurposeAndMaster(t *testing.T) {
	v, other := open(t, good), open(t, append([]byte{1}, good...))
	if bytes.Equal(v.Key("a").Bytes(), v.Key("b").Bytes()) {
		t.Error("two purposes share a key")
	}
	if bytes.Equal(v.Key("a").Bytes(), other.Key("a").Bytes()) {
		t.Error("two master keys give one key")
	}
	if !bytes.Equal(v.Key("a").Bytes(), open(t, good).Key("a").Bytes()) {
		t.Error("a key changes between starts")
	}
	if n := len(v.Key("a").Bytes()); n != vault.KeySize {
		t.Errorf("a key has %d bytes", n)
	}
}

func TestSealOpensOnlyInItsPlace(t *testing.T) {
	v := open(t, good)
	sealer := v.Sealer("signing")
	sealed := sealer.Seal([]byte("hello"), "_keys/1")
	if plain, err := sealer.Open(sealed, "_keys/1"); err != nil || string(plain) != "hello" {
		t.Fatalf("got %q, %v", plain, err)
	}
	if bytes.Equal(sealed, sealer.Seal([]byte("hello"), "_keys/1")) {
		t.Error("sealing twice gives the same bytes")
	}
	attempts := map[string]func() ([]byte, error){
		"another place":   func() ([]byte, error) { return sealer.Open(sealed, "_keys/2") },
		"another purpose": func() ([]byte, error) { return v.Sealer("files").Open(sealed, "_keys/1") },
		"another master":  func() ([]byte, error) { return open(t, append(good, 9)).Sealer("signing").Open(sealed, "_keys/1") },
		"empty":           func() ([]byte, error) { return sealer.Open(nil, "_keys/1") },
	}
	for i := range sealed {
		changed := bytes.Clone(sealed)
		changed[i] ^= 1
		attempts[fmt.Sprint("changed byte ", i)] = func() ([]byte, error) { return sealer.Open(changed, "_keys/1") }
		attempts[fmt.Sprint("cut at ", i)] = func() ([]byte, error) { return sealer.Open(sealed[:i], "_keys/1") }
	}
	for name, try := range attempts {
		if _, err := try(); !fault.Is(err, fault.VaultSealed) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestMACKeepsPartsApart(t *testing.T) {
	mac := open(t, good).MAC("cursor")
	proof := mac.Sum([]byte("ab"), []byte("c"))
	if !mac.Check(proof, []byte("ab"), []byte("c")) {
		t.Error("a good proof fails")
	}
	if mac.Check(proof, []byte("a"), []byte("bc")) || mac.Check(proof, []byte("abc")) || mac.Check(proof[:31], []byte("ab"), []byte("c")) || mac.Check(nil) {
		t.Error("a bad proof passes")
	}
}

// TestSecretsNeverPrint tries every way that a value reaches a log.
func TestSecretsNeverPrint(t *testing.T) {
	v := open(t, good)
	type holder struct {
		inner  vault.Secret
		Outer  vault.Secret
		vault  *vault.Vault
		sealer *vault.Sealer
		mac    *vault.MAC
	}
	key := v.Key("x")
	held := holder{key, key, v, v.Sealer("x"), v.MAC("x")}
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		for _, value := range []any{v, key, &key, held, &held, held.sealer, held.mac} {
			fmt.Fprintf(&out, verb+"\n", value)
		}
	}
	for _, handler := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
		slog.New(handler).Info("x", "vault", v, "key", key, "held", held, "group", slog.GroupValue(slog.Any("key", key)))
	}
	if err := json.NewEncoder(&out).Encode([]any{v, key, held}); err != nil {
		t.Fatal(err)
	}
	for name, secret := range map[string][]byte{"master": good, "derived": key.Bytes(), "mac": v.Key("mac/x").Bytes()} {
		for _, form := range []string{
			string(secret[:8]), hex.EncodeToString(secret[:8]), strings.ToUpper(hex.EncodeToString(secret[:8])),
			strings.Trim(fmt.Sprint(secret[:8]), "[]"), base64.StdEncoding.EncodeToString(secret)[:10],
			strings.TrimSuffix(strings.TrimPrefix(fmt.Sprintf("%#v", secret[:8]), "[]byte{"), "}"),
		} {
			if strings.Contains(out.String(), form) {
				t.Errorf("the %s key is printed as %q", name, form)
			}
		}
	}
}

func TestKeyFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "master.key")
	if _, err := vault.FromFile(path); !fault.Is(err, fault.VaultNoKey) {
		t.Fatalf("a missing file: %v", err)
	}
	keys := make([]string, 20)
	var group sync.WaitGroup
	for i := range keys {
		group.Go(func() {
			v, err := vault.FromOrNewFile(path)
			if err != nil {
				t.Error(err)
				return
			}
			keys[i] = string(v.Key("x").Bytes())
		})
	}
	group.Wait()
	for _, key := range keys {
		if key != keys[0] {
			t.Fatal("two starts at once made two keys")
		}
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("mode %v, %v", info.Mode(), err)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), ".key-*")); len(left) != 0 {
		t.Errorf("drafts left: %v", left)
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := vault.FromOrNewFile(path); !fault.Is(err, fault.VaultKeyFile) {
		t.Errorf("a key file for all to read: %v", err)
	}
	if _, err := vault.FromOrNewFile(filepath.Join(path, "no", "directory")); !fault.Is(err, fault.VaultKeyFile) {
		t.Errorf("a path that can't be: %v", err)
	}
}

func open(t *testing.T, key []byte) *vault.Vault {
	t.Helper()
	v, err := vault.Parse(hex.EncodeToString(key))
	if err != nil {
		t.Fatal(err)
	}
	return v
}
