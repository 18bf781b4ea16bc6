package cli

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/loam-dev/loam/internal/backend"
	"github.com/loam-dev/loam/internal/backup"
	"github.com/loam-dev/loam/internal/config"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/store/sqlite"
)

func (c *console) restoreCommand() *cobra.Command {
	o := &backupOptions{}
	cmd := &cobra.Command{
		Use:   "restore",
		Short: "Give a backup back, as it was at any moment",
		Long: `Restore the database of a data directory from a backup: as of the latest commit that
was shipped, or as of any moment since the first snapshot. No server may have it open.
With --database, LOAM_DATABASE_URL or database.url, the rows go to that PostgreSQL
database, which is to be empty; its name and its owner may be any. A backup of either
kind of database is restored to either.

Until the restored database is whole and SQLite has found it sound, what was there
stays in place, even where the command is killed; afterwards it is beside it, as
loam.db.replaced-TIME. Where there is a database, the command wants --replace.

It takes the master key that the server had, in LOAM_MASTER_KEY or by --key-file.
Of the project it needs nothing but, without --from, loam.yaml. Sessions and API keys
are as they were then: what was ended or revoked since is good again, so end or
revoke it anew.`,
		Example: `  loam restore --from /mnt/backups/app
  loam restore --from /mnt/backups/app --to-time 2026-05-01T12:30:00Z --replace
  loam restore --from /mnt/backups/app --database postgres://app:...@db.internal/app2`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return c.restore(cmd, o) },
	}
	o.flags(cmd, false)
	o.keyFlag(cmd)
	o.whereFlag(cmd, "from", "the directory, or s3://BUCKET/PREFIX?region=REGION, that has the backups; backup.to of loam.yaml unless given")
	o.momentFlags(cmd)
	cmd.Flags().BoolVar(&o.replace, "replace", false, "put it in the place of the database that is there, which is kept beside it")
	jsonFlag(cmd, &o.asJSON)
	return cmd
}

// source says what to restore, and with which key a file of it is encrypted.
func (c *console) source(cmd *cobra.Command, o *backupOptions, doing string) (r backup.Restore, key []byte, err error) {
	if r.At, err = o.moment(cmd); err != nil {
		return r, nil, err
	}
	if r.Target, err = o.target(c, "from"); err != nil {
		return r, nil, err
	}
	v, encrypt, err := o.kept()
	if err != nil {
		return r, nil, err
	}
	if encrypt {
		key = v.Key("store/database").Bytes()
	}
	r.Vault, r.Snapshot, r.Progress = v, o.snapshot, c.howFar(doing, !o.asJSON)
	return r, key, nil
}

func (c *console) restore(cmd *cobra.Command, o *backupOptions) (err error) {
	r, key, err := c.source(cmd, o, "restored")
	if err != nil {
		return err
	}
	settings, err := c.settings(o.dir)
	if err != nil {
		return err
	}
	if url := o.databaseURL(settings); url != "" {
		return c.restoreRows(cmd.Context(), o, r, settings, url)
	}
	place, err := hold(cmd.Context(), o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, place.Close()) }()
	if place.Taken() && !o.replace {
		return fault.New(fault.CLIExists, "there is a database in %s; say --replace to put the backup in its place (it is kept beside it), or name another directory with --data", o.dataDir())
	}
	done, kept, err := r.Into(cmd.Context(), place, key)
	if err != nil {
		return err
	}
	if o.asJSON {
		return c.printJSON(struct {
			backup.Restored
			Replaced string `json:"replaced,omitempty"`
		}{done, kept})
	}
	if _, err := fmt.Fprintf(c.out, "restored %s and %s after it, as of %s\n", done.Snapshot, counted(int(done.Commits), "commit"), when(done.At)); err != nil {
		return err
	}
	if kept != "" {
		_, err = fmt.Fprintf(c.out, "what was there before is %s: remove it once you are sure\n", kept)
	}
	return err
}

// restoreRows restores into an empty database on a server.
func (c *console) restoreRows(ctx context.Context, o *backupOptions, r backup.Restore, settings *config.Config, url string) error {
	to := backend.Options{Name: environmentName, Data: o.dataDir(), Database: url, Vault: r.Vault, Config: settings, Log: c.log()}
	done, moved, err := backend.RestoreTo(ctx, r, to, func(line string) {
		if !o.asJSON {
			fmt.Fprintln(c.err, line)
		}
	})
	if err != nil {
		return err
	}
	if o.asJSON {
		return c.printJSON(done)
	}
	_, err = fmt.Fprintf(c.out, "restored %s into %s, as of %s: %d rows of %d tables\n", done.Snapshot, to.Where(), when(done.At), moved.Rows, moved.Tables)
	return err
}

// hold keeps servers off the place of the database.
func hold(ctx context.Context, o *backupOptions) (*sqlite.Place, error) {
	if err := o.makeData(); err != nil {
		return nil, err
	}
	place, err := sqlite.Hold(ctx, filepath.Join(o.dataDir(), databaseFile))
	if fault.Is(err, fault.StoreHeld) {
		return nil, fault.New(fault.StoreHeld, "a server has %s open; stop it first, and start it again once the backup is back", filepath.Join(o.dataDir(), databaseFile)).Because(errors.Unwrap(err))
	}
	return place, err
}

func (c *console) backupVerifyCommand() *cobra.Command {
	o := &backupOptions{}
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Restore a backup into a temporary directory, and compare",
		Long: `Restore a backup into a temporary directory, encrypted, and compare: each table of the
snapshot with the number and the digest of the rows that it had, and the database
after the log with SQLite's own rules. Nothing of the project is touched, and the
server may run. TMPDIR says where there is room. The exit code is 1 where
anything is wrong.`,
		Example: `  loam backup verify
  loam backup verify --from /mnt/backups/app --to-time 2026-05-01T12:30:00Z`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			r, _, err := c.source(cmd, o, "restored")
			if err != nil {
				return err
			}
			v, err := r.Verify(cmd.Context())
			if err != nil {
				return err
			}
			if o.asJSON {
				return c.printJSON(v)
			}
			_, err = fmt.Fprintf(c.out, "%s is whole: %d rows in %d tables; with %s after it, it leads to %s\n", v.Snapshot, v.Rows, v.Tables, counted(int(v.Commits), "commit"), when(v.At))
			return err
		},
	}
	o.flags(cmd, false)
	o.keyFlag(cmd)
	o.whereFlag(cmd, "from", "the directory, or s3://BUCKET/PREFIX?region=REGION, that has the backups; backup.to of loam.yaml unless given")
	o.momentFlags(cmd)
	jsonFlag(cmd, &o.asJSON)
	return cmd
}
