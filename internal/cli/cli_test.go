package cli

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/loam-dev/loam/internal/fault"
)

const notes = `type Note @model @auth(rules: [{ allow: member }]) {
  text: String!
  body: String
}
`

const notesSeed = `{
  "users": [{ "email": "ada@example.com", "name": "Ada", "password": "correct horse battery" }],
  "organizations": [{
    "name": "Acme",
    "members": [{ "email": "ada@example.com", "role": "owner" }],
    "rows": [{ "model": "Note", "by": "ada@example.com", "items": [{ "text": "one", "body": "kept?" }] }]
  }]
}`

// paper is what a command has printed so far.
type paper struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (p *paper) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text.Write(b)
}

func (p *paper) String() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text.String()
}

// await waits until what is printed matches.
func (p *paper) await(t *testing.T, pattern string) {
	t.Helper()
	re := regexp.MustCompile("(?m)" + pattern)
	for began := time.Now(); !re.MatchString(p.String()); time.Sleep(2 * time.Millisecond) {
		if time.Since(began) > time.Minute {
			t.Fatalf("no %q in:\n%s", pattern, p)
		}
	}
}

// folder makes a project of files, given by name.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// command runs one command line with an answer to its questions.
func command(t *testing.T, answer string, args ...string) (string, error) {
	t.Helper()
	all := &paper{}
	c := &console{in: strings.NewReader(answer), out: all, err: all, asks: answer != ""}
	err := c.run(t.Context(), args)
	return all.String(), err
}

func plain(t *testing.T) {
	for _, name := range []string{"LOAM_MASTER_KEY", "LOAM_KEY_FILE", "LOAM_DIR", "LOAM_DATA", "LOAM_ADDR", "LOAM_MIGRATIONS"} {
		t.Setenv(name, "")
	}
	if err := os.Unsetenv(masterKey); err != nil { // Setenv puts it back
		t.Fatal(err)
	}
}

// In a terminal dev asks before it loses data, and does what it is told.
func TestDevAsks(t *testing.T) {
	plain(t)
	dir := folder(t, map[string]string{schemaFile: notes, seedFile: notesSeed})
	typed, answer := io.Pipe()
	all := &paper{}
	c := &console{in: typed, out: all, err: all, asks: true}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- c.run(ctx, []string{"dev", "--dir", dir, "--addr", "127.0.0.1:0"}) }()
	all.await(t, `^ready http://127.0.0.1:\d+$`)

	write := func(text string) {
		if err := os.WriteFile(filepath.Join(dir, schemaFile), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	without := strings.Replace(notes, "  body: String\n", "", 1)
	write(without)
	all.await(t, `drops column Note.body, but 1 row of Note .* Do it\? \[y/N\]`)
	io.WriteString(answer, "\n")
	all.await(t, `schema: left as it was`)
	write(notes)
	all.await(t, `schema: no table changes`)
	write(without)
	all.await(t, `(?s)left as it was.*Do it\?`)
	io.WriteString(answer, "y\n")
	all.await(t, `schema: drops column Note.body.* \(\d+ ms\)$`)

	stop()
	if err := <-ended; err != nil {
		t.Errorf("stopping: %v", err)
	}
	if out, err := command(t, "", "diff", "--dir", dir); err != nil || !strings.Contains(out, "matches") {
		t.Errorf("afterwards: %v\n%s", err, out)
	}
}

func TestMigrateAsks(t *testing.T) {
	plain(t)
	dir := folder(t, map[string]string{schemaFile: notes})
	made := filepath.Join(dir, migrationsDirectory, "0001_init.sql")
	out, err := command(t, "n\n", "migrate", "--dir", dir)
	if _, stat := os.Stat(made); err != nil || stat == nil || !strings.Contains(out, "Run 1 step? [y/N]") {
		t.Fatalf("after no: %v, %v\n%s", err, stat, out)
	}
	out, err = command(t, "Yes\n", "migrate", "--dir", dir)
	if _, stat := os.Stat(made); err != nil || stat != nil || !strings.Contains(out, "migrated: creates table Note") {
		t.Fatalf("after yes: %v, %v\n%s", err, stat, out)
	}
}

// A seed that does not fit is told with its place.
func TestSeedMistakes(t *testing.T) {
	plain(t)
	for name, c := range map[string]struct{ old, new, want string }{
		"no JSON":         {`"users"`, `users`, `seed.json is not what a seed looks like; correct it near byte`},
		"unknown key":     {`"users"`, `"people"`, `seed.json is not what a seed looks like`},
		"bad address":     {`"email": "ada@example.com", "name"`, `"email": "ada", "name"`, `seed.json, user ada: `},
		"short password":  {`correct horse battery`, `short`, `seed.json, user ada@example.com: choose a password of at least 8 characters`},
		"unknown member":  {`"email": "ada@example.com", "role"`, `"email": "bob@example.com", "role"`, `seed.json, organization Acme: bob@example.com is not among the users`},
		"no owner":        {`"role": "owner"`, `"role": "member"`, `seed.json, organization Acme: name a member with the role owner first`},
		"unknown author":  {`"by": "ada`, `"by": "bob`, `seed.json, rows of Note in Acme: name one of its members in "by"`},
		"unknown model":   {`"model": "Note"`, `"model": "Nota"`, `seed.json, Nota of Acme: there is no model "Nota"`},
		"unknown field":   {`"body"`, `"bodi"`, `seed.json, Note of Acme: `},
		"which item":      {`{ "text": "one"`, `{ "text": "zero" }, { "text": null`, `seed.json, Note of Acme: item 2: text is required`},
		"name of nothing": {`"name": "Acme"`, `"name": ""`, `seed.json, organization : `},
	} {
		t.Run(name, func(t *testing.T) {
			text := strings.Replace(notesSeed, c.old, c.new, 1)
			if text == notesSeed {
				t.Fatal("the case changes nothing")
			}
			dir := folder(t, map[string]string{schemaFile: notes, seedFile: text})
			_, err := command(t, "", "demo", "--dir", dir, "--addr", "127.0.0.1:0")
			if !fault.Is(err, fault.CLISeed) || !strings.HasPrefix(explain(err), c.want) {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
}

// A seed fills the one organization of a backend without tenancy.
func TestSeedWithoutTenancy(t *testing.T) {
	plain(t)
	dir := folder(t, map[string]string{schemaFile: notes, seedFile: notesSeed, configFile: "tenancy: off\n"})
	all := &paper{}
	c := &console{in: strings.NewReader(""), out: all, err: all}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- c.run(ctx, []string{"dev", "--dir", dir, "--addr", "127.0.0.1:0"}) }()
	all.await(t, `^ready `)
	if strings.Contains(all.String(), "correct it") {
		t.Errorf("the seed is not planted:\n%s", all)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestAttack123_MasterKey(t *testing.T) {
	plain(t)
	dir := folder(t, map[string]string{schemaFile: notes})
	serve := []string{"serve", "--dir", dir, "--addr", "127.0.0.1:0"}
	refused := func(what, want string) {
		t.Helper()
		_, err := command(t, "", serve...)
		if !fault.Is(err, fault.CLIRefuses) || !strings.Contains(explain(err), want) {
			t.Errorf("%s: %v, want %q", what, err, want)
		}
		if _, err := os.Stat(filepath.Join(dir, dataDirectory, databaseFile)); err == nil {
			t.Fatalf("%s: a database was made", what)
		}
	}
	refused("none", "there is no master key")
	for what, c := range map[string]struct{ key, want string }{
		"empty":     {"", "there is no master key"},
		"blank":     {"  ", "there is no master key"},
		"word":      {"changeme", "the master key"},
		"short":     {"bG9hbQ==", "shorter than 32 bytes"},
		"31 bytes":  {strings.Repeat("5a", 31), "shorter than 32 bytes"},
		"repeating": {strings.Repeat("ab", 32), "repeats itself"},
		"text":      {"dGhpcyBpcyBhIHZlcnkgbG9uZyBwYXNzd29yZCBvZiBvdXJz", "made of text"},
		"no hex":    {strings.Repeat("!", 64), "neither hexadecimal nor base64"},
	} {
		t.Setenv(masterKey, c.key)
		refused(what, c.want)
	}
}

// An empty variable is no key where none is needed, and is not taken for the
// wish to have none where one is.
func TestEmptyMasterKey(t *testing.T) {
	plain(t)
	dir := folder(t, map[string]string{schemaFile: notes})
	t.Setenv(masterKey, "")
	for _, name := range []string{"dev", "demo"} {
		all := &paper{}
		c := &console{in: strings.NewReader(""), out: all, err: all}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() {
			ended <- c.run(ctx, []string{name, "--dir", dir, "--data", t.TempDir(), "--addr", "127.0.0.1:0"})
		}()
		all.await(t, `^ready `)
		stop()
		if err := <-ended; err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := command(t, "", "migrate", "--dir", dir); !fault.Is(err, fault.VaultNoKey) {
		t.Errorf("migrate: %v", err)
	}
	if _, err := command(t, "", "serve", "--dir", dir); !fault.Is(err, fault.CLIRefuses) {
		t.Errorf("serve: %v", err)
	}
}

func TestVariablesStandForFlags(t *testing.T) {
	plain(t)
	dir := folder(t, map[string]string{schemaFile: notes})
	t.Setenv("LOAM_DIR", dir)
	if out, err := command(t, "", "check"); err != nil || !strings.Contains(out, "1 model") {
		t.Errorf("%v\n%s", err, out)
	}
	// The command line goes before.
	if _, err := command(t, "", "check", "--dir", t.TempDir()); !fault.Is(err, fault.CLINoProject) {
		t.Errorf("%v", err)
	}
}

// A signal that comes before a server is ready ends it as cleanly as any other.
func TestStoppedWhileStarting(t *testing.T) {
	plain(t)
	dir := folder(t, map[string]string{schemaFile: notes, seedFile: notesSeed})
	t.Setenv(masterKey, "6f1d0c5b8e2a4397b1c60f7ad93e52841c7b6a90e8d3f5247a1b9c0d4e6f8372")
	ctx, stop := context.WithCancel(t.Context())
	stop()
	for _, name := range []string{"demo", "dev", "serve"} {
		all := &paper{}
		c := &console{in: strings.NewReader(""), out: all, err: all}
		if err := c.run(ctx, []string{name, "--dir", dir, "--data", t.TempDir(), "--addr", "127.0.0.1:0"}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What holds data or keys is its owner's alone.
func TestAttack126_FileModes(t *testing.T) {
	if runtime.GOOS == "windows" {
		return // its files have owners, not modes
	}
	plain(t)
	dir := folder(t, map[string]string{schemaFile: notes})
	if _, err := command(t, "", "migrate", "--dir", dir); err != nil {
		t.Fatal(err)
	}
	data := filepath.Join(dir, dataDirectory)
	entries, err := os.ReadDir(data)
	if err != nil {
		t.Fatal(err)
	}
	paths := []string{data}
	for _, entry := range entries {
		paths = append(paths, filepath.Join(data, entry.Name()))
	}
	if len(paths) < 3 {
		t.Fatalf("only %v", paths)
	}
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if others := info.Mode().Perm() & 0o077; others != 0 {
			t.Errorf("%s has mode %o", path, info.Mode().Perm())
		}
	}
}
