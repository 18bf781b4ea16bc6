package cli

import (
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

var update = flag.Bool("update", false, "rewrite the generated page")

// docs/reference/commands.md is made from the commands themselves.
func TestCommandReference(t *testing.T) {
	const page = "../../docs/reference/commands.md"
	root := (&console{out: io.Discard, err: io.Discard}).root()
	root.InitDefaultCompletionCmd("bash") // a name, or cobra adds none
	want := commandReference(root)
	if *update {
		if err := os.WriteFile(page, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("%s is not what the commands say; run make generate", page)
	}
}

func commandReference(root *cobra.Command) string {
	var b strings.Builder
	fmt.Fprintf(&b, `# Commands

<!-- Generated from internal/cli by make generate. -->

%s

What a command prints for people goes to the standard output, diagnostics and errors to the standard error output. An error
is one line that says what is wrong and what to do. Colour is used on a terminal, unless NO_COLOR is set.

| exit code | meaning |
| --- | --- |
| 0 | done, or stopped by SIGTERM or SIGINT |
| %d | failed |
| %d | the command line is not understood |

| variable | meaning |
| --- | --- |
| LOAM_MASTER_KEY | the master key: random bytes in base64 or hexadecimal, as loam keys generate prints them; with one the database is encrypted |
| LOAM_KEY_FILE, LOAM_DIR, LOAM_DATA, LOAM_ADDR, LOAM_MIGRATIONS | stand for --key-file, --dir, --data, --addr and --migrations where those are not given |
| NO_COLOR | no colour, whatever its value |
`, root.Long, exitFailed, exitUsage)
	for _, cmd := range root.Commands() {
		writeCommand(&b, cmd)
	}
	return b.String()
}

func writeCommand(b *strings.Builder, cmd *cobra.Command) {
	if cmd.Name() == "completion" {
		b.WriteString("\n## loam completion\n\nPrint a script that completes commands and flags, for `bash`, `zsh`, `fish` or `powershell`.\n\n```sh\nsource <(loam completion bash)\n```\n")
		return
	}
	if !cmd.HasSubCommands() || cmd.Example != "" { // else a group, which does nothing by itself
		writePage(b, cmd)
	}
	for _, inner := range cmd.Commands() {
		writeCommand(b, inner)
	}
}

func writePage(b *strings.Builder, cmd *cobra.Command) {
	about := cmd.Long
	if about == "" {
		about = cmd.Short + "."
	}
	fmt.Fprintf(b, "\n## %s\n\n%s\n", cmd.CommandPath(), listsAsCode(about))
	fmt.Fprintf(b, "\n```sh\n%s\n```\n", strings.ReplaceAll(strings.TrimPrefix(cmd.Example, "  "), "\n  ", "\n"))
	if !cmd.HasAvailableLocalFlags() {
		return
	}
	b.WriteString("\n| flag | default | meaning |\n| --- | --- | --- |\n")
	cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
		standard := ""
		if f.DefValue != "" && f.DefValue != "[]" {
			standard = "`" + f.DefValue + "`"
		}
		fmt.Fprintf(b, "| `--%s` | %s | %s |\n", f.Name, standard, f.Usage)
	})
}

// listsAsCode keeps the columns of indented lines.
func listsAsCode(text string) string {
	var b strings.Builder
	inside := false
	for line := range strings.Lines(text) {
		if list := strings.HasPrefix(line, "  "); list != inside {
			b.WriteString("```\n")
			inside = list
		}
		b.WriteString(line)
	}
	if inside {
		b.WriteString("\n```")
	}
	return b.String()
}

// Help is there for every command, with an example, and every flag of a place
// has its variable.
func TestCommandsTeach(t *testing.T) {
	root := (&console{out: io.Discard, err: io.Discard}).root()
	var walk func(*cobra.Command)
	walk = func(cmd *cobra.Command) {
		if cmd.Short == "" || cmd.Example == "" && !cmd.HasSubCommands() {
			t.Errorf("%s: say what it does, with an example", cmd.CommandPath())
		}
		if strings.Count(cmd.Long, "\n") > 20 {
			t.Errorf("%s: its help is longer than a screen", cmd.CommandPath())
		}
		for _, name := range []string{"dir", "data", "addr", "key-file", "migrations"} {
			if f := cmd.Flags().Lookup(name); f != nil && len(f.Annotations[environment]) == 0 {
				t.Errorf("%s --%s has no variable", cmd.CommandPath(), name)
			}
		}
		for _, inner := range cmd.Commands() {
			walk(inner)
		}
	}
	walk(root)
}
