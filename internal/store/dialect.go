package store

import (
	"strconv"

	"github.com/loam-dev/loam/internal/form"
	"github.com/loam-dev/loam/internal/schema"
)

// kind is how a value is kept.
type kind uint8

const (
	textKind kind = iota
	integerKind
	floatKind
	boolKind
	timeKind // a moment; as text where it is an element of a list
	dateKind
	jsonKind // lists, embedded objects, JSON
	kinds

	// Of what leaves as a record alone.
	recordKind
	recordsKind
)

func kindOf(f *schema.Field) kind {
	if isJSON(f) {
		return jsonKind
	}
	return scalarKind(f)
}

func scalarKind(f *schema.Field) kind {
	if f.Kind != schema.ScalarKind {
		return textKind
	}
	switch f.Scalar {
	case schema.Int, schema.Timestamp:
		return integerKind
	case schema.Float:
		return floatKind
	case schema.Boolean:
		return boolKind
	case schema.DateTime:
		return timeKind
	case schema.Date:
		return dateKind
	}
	return textKind
}

// elementKind is how an element of a list is kept, inside the list's JSON.
func elementKind(f *schema.Field) kind {
	if k := scalarKind(f); k != timeKind && k != dateKind {
		return k
	}
	return textKind
}

// around is what stands before and behind a value.
type around [2]string

// words are what an engine says in its own way, of which the builder makes its
// statements; all else of them is the same text for every engine.
type words struct {
	mark  string        // leads the number of a parameter
	types [kinds]string // follow a parameter, or NULL, to say its type
	bind  func(value any) any

	in    around // is one of the list, which is one parameter
	lists [kinds]string
	list  func(items []any) string

	has     [kinds]around // a list has an element that is; what follows is in, and ")"
	without [3]string     // a list without the elements that are an argument
	find    string        // the place of a text in another, or 0

	asColumns bool          // the rows of an answer leave as columns: JSON costs less to make here
	object    string        // a function that makes an object of keys and values of columns, where that is the fastest
	json      [kinds]around // a value as JSON text, never NULL
	bare      [kinds]around // a value in the form that cursors and keys have
	join      string        // the aggregate that joins texts
	member    around        // a member of an object, by its name
	each      [3]string     // the elements of a list as rows, and whether one is null
	total     map[string][kinds]around

	search searching

	position string // of an entry of the log: its column

	nullsFirst, nullsLast  string // where the order would put them elsewhere
	lockChanged, lockGoing string // lead the alias of the row that is about to change, or to go
	lockRelied             string // ends a sub-select of a row that a decision rests on
	skipLocked             string // leaves out the rows that others are changing
	blind                  bool   // RETURNING sees other rows, and this one among them, as they were before
}

func wordsOf(d Dialect) *words {
	if d == PostgreSQL {
		return &postgresWords
	}
	return &sqliteWords
}

func allAround(of around, but map[kind]around) (out [kinds]around) {
	for k := range out {
		out[k] = of
	}
	for k, a := range but {
		out[k] = a
	}
	return out
}

// argument writes a placeholder of a type and keeps its value.
func (b *builder) argument(k kind, value any) {
	b.args = append(b.args, b.words.bind(value))
	b.placeholder(len(b.args))
	b.raw(b.words.types[k])
}

// arg is an argument for a field's column.
func (b *builder) arg(f *schema.Field, value any) { b.argument(kindOf(f), value) }

// null writes NULL as a value of a field's column.
func (b *builder) null(f *schema.Field) { b.raw("NULL", b.words.types[kindOf(f)]) }

// oneOf goes on from a value: it is in a list. The list is one argument, so that
// lists of any length share a statement.
func (b *builder) oneOf(k kind, list any) {
	items, ok := list.([]any)
	if !ok {
		items = []any{list}
	}
	plain := make([]any, 0, len(items))
	for _, item := range items {
		if fits(k, item) {
			plain = append(plain, b.words.bind(item))
		}
	}
	b.raw(b.words.in[0])
	b.args = append(b.args, b.words.list(plain))
	b.placeholder(len(b.args))
	b.raw(b.words.lists[k], b.words.in[1])
}

func (b *builder) placeholder(n int) {
	b.raw(b.words.mark)
	b.sql = strconv.AppendInt(b.sql, int64(n), 10)
}

// fits tells whether a value may be compared with those of a kind. What a caller
// asks is bound to the field's type; what a rule asks may be of a claim that has
// another one.
func fits(k kind, value any) bool {
	text, isText := value.(string)
	switch k {
	case textKind:
		return isText
	case timeKind:
		stored, ok := form.DateTime(text)
		return ok && stored == text
	case dateKind:
		_, ok := form.Date(text)
		return ok
	}
	return !isText
}

// jsonOf writes a column as JSON text, never NULL.
func (b *builder) jsonOf(k kind, parts ...string) {
	b.raw(b.words.json[k][0])
	b.raw(parts...)
	b.raw(b.words.json[k][1])
}

// bare writes a field as sortValue reads it.
func (b *builder) bare(t table, f *schema.Field) {
	a := b.words.bare[kindOf(f)]
	b.raw(a[0])
	b.column(t, f)
	b.raw(a[1])
}

// lock ends a select of rows that are about to change, or to go: what is decided
// by them is still so when it is done.
func (b *builder) lock(t table, goes bool) {
	word := b.words.lockChanged
	if goes {
		word = b.words.lockGoing
	}
	if word != "" {
		b.raw(word, t.alias)
	}
}
