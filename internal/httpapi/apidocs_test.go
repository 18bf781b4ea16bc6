package httpapi

import (
	"regexp"
	"strings"
	"testing"
)

// foreign is what the page's policy would refuse, or what would leave this
// server: code and style in the markup, addresses of other hosts.
var foreign = regexp.MustCompile(`(?i)<script>|<style|\son[a-z]+="|\sstyle="|@import|https?://|//cdn|innerHTML|eval\(|localStorage|document\.cookie`)

// The page is small, needs nothing from elsewhere, never makes markup of a
// text, and keeps a credential nowhere.
func TestDocsPageIsSelfContained(t *testing.T) {
	links := regexp.MustCompile(`(?:src|href)="(/[^"]*)"`)
	page, mime, ok := docsFile("index.html")
	if !ok || !strings.HasPrefix(mime, "text/html") {
		t.Fatalf("index.html: %v %q", ok, mime)
	}
	harmless := strings.NewReplacer("http://www.w3.org/2000/svg", "", "https://example.com", "") // a name, and a sample
	seen := 0
	for _, m := range links.FindAllStringSubmatch(string(page), -1) {
		name, ours := strings.CutPrefix(m[1], "/api/_docs/")
		body, _, ok := docsFile(name)
		if !ours || !ok {
			t.Errorf("the page refers to %s, which is not there", m[1])
		}
		if len(body) > 20<<10 {
			t.Errorf("%s has %d bytes", name, len(body))
		}
		if found := foreign.FindString(harmless.Replace(string(body))); found != "" {
			t.Errorf("%s has %q", name, found)
		}
		seen++
	}
	if found := foreign.Find(page); found != nil || seen != 3 {
		t.Errorf("index.html has %q, and %d links", found, seen)
	}
	for _, name := range []string{"", ".", "..", "../apidocs.go", "page", "nothing.js", "/index.html"} {
		if _, _, ok := docsFile(name); ok {
			t.Errorf("%q is served", name)
		}
	}
}

// Nor does the mailbox need or make any of that; it takes its base from the page
// of the API.
func TestMailboxIsSelfContained(t *testing.T) {
	harmless := strings.NewReplacer("http://www.w3.org/2000/svg", "") // a name
	for _, name := range []string{"index.html", "mail.css", "mail.js"} {
		body, err := mailboxFiles.ReadFile("mailbox/" + name)
		if err != nil || len(body) > 20<<10 {
			t.Errorf("%s has %d bytes, %v", name, len(body), err)
		}
		if found := foreign.FindString(harmless.Replace(string(body))); found != "" {
			t.Errorf("%s has %q", name, found)
		}
	}
}
