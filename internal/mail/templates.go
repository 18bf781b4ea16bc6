package mail

import (
	"embed"
	"errors"
	"fmt"
	htmltemplate "html/template"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"
	texttemplate "text/template"

	"github.com/loam-dev/loam/internal/fault"
)

//go:embed templates
var builtIn embed.FS

// standard is the language that every template has.
const standard = "en"

const layoutFile = "layout.html"

// class groups templates that share a recipient's limit.
type class string

// The classes: what lets somebody in, what only tells, and what a member sends to
// a stranger.
const (
	access     class = "access"
	notice     class = "notice"
	invitation class = "invitation"
)

// known are the templates there are, each with its class.
var known = map[string]class{
	"confirm": access, "confirm_link": access, "sign_in_code": access, "sign_in_link": access, "reset": access, "email_change": access,
	"password_changed": notice, "email_change_notice": notice, "account_exists": notice, "new_sign_in": notice,
	"invitation": invitation,
}

// Templates are the texts of every message in every language. They are immutable.
type Templates struct {
	texts  map[string]map[string]*text // by template, then language
	layout *htmltemplate.Template
}

// text is one message in one language. Its HTML comes from the layout, which lays
// out what the body says, or is a template of its own.
type text struct {
	subject, body *texttemplate.Template
	html          *htmltemplate.Template
}

// ParseTemplates reads the templates that Loam comes with, and over them those of a
// project, nil for none: files in fsys named <template>.<language>.txt and .html,
// and layout.html. With a project's, each is tried out, so that a mistake shows here
// and not when a message is due; all mistakes are in the one fault.MailTemplate.
func ParseTemplates(fsys fs.FS) (*Templates, error) {
	t := &Templates{texts: map[string]map[string]*text{}}
	for name := range known {
		t.texts[name] = map[string]*text{}
	}
	shipped, err := fs.Sub(builtIn, "templates")
	if err == nil {
		err = t.read(shipped)
	}
	if err != nil {
		return nil, fmt.Errorf("mail: the templates that come with Loam: %w", err)
	}
	if fsys == nil {
		return t, nil
	}
	if err = t.read(fsys); err == nil {
		err = t.try()
	}
	if err != nil {
		return nil, fault.New(fault.MailTemplate, "mail templates with mistakes: %s", strings.ReplaceAll(err.Error(), "\n", "; "))
	}
	return t, nil
}

// read takes up the files of a directory.
func (t *Templates) read(fsys fs.FS) error {
	entries, err := fs.ReadDir(fsys, ".")
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if len(entries) > maxFiles {
		return fmt.Errorf("the directory has %d files, more than %d", len(entries), maxFiles)
	}
	failed := []error{err}
	for _, e := range entries {
		ext := path.Ext(e.Name())
		if e.IsDir() || strings.HasPrefix(e.Name(), ".") || ext != ".txt" && ext != ".html" {
			continue
		}
		source, err := readFile(fsys, e.Name())
		if err == nil {
			err = t.take(e.Name(), source)
		}
		if err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", e.Name(), err))
		}
	}
	return errors.Join(failed...)
}

// prepared reads a project's templates now, so that their mistakes show, and without
// any those that come with Loam when the first message is due: reading and trying them
// was a tenth of a start.
func prepared(fsys fs.FS) (func() (*Templates, error), error) {
	if fsys != nil {
		if entries, err := fs.ReadDir(fsys, "."); len(entries) > 0 || err != nil && !errors.Is(err, fs.ErrNotExist) {
			t, err := ParseTemplates(fsys)
			return func() (*Templates, error) { return t, nil }, err
		}
	}
	return sync.OnceValues(func() (*Templates, error) { return ParseTemplates(nil) }), nil
}

func readFile(fsys fs.FS, name string) (string, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	source, err := io.ReadAll(io.LimitReader(f, maxTemplate+1))
	if len(source) > maxTemplate {
		return "", fmt.Errorf("longer than %d KiB", maxTemplate>>10)
	}
	return strings.ReplaceAll(string(source), "\r\n", "\n"), err
}

// take parses one file.
func (t *Templates) take(file, source string) (err error) {
	if file == layoutFile {
		t.layout, err = htmltemplate.New(file).Parse(source)
		return err
	}
	ext := path.Ext(file)
	name, language, _ := strings.Cut(strings.TrimSuffix(file, ext), ".")
	of := t.texts[name]
	if of == nil {
		return fmt.Errorf("no such template; there are %s, and %s", strings.Join(slices.Sorted(maps.Keys(known)), ", "), layoutFile)
	}
	if !wellFormedLanguage(language) {
		return fmt.Errorf("name the language before the ending, as in %s.en%s", name, ext)
	}
	made := &text{}
	if old := of[language]; old != nil {
		*made = *old
	}
	if ext == ".html" {
		made.html, err = htmltemplate.New(file).Parse(source)
	} else {
		err = made.parse(file, source)
	}
	of[language] = made
	return err
}

// parse reads a plain text: a line with the subject, an empty one, the body.
func (t *text) parse(file, source string) (err error) {
	subject, body, _ := strings.Cut(source, "\n")
	subject, ok := strings.CutPrefix(subject, "Subject:")
	if !ok || strings.TrimSpace(subject) == "" || strings.TrimSpace(body) == "" {
		return errors.New("the first line is `Subject: ...`, and the text comes after an empty line")
	}
	if t.subject, err = texttemplate.New(file).Parse(strings.TrimSpace(subject)); err != nil {
		return err
	}
	t.body, err = texttemplate.New(file).Parse("\n" + body) // one line down, so that errors name the file's own lines
	return err
}

// wellFormedLanguage takes the two or three letters of a language.
func wellFormedLanguage(tag string) bool {
	return (len(tag) == 2 || len(tag) == 3) && strings.Trim(tag, "abcdefghijklmnopqrstuvwxyz") == ""
}

// try renders every text with every value there, and with those that may be
// missing gone.
func (t *Templates) try() error {
	var failed []error
	for _, name := range slices.Sorted(maps.Keys(t.texts)) {
		for _, language := range slices.Sorted(maps.Keys(t.texts[name])) {
			if t.texts[name][language].body == nil {
				failed = append(failed, fmt.Errorf("%s.%s.html: there is no %s.%s.txt to go with it", name, language, name, language))
				continue
			}
			for _, v := range []view{{Brand: sample().Brand}, sample()} {
				if _, err := t.render(name, language, v); err != nil {
					failed = append(failed, err)
					break
				}
			}
		}
	}
	return errors.Join(failed...)
}

// sample has every value that a template may use.
func sample() view {
	return view{
		To: "ada@example.com", Name: "Ada", Code: "123456", Link: "https://example.com/x", Expires: "1", Inviter: "Bob",
		Organization: "Org", Agent: "Firefox", Address: "192.0.2.1", Brand: Brand{Name: "Loam", Color: "#2f6b3c"}.clean("Loam"),
	}
}

// find returns the template in the nearest language to a tag such as de-AT.
func (t *Templates) find(name, tag string) (*text, string) {
	language, _, _ := strings.Cut(strings.ToLower(strings.ReplaceAll(tag, "_", "-")), "-")
	if found := t.texts[name][language]; found != nil {
		return found, language
	}
	return t.texts[name][standard], standard
}
