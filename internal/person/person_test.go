package person

import (
	"strings"
	"testing"
)

func FuzzEmail(f *testing.F) {
	for _, seed := range []string{"a@example.com", " Ａ@ＥＸ.com", "\u212A@x.y", "a@b@c", "İ@x.y", "ǅ@x.y"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		email, err := Email(text)
		if err != nil {
			return
		}
		if again, err := Email(email); err != nil || again != email {
			t.Errorf("%q becomes %q, which becomes %q, %v", text, email, again, err)
		}
		if strings.ContainsAny(email, " \t\r\n\x00<>,;:\"()[]\\") || len(email) > MaxEmail {
			t.Errorf("%q becomes %q", text, email)
		}
	})
}
