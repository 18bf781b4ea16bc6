package console

import (
	"embed"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// What web/console is made into. Names that begin with _ or . are taken along: the
// bundler chooses them.
//
//go:embed all:dist
var built embed.FS

// File is a file of the console as it is sent.
type File struct {
	Body     []byte
	Mime     string
	Encoding string // "" for none
	Lasting  bool   // its name changes with its content
}

// mimes are the media types of the console's files, by their endings.
func mimes() map[string]string {
	return map[string]string{
		".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".txt": "text/plain; charset=utf-8",
		".svg": "image/svg+xml", ".png": "image/png", ".ico": "image/x-icon", ".woff2": "font/woff2", ".json": "application/json", ".webmanifest": "application/manifest+json",
	}
}

// Page is the one page that shows every address of the console.
func Page() (File, bool) { return find("index.html", "") }

// Asset finds a file that the page asks for, in the best form that is there and
// that the browser takes, by its Accept-Encoding.
func Asset(name, accepts string) (File, bool) {
	f, ok := find("assets/"+name, accepts)
	f.Lasting = true
	return f, ok
}

func find(name, accepts string) (File, bool) {
	f := File{Mime: mimes()[path.Ext(name)]}
	if f.Mime == "" || !fs.ValidPath(name) {
		return f, false
	}
	taken := encodings(accepts)
	for _, form := range []struct{ name, ending string }{{"br", ".br"}, {"gzip", ".gz"}, {"", ""}} {
		if form.name != "" && !slices.Contains(taken, form.name) {
			continue
		}
		if body, err := built.ReadFile("dist/" + name + form.ending); err == nil {
			f.Body, f.Encoding = body, form.name
			return f, true
		}
	}
	return f, false
}

// encodings are those that a browser takes; what it weighs does not matter but
// for 0, which is none.
func encodings(accepts string) []string {
	var taken []string
	for part := range strings.SplitSeq(accepts, ",") {
		name, weight, _ := strings.Cut(strings.TrimSpace(part), ";")
		weight = strings.TrimRight(strings.ReplaceAll(weight, " ", ""), "0")
		if weight != "q=" && weight != "q=0." {
			taken = append(taken, strings.ToLower(strings.TrimSpace(name)))
		}
	}
	return taken
}
