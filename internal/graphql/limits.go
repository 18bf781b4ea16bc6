package graphql

import (
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/loam-dev/loam/internal/fault"
)

// The limits of one document, beside those of package query.
const (
	maxDocument        = 64 << 10 // bytes
	maxTokens          = 2000
	maxFieldDepth      = 24   // fields inside fields, fragments unfolded
	maxUnfolded        = 3000 // fields, fragments unfolded
	maxBreadth         = 200  // selections of one set
	maxRoots           = 50   // root fields
	maxAliases         = 100
	maxDirectives      = 100
	maxCachedDocuments = 500
	maxCachedBytes     = 16 << 10 // of a document that is kept parsed
	maxPersisted       = 4000
	maxPersistedBytes  = 16 << 10
)

// measure refuses a document that is too deep, too broad or too large once
// its fragments are unfolded, and one whose fragments are cyclic.
func measure(doc *ast.QueryDocument) error {
	m := meter{doc: doc, fragments: map[string]size{}, open: map[string]bool{}}
	for _, op := range doc.Operations {
		total, err := m.set(op.SelectionSet)
		if err != nil {
			return err
		}
		if len(op.SelectionSet) > maxRoots {
			return over("the operation has %d root fields, more than %d", len(op.SelectionSet), maxRoots)
		}
		if err := total.check(); err != nil {
			return err
		}
	}
	for _, f := range doc.Fragments { // unused ones are validated too
		if _, err := m.fragment(f.Name); err != nil {
			return err
		}
	}
	switch {
	case m.aliases > maxAliases:
		return over("the document has %d aliases, more than %d", m.aliases, maxAliases)
	case m.directives > maxDirectives:
		return over("the document has %d directives, more than %d", m.directives, maxDirectives)
	}
	return nil
}

func over(format string, args ...any) error { return fault.New(fault.QueryTooComplex, format, args...) }

// size is how large a selection is with its fragments unfolded.
type size struct{ fields, depth int }

func (s size) check() error {
	switch {
	case s.fields > maxUnfolded:
		return over("the document selects more than %d fields, its fragments unfolded", maxUnfolded)
	case s.depth > maxFieldDepth:
		return over("the document is nested %d levels deep, more than %d", s.depth, maxFieldDepth)
	}
	return nil
}

// meter measures each fragment once.
type meter struct {
	doc                 *ast.QueryDocument
	fragments           map[string]size
	open                map[string]bool // fragments under way
	aliases, directives int
}

func (m *meter) set(set ast.SelectionSet) (size, error) {
	var total size
	if len(set) > maxBreadth {
		return total, over("a selection has %d fields, more than %d", len(set), maxBreadth)
	}
	for _, s := range set {
		part, err := m.selection(s)
		if err != nil {
			return total, err
		}
		total.fields += part.fields
		total.depth = max(total.depth, part.depth)
		if err := total.check(); err != nil {
			return total, err
		}
	}
	return total, nil
}

func (m *meter) selection(s ast.Selection) (size, error) {
	switch s := s.(type) {
	case *ast.Field:
		m.directives += len(s.Directives)
		if s.Alias != s.Name {
			m.aliases++
		}
		inner, err := m.set(s.SelectionSet)
		depth := 1
		if s.Name == "ofType" || strings.HasPrefix(s.Name, "__") {
			depth = 0 // introspection nests deep by nature; its breadth is bounded
		}
		return size{inner.fields + 1, inner.depth + depth}, err
	case *ast.InlineFragment:
		m.directives += len(s.Directives)
		return m.set(s.SelectionSet)
	case *ast.FragmentSpread:
		m.directives += len(s.Directives)
		return m.fragment(s.Name)
	}
	return size{}, nil
}

func (m *meter) fragment(name string) (size, error) {
	if known, ok := m.fragments[name]; ok {
		return known, nil
	}
	def := m.doc.Fragments.ForName(name)
	if def == nil {
		return size{}, nil // validation names it
	}
	if m.open[name] {
		return size{}, over("the fragment %s is part of itself", name)
	}
	m.open[name] = true
	total, err := m.set(def.SelectionSet)
	delete(m.open, name)
	m.fragments[name] = total
	return total, err
}
