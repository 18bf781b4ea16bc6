// Package cli is the command line: one file per command. It reads the project's
// files, wires a backend from them, and says in words what came of it. It
// decides nothing that a caller of the API could see.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/term"

	"github.com/loam-dev/loam/internal/fault"
)

// The exit codes of a command that failed.
const (
	exitFailed = 1
	exitUsage  = 2
)

// console is what a command talks through.
type console struct {
	in       io.Reader
	out, err io.Writer
	example  fs.FS // the project that `loam demo` serves
	color    bool  // diagnostics may have it
	asks     bool  // somebody is there to answer a question
	redraws  bool  // diagnostics may take a line back
}

// Main runs the process's command line until it is done or a signal ends it,
// and returns the exit code. Example is the project that `loam demo` serves.
func Main(example fs.FS) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	c := &console{
		in: os.Stdin, out: os.Stdout, err: os.Stderr, example: example,
		color: term.IsTerminal(int(os.Stderr.Fd())) && os.Getenv("NO_COLOR") == "",
		asks:  term.IsTerminal(int(os.Stdin.Fd())) && term.IsTerminal(int(os.Stdout.Fd())),

		redraws: term.IsTerminal(int(os.Stderr.Fd())),
	}
	err := c.run(ctx, os.Args[1:])
	if err == nil {
		return 0
	}
	fmt.Fprintln(os.Stderr, "loam: "+explain(err))
	if fault.Is(err, fault.CLIUsage) {
		return exitUsage
	}
	return exitFailed
}

// run runs one command line.
func (c *console) run(ctx context.Context, args []string) error {
	root := c.root()
	root.SetArgs(args)
	return root.ExecuteContext(ctx)
}

// explain is an error in one line. Unlike a door, the command line shows the
// cause: who runs it owns the machine.
func explain(err error) string {
	text := err.Error()
	if e, ok := errors.AsType[*fault.Error](err); ok {
		text = e.Message
		if cause := errors.Unwrap(e); cause != nil {
			text += " (" + cause.Error() + ")"
		}
	}
	return strings.Join(strings.Fields(text), " ")
}

// root is the tree of all commands.
func (c *console) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "loam",
		Short: "A complete multi-tenant backend from one schema file",
		Long: `Loam turns one schema file into a backend: sign-in, organizations with enforced
isolation, a REST and a GraphQL API, and a database, all in this one binary.`,
		Example: `  loam demo              # see a backend with data in it, at once
  loam init myapp        # start a project of your own
  cd myapp && loam dev   # serve it, and follow every edit of schema.graphql`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.ArbitraryArgs, // RunE refuses them in our words
		RunE:          nothingNamed,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			return fromEnvironment(cmd.Flags())
		},
	}
	root.SetIn(c.in)
	root.SetOut(c.out)
	root.SetErr(c.err)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error { return usage(cmd, "%s", err) })
	root.AddCommand(
		c.demoCommand(), c.initCommand(), c.devCommand(), c.checkCommand(), c.generateCommand(), c.diffCommand(),
		c.migrateCommand(), c.moveCommand(), c.serveCommand(), c.userCommand(), c.orgCommand(), c.keysCommand(), c.jobsCommand(), c.backupCommand(), c.restoreCommand(), c.auditCommand(), c.versionCommand(),
	)
	return root
}

// nothingNamed answers a command that needs another one after it.
func nothingNamed(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return cmd.Help()
	}
	hint := ""
	cmd.SuggestionsMinimumDistance = 2 // letters
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		hint = fmt.Sprintf(" (did you mean %s?)", strings.Join(near, " or "))
	}
	return usage(cmd, "there is no command %q%s", args[0], hint)
}

// usage is the error of a command line that is not understood.
func usage(cmd *cobra.Command, format string, args ...any) error {
	return fault.New(fault.CLIUsage, "%s; `%s --help` shows how it is called", fmt.Sprintf(format, args...), cmd.CommandPath())
}

// noArguments refuses words after a command.
func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usage(cmd, "%s takes no %q", cmd.CommandPath(), args[0])
	}
	return nil
}

// environment is the annotation of a flag that names its variable.
const environment = "environment"

// withEnvironment lets a variable stand for a flag, and says so in its help.
func withEnvironment(flags *pflag.FlagSet, name, variable string) {
	f := flags.Lookup(name)
	f.Annotations = map[string][]string{environment: {variable}}
	f.Usage += " (or " + variable + ")"
}

// fromEnvironment takes flags that the command line left out from variables.
func fromEnvironment(flags *pflag.FlagSet) (err error) {
	flags.VisitAll(func(f *pflag.Flag) {
		names := f.Annotations[environment]
		if err != nil || f.Changed || len(names) == 0 {
			return
		}
		if value := os.Getenv(names[0]); value != "" {
			if wrong := flags.Set(f.Name, value); wrong != nil {
				err = fault.New(fault.CLIUsage, "%s is %q, which --%s does not take", names[0], value, f.Name).Because(wrong)
			}
		}
	})
	return err
}
