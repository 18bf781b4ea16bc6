package password

import (
	"context"
	"strings"
	"testing"
)

const rightPassword = "a right password"

// TestArgon2 hashes for once in earnest.
func TestArgon2(t *testing.T) {
	h := New(Options{})
	hash, err := h.Hash(context.Background(), rightPassword)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(hash, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("the hash is %s", hash)
	}
	if again, _ := h.Hash(context.Background(), rightPassword); again == hash {
		t.Error("two hashes share a salt")
	}
	for password, want := range map[string]bool{rightPassword: true, rightPassword + " ": false, "": false} {
		if got, err := h.Check(context.Background(), hash, password); err != nil || got != want {
			t.Errorf("%q: %v, %v", password, got, err)
		}
	}
	if right, err := h.Check(context.Background(), "", ""); right || err != nil {
		t.Errorf("no hash: %v, %v", right, err)
	}
	for _, damaged := range []string{"x", "$2a$10$abc", hash[:40], strings.Replace(hash, "m=", "m=x", 1), strings.Replace(hash, "v=19", "v=16", 1)} {
		if right, err := h.Check(context.Background(), damaged, rightPassword); right || err == nil {
			t.Errorf("the stored hash %q: %v, %v", damaged, right, err)
		}
	}
	const vector = "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4"
	if right, err := h.Check(context.Background(), vector, "password"); !right || err != nil {
		t.Errorf("the reference implementation's vector: %v, %v", right, err)
	}
}
