package password

import (
	"slices"
	"strings"
	"testing"

	"github.com/loam-dev/loam/internal/config"
	"github.com/loam-dev/loam/internal/fault"
)

func TestCommonPasswordsAreSorted(t *testing.T) {
	_, list, _ := strings.Cut(commonPasswords, "\n\n")
	lines := strings.Split(strings.TrimSuffix(list, "\n"), "\n")
	if len(lines) < 10_000 || !slices.IsSorted(lines) {
		t.Fatalf("%d lines; sorted: %v", len(lines), slices.IsSorted(lines))
	}
	for _, line := range lines {
		if !commonPassword(line) || len(line) < minLength {
			t.Errorf("%q is not found", line)
		}
	}
}

func TestCommonPassword(t *testing.T) {
	about := []string{"Ada.Lovelace@engine-works.com", "Ada King Noel", "Tracker"}
	for _, password := range []string{
		"password", "PASSWORD", " Password ", "ｐａｓｓｗｏｒｄ", "P@ssw0rd", "p@55w0rd!", "password1", "Password2026", "password1!", "football", "f00tball99", "123456789", "trustno1!",
		"aaaaaaaa", "abababab", "abcabcabcabc", "hunter2hunter2", "xyzxyzxyz", "mnopqrstuvw", "zyxwvutsrq",
		"ada.lovelace", "adalovelace1", "Lovelace2026", "engine-works!", "engineworks1", "adakingnoel", "tracker123", "TrackerLove",
		"lovelace@engine-works.com",
	} {
		if !commonPassword(password, about...) {
			t.Errorf("%q is taken", password)
		}
	}
	for _, password := range []string{
		"correct horse battery", "a right password", "Tr0ub4dor&3x", "кот любит рыбу", "lovelace paints quilts", "tracker of nine owls", "9f3c2b7a41", "#", "# Passwords that are tried first", "\n", "",
	} {
		if short := len(password) < minLength; !short && commonPassword(password, about...) {
			t.Errorf("%q is refused", password)
		}
	}
	_, err := Choose("Tracker2026", config.Default().Auth.Password, "Tracker")
	if e := fault.Of(err); e.Code != fault.AuthCommon || e.Field != "password" {
		t.Errorf("the error is %v at %q", err, e.Field)
	}
}

func BenchmarkCommonPassword(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		commonPassword("correct horse battery", "ada@example.com", "Ada Lovelace", "Tracker")
	}
}
