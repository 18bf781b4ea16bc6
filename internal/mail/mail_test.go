package mail_test

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/jobs"
	"github.com/loam-dev/loam/internal/mail"
	"github.com/loam-dev/loam/internal/store"
	"github.com/loam-dev/loam/internal/store/storetest"
	"github.com/loam-dev/loam/internal/vault"
)

// place is a database with a mail service on it.
type place struct {
	testing.TB
	*mail.Service
	engine store.Engine
	queue  *jobs.Queue
	log    *journal

	mu    sync.Mutex
	clock time.Time
}

func (p *place) now() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.clock
}

func (p *place) pass(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clock = p.clock.Add(d)
}

// journal keeps what is logged.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *journal) Write(b []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(b)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

func newPlace(t testing.TB, change func(*mail.Options)) *place {
	t.Helper()
	p := &place{TB: t, log: &journal{}, clock: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	log := slog.New(slog.NewTextHandler(p.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	engine := storetest.Room(t, append(jobs.Tables(), mail.Tables()...)...)
	v, err := vault.Parse("6f1d0c5b8e2a4397b1c60f7ad93e52841c7b6a90e8d3f5247a1b9c0d4e6f8372")
	if err != nil {
		t.Fatal(err)
	}
	p.engine = engine
	p.queue = jobs.New(jobs.Options{Engine: engine, Log: log, Now: p.now})
	o := mail.Options{Engine: engine, Jobs: p.queue, Vault: v, Project: "Demo", Dev: true, Log: log, Now: p.now}
	if change != nil {
		change(&o)
	}
	if p.Service, err = mail.New(o); err != nil {
		t.Fatal(err)
	}
	return p
}

func (p *place) write(fn func(store.Conn) error) error {
	return p.engine.Write(context.Background(), fn)
}

func (p *place) send(m mail.Message) error {
	return p.write(func(c store.Conn) error { return p.Send(c, m) })
}

// got sends a message and returns it as the mailbox has it.
func (p *place) got(m mail.Message) mail.Received {
	p.Helper()
	if err := p.send(m); err != nil {
		p.Fatal(err)
	}
	list, err := p.Mailbox(context.Background(), m.To)
	if err != nil || len(list) == 0 {
		p.Fatal(list, err)
	}
	r, err := p.Read(context.Background(), list[0].ID)
	if err != nil {
		p.Fatal(err)
	}
	return r
}

func code(to string) mail.Message {
	return mail.Message{Template: "confirm", To: to, Name: "Ada", Data: map[string]any{"Code": "483920", "Expires": 10 * time.Minute}}
}

func wants(t testing.TB, what, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%s lacks %q:\n%s", what, part, text)
		}
	}
}

func lacks(t testing.TB, what, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if strings.Contains(text, part) {
			t.Errorf("%s has %q:\n%s", what, part, text)
		}
	}
}

func TestMessages(t *testing.T) {
	p := newPlace(t, nil)
	for locale, want := range map[string][]string{
		"":      {"Confirm your email address for Demo", "Hello Ada,", "valid for 10 minutes"},
		"de-AT": {"Bestätigen Sie", "Guten Tag, Ada", "10 Minuten"},
		"FR":    {"Confirmez votre", "Bonjour Ada", "10 minutes"},
		"es_MX": {"Confirme su", "Hola, Ada:", "10 minutos"},
		"tlh":   {"Confirm your email address for Demo"},
		"it-CH": {"Confirm your email address for Demo"},
	} {
		m := code("ada-" + locale + "@example.com")
		m.Locale = locale
		r := p.got(m)
		wants(t, locale, r.Subject+"\n"+r.Text, append(want, "\n\n483920\n\n")...)
		wants(t, locale, r.HTML, "483920</p>", "<html lang=")
		if r.Code != "483920" || r.To != m.To {
			t.Errorf("%+v", r.Summary)
		}
	}
	link := p.got(mail.Message{Template: "invitation", To: "x@example.com", Data: map[string]any{
		"Link": "https://app.example.com/join?t=abc&x=1", "Inviter": "Ada", "Organization": "Acme", "Expires": 72 * time.Hour}})
	wants(t, "the invitation", link.Subject+link.Text, "Ada invites you to Acme", "https://app.example.com/join?t=abc&x=1", "3 days")
	wants(t, "its HTML", link.HTML, `href="https://app.example.com/join?t=abc&amp;x=1"`, ">Accept the invitation</a>")
	lacks(t, "the invitation", link.Text, "\n\n\n", "<no value>")
}

func TestTheProjectsLanguage(t *testing.T) {
	p := newPlace(t, func(o *mail.Options) { o.Language = "fr" })
	wants(t, "no choice", p.got(code("a@example.com")).Text, "Bonjour Ada", "pendant 10 minutes")
	m := code("b@example.com")
	m.Locale = "de"
	wants(t, "a choice", p.got(m).Text, "Guten Tag, Ada")
}

// A message is there if the transaction is.
func TestMessagesFollowTheirTransaction(t *testing.T) {
	p := newPlace(t, nil)
	err := p.write(func(c store.Conn) error {
		if err := p.Send(c, code("ada@example.com")); err != nil {
			return err
		}
		return context.Canceled
	})
	list, listed := p.Mailbox(t.Context(), "")
	if err == nil || len(list) != 0 || listed != nil {
		t.Error(err, list, listed)
	}
}

type brands map[string]mail.Brand

func (b brands) Brand(_ store.Conn, org string) (mail.Brand, error) { return b[org], nil }

func TestBrands(t *testing.T) {
	p := newPlace(t, func(o *mail.Options) {
		o.Brands = brands{
			"acme": {Name: "Acme & Sons", Logo: "https://acme.example/logo.png", Color: "#ffd400"},
			"evil": {Name: "{{.Code}}<script>", Logo: "javascript:alert(1)", Color: "red;}body{display:none"},
		}
	})
	m := code("a@example.com")
	m.Org = "acme"
	r := p.got(m)
	wants(t, "Acme's", r.Subject+r.HTML, "Acme & Sons", "Acme &amp; Sons", `src="https://acme.example/logo.png"`, "border-top:4px solid #ffd400")
	link := p.got(mail.Message{Template: "reset", To: "a@example.com", Org: "acme", Data: map[string]any{"Link": "https://x.example/"}})
	wants(t, "Acme's button", link.HTML, "color:#17181a") // dark on yellow
	m.Org = "evil"
	r = p.got(m)
	wants(t, "evil's", r.HTML, "{{.\u2060Code}}&lt;script&gt;", "4px solid #2f6b3c")
	lacks(t, "evil's", r.HTML, "<script", "javascript:", "display:none}")
}

// TestAttack099_TemplateInjection: what users call themselves is text in every
// part of a message, and never starts a line or a link of its own.
func TestAttack099_TemplateInjection(t *testing.T) {
	p := newPlace(t, nil)
	for i, name := range []string{
		"{{.Code}}", "{{printf \"%s\" .Link}}", "{{template \"x\"}}", "<b>bold</b>", "\"><img src=x onerror=alert(1)>",
		"x\r\nBcc: victim@example.com\r\n\r\nhello", "x\u2028y", "x\x00y", "Visit https://evil.example now", "www.evil.example", strings.Repeat("long ", 500), "\xff\xfe",
	} {
		to := strings.Repeat("x", i+1) + "@example.com"
		r := p.got(mail.Message{Template: "invitation", To: to, Name: name, Data: map[string]any{
			"Inviter": name, "Organization": name, "Code": "483920", "Link": "https://app.example.com/"}})
		for _, part := range []string{r.Subject, r.Text, r.HTML} {
			lacks(t, name, part, "//evil", "www.evil.example", "\r", "\x00", "\u2028")
		}
		lacks(t, name, r.Subject, "\n", "483920")
		lacks(t, name, r.HTML, "<b>bold", "<img")
		if n := strings.Count(r.Text, "483920"); n != 1 {
			t.Errorf("%q: the code is there %d times:\n%s", name, n, r.Text)
		}
		if len(r.Text) > 2000 || len([]rune(r.Subject)) > 200 {
			t.Errorf("%q: %d and %d long", name, len(r.Text), len(r.Subject))
		}
	}
	bad := mail.Message{Template: "sign_in_link", To: "ada@example.com", Data: map[string]any{"Link": "javascript:alert(1)"}}
	lacks(t, "a link that runs", p.got(bad).HTML, `href="javascript:`)
	for _, to := range []string{"", "ada", "ada@example.com, eve@example.com", "ada@example.com\r\nBcc: eve@example.com", "Ada <ada@example.com>", "<ada@example.com>", "\"a b\"@example.com", "ada@example.com\n"} {
		if err := p.send(code(to)); !fault.Is(err, fault.MailAddress) {
			t.Errorf("%q: %v", to, err)
		}
	}
}

// TestAttack137_MailBombing: one address gets so many messages of a class and no
// more, under whatever spelling, and one network causes so many.
func TestAttack137_MailBombing(t *testing.T) {
	p := newPlace(t, func(o *mail.Options) { o.Limits = mail.Limits{PerAddress: 5, PerNetwork: 7} })
	for i := range 5 {
		if err := p.send(code("ada+" + strings.Repeat("x", i) + "@example.com")); err != nil {
			t.Fatal(i, err)
		}
	}
	err := p.send(code("Ada@example.com"))
	if !fault.Is(err, fault.MailTooMany) || fault.Of(err).RetryAfter != time.Hour || fault.Of(err).Status() != 429 {
		t.Fatalf("the sixth: %v after %s", err, fault.Of(err).RetryAfter)
	}
	wants(t, "the error", err.Error(), "at most 5", "1 hour", "limits.mail.perAddress")
	if err := p.send(mail.Message{Template: "sign_in_code", To: "ada@example.com", Data: map[string]any{"Code": "1"}}); !fault.Is(err, fault.MailTooMany) {
		t.Errorf("another template of the class: %v", err)
	}
	for name, m := range map[string]mail.Message{"another class": {Template: "password_changed", To: "ada@example.com"}, "another address": code("eve@example.com")} {
		if err := p.send(m); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	sent := 5
	for range 20 {
		p.pass(time.Hour)
		for p.send(code("ada@example.com")) == nil {
			sent++
		}
	}
	if sent != 15 {
		t.Errorf("%d in a day", sent)
	}
	err = p.send(code("ada@example.com"))
	if after := fault.Of(err).RetryAfter; after != 4*time.Hour {
		t.Errorf("past the day's: %v after %s", err, after)
	}
	wants(t, "the error", err.Error(), "at most 15", "a day", "limits.mail.perAddress times 3")
	p.pass(-48 * time.Hour) // a clock that was wrong locks nobody out
	if err := p.send(code("ada@example.com")); err != nil {
		t.Error("after the clock went back:", err)
	}
	for i := range 8 {
		m := code(strings.Repeat("x", i+1) + "@example.com")
		m.Network = "192.0.2.1"
		if err = p.send(m); i < 7 && err != nil {
			t.Fatal(i, err)
		}
	}
	if !fault.Is(err, fault.MailTooMany) || !strings.Contains(err.Error(), "limits.mail.perNetwork") {
		t.Errorf("the eighth of a network: %v", err)
	}
}

// The cap holds against many at once, as does Spend's, which sends nothing.
func TestAttack137_AtOnce(t *testing.T) {
	p := newPlace(t, nil)
	var all sync.WaitGroup
	var mu sync.Mutex
	passed := 0
	for i := range 40 {
		all.Go(func() {
			err := p.write(func(c store.Conn) error {
				if i%2 == 0 {
					return p.Spend(c, code("ada@example.com"))
				}
				return p.Send(c, code("ada@example.com"))
			})
			if mu.Lock(); err == nil {
				passed++
			}
			mu.Unlock()
		})
	}
	all.Wait()
	if passed != 10 {
		t.Errorf("%d passed", passed)
	}
}

// TestAttack122_CodesInTheDatabase: neither a queued message nor the mailbox shows
// its code, its link or its recipient in the files, and a sent one is gone.
func TestAttack122_CodesInTheDatabase(t *testing.T) {
	for name, change := range map[string]func(*mail.Options){
		"mailbox": nil,
		"queue": func(o *mail.Options) {
			o.From, o.SMTP = "a@b.example", mail.SMTP{Host: "127.0.0.1", Port: 1, TLS: "none"}
		},
	} {
		p := newPlace(t, change)
		m := mail.Message{Template: "reset", To: "canary-to@example.com", Name: "canary-name", Data: map[string]any{"Code": "canary-code", "Link": "https://x.example/canary-link"}}
		if err := p.send(m); err != nil {
			t.Fatal(err)
		}
		stored := storetest.Dump(t, p.engine)
		wants(t, name, stored, "_mail_counts")
		if strings.Contains(stored, "canary") || strings.Contains(p.log.String(), "canary") {
			t.Errorf("%s: the database or the log shows a secret", name)
		}
	}
}

func TestMailbox(t *testing.T) {
	p := newPlace(t, nil)
	for i := range 203 {
		p.pass(time.Minute)
		if err := p.send(code(strings.Repeat("a", i%60+1) + "-" + time.Duration(i).String() + "@example.com")); err != nil {
			t.Fatal(err)
		}
	}
	list, err := p.Mailbox(t.Context(), "")
	if err != nil || len(list) != 200 || list[0].At <= list[1].At {
		t.Fatal(len(list), err)
	}
	if err := p.Clear(t.Context(), list[0].ID); err != nil {
		t.Error(err)
	}
	for what, err := range map[string]error{"reading": func() error { _, err := p.Read(t.Context(), list[0].ID); return err }(), "removing": p.Clear(t.Context(), list[0].ID)} {
		if !fault.Is(err, fault.MailNotFound) {
			t.Errorf("%s it again: %v", what, err)
		}
	}
	if list, err = p.Mailbox(t.Context(), list[1].To); err != nil || len(list) != 1 {
		t.Error(len(list), err)
	}
	if err := p.Clear(t.Context(), ""); err != nil {
		t.Error(err)
	}
	if list, err = p.Mailbox(t.Context(), ""); err != nil || len(list) != 0 {
		t.Error(len(list), err)
	}
}

func TestOffInProduction(t *testing.T) {
	p := newPlace(t, func(o *mail.Options) { o.Dev = false })
	err := p.send(code("ada@example.com"))
	if !fault.Is(err, fault.MailOff) {
		t.Fatal(err)
	}
	wants(t, "the error", err.Error(), "mail.smtp.host", "loam.yaml")
}

func TestOverrides(t *testing.T) {
	for name, test := range map[string]struct {
		files map[string]string
		want  string // of the error, or of what a confirmation says
		ok    bool
	}{
		"a text":           {map[string]string{"confirm.en.txt": "Subject: Ahoy {{.Name}}\n\nYour code:\n\n{{.Code}}\n"}, "Ahoy Ada", true},
		"a new language":   {map[string]string{"confirm.it.txt": "Subject: Ciao\n\n{{.Code}}\n"}, "Confirm your", true},
		"a page":           {map[string]string{"confirm.en.html": "<p>own {{.Code}} {{.Name}}</p>"}, "<p>own 483920 Ada</p>", true},
		"a layout":         {map[string]string{"layout.html": "<body>{{range .Blocks}}[{{.Kind}}]{{end}}</body>"}, "<body>[text][text][code]", true},
		"Windows lines":    {map[string]string{"confirm.en.txt": "Subject: Ahoy\r\n\r\nYour code:\r\n\r\n{{.Code}}\r\n"}, "Your code:\n\n483920", true},
		"other files":      {map[string]string{".git": "", "README.md": "", "notes/x.txt": ""}, "Confirm your", true},
		"a misspelt field": {map[string]string{"confirm.en.txt": "Subject: x\n\n{{.Cod}}"}, "confirm.en.txt:3:2", false},
		"syntax":           {map[string]string{"confirm.en.txt": "Subject: x\n\n{{if}}"}, "confirm.en.txt:3", false},
		"no subject":       {map[string]string{"confirm.en.txt": "Hello\n"}, "`Subject: ...`", false},
		"an unknown name":  {map[string]string{"confrim.en.txt": "Subject: x\n\ny"}, "no such template; there are account_exists, confirm,", false},
		"no language":      {map[string]string{"confirm.txt": "Subject: x\n\ny"}, "confirm.en.txt", false},
		"a page alone":     {map[string]string{"confirm.it.html": "<p></p>"}, "there is no confirm.it.txt", false},
		"broken HTML":      {map[string]string{"confirm.en.html": "<a href={{if .Code}}\"{{end}}>"}, "confirm.en.html", false},
		"too long":         {map[string]string{"confirm.en.txt": strings.Repeat("x", 200<<10)}, "longer than 128 KiB", false},
		"two mistakes":     {map[string]string{"reset.en.txt": "x", "confirm.en.txt": "x"}, "confirm.en.txt: the first line", false},
	} {
		files := fstest.MapFS{}
		for file, text := range test.files {
			files[file] = &fstest.MapFile{Data: []byte(text)}
		}
		if !test.ok {
			_, err := mail.ParseTemplates(files)
			if !fault.Is(err, fault.MailTemplate) {
				t.Errorf("%s: %v", name, err)
				continue
			}
			wants(t, name, err.Error(), test.want)
			continue
		}
		r := newPlace(t, func(o *mail.Options) { o.Templates = files }).got(code("ada@example.com"))
		wants(t, name, r.Subject+"\n"+r.Text+r.HTML, test.want)
	}
	if _, err := mail.ParseTemplates(os.DirFS(filepath.Join(t.TempDir(), "none"))); err != nil {
		t.Error("no directory:", err)
	}
}

// In development an edited template holds from the next message on, and a broken
// one does not.
func TestEditedTemplates(t *testing.T) {
	files := fstest.MapFS{}
	p := newPlace(t, func(o *mail.Options) { o.Templates = files })
	for text, want := range map[string]string{"Subject: Edited\n\nx": "Edited", "{{": "Confirm your email address for Demo"} {
		files["confirm.en.txt"] = &fstest.MapFile{Data: []byte(text)}
		if r := p.got(code("ada@example.com")); r.Subject != want {
			t.Errorf("%q: %q", text, r.Subject)
		}
	}
}

func TestSettings(t *testing.T) {
	p := newPlace(t, nil)
	smtp := mail.SMTP{Host: "mail.example.com"}
	for name, change := range map[string]func(o *mail.Options){
		"no sender":        func(o *mail.Options) { o.SMTP = smtp },
		"a bad sender":     func(o *mail.Options) { o.From = "x\nBcc: y@example.com" },
		"a bad reply-to":   func(o *mail.Options) { o.ReplyTo = "x" },
		"an unknown tls":   func(o *mail.Options) { o.From, o.SMTP = "a@b.example", mail.SMTP{Host: "h", TLS: "ssl"} },
		"a bare password":  func(o *mail.Options) { o.From, o.SMTP = "a@b.example", mail.SMTP{Host: "h", TLS: "none", User: "u"} },
		"a port too large": func(o *mail.Options) { o.From, o.SMTP = "a@b.example", mail.SMTP{Host: "h", Port: 70000} },
	} {
		o := p.Options
		o.Jobs = jobs.New(jobs.Options{Engine: p.engine, Log: o.Log})
		change(&o)
		if _, err := mail.New(o); !fault.Is(err, fault.MailSettings) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
