package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/loam-dev/loam/internal/backup"
	"github.com/loam-dev/loam/internal/config"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/vault"
)

// backupOptions are the flags of `loam backup`'s commands and of `loam restore`.
type backupOptions struct {
	adminOptions
	where    string // the target
	at       string // the moment
	snapshot string
	replace  bool
}

func (c *console) backupCommand() *cobra.Command {
	o := &backupOptions{}
	cmd := &cobra.Command{
		Use:   "backup",
		Short: "Back up the database, while the server runs or not",
		Long: `Back up the database, as it is at one moment, while the server runs or not. Where
loam.yaml says backup.to, loam serve does so by itself, and ships what is committed
to the file of a data directory within a second; this makes one snapshot more.

A backup is compressed and sealed: nothing of the database is on a disk in clear.
What opens it is the master key that the server had (without one, as in loam dev,
the file dev.key of the data directory). Keep that key in another place: without it
nobody can read a backup, nor make it readable.

Rows in PostgreSQL are copied as of one transaction; for any moment of such a
database use PostgreSQL's own tools.

loam restore gives a backup back. Try loam backup verify now and then.`,
		Example: `  loam backup --to /mnt/backups/app
  loam backup --to 's3://app-backups/main?region=eu-central-1'
  loam backup            # to backup.to of loam.yaml
  loam backup list --from /mnt/backups/app`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return nothingNamed(cmd, args)
			}
			return c.backup(cmd.Context(), o)
		},
	}
	o.flags(cmd, false)
	o.keyFlag(cmd)
	o.whereFlag(cmd, "to", "the directory, or s3://BUCKET/PREFIX?region=REGION, to keep backups in; backup.to of loam.yaml unless given")
	jsonFlag(cmd, &o.asJSON)
	cmd.AddCommand(c.backupListCommand(), c.backupStatusCommand(), c.backupVerifyCommand())
	return cmd
}

func (o *backupOptions) whereFlag(cmd *cobra.Command, name, what string) {
	cmd.Flags().StringVar(&o.where, name, "", what)
	completeDirectories(cmd, name)
}

// momentFlags let a command name a moment.
func (o *backupOptions) momentFlags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&o.at, "to-time", "", "the moment, such as 2026-05-01T12:30:00Z or, in this machine's time, \"2026-05-01 14:30:00\"; the latest unless given")
	cmd.Flags().StringVar(&o.snapshot, "snapshot", "", "the snapshot to begin with, as loam backup list names it; the best unless given")
}

// moment is what --to-time says; the zero time where it says nothing.
func (o *backupOptions) moment(cmd *cobra.Command) (time.Time, error) {
	if o.at == "" {
		return time.Time{}, nil
	}
	if at, err := time.Parse(time.RFC3339Nano, o.at); err == nil {
		return at, nil
	}
	for _, layout := range []string{"2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02T15:04:05"} {
		if at, err := time.ParseInLocation(layout, o.at, time.Local); err == nil {
			return at, nil
		}
	}
	return time.Time{}, usage(cmd, "--to-time is %q; write 2026-05-01T12:30:00Z, or \"2026-05-01 14:30:00\" in this machine's time", o.at)
}

// target is where the backups are: the flag's, or loam.yaml's.
func (o *backupOptions) target(c *console, flag string) (backup.Target, error) {
	if o.where != "" {
		return backup.OpenTarget(o.where)
	}
	config, err := c.settings(o.dir)
	if err != nil {
		return nil, err
	}
	if config.Backup.To == "" {
		return nil, fault.New(fault.CLIUsage, "say where the backups are with --%s DIR, or with backup.to in loam.yaml", flag)
	}
	return backup.OpenTarget(config.Backup.To)
}

// settings reads loam.yaml alone; a backup is given back where there is no project too.
func (c *console) settings(dir string) (*config.Config, error) {
	text, err := readFile(os.DirFS(dir), configFile)
	if errors.Is(err, fs.ErrNotExist) {
		return config.Default(), nil
	}
	if err != nil {
		return nil, unreadable(configFile, err)
	}
	settings, diags := config.Parse(configFile, text, forData())
	if settings == nil {
		return nil, errors.Join(diags.Format(c.err, text, c.color), mistakes(diags))
	}
	return settings, nil
}

// kept is the key of a data directory that must not be made anew: the master key, or
// the development key that is there.
func (o *backupOptions) kept() (v *vault.Vault, encrypt bool, err error) {
	if v, err = o.master(); v != nil || err != nil {
		return v, true, err
	}
	path := filepath.Join(o.dataDir(), developmentKey)
	if _, err := os.Stat(path); err != nil {
		return nil, false, fault.New(fault.VaultNoKey, "a backup is opened by the key that the server had: set %s, name a file with --key-file, or, for one of loam dev, put its dev.key back to %s", masterKey, path)
	}
	v, err = vault.FromFile(path)
	return v, false, err
}

// backup makes a snapshot.
func (c *console) backup(ctx context.Context, o *backupOptions) error {
	to, err := o.target(c, "to")
	if err != nil {
		return err
	}
	return c.withOperator(ctx, &o.place, func(by *operator) error {
		res, err := by.send(ctx, "POST", "/auth/admin/backup", nil, nil)
		if err != nil {
			return err
		}
		defer res.Body.Close()
		m, err := backup.Receive(ctx, res.Body, to, c.howFar("sealed", !o.asJSON))
		if err != nil {
			return err
		}
		if o.asJSON {
			return c.printJSON(m)
		}
		rows := int64(0)
		for _, t := range m.Tables {
			rows += t.Rows
		}
		if _, err := fmt.Fprintf(c.out, "%s is in %s: %d rows in %d tables\n", m.ID, to, rows, len(m.Tables)); err != nil {
			return err
		}
		if v, err := o.master(); v == nil && err == nil {
			if _, err := os.Stat(filepath.Join(o.dataDir(), developmentKey)); err == nil {
				fmt.Fprintf(c.err, "it is opened by %s alone: keep a copy of that in another place\n", filepath.Join(o.dataDir(), developmentKey))
			}
		}
		return nil
	})
}

// progressEvery is the time between two lines of progress.
const progressEvery = time.Second

// howFar prints how far something is, now and then.
func (c *console) howFar(what string, shown bool) backup.Progress {
	last := time.Now()
	return func(done, all int64) {
		if !shown || time.Since(last) < progressEvery {
			return
		}
		last = time.Now()
		if all > 0 {
			fmt.Fprintf(c.err, "%s of %s %s (%d %%)\n", size(done), size(all), what, 100*done/all)
		} else {
			fmt.Fprintf(c.err, "%s %s\n", size(done), what)
		}
	}
}

// size is a number of bytes for people.
func size(n int64) string {
	unit, names := float64(n), []string{"B", "KiB", "MiB", "GiB", "TiB"}
	i := 0
	for ; unit >= 1024 && i < len(names)-1; i++ {
		unit /= 1024
	}
	if i == 0 {
		return strconv.FormatInt(n, 10) + " B"
	}
	return fmt.Sprintf("%.1f %s", unit, names[i])
}

func (c *console) backupListCommand() *cobra.Command {
	o := &backupOptions{}
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the snapshots, and until when each can be led on",
		Long: `List the finished snapshots of a directory, oldest first, and until when the log
leads that follows each: any moment between the two can be restored. It needs no
key.`,
		Example: `  loam backup list
  loam backup list --from /mnt/backups/app --json`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			from, err := o.target(c, "from")
			if err != nil {
				return err
			}
			all, err := backup.List(cmd.Context(), from)
			if err != nil {
				return err
			}
			if o.asJSON {
				return c.printJSON(all)
			}
			if len(all) == 0 {
				_, err := fmt.Fprintf(c.out, "there is no finished backup in %s\n", from)
				return err
			}
			rows := make([][]string, len(all))
			for i, l := range all {
				note := "-"
				if l.Gap {
					note = "the log has a gap after that"
				}
				rows[i] = []string{l.ID, when(l.At), size(l.Bytes), when(l.Until), strconv.FormatInt(l.Commits, 10), note}
			}
			return c.table([]string{"SNAPSHOT", "OF", "SIZE", "LOG UNTIL", "COMMITS", "NOTE"}, rows)
		},
	}
	o.dirFlag(cmd)
	o.whereFlag(cmd, "from", "the directory, or s3://BUCKET/PREFIX?region=REGION, that has the backups; backup.to of loam.yaml unless given")
	jsonFlag(cmd, &o.asJSON)
	return cmd
}

func when(t time.Time) string { return t.UTC().Format(time.RFC3339) }

func (c *console) backupStatusCommand() *cobra.Command {
	o := &backupOptions{}
	cmd := c.adminCommand(&o.adminOptions, &cobra.Command{
		Use:   "status",
		Short: "Tell how the backups of the running server are getting on",
		Long: `Tell how the backups are getting on that loam.yaml asks for with backup.to: when the
last snapshot was made, until when what is committed is shipped, and what is wrong.
The exit code is 1 where something is.`,
		Example: `  loam backup status --data /var/lib/app`,
	}, "", func(ctx context.Context, _ []string, to *operator) error {
		var answer struct{ Backup *backup.Status }
		if err := to.do(ctx, "GET", "/auth/admin/backup", nil, &answer); err != nil {
			return err
		}
		return c.showBackupStatus(o, answer.Backup)
	})
	jsonFlag(cmd, &o.asJSON)
	return cmd
}

func (c *console) showBackupStatus(o *backupOptions, s *backup.Status) error {
	if s == nil {
		return fault.New(fault.BackupNone, "no server runs here that makes backups by itself: say backup.to in loam.yaml, and start `loam serve`")
	}
	if o.asJSON {
		if err := c.printJSON(s); err != nil {
			return err
		}
	} else {
		moment := func(t *time.Time, none string) string {
			if t == nil {
				return none
			}
			return when(*t)
		}
		fmt.Fprintf(c.out, "to        %s\nsnapshot  %s\nshipped   %s\nwaiting   %s\n", s.To, moment(s.Snapshot, "none yet"), moment(s.Shipped, "nothing yet"), moment(s.Waiting, "nothing"))
	}
	if s.Error != "" {
		return fault.New(fault.BackupTarget, "%s", s.Error)
	}
	return nil
}
