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

// Sequence gives what was committed its position.
func (s *Service) Sequence(ctx context.Context) error { return s.store.Sequence(ctx) }

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
	page, err := s.store.Read(ctx, w.RowGrant(key), 0, nil)
	return page.Rows, err
}

// Meets asks the database whether the watch shows a row of the log.
func (s *Service) Meets(ctx context.Context, w access.Watch, row access.Row) (bool, error) {
	return s.store.Meets(ctx, w.Grant(), row)
}

// Positions seals positions of the change log, so that nobody learns from them how
// much others write, and none opens for another subscription than its own. A position
// is a number of 6 bytes beside the digests of its place, enciphered as one block: who
// changes it has one in 2^48 to hit the place.
type Positions struct{ block cipher.Block }

// NewPositions takes a key of 32 bytes, the same on every node.
func NewPositions(key []byte) (Positions, error) {
	block, err := aes.NewCipher(key)
	return Positions{block}, err
}

// Place is what a subscription's positions are bound to.
type Place struct {
	who   [6]byte // follows what
	shown [4]byte // of it, and by which rights
}

// PlaceOf digests who follows what, as the watch shows it: name tells apart what is
// followed of the same rows.
func PlaceOf(by *access.Principal, w access.Watch, name string) Place {
	who := sha256.Sum256(append(binding(by, w.Grant().Node().Bound), name...))
	shown := sha256.Sum256([]byte(w.Class()))
	return Place{[6]byte(who[:6]), [4]byte(shown[:4])}
}

// Seal appends the text of a position.
func (p Positions) Seal(b []byte, at Place, seq int64) []byte {
	var number [8]byte
	binary.BigEndian.PutUint64(number[:], uint64(seq))
	var block [aes.BlockSize]byte
	copy(block[:6], number[2:])
	copy(block[6:10], at.shown[:])
	copy(block[10:], at.who[:])
	p.block.Encrypt(block[:], block[:])
	return base64.RawURLEncoding.AppendEncode(b, block[:])
}

// Open reads a position that was sealed for the same subscriber, and tells whether
// they were shown the same of the rows: not where rights, the selection or the schema
// were others then.
func (p Positions) Open(text string, at Place) (seq int64, same bool, err error) {
	bad := fault.New(fault.RealtimePosition, "the position was not made by this subscription for you; subscribe without it, and start from the rows").At("since")
	block, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(block) != aes.BlockSize {
		return 0, false, bad
	}
	p.block.Decrypt(block, block)
	if [6]byte(block[10:]) != at.who {
		return 0, false, bad
	}
	number := append(make([]byte, 2, 8), block[:6]...)
	return int64(binary.BigEndian.Uint64(number)), [4]byte(block[6:10]) == at.shown, nil
}
