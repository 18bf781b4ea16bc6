package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/loam-dev/loam/internal/backend"
	"github.com/loam-dev/loam/internal/config"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/schema"
	"github.com/loam-dev/loam/internal/vault"
)

const (
	environmentName = "main"    // of the one environment that the command line runs
	databaseFile    = "loam.db" // inside the data directory
	developmentKey  = "dev.key" // there, where no master key is set
	dataDirectory   = ".loam"   // inside the project
	masterKey       = "LOAM_MASTER_KEY"
)

// place is where a project, its data and its key are, and where it answers.
type place struct {
	dir, data, database, replicas, nats, addr, keyFile string

	url   string        // where links lead unless loam.yaml says; "": nowhere
	mail  fs.FS         // the project's mail templates; nil: none are looked at
	draft func() string // the schema as it is being edited; nil outside of loam dev
	demo  fs.FS         // the app at /demo; nil: none
	local bool          // for development, where an empty LOAM_MASTER_KEY is none
	idle  bool          // runs no background jobs

	linger time.Duration // for how long it answers on once it is to stop
}

// flags gives a command the flags of a place. Addr is for those that listen.
func (p *place) flags(cmd *cobra.Command, listens bool) {
	p.dirFlag(cmd)
	f := cmd.Flags()
	f.StringVar(&p.data, "data", "", "the data directory; .loam inside the project unless given")
	f.StringVar(&p.database, "database", "", "the URL of a PostgreSQL database, in place of a file in the data directory")
	withEnvironment(f, "data", "LOAM_DATA")
	withEnvironment(f, "database", "LOAM_DATABASE_URL")
	completeDirectories(cmd, "data")
	if listens {
		f.StringVar(&p.nats, "nats", "", "the URL of NATS, which wakes the servers of one PostgreSQL database in its place")
		withEnvironment(f, "nats", "LOAM_NATS_URL")
		f.StringVar(&p.replicas, "replicas", "", "the URLs of the PostgreSQL database's standbys, with spaces between, for reads that ask for them")
		withEnvironment(f, "replicas", "LOAM_DATABASE_REPLICAS")
		f.StringVar(&p.addr, "addr", "127.0.0.1:8080", "the address to listen on")
		withEnvironment(f, "addr", "LOAM_ADDR")
	}
}

// dirFlag is the flag of a project.
func (p *place) dirFlag(cmd *cobra.Command) {
	cmd.Flags().StringVar(&p.dir, "dir", ".", "the project's directory")
	withEnvironment(cmd.Flags(), "dir", "LOAM_DIR")
	completeDirectories(cmd, "dir")
}

// completeDirectories makes the shell offer directories for flags.
func completeDirectories(cmd *cobra.Command, flags ...string) {
	for _, name := range flags {
		if err := cmd.MarkFlagDirname(name); err != nil {
			panic("cli: " + err.Error()) // a flag that the command does not have
		}
	}
}

// keyFlag lets a command take the master key from a file.
func (p *place) keyFlag(cmd *cobra.Command) {
	cmd.Flags().StringVar(&p.keyFile, "key-file", "", "a file that holds the master key, in place of "+masterKey)
	withEnvironment(cmd.Flags(), "key-file", "LOAM_KEY_FILE")
}

// dataDir is the data directory.
func (p *place) dataDir() string {
	if p.data != "" {
		return p.data
	}
	return filepath.Join(p.dir, dataDirectory)
}

// databaseURL is that of a PostgreSQL database; "" for the file in the data directory.
func (p *place) databaseURL(c *config.Config) string {
	return cmp.Or(p.database, c.Database.URL.Text())
}

// replicaURLs are those of the database's standbys.
func (p *place) replicaURLs(c *config.Config) []string {
	if p.replicas != "" {
		return strings.Fields(p.replicas)
	}
	var urls []string
	for _, url := range c.Database.Replicas {
		urls = append(urls, url.Text())
	}
	return urls
}

// isNew tells whether there is no database file yet. One on a server is there.
func (p *place) isNew(c *config.Config) bool {
	if p.databaseURL(c) != "" {
		return false
	}
	_, err := os.Stat(filepath.Join(p.dataDir(), databaseFile))
	return errors.Is(err, fs.ErrNotExist)
}

// makeData makes the data directory, and finds out whether it can be written.
func (p *place) makeData() error {
	if err := makeWritable(p.dataDir(), 0o700); err != nil {
		return fault.New(fault.CLIFiles, "the data directory %s can't be written; choose another with --data, or give the user that runs loam the right to", p.dataDir()).Because(err)
	}
	return nil
}

// makeWritable makes a directory where there is none, and writes there to see
// whether one can.
func makeWritable(dir string, mode fs.FileMode) error {
	if err := os.MkdirAll(dir, mode); err != nil {
		return err
	}
	probe, err := os.CreateTemp(dir, ".probe-*")
	if err != nil {
		return err
	}
	return errors.Join(probe.Close(), os.Remove(probe.Name()))
}

// master is the master key that was given, or nil where none was.
func (p *place) master() (*vault.Vault, error) {
	if p.keyFile != "" {
		return vault.FromFile(p.keyFile)
	}
	if text, given := os.LookupEnv(masterKey); given && !(p.local && text == "") {
		return vault.Parse(text)
	}
	return nil, nil
}

// key is the master key, or without one the development key of the data
// directory; only the former encrypts the database.
func (p *place) key() (v *vault.Vault, encrypt bool, err error) {
	if v, err = p.master(); v != nil || err != nil {
		return v, true, err
	}
	if err := p.makeData(); err != nil {
		return nil, false, err
	}
	v, err = vault.FromOrNewFile(filepath.Join(p.dataDir(), developmentKey))
	return v, false, err
}

// options are those of the environment of a place.
func (p *place) options(config *config.Config, dev bool, log *slog.Logger) (o backend.Options, err error) {
	v, encrypt, err := p.key()
	if err != nil {
		return o, err
	}
	database := p.databaseURL(config)
	if database == "" {
		if err := p.makeData(); err != nil {
			return o, err
		}
	}
	if p.url != "" {
		config = config.ServedAt(p.url)
	}
	return backend.Options{
		Name: environmentName, Data: p.dataDir(), Database: database, Replicas: p.replicaURLs(config), NATS: p.nats, Vault: v, Encrypt: encrypt, Idle: p.idle,
		Config: config, Dev: dev, Mail: p.mail, Demo: p.demo, Draft: p.draft, Log: log,
	}, nil
}

// open opens the environment of a place.
func (p *place) open(ctx context.Context, config *config.Config, dev bool, log *slog.Logger) (*backend.Backend, error) {
	o, err := p.options(config, dev, log)
	if err != nil {
		return nil, err
	}
	return backend.Open(ctx, o)
}

// openAlone is open for a command that works on a database which no server
// has open.
func (p *place) openAlone(ctx context.Context, config *config.Config, log *slog.Logger) (*backend.Backend, error) {
	alone := *p
	alone.idle = true
	b, err := alone.open(ctx, config, true, log)
	if fault.Is(err, fault.StoreHeld) {
		return nil, fault.New(fault.StoreHeld, "another process has %s open; stop loam dev first (it applies additive changes by itself), or loam serve",
			filepath.Join(p.dataDir(), databaseFile)).Because(errors.Unwrap(err))
	}
	return b, err
}

// withTemporary gives fn a place whose data is gone afterwards.
func (p *place) withTemporary(fn func(*place) error) (err error) {
	dir, err := os.MkdirTemp("", "loam-*")
	if err != nil {
		return fmt.Errorf("making a temporary directory: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	temporary := *p
	temporary.data, temporary.database = dir, ""
	return fn(&temporary)
}

// isFresh tells whether a database has never had a schema: one that was just
// made, or whose first schema was never right.
func isFresh(ctx context.Context, b *backend.Backend) (bool, error) {
	state, err := b.Migrator.Status(ctx, &schema.Schema{})
	return state.Version == 0 && state.Hash == "", err
}
