package data

import (
	"bytes"
	"encoding/json"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/query"
)

// sealNested replaces, in rows whose nested lists were asked for their next
// page, the bare sort values that the statement answered with by cursors. It
// walks the rows along the selection: text of the app's own is never taken for
// a cursor.
func (c cursors) sealNested(by *access.Principal, b *query.Bound, rows []byte) ([]byte, error) {
	if !hasCursors(b) {
		return rows, nil
	}
	in := jsontext.NewDecoder(bytes.NewReader(append(append([]byte{'['}, rows...), ']')))
	var out bytes.Buffer
	w := nestedSealer{cursors: c, by: by, in: in, out: jsontext.NewEncoder(&out)}
	if err := w.list(b.Select); err != nil {
		return nil, err
	}
	text := bytes.TrimSpace(out.Bytes())
	return text[1 : len(text)-1], nil
}

func hasCursors(b *query.Bound) bool {
	for _, part := range b.Parts {
		if part.Kind == query.NextCursor {
			return true
		}
	}
	found := false
	_ = eachNested(b, func(sub *query.Bound) error {
		found = found || hasCursors(sub)
		return nil
	})
	return found
}

type nestedSealer struct {
	cursors
	by  *access.Principal
	in  *jsontext.Decoder
	out *jsontext.Encoder
}

// copyToken copies one token and tells which it was.
func (w *nestedSealer) copyToken() (jsontext.Kind, string, error) {
	t, err := w.in.ReadToken()
	if err != nil {
		return 0, "", err
	}
	kind, text := t.Kind(), ""
	if kind == '"' {
		text = t.String()
	}
	return kind, text, w.out.WriteToken(t)
}

func (w *nestedSealer) copyValue() error {
	v, err := w.in.ReadValue()
	if err != nil {
		return err
	}
	return w.out.WriteValue(v)
}

func (w *nestedSealer) list(fields []query.BoundField) error {
	if w.in.PeekKind() != '[' {
		return w.copyValue()
	}
	if _, _, err := w.copyToken(); err != nil {
		return err
	}
	for w.in.PeekKind() != ']' {
		if err := w.row(fields); err != nil {
			return err
		}
	}
	_, _, err := w.copyToken()
	return err
}

// members calls fn with the place of each member's value, in order.
func (w *nestedSealer) members(fn func(i int) error) error {
	if w.in.PeekKind() != '{' {
		return w.copyValue()
	}
	if _, _, err := w.copyToken(); err != nil {
		return err
	}
	for i := 0; w.in.PeekKind() != '}'; i++ {
		if _, _, err := w.copyToken(); err != nil {
			return err
		}
		if err := fn(i); err != nil {
			return err
		}
	}
	_, _, err := w.copyToken()
	return err
}

func (w *nestedSealer) row(fields []query.BoundField) error {
	return w.members(func(i int) error {
		if i >= len(fields) || fields[i].Sub == nil {
			return w.copyValue()
		}
		sub := fields[i].Sub
		switch {
		case sub.Parts != nil:
			return w.parts(sub)
		case w.in.PeekKind() == '[':
			return w.list(sub.Select)
		}
		return w.row(sub.Select)
	})
}

func (w *nestedSealer) parts(b *query.Bound) error {
	return w.members(func(i int) error {
		switch b.Parts[i].Kind {
		case query.Items:
			return w.list(b.Parts[i].Select)
		case query.NextCursor:
			return w.cursor(b)
		}
		return w.copyValue()
	})
}

func (w *nestedSealer) cursor(b *query.Bound) error {
	text, err := w.in.ReadValue()
	if err != nil || text.Kind() == 'n' {
		if err == nil {
			err = w.out.WriteToken(jsontext.Null)
		}
		return err
	}
	var values []any
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	if err := dec.Decode(&values); err != nil {
		return err
	}
	sealed, err := w.seal(w.by, b, values)
	if err != nil {
		return err
	}
	return w.out.WriteToken(jsontext.String(sealed))
}
