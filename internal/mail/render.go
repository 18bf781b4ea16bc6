package mail

import (
	"bytes"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/loam-dev/loam/internal/form"
)

// Brand is how the messages of an organization look.
type Brand struct {
	Name  string // "" is the project's
	Logo  string // https URL of a picture; "" shows the name
	Color string // "#2f6b3c": of the button; "" is Loam's green
	Ink   string // of the writing on Color; computed
}

var hexColor = form.Pattern(`^#[0-9a-fA-F]{6}$`)

// clean replaces what can't be shown by what can.
func (b Brand) clean(project string) Brand {
	if b.Name = oneLine(b.Name, maxName); b.Name == "" {
		b.Name = project
	}
	if u, err := url.Parse(b.Logo); err != nil || u.Scheme != "https" || u.Host == "" || len(b.Logo) > maxLink {
		b.Logo = ""
	}
	if !hexColor().MatchString(b.Color) {
		b.Color = "#2f6b3c"
	}
	part := func(at int) float64 {
		n, _ := strconv.ParseUint(b.Color[at:at+2], 16, 8) // hexColor has seen it
		return float64(n)
	}
	b.Ink = "#ffffff"
	if 0.299*part(1)+0.587*part(3)+0.114*part(5) > 160 {
		b.Ink = "#17181a"
	}
	return b
}

// view is what a template sees. All of it is text: nothing in it is ever parsed as
// a template, and in HTML it is escaped.
type view struct {
	Language, To, Name, Code, Link, Expires, Inviter, Organization, Agent, Address string
	Brand                                                                          Brand
	Data                                                                           map[string]any // what else the sender gave

	Subject, Preview string  // once rendered, for the layout
	Blocks           []block // likewise
}

// block is a paragraph of a rendered text, as the layout shows it.
type block struct {
	Kind  string // text, code or link
	Text  string // of a code or link: the words before it
	Value string // the code or link
	Lines []string
}

// rendered is a message as it is sent.
type rendered struct {
	Subject string `json:"subject"`
	Text    string `json:"text"`
	HTML    string `json:"html"`
}

// render makes a message of a template. What fails here is a template's mistake.
func (t *Templates) render(name, tag string, v view) (rendered, error) {
	x, language := t.find(name, tag)
	v.Language = language
	var subject, body, html bytes.Buffer
	if err := x.subject.Execute(&subject, v); err != nil {
		return rendered{}, fmt.Errorf("mail: %w", err)
	}
	if err := x.body.Execute(&body, v); err != nil {
		return rendered{}, fmt.Errorf("mail: %w", err)
	}
	out := rendered{Subject: oneLine(subject.String(), maxSubject), Text: paragraphs(body.String())}
	v.Subject, v.Blocks = out.Subject, blocks(out.Text, v)
	v.Preview = preview(v.Blocks)
	var err error
	if x.html != nil {
		err = x.html.Execute(&html, v)
	} else {
		err = t.layout.Execute(&html, v)
	}
	if err != nil {
		return rendered{}, fmt.Errorf("mail: %w", err)
	}
	out.HTML = html.String()
	return out, nil
}

var emptyLines = form.Pattern(`\n[ \t]*\n\s*`)

// paragraphs leaves one empty line between paragraphs.
func paragraphs(body string) string {
	return strings.TrimSpace(emptyLines().ReplaceAllString(body, "\n\n")) + "\n"
}

// blocks takes a rendered text apart. A paragraph that ends in the code or the
// link is shown as such; the rest before it is its label.
func blocks(body string, v view) (list []block) {
	for p := range strings.SplitSeq(strings.TrimSpace(body), "\n\n") {
		b := block{Kind: "text", Lines: strings.Split(p, "\n")}
		for _, special := range []block{{Kind: "code", Value: v.Code}, {Kind: "link", Value: v.Link}} {
			label, ends := strings.CutSuffix(p, special.Value)
			if special.Value != "" && ends && (label == "" || strings.HasSuffix(label, " ") || strings.HasSuffix(label, "\n")) {
				special.Text = strings.TrimRight(strings.TrimSpace(label), ": \u00a0")
				b = special
			}
		}
		list = append(list, b)
	}
	return list
}

// preview is what a list of messages shows beside the subject: the first words
// after the greeting, but never a code.
func preview(list []block) string {
	for _, b := range list[min(1, len(list)):] {
		if b.Kind == "text" {
			return oneLine(strings.Join(b.Lines, " "), maxName)
		}
	}
	return ""
}

// oneLine keeps a text from breaking out of its line: control characters become
// spaces, and it is cut to n characters.
func oneLine(text string, n int) string {
	clean := strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, ""))
	if runes := []rune(clean); len(runes) > n {
		clean = string(runes[:n])
	}
	return strings.TrimSpace(clean)
}

var linkLike = form.Pattern(`(://|\.)([\pL\pN])`)

// nameOf is a name that somebody chose and others read: one line, in which no mail
// program finds a link to make of it.
func nameOf(text string) string {
	return linkLike().ReplaceAllString(oneLine(text, maxName), "${1}\u2060${2}") // a word joiner is not seen
}

// lasting says a duration in a language: "10 minutes".
func lasting(d time.Duration, tag string) string {
	words, ok := units[strings.ToLower(tag[:min(2, len(tag))])]
	if !ok {
		words = units[standard]
	}
	n, unit := int(d.Round(time.Minute)/time.Minute), 0
	switch {
	case n >= 48*60 && n%(24*60) == 0:
		n, unit = n/(24*60), 2
	case n >= 60 && n%60 == 0:
		n, unit = n/60, 1
	}
	n = max(n, 1)
	if n == 1 {
		return "1 " + words[unit][0]
	}
	return strconv.Itoa(n) + " " + words[unit][1]
}

// units are minutes, hours and days, one and several.
var units = map[string][3][2]string{
	"en": {{"minute", "minutes"}, {"hour", "hours"}, {"day", "days"}},
	"de": {{"Minute", "Minuten"}, {"Stunde", "Stunden"}, {"Tag", "Tage"}},
	"fr": {{"minute", "minutes"}, {"heure", "heures"}, {"jour", "jours"}},
	"es": {{"minuto", "minutos"}, {"hora", "horas"}, {"día", "días"}},
}
