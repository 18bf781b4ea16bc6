// Package deploy holds the files of deploy/ to what reads them: Helm, Kubernetes, Docker, Compose and systemd. It is a
// module of its own, so that none of these is in the product's.
package deploy

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/linter"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
)

// files are those that a reader of the guide uses.
const files = "../../deploy"

// TestDockerfile: it is one that Docker builds, and what is built runs without rights.
func TestDockerfile(t *testing.T) {
	text := read(t, "Dockerfile")
	parsed, err := parser.Parse(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	complaints := linter.New(&linter.Config{Warn: func(name, _, _, message string, _ []parser.Range) { t.Error(name, message) }})
	stages, _, err := instructions.Parse(parsed.AST, complaints)
	if err != nil {
		t.Fatal(err)
	}
	final := stages[len(stages)-1]
	if final.BaseName != "scratch" {
		t.Errorf("the image is made of %s", final.BaseName)
	}
	user := ""
	for _, c := range final.Commands {
		switch c := c.(type) {
		case *instructions.UserCommand:
			user = c.User
		case *instructions.CopyCommand:
			if c.From != "build" {
				t.Errorf("%s is not from the build", c)
			}
		case *instructions.RunCommand:
			t.Errorf("nothing runs in %s", final.BaseName)
		}
	}
	if user != "65532:65532" {
		t.Errorf("it runs as %q", user)
	}
	for _, line := range strings.Split(read(t, "../.dockerignore"), "\n") {
		if name, kept := strings.CutPrefix(line, "!"); kept {
			if _, err := os.Stat(filepath.Join(files, "..", name)); err != nil {
				t.Error(err)
			}
		}
	}
}

// TestCompose: it is one that Compose takes, and asks for what it needs.
func TestCompose(t *testing.T) {
	load := func(env ...string) error {
		options, err := cli.NewProjectOptions([]string{filepath.Join(files, "compose.yaml")}, cli.WithEnv(env))
		if err != nil {
			return err
		}
		project, err := options.LoadProject(t.Context())
		if err != nil {
			return err
		}
		for _, name := range []string{"loam", "migrate"} {
			s, err := project.GetService(name)
			if err != nil {
				return err
			}
			if !s.ReadOnly || !slices.Contains(s.CapDrop, "ALL") || *s.Environment["LOAM_DATABASE_URL"] != "postgres://loam:p@postgres/loam?sslmode=disable" {
				t.Errorf("%s: %+v", name, s)
			}
			if at := *s.Environment["LOAM_NATS_URL"]; at != "nats://nats:4222" {
				t.Errorf("%s is told of NATS at %s", name, at)
			}
			if urls := *s.Environment["LOAM_DATABASE_REPLICAS"]; urls != "" && urls != "postgres://b postgres://c" {
				t.Errorf("%s is told of standbys at %s", name, urls)
			}
		}
		nats, err := project.GetService("nats")
		if err != nil {
			return err
		}
		if !nats.ReadOnly || !slices.Contains(nats.CapDrop, "ALL") || len(nats.Ports) > 0 || len(nats.Volumes) > 0 {
			t.Errorf("nats: %+v", nats)
		}
		return nil
	}
	env := []string{"LOAM_MASTER_KEY=k", "LOAM_PASSWORD=p", "POSTGRES_PASSWORD=q", "PROJECT=/srv/desk"}
	for _, more := range [][]string{nil, {"LOAM_DATABASE_REPLICAS=postgres://b postgres://c"}} {
		if err := load(slices.Concat(env, more)...); err != nil {
			t.Error(err)
		}
	}
	for i, variable := range env {
		name, _, _ := strings.Cut(variable, "=")
		if err := load(slices.Delete(slices.Clone(env), i, i+1)...); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("without %s: %v", name, err)
		}
	}
}

var exposure = regexp.MustCompile(`Overall exposure level for \S+: ([0-9.]+)`)

// TestUnit: systemd takes it, and finds little that it could do to the machine.
func TestUnit(t *testing.T) {
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Fatal("there is no systemd-analyze here; it comes with systemd: apt install systemd")
	}
	unit := filepath.Join(t.TempDir(), "loam.service")
	text := strings.ReplaceAll(read(t, "loam.service"), "/usr/local/bin/loam", "/bin/true") // it looks whether it is there
	if err := os.WriteFile(unit, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(analyze, "verify", "--man=no", unit).CombinedOutput(); err != nil || len(bytes.TrimSpace(out)) > 0 {
		t.Errorf("%v: %s", err, out)
	}
	out, err := exec.Command(analyze, "security", "--offline=yes", "--threshold=20", unit).CombinedOutput()
	if err != nil || !exposure.Match(out) {
		t.Errorf("%v: %s", err, out)
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(files, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
