package form

import (
	"math/rand/v2"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
)

// TestQuoted holds texts as they are put into answers against the encoder's.
func TestQuoted(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	odd := []string{"\x00", "\x1f", " ", "!", "\"", "#", "[", "\\", "]", "~", "\x7f", "é", "😀", "\u2028", "<"}
	for range 100_000 {
		text := make([]byte, 0, 40)
		for range r.IntN(30) {
			text = append(text, byte('a'+r.IntN(26)))
		}
		if r.IntN(4) > 0 {
			at := r.IntN(len(text) + 1)
			text = append(text[:at:at], append([]byte(odd[r.IntN(len(odd))]), text[at:]...)...)
		}
		want, err := jsontext.AppendQuote(nil, text)
		if err != nil {
			t.Fatal(err)
		}
		if got := AppendQuoted(nil, text); string(got) != string(want) {
			t.Fatalf("%q became %s, not %s", text, got, want)
		}
	}
	for c := range 128 {
		text := []byte("abcdefgh")
		text[c%8] = byte(c)
		if escaped := c < ' ' || c == '"' || c == '\\'; plain(text) == escaped {
			t.Errorf("%q: plain is %v", text, !escaped)
		}
	}
}
