package data

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"slices"
	"time"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/query"
	"github.com/loam-dev/loam/internal/schema"
	"github.com/loam-dev/loam/internal/store"
)

// Watch binds a read whose rows somebody wants to follow. A list always selects
// the key of its rows, by which its changes name them.
func (s *Service) Watch(by *access.Principal, r *query.Read) (access.Watch, error) {
	read := *r
	if m := s.schema.Model(r.Model); m != nil && r.Op != query.Follow && r.Select != nil {
		read.Select = withKey(m, r.Select)
	}
	bound, err := query.Bind(s.schema, &read, s.limits.Limits)
	if err != nil {
		return access.Watch{}, err
	}
	if err := s.cursors.open(by, bound); err != nil {
		return access.Watch{}, err
	}
	if hasCursors(bound) {
		return access.Watch{}, fault.New(fault.RealtimeNotFollowed, "a list inside a followed row has no next page; leave nextToken out of it")
	}
	w, err := s.policy.Watch(by, bound)
	if err == nil && r.Strict && len(w.Grant().Denied()) > 0 {
		err = denied(w.Grant().Denied())
	}
	return w, err
}

func withKey(m *schema.Model, fields []query.Field) []query.Field {
	for _, k := range m.Key {
		if !slices.ContainsFunc(fields, func(f query.Field) bool {
			return f.Name == query.Rest || f.Name == k.Name && (f.As == "" || f.As == k.Name)
		}) {
			fields = append(slices.Clip(fields), query.Field{Name: k.Name})
		}
	}
	return fields
}

// Cursor seals where a followed list ends, for a read of the rows behind it.
func (s *Service) Cursor(w access.Watch, last []any) (string, error) {
	g := w.Grant()
	return s.cursors.seal(g.Principal(), g.Node().Bound, last)
}

// The change log, for the room that follows it. See store.Store for each.

// Changes reads entries of the change log.
func (s *Service) Changes(ctx context.Context, f store.Following) (store.Changes, error) {
	return s.store.Changes(ctx, f)
}

// LogBounds are the positions of the first and the last entry.
func (s *Service) LogBounds(ctx context.Context) (first, last int64, err error) {
	return s.store.LogBounds(ctx)
}

// PruneLog removes the entries from before a moment.
func (s *Service) PruneLog(ctx context.Context, before time.Time) error {
	return s.store.PruneLog(ctx, before)
}

// Snapshot reads the first rows of a followed list and the position that they are of.
func (s *Service) Snapshot(ctx context.Context, w access.Watch, limit int, images bool) (store.Snapshot, error) {
	return s.store.Snapshot(ctx, w.Grant(), limit, images)
}

// Row reads one row as the watch shows it, as it is now; nil where it does not.
func (s *Service) Row(ctx context.Context, w access.Watch, key []any) ([]byte, error) {
	page, err := s.store.Read(ctx, w.RowGrant(key))
	return page.Rows, err
}

// Meets asks the database whether the watch shows a row of the log.
func (s *Service) Meets(ctx context.Context, w access.Watch, row access.Row) (bool, error) {
	return s.store.Meets(ctx, w.Grant(), row)
}

// Positions seals positions of the change log, so that nobody learns from them how
// much others write, and none opens for another subscription than its own. A position
// is a number of 8 bytes beside as many of the subscription's digest, enciphered as
// one block: who changes it has one in 2^64 to hit the digest.
type Positions struct{ block cipher.Block }

// NewPositions takes a key of 32 bytes, the same on every node.
func NewPositions(key []byte) (Positions, error) {
	block, err := aes.NewCipher(key)
	return Positions{block}, err
}

// Place is what a subscription's positions are bound to.
type Place [8]byte

// PlaceOf digests who follows what: name tells apart what is followed of the same rows.
func PlaceOf(by *access.Principal, w access.Watch, name string) Place {
	b := w.Grant().Node().Bound
	sum := sha256.Sum256(append(binding(by, b), name...))
	return Place(sum[:8])
}

// Seal appends the text of a position.
func (p Positions) Seal(b []byte, at Place, seq int64) []byte {
	var block [aes.BlockSize]byte
	binary.BigEndian.PutUint64(block[:8], uint64(seq))
	copy(block[8:], at[:])
	p.block.Encrypt(block[:], block[:])
	return base64.RawURLEncoding.AppendEncode(b, block[:])
}

// Open reads a position that was sealed for the same place.
func (p Positions) Open(text string, at Place) (int64, error) {
	bad := fault.New(fault.RealtimePosition, "the position was not made by this subscription for you; subscribe without it, and start from the rows").At("since")
	block, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(block) != aes.BlockSize {
		return 0, bad
	}
	p.block.Decrypt(block, block)
	if Place(block[8:]) != at {
		return 0, bad
	}
	return int64(binary.BigEndian.Uint64(block[:8])), nil
}
