package migrate

import (
	"fmt"
	"slices"
	"strings"

	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/store"
)

// Risk says what a step can do to the data that is there.
type Risk string

// The risks, from harmless on.
const (
	Safe        Risk = "safe"        // done in no time, nothing lost
	Slow        Risk = "slow"        // takes time in proportion to the table, nothing lost
	Destructive Risk = "destructive" // loses or makes up data: only when allowed by its flag
	Blocked     Risk = "blocked"     // can't be done with the rows that are there
)

// stepKind is what a step does.
type stepKind string

const (
	createTable   stepKind = "createTable"
	dropTable     stepKind = "dropTable"
	renameTable   stepKind = "renameTable"
	rewriteTable  stepKind = "rewriteTable"
	changeScope   stepKind = "changeScope"
	changeKey     stepKind = "changeKey"
	addColumn     stepKind = "addColumn"
	dropColumn    stepKind = "dropColumn"
	renameColumn  stepKind = "renameColumn"
	changeColumn  stepKind = "changeColumn"
	addReference  stepKind = "addReference"
	dropReference stepKind = "dropReference"
	createIndex   stepKind = "createIndex"
	dropIndex     stepKind = "dropIndex"
	createSearch  stepKind = "createSearch"
	dropSearch    stepKind = "dropSearch"
)

// Plan is what takes a database from one layout to another, in order.
type Plan struct {
	Steps []Step `json:"steps"`

	changes []*tableChange
	views   []string // whose names are taken
}

// Step is one change.
type Step struct {
	Kind    stepKind `json:"kind"`
	Subject string   `json:"subject"` // "Task" or "Task.body"
	Words   string   `json:"words"`
	Risk    Risk     `json:"risk"`
	// Flag is the name that allows a destructive step: "drop:Task.body". A step
	// that turns out to harm no row keeps it, but does not need it.
	Flag string `json:"flag,omitempty"`
	Rows int64  `json:"rows"`           // that the step would harm, once they are counted
	Harm string `json:"harm,omitempty"` // what would happen to them
	// Ahead is what runs before the migration's transaction, beside the servers: each
	// statement by itself, an UPDATE in batches.
	Ahead []string `json:"ahead,omitempty"`
	// SQL is what the step runs inside it. It is empty where the rewriting of the table,
	// a later step, does it too.
	SQL []string `json:"sql,omitempty"`

	offence   string // what is the matter with those rows
	remedy    string // what the step, or the reader, would do about it
	check     string // SQL that counts them
	mend      string // SQL that does it; run only where there are such rows
	recode    *recoding
	change    *tableChange
	table     *Table
	column    *Column
	index     *Index
	reference *Reference
	nullness  bool // of changeColumn: whether it is required changes, not its type
	beside    *beside
}

// Empty tells whether there is nothing to do.
func (p *Plan) Empty() bool { return len(p.Steps) == 0 }

// SQL is all that the plan runs, in order.
func (p *Plan) SQL() []string {
	var all []string
	for _, s := range p.Steps {
		all = slices.Concat(all, s.Ahead, s.SQL)
	}
	return all
}

// Refusal explains why the plan may not be run with the steps in allow alone,
// all reasons at once; it is nil for one that may.
func (p *Plan) Refusal(allow []string) error {
	var blocked, unasked, flags []string
	for _, s := range p.Steps {
		switch {
		case s.Risk == Blocked:
			blocked = append(blocked, s.reason())
		case s.Risk == Destructive && !slices.Contains(allow, s.Flag):
			unasked, flags = append(unasked, s.reason()), append(flags, s.Flag)
		}
	}
	switch {
	case len(blocked) > 0:
		return fault.New(fault.MigrateBlocked, "the data does not allow the migration: %s", strings.Join(blocked, "; "))
	case len(unasked) > 0:
		return fault.New(fault.MigrateRefused, "the migration would lose or make up data: %s; if that is meant, allow it by name: %s",
			strings.Join(unasked, "; "), strings.Join(flags, " "))
	}
	return nil
}

// additive explains why a plan does more than add, or is nil.
func (p *Plan) additive() error {
	var more []string
	for _, s := range p.Steps {
		if s.Flag != "" || s.Risk == Blocked {
			more = append(more, s.Words)
		}
	}
	if len(more) == 0 {
		return nil
	}
	return fault.New(fault.MigrateRefused, "these changes do more than add, run loam migrate for them: %s", strings.Join(more, "; "))
}

// reason is what a refused step would do, and to how many rows.
func (s *Step) reason() string {
	if s.Harm == "" {
		return s.Words
	}
	return s.Words + ", but " + s.Harm
}

// begin makes the plan one for an empty database: nobody is there who would lack
// a value.
func (p *Plan) begin() {
	for i := range p.Steps {
		if s := &p.Steps[i]; s.Kind == createTable {
			s.Risk, s.offence = Safe, ""
		}
	}
}

// count finds out how many rows each step would harm. A step that harms none
// needs nobody's leave. Of those that are built already it is known.
func (p *Plan) count(c store.Conn, built built) error {
	for i := range p.Steps {
		s := &p.Steps[i]
		if err := s.count(c, built); err != nil {
			return fmt.Errorf("counting the rows that stand in the way of %q: %w", s.Words, err)
		}
		if s.beside != nil && (s.Rows == 0 || s.mend == "" && !s.beside.copies) {
			s.Ahead, s.SQL = s.beside.ahead, s.beside.then
		}
	}
	return nil
}

func (s *Step) count(c store.Conn, built built) (err error) {
	if s.offence == "" {
		return nil
	}
	rows, known := built[s.beside.text()]
	switch {
	case known:
		s.Rows = rows
	case s.recode != nil:
		s.Rows, err = s.recode.misfits(c)
	default:
		err = c.Query(s.check, nil, func(r store.Row) error { s.Rows = r.Int(0); return nil })
	}
	switch {
	case err != nil:
	case s.Rows > 0:
		s.Harm = s.harm()
		if s.mend != "" {
			s.SQL = append([]string{s.mend}, s.SQL...)
		}
	case s.Kind == dropTable, s.Kind == createTable:
		s.Risk = Safe
	default:
		s.Risk = Slow
	}
	return err
}

// harm is, for example: 3 rows of Task have no value; "" would be put in its place.
func (s *Step) harm() string {
	model, _, _ := strings.Cut(s.Subject, ".")
	rows, offence := "rows", s.offence
	if s.Rows == 1 {
		rows, offence = "row", singular(s.offence)
	}
	text := fmt.Sprintf("%d %s of %s %s", s.Rows, rows, model, offence)
	if s.remedy != "" {
		text += "; " + s.remedy
	}
	return text
}

// singular turns the verb that an offence begins with to one row.
func singular(offence string) string {
	verb, rest, _ := strings.Cut(offence, " ")
	switch verb {
	case "would":
	case "have":
		verb = "has"
	default:
		verb += "s"
	}
	return verb + " " + rest
}

// slug names a plan in a few words, for its file.
func (p *Plan) slug() string {
	if len(p.changes) > 0 && !slices.ContainsFunc(p.changes, func(c *tableChange) bool { return c.was != nil }) {
		return "init"
	}
	first := p.Steps[0]
	var b strings.Builder
	for _, r := range string(first.Kind) + "." + first.Subject {
		switch {
		case r >= 'A' && r <= 'Z':
			if b.Len() > 0 && !strings.HasSuffix(b.String(), "_") {
				b.WriteByte('_')
			}
			b.WriteRune(r + 'a' - 'A')
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			b.WriteRune(r)
		default:
			b.WriteByte('_')
		}
	}
	name := b.String()
	if len(name) > longestSlug {
		name = name[:longestSlug]
	}
	if len(p.Steps) > 1 {
		name += "_and_more"
	}
	return name
}

// longestSlug is in characters.
const longestSlug = 48
