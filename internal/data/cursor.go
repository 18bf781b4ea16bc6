package data

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/query"
	"github.com/loam-dev/loam/internal/schema"
)

// cursors seals where a page ended. A cursor is opaque, and opens only for the
// caller, the organization, the filter and the order that it was made for.
type cursors struct{ aead cipher.AEAD }

func newCursors(key []byte) (cursors, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return cursors{}, err
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	return cursors{aead}, err
}

// binding is the digest of all that a cursor belongs to.
func binding(by *access.Principal, b *query.Bound) []byte {
	text := make([]byte, 0, 256)
	for _, part := range []string{by.Subject(), by.Org, b.Model.Name} {
		text = append(append(text, part...), 0)
	}
	text = b.Where.Append(text)
	for _, o := range b.Sort {
		text = append(append(text, 0), o.Field.Name...)
		if o.Desc {
			text = append(text, '-')
		}
	}
	if b.Search != nil {
		for _, word := range b.Search.Words {
			text = append(append(text, 1), word...)
		}
	}
	sum := sha256.Sum256(text)
	return sum[:]
}

func (c cursors) seal(by *access.Principal, b *query.Bound, values []any) (string, error) {
	text, err := json.Marshal(values)
	if err != nil {
		return "", err
	}
	sealed := c.aead.Seal(nil, nil, text, binding(by, b))
	return base64.RawURLEncoding.EncodeToString(sealed), nil
}

// open opens the cursors of a read and of the lists inside it.
func (c cursors) open(by *access.Principal, b *query.Bound) error {
	if b.Cursor != "" {
		if err := c.openOne(by, b); err != nil {
			return err
		}
	}
	return eachNested(b, func(sub *query.Bound) error { return c.open(by, sub) })
}

func (c cursors) openOne(by *access.Principal, b *query.Bound) error {
	bad := fault.New(fault.QueryBadCursor, "the cursor was not made by this query for you; start again without it").At("cursor")
	sealed, err := base64.RawURLEncoding.DecodeString(b.Cursor)
	if err != nil {
		return bad
	}
	text, err := c.aead.Open(nil, nil, sealed, binding(by, b))
	if err != nil {
		return bad
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	var values []any
	if err := dec.Decode(&values); err != nil {
		return bad.Because(err)
	}
	if b.After, err = typed(b, values); err != nil {
		return bad.Because(err)
	}
	return nil
}

// typed gives a cursor's values the types of the fields that they are of.
func typed(b *query.Bound, values []any) ([]any, error) {
	fields := make([]*schema.Field, 0, len(b.Sort)+1)
	if b.Ranked() {
		fields = append(fields, nil)
	}
	for _, o := range b.Sort {
		fields = append(fields, o.Field)
	}
	if len(fields) != len(values) {
		return nil, fault.New(fault.QueryBadCursor, "the cursor has %d values, the order %d", len(values), len(fields))
	}
	out := make([]any, len(values))
	for i, v := range values {
		var err error
		if f := fields[i]; f != nil {
			out[i], err = f.CoerceOperand(v, false)
		} else {
			out[i], err = v.(json.Number).Float64()
		}
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// eachNested calls fn for the read of every relation that b selects.
func eachNested(b *query.Bound, fn func(*query.Bound) error) error {
	if err := eachSub(b.Select, fn); err != nil {
		return err
	}
	for i := range b.Parts {
		if err := eachSub(b.Parts[i].Select, fn); err != nil {
			return err
		}
	}
	return nil
}

func eachSub(fields []query.BoundField, fn func(*query.Bound) error) error {
	for i := range fields {
		if sub := fields[i].Sub; sub != nil {
			if err := fn(sub); err != nil {
				return err
			}
		}
	}
	return nil
}
