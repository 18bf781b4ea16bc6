package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/loam-dev/loam/internal/fault"
)

// Migration is a plan that was carried out.
type Migration struct {
	Version  int
	Name     string // in a few words
	Checksum string // of SQL without its head
	SQL      string // the text for migrations/, for people to read and review
	Plan     Plan
}

// File is the name of the migration's file.
func (m *Migration) File() string { return fmt.Sprintf("%04d_%s.sql", m.Version, m.Name) }

func newMigration(version int, name string, p Plan) *Migration {
	var b strings.Builder
	for _, s := range p.Steps {
		fmt.Fprintf(&b, "-- %s [%s]\n", oneLine(s.Words), s.Risk)
		if s.Harm != "" {
			fmt.Fprintf(&b, "-- allowed by %s: %s\n", s.Flag, oneLine(s.Harm))
		}
		for _, sql := range s.SQL {
			b.WriteString(sql + ";\n")
		}
		b.WriteString("\n")
	}
	m := &Migration{Version: version, Name: name, Plan: p, Checksum: checksum(b.String())}
	m.SQL = fmt.Sprintf("-- Loam migration %04d, %s. It has been applied: do not edit it.\n%s%s\n\n", version, name, checksumMark, m.Checksum) + b.String()
	return m
}

// History answers all migrations that were applied, in order, with their texts:
// what should stand in migrations/.
func (m *Migrator) History(ctx context.Context) ([]*Migration, error) {
	var all []*Migration
	err := m.engine.Read(ctx, func(c Conn) error {
		all = nil
		if now, err := m.load(c); err != nil || now.Version == 0 {
			return err
		}
		return c.Query(`SELECT version, name, plan FROM _migrations ORDER BY version`, nil, func(r Row) error {
			var p Plan
			if err := json.Unmarshal(r.Bytes(2), &p); err != nil {
				return fmt.Errorf("the plan of migration %d on record: %w", r.Int(0), err)
			}
			all = append(all, newMigration(int(r.Int(0)), r.Text(1), p))
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

// append keeps the migration in the database's own list.
func (m *Migrator) append(c Conn, done *Migration) error {
	plan, err := json.Marshal(done.Plan)
	if err != nil {
		return fmt.Errorf("recording the migration: %w", err)
	}
	_, err = c.Exec(`INSERT INTO _migrations (version, name, checksum, plan, at) VALUES (?1, ?2, ?3, ?4, ?5)`,
		done.Version, done.Name, done.Checksum, string(plan), m.opts.Now().UTC().Format(TimeFormat))
	return err
}

// Verify refuses when a file of migrations/ is not what was applied. Files maps
// names to contents; one that is missing is no change.
func (m *Migrator) Verify(ctx context.Context, files map[string]string) error {
	return m.engine.Read(ctx, func(c Conn) error {
		if now, err := m.load(c); err != nil || now.Version == 0 {
			return err
		}
		var edited []string
		err := c.Query(`SELECT version, name, checksum FROM _migrations ORDER BY version`, nil, func(r Row) error {
			applied := Migration{Version: int(r.Int(0)), Name: r.Text(1)}
			text, ok := files[applied.File()]
			if !ok {
				return nil
			}
			if body, ok := bodyOf(text); !ok || checksum(body) != r.Text(2) {
				edited = append(edited, applied.File())
			}
			return nil
		})
		if err != nil || len(edited) == 0 {
			return err
		}
		return fault.New(fault.MigrateEdited, "%s changed after it was applied; restore it, and put the change into the schema", strings.Join(edited, ", "))
	})
}
