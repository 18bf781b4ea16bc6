package console

import (
	"slices"
	"testing"
)

func TestEncodings(t *testing.T) {
	for accepts, want := range map[string][]string{
		"":                              {""},
		"gzip, deflate, br":             {"gzip", "deflate", "br"},
		"br;q=0, gzip;q=0.5":            {"gzip"},
		"BR; q=1.0, gzip;q=0.000, zstd": {"br", "zstd"},
	} {
		if got := encodings(accepts); !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", accepts, got, want)
		}
	}
}

func TestFiles(t *testing.T) {
	if f, ok := Page(); !ok || len(f.Body) == 0 || f.Lasting {
		t.Errorf("the page is %+v", f)
	}
	for _, name := range []string{"", "..", "../index.html", "/index.html", "../../console.go", "no.js", "a.go"} {
		if _, ok := Asset(name, "br"); ok {
			t.Errorf("there is a file %q", name)
		}
	}
}
