package docs

import (
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

var (
	link     = regexp.MustCompile(`\]\(([^)\s]+)(?:\s+"[^"]*")?\)|(?:href|src|srcset)="([^"]+)"`)
	code     = regexp.MustCompile("`[^`]*`")
	heading  = regexp.MustCompile(`^#{1,6}\s+(.*?)\s*#*$`)
	unslug   = regexp.MustCompile(`[^\p{L}\p{N} _-]+`)
	linkText = regexp.MustCompile(`!?\[([^\]]*)\]\([^)]*\)`)
	named    = regexp.MustCompile(`<a (?:id|name)="([^"]+)"`)
)

// Every relative link leads to a file or directory of the project, and every
// anchor to a heading.
func TestLinks(t *testing.T) {
	checked := 0
	for _, page := range pages(t) {
		_, prose := split(read(t, page))
		for i, line := range prose {
			for _, m := range link.FindAllStringSubmatch(code.ReplaceAllString(line, "``"), -1) {
				checked++
				if complaint := follow(t, page, m[1]+m[2]); complaint != "" {
					t.Errorf("%s:%d: %s", page, i+1, complaint)
				}
			}
		}
	}
	if checked == 0 {
		t.Error("there is no link in any page: the pattern that finds them is wrong")
	}
}

// follow says what is wrong with a link of a page, or nothing.
func follow(t *testing.T, page, target string) string {
	u, err := url.Parse(target)
	if err != nil {
		return target + " is no link: " + err.Error()
	}
	if u.IsAbs() || u.Host != "" {
		return ""
	}
	to := page
	if u.Path != "" {
		to = path.Join(path.Dir(page), u.Path)
	}
	if strings.HasPrefix(to, "..") || strings.HasPrefix(u.Path, "/") {
		return target + " leads out of the project"
	}
	if _, err := os.Stat(filepath.Join(root, filepath.FromSlash(to))); err != nil {
		return target + " leads nowhere"
	}
	if u.Fragment != "" && !slices.Contains(anchors(read(t, to)), u.Fragment) {
		return target + ": " + to + " has no heading #" + u.Fragment
	}
	return ""
}

// anchors lists a page's anchors as GitHub makes them.
func anchors(page string) []string {
	var found []string
	_, prose := split(page)
	for _, line := range prose {
		for _, m := range named.FindAllStringSubmatch(line, -1) {
			found = append(found, m[1])
		}
		m := heading.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		text := linkText.ReplaceAllString(m[1], "$1")
		slug := strings.ReplaceAll(unslug.ReplaceAllString(strings.ToLower(text), ""), " ", "-")
		unique := slug
		for n := 1; slices.Contains(found, unique); n++ {
			unique = slug + "-" + strconv.Itoa(n)
		}
		found = append(found, unique)
	}
	return found
}

func TestAnchors(t *testing.T) {
	page := "# One\n## `loam dev`: what's new?\n```sh\n# not a heading\n```\n## One\n<a id=\"here\"></a>\n"
	want := []string{"one", "loam-dev-whats-new", "one-1", "here"}
	if got := anchors(page); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
