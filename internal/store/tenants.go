package store

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"hash"
	"io"

	"github.com/loam-dev/loam/internal/query"
	"github.com/loam-dev/loam/internal/schema"
)

// What is done with all rows of an organization at once. No rule is asked: the
// room that keeps organizations has decided. Every statement is under the
// organization's condition, as those for a caller are.

// batchRows is how many rows one transaction of such work changes at most.
const batchRows = 500

// tenantModels are the tables whose rows belong to organizations, those of the
// app's own fields of Organization last.
func (s *Store) tenantModels() []*schema.Model {
	var models []*schema.Model
	for _, m := range s.schema.Models {
		if s.rows[m] {
			models = append(models, m)
		}
	}
	for _, m := range s.schema.Models {
		if m.Profile != nil && m.Profile.Scope == schema.Tenant {
			models = append(models, m.Profile)
		}
	}
	return models
}

// eachImage hands the rows of a model in one organization to fn, in the order of
// their key, as the change log would keep them.
func (s *Store) eachImage(c Conn, m *schema.Model, org string, fn func(image []byte) error) error {
	b := s.builder(system(org))
	t := b.use(m)
	b.raw("SELECT ")
	b.image(t)
	b.from(t)
	b.byKey(t)
	return b.query(c, func(r Row) error { return fn(r.Bytes(0)) })
}

func (b *builder) byKey(t table) {
	bound := query.Bound{Model: t.model}
	for _, f := range t.model.Key {
		bound.Sort = append(bound.Sort, query.Order{Field: f})
	}
	b.orderBy(t, &bound)
}

// ExportOrganization writes every row of an organization as JSON Lines,
// {"model": ..., "row": ...}, of one moment.
func (s *Store) ExportOrganization(ctx context.Context, org string, w io.Writer) error {
	out := bufio.NewWriterSize(w, 64<<10)
	err := s.engine.Read(ctx, func(c Conn) error {
		for _, m := range s.tenantModels() {
			name, err := json.Marshal(m.Name)
			if err != nil {
				return err
			}
			err = s.eachImage(c, m, org, func(image []byte) error {
				for _, part := range [][]byte{[]byte(`{"model":`), name, []byte(`,"row":`), image, []byte("}\n")} {
					if _, err := out.Write(part); err != nil {
						return err
					}
				}
				return ctx.Err()
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return out.Flush()
}

// CountRows counts the rows of each model in an organization.
func (s *Store) CountRows(ctx context.Context, org string) (map[string]int64, error) {
	var counts map[string]int64
	err := s.engine.Read(ctx, func(c Conn) error {
		counts = map[string]int64{}
		for _, m := range s.tenantModels() {
			if !s.rows[m] {
				continue
			}
			b := s.builder(system(org))
			t := b.use(m)
			b.raw("SELECT count(*)")
			b.from(t)
			if err := b.query(c, func(r Row) error { counts[m.Name] = r.Int(0); return nil }); err != nil {
				return err
			}
		}
		return nil
	})
	return counts, err
}

// RowHash is the digest of all rows of a model in one organization.
type RowHash struct {
	Org, Model string
	Rows       int64
	Hash       string
}

// HashRows digests the rows of every organization, of one moment: equal digests
// before and after show that nothing of an organization has changed.
func (s *Store) HashRows(ctx context.Context) ([]RowHash, error) {
	var hashes []RowHash
	err := s.engine.Read(ctx, func(c Conn) error {
		hashes = nil
		for _, m := range s.tenantModels() {
			err := eachTenant(c, m, func(org string) error {
				one, err := s.hashOf(c, m, org, sha256.New())
				hashes = append(hashes, one)
				return err
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	return hashes, err
}

func (s *Store) hashOf(c Conn, m *schema.Model, org string, sum hash.Hash) (RowHash, error) {
	out := RowHash{Org: org, Model: m.Name}
	err := s.eachImage(c, m, org, func(image []byte) error {
		out.Rows++
		sum.Write(image)
		sum.Write([]byte{'\n'})
		return nil
	})
	out.Hash = hex.EncodeToString(sum.Sum(nil))
	return out, err
}

// eachTenant calls fn with every organization that has rows of a model, in the
// order of their ids. fn may remove rows.
func eachTenant(c Conn, m *schema.Model, fn func(org string) error) error {
	for org := ""; ; {
		var err error
		if org, err = nextTenant(c, m, org); err != nil || org == "" {
			return err
		}
		if err := fn(org); err != nil {
			return err
		}
	}
}

// nextTenant is the next organization after one that has rows of a model, or "".
// It steps through the key, which the organization leads, and reads no row.
func nextTenant(c Conn, m *schema.Model, after string) (org string, err error) {
	c.Enter(Everyone)
	err = c.Query(`SELECT min("`+OrgColumn+`") FROM "`+m.Table+`" WHERE "`+OrgColumn+`" > ?1`, []any{after}, func(r Row) error {
		org = r.Text(0)
		return nil
	})
	return org, err
}
