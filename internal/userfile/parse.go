// Package userfile reads files of users that other systems have written: CSV, JSON
// and Firebase's export become checked rows, one at a time. It makes no accounts
// (auth) and reads no more than a row ahead.
package userfile

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"iter"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/vault"
)

// The limits of a file of users. It is read as a stream: no more than a row of
// it is in memory.
const (
	maxRows  = 1_000_000
	maxSize  = 1 << 30  // bytes
	maxRow   = 64 << 10 // bytes of a row
	readSize = 4 << 10  // bytes that are read at once, and so beyond a row
	slip     = 16 * readSize
)

var (
	errSize = fmt.Errorf("a file of users has at most %d MiB: split it", maxSize>>20)
	errRow  = fmt.Errorf("a row has at most %d KiB", maxRow>>10)
	errRows = fmt.Errorf("a file of users has at most %d rows: split it", maxRows)
)

// Format says how a file of users is written.
type Format struct {
	Kind     string       // csv; json: an array, or a row a line; firebase: what auth:export writes
	Firebase FirebaseHash // for firebase
}

// FirebaseHash is how a Firebase project hashes passwords: what its console shows
// under "password hash parameters".
type FirebaseHash struct {
	SignerKey     vault.Text // base64
	SaltSeparator string     // base64
	Rounds        int
	MemoryCost    int
}

// User is an account of another system, checked.
type User struct {
	Line         int // of the file
	Email        string
	Verified     bool
	Name         string
	PasswordHash vault.Text // in the form that is stored; "": another way of signing in
	CreatedAt    string     // "": now
	Disabled     bool
	Groups       []string // nil: not said
	Org, Role    string   // "": an organization of their own
}

// Parse reads users. A row with a mistake yields auth/bad_import at "lines", its
// line and field, and the next row comes after it; what makes the rest unreadable
// yields auth/bad_import_file and ends the sequence.
func Parse(r io.Reader, format Format) iter.Seq2[User, error] {
	return func(yield func(User, error) bool) {
		mark := []byte("\ufeff") // as Excel writes it
		head := make([]byte, len(mark))
		n, _ := io.ReadFull(r, head) // an error comes again with the next read
		in := &counter{r: io.MultiReader(bytes.NewReader(bytes.TrimPrefix(head[:n], mark)), r), total: maxSize, line: 1}
		p := &parser{in: in, format: format, yield: yield}
		var err error
		switch format.Kind {
		case "csv":
			err = p.csv()
		case "json", "firebase":
			err = p.json()
		default:
			err = errors.New("the format is csv, json or firebase")
		}
		if err != nil && !errors.Is(err, errEnough) {
			yield(User{}, p.unreadable(err))
		}
	}
}

// errEnough ends a sequence whose reader has left the loop.
var errEnough = errors.New("enough")

type parser struct {
	in     *counter
	format Format
	yield  func(User, error) bool
	rows   int
}

func (p *parser) unreadable(err error) error {
	if e, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		err = fmt.Errorf("line %d is not well-formed JSON", p.in.lineAt(e.ByteOffset))
	} else if errors.Is(err, io.ErrUnexpectedEOF) {
		err = errors.New("it ends in the middle")
	} else if errors.Is(err, errRow) {
		err = errRow
	}
	return fault.New(fault.AuthBadFile, "the file can't be read, or not to its end: %v", err).At("file")
}

// row hands a row on, checked.
func (p *parser) row(line int, values map[string]any, err error) error {
	p.rows++
	if p.rows > maxRows {
		return errRows
	}
	user := User{}
	if err == nil {
		user, err = readUser(line, values)
	}
	if err != nil {
		user = User{Line: line}
	}
	if !p.yield(user, err) {
		return errEnough
	}
	p.in.next()
	return nil
}

// csv reads a header and rows, separated by commas.
func (p *parser) csv() error {
	reader := csv.NewReader(p.in)
	reader.ReuseRecord = true
	p.in.next()
	record, err := reader.Read()
	if err == io.EOF {
		return errors.New("it is empty: the first line names the columns")
	}
	if err != nil {
		return err
	}
	header := append([]string{}, record...)
	if err := checkHeader(header); err != nil {
		return err
	}
	p.in.next()
	for {
		p.in.lineAt(p.in.offset) // csv counts lines itself
		start := reader.InputOffset()
		record, err := reader.Read()
		if err == io.EOF {
			return nil
		}
		bad, broken := errors.AsType[*csv.ParseError](err)
		if err != nil && !broken {
			return err
		}
		line, values := 0, map[string]any{}
		if broken {
			line, err = bad.StartLine, BadRow(bad.StartLine, "row", "%v: a row has %d columns, and quotes only around a whole column", bad.Err, len(header))
		} else {
			line, _ = reader.FieldPos(0)
			if reader.InputOffset()-start > maxRow {
				err = BadRow(line, "row", "%v", errRow)
			}
			for i, column := range header {
				values[column] = record[i]
			}
		}
		if err := p.row(line, values, err); err != nil {
			return err
		}
	}
}

// checkHeader wants an address, and no column twice or misspelled.
func checkHeader(header []string) error {
	seen, email := map[string]bool{}, false
	for _, column := range header {
		field, err := fieldOf(column)
		if err != nil {
			return err
		}
		if seen[column] {
			return fmt.Errorf("the column %.100q is there twice", column)
		}
		seen[column] = true
		email = email || field == "email"
	}
	if !email {
		return errors.New("the first line names the columns, and one of them is email")
	}
	return nil
}

// json reads an array, objects one after another, or an object that has its rows
// in "users", as Firebase writes it. Rows are checked for duplicate keys and
// UTF-8 one by one.
func (p *parser) json() error {
	p.in.next()
	d := jsontext.NewDecoder(p.in, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	switch kind := d.PeekKind(); {
	case kind == '[':
		if err := p.array(d); err != nil {
			return err
		}
	case kind == '{' && p.format.Kind == "firebase":
		if err := p.export(d); err != nil {
			return err
		}
	case kind == '{':
		for {
			if err := p.value(d); err == io.EOF {
				return nil
			} else if err != nil {
				return err
			}
		}
	default:
		if _, err := d.ReadToken(); err != nil && err != io.EOF {
			return err
		}
		return errors.New("it is an array of objects, or an object a line")
	}
	if _, err := d.ReadToken(); err != io.EOF {
		return errors.New("there is more behind its end")
	}
	return nil
}

// export finds the array of users in Firebase's export.
func (p *parser) export(d *jsontext.Decoder) error {
	if _, err := d.ReadToken(); err != nil {
		return err
	}
	for d.PeekKind() == '"' {
		name, err := d.ReadToken()
		if err == nil && name.String() == "users" && d.PeekKind() == '[' {
			err = p.array(d)
		} else if err == nil {
			err = d.SkipValue()
		}
		if err != nil {
			return err
		}
	}
	_, err := d.ReadToken()
	return err
}

func (p *parser) array(d *jsontext.Decoder) error {
	if _, err := d.ReadToken(); err != nil {
		return err
	}
	for kind := d.PeekKind(); kind != ']'; kind = d.PeekKind() {
		if err := p.value(d); err != nil {
			return err
		}
	}
	_, err := d.ReadToken()
	return err
}

// value reads one row.
func (p *parser) value(d *jsontext.Decoder) error {
	raw, err := d.ReadValue()
	if err != nil {
		return err
	}
	line := p.in.lineAt(d.InputOffset() - int64(len(raw)))
	var values map[string]any
	switch err = json.Unmarshal(raw, &values); {
	case len(raw) > maxRow:
		err = BadRow(line, "row", "%v", errRow)
	case err != nil:
		err = BadRow(line, "row", "a row is an object in UTF-8 without duplicate keys")
	case p.format.Kind == "firebase":
		err = p.format.Firebase.fill(line, values)
	}
	return p.row(line, values, err)
}

// counter counts: bytes, to bound a row and the file, and lines.
type counter struct {
	r          io.Reader
	row, total int64 // bytes that may still be read
	offset     int64
	line       int     // of the first byte that lineAt was not asked for yet
	breaks     []int64 // offsets of the line breaks from there on
}

// next begins a row.
func (r *counter) next() { r.row = maxRow + slip }

func (r *counter) Read(b []byte) (int, error) {
	switch {
	case r.total <= 0:
		return 0, errSize
	case r.row <= 0:
		return 0, errRow
	}
	n, err := r.r.Read(b[:min(len(b), readSize)])
	for i, c := range b[:n] {
		if c == '\n' {
			r.breaks = append(r.breaks, r.offset+int64(i))
		}
	}
	r.offset, r.row, r.total = r.offset+int64(n), r.row-int64(n), r.total-int64(n)
	return n, err
}

// lineAt tells the line of a byte, for offsets that grow.
func (r *counter) lineAt(offset int64) int {
	for len(r.breaks) > 0 && r.breaks[0] < offset {
		r.breaks = r.breaks[1:]
		r.line++
	}
	return r.line
}
