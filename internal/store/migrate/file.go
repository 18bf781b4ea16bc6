package migrate

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/form"
	"github.com/loam-dev/loam/internal/store"
)

// Migration is a plan that was carried out.
type Migration struct {
	Version  int
	Name     string // in a few words
	Checksum string // of SQL without its head
	SQL      string // the text for migrations/, for people to read and review
	Plan     Plan
	At       string // when it was applied; "" of one that was not
	Run      *Run   // nil where that is not on record
}

// Run is who carried a migration out, and how long that took.
type Run struct {
	Loam   string `json:"loam"` // the version of the program
	Node   string `json:"node"` // of the server, or the machine of the command
	Millis int64  `json:"millis"`
}

// File is the name of the migration's file.
func (m *Migration) File() string { return fmt.Sprintf("%04d_%s.sql", m.Version, m.Name) }

func (m *Migrator) migration(version int, name string, p Plan) *Migration {
	var b strings.Builder
	for _, s := range p.Steps {
		fmt.Fprintf(&b, "-- %s [%s]\n", oneLine(s.Words), s.Risk)
		if s.Harm != "" {
			fmt.Fprintf(&b, "-- allowed by %s: %s\n", s.Flag, oneLine(s.Harm))
		}
		for _, sql := range slices.Concat(s.Ahead, s.SQL) {
			b.WriteString(sql + ";\n")
		}
		b.WriteString("\n")
	}
	done := &Migration{Version: version, Name: name, Plan: p, Checksum: checksum(b.String())}
	done.SQL = fmt.Sprintf("-- Loam migration %04d, %s, for %s. It has been applied: do not edit it.\n%s%s\n\n",
		version, name, m.ddl.dialect(), checksumMark, done.Checksum) + b.String()
	return done
}

// History answers all migrations that were applied, in order, with their texts:
// what should stand in migrations/.
func (m *Migrator) History(ctx context.Context) ([]*Migration, error) {
	var all []*Migration
	err := m.engine.Read(ctx, func(c store.Conn) error {
		all = nil
		if now, err := m.load(c); err != nil || now.Version == 0 {
			return err
		}
		runs := map[int]*Run{}
		if there, err := m.hasTable(c, "_migration_runs"); err != nil {
			return err
		} else if there { // else the database is one of an earlier version, and not prepared yet
			err := c.Query(`SELECT version, loam, node, millis FROM _migration_runs`, nil, func(r store.Row) error {
				runs[int(r.Int(0))] = &Run{r.Text(1), r.Text(2), r.Int(3)}
				return nil
			})
			if err != nil {
				return err
			}
		}
		return c.Query(`SELECT version, name, plan, at FROM _migrations ORDER BY version`, nil, func(r store.Row) error {
			var p Plan
			if err := json.Unmarshal(r.Bytes(2), &p); err != nil {
				return fmt.Errorf("the plan of migration %d on record: %w", r.Int(0), err)
			}
			one := m.migration(int(r.Int(0)), r.Text(1), p)
			one.At, one.Run = r.Text(3), runs[one.Version]
			all = append(all, one)
			return nil
		})
	})
	return all, err
}

// checksumMark leads the line with the checksum; the body follows after an
// empty line.
const checksumMark = "-- checksum: "

func checksum(body string) string {
	sum := sha256.Sum256([]byte(body))
	return hex.EncodeToString(sum[:])
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// bodyOf is a migration's text without its head. Line ends as other systems
// write them do not count as a change.
func bodyOf(text string) (body string, ok bool) {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	_, rest, found := strings.Cut(text, "\n"+checksumMark)
	if !found {
		return "", false
	}
	_, body, ok = strings.Cut(rest, "\n\n")
	return body, ok
}

// append keeps the migration in the database's own list, as one that began at a moment.
func (m *Migrator) append(c store.Conn, done *Migration, began time.Time) error {
	plan, err := json.Marshal(done.Plan)
	if err != nil {
		return fmt.Errorf("recording the migration: %w", err)
	}
	now := m.opts.Now()
	_, err = c.Exec(`INSERT INTO _migrations (version, name, checksum, plan, at) VALUES (?1, ?2, ?3, ?4, ?5)`,
		done.Version, done.Name, done.Checksum, string(plan), form.Stamp(now))
	if err == nil {
		_, err = c.Exec(`INSERT INTO _migration_runs (version, loam, node, millis) VALUES (?1, ?2, ?3, ?4)`,
			done.Version, m.opts.Loam, m.opts.Node, now.Sub(began).Milliseconds())
	}
	return err
}

// Verify refuses when a file of migrations/ is not what was applied: one that
// was edited, or the file of another database. Files maps names to contents;
// one that is missing is no change.
func (m *Migrator) Verify(ctx context.Context, files map[string]string) error {
	return m.engine.Read(ctx, func(c store.Conn) error {
		if now, err := m.load(c); err != nil || now.Version == 0 {
			return err
		}
		var edited, foreign []string
		err := c.Query(`SELECT version, name, checksum FROM _migrations ORDER BY version`, nil, func(r store.Row) error {
			applied := Migration{Version: int(r.Int(0)), Name: r.Text(1), Checksum: r.Text(2)}
			for _, name := range applied.sameNumber(files) {
				switch {
				case name == applied.File() && applied.Is(files[name]):
				case name == applied.File() && !intact(files[name]):
					edited = append(edited, name)
				default:
					foreign = append(foreign, name)
				}
			}
			return nil
		})
		switch {
		case err != nil:
			return err
		case len(edited) > 0:
			return fault.New(fault.MigrateEdited, "%s changed after it was applied; restore it, and put the change into the schema", strings.Join(edited, ", "))
		case len(foreign) > 0:
			return anotherDatabases(foreign)
		}
		return nil
	})
}

// Unclaimed refuses when a file has the migration's number and is not the
// migration's own: another database wrote it.
func (m *Migration) Unclaimed(files map[string]string) error {
	foreign := slices.DeleteFunc(m.sameNumber(files), func(name string) bool { return name == m.File() && m.Is(files[name]) })
	if len(foreign) > 0 {
		return anotherDatabases(foreign)
	}
	return nil
}

func anotherDatabases(files []string) error {
	return fault.New(fault.MigrateForeign, "%s is of another database; keep the migrations of this one in a directory of its own", strings.Join(files, ", "))
}

// Is tells whether a file's text is the migration's.
func (m *Migration) Is(text string) bool {
	body, ok := bodyOf(text)
	return ok && checksum(body) == m.Checksum
}

// sameNumber lists the files that have the migration's number, by name.
func (m *Migration) sameNumber(files map[string]string) []string {
	var names []string
	for name := range files {
		if strings.HasPrefix(name, fmt.Sprintf("%04d_", m.Version)) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// intact tells whether a migration's text is as it was written, by whichever
// database.
func intact(text string) bool {
	body, ok := bodyOf(text)
	return ok && strings.Contains(text, "\n"+checksumMark+checksum(body))
}
