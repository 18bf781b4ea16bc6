// Package query is what a caller asks for, as plain values: filters, sorts,
// pages, selections, writes. A door builds a Read or a Write from its own
// dialect; Bind checks it against a schema and types every value. It knows
// neither who asks (package access) nor how it is answered (package store).
package query

import (
	"time"

	"github.com/loam-dev/loam/internal/schema"
)

// Limits are those that an app may set for itself. Each is named in the error
// that it causes.
type Limits struct {
	Page  int // rows of one page
	Depth int // relations inside relations
	Conds int // conditions of one filter
}

// DefaultLimits are the limits unless the app sets others.
var DefaultLimits = Limits{Page: 1000, Depth: 8, Conds: 100}

// The limits that are the same for everybody.
const (
	DefaultPage  = 100    // rows of a list that names no limit
	MaxFields    = 2000   // selected fields, all levels together
	MaxNesting   = 16     // and/or/not and relations inside each other
	MaxIn        = 500    // values of one in or notIn
	MaxSort      = 5      // fields to sort by
	MaxGroups    = 1000   // groups of one aggregate
	MaxSearch    = 256    // characters of a search
	MaxCost      = 100000 // rows that one list may touch at most: the product of the pages around it
	MaxRows      = 250000 // rows that all lists of one query may touch at most
	WriteCost    = 10     // a row in the answer to a write counts so many: everybody's writes wait meanwhile
	MaxTextBytes = 4096   // bytes of one text in a filter
)

// Op is what a Read does.
type Op uint8

// The reads.
const (
	Get Op = iota
	List
	Search
	Aggregate
	Follow // rows one by one, as they change: no key, no order, no page
)

// Operation is the operation whose rules the read is under.
func (o Op) Operation() schema.Operation {
	switch o {
	case Get:
		return schema.Get
	case Search:
		return schema.SearchOp
	case Follow:
		return schema.Listen
	}
	return schema.List
}

// Read asks for one row, a page of rows, or aggregates. Values are as decoded
// from JSON (nil, bool, string, json.Number, []any, map[string]any), or Text
// where they come from a URL.
type Read struct {
	Model  string
	Op     Op
	Key    map[string]any // Get: every field of the primary key
	Filter any            // an object of the filter language, or nil
	Sort   []Sort         // none: by primary key
	Limit  int            // rows; 0: DefaultPage
	Cursor string         // of an earlier page, or ""
	Count  bool           // also count all rows that match
	Search string         // Search: the words
	Select []Field        // none: every plain field that the caller may read
	Parts  []Part         // the shape of a nested list; none: a plain array
	Totals Totals         // Aggregate
	Strict bool           // a selected field that the caller may not read is an error, not null
	Behind time.Duration  // that the answer may be: a replica may give it; 0: the primary does
	Memory []byte         // that the rows may be written into; what it held is lost
}

// Text is a value from a URL, typed by the field that it meets. A list is its
// elements joined by commas.
type Text string

// Sort is one field to sort by.
type Sort struct {
	Field string
	Desc  bool
}

// Field selects one field.
type Field struct {
	Name    string  // of the field; "" for a constant
	As      string  // its key in the answer
	Literal string  // the constant, where Name is ""
	Read    *Read   // a relation's arguments and selection; nil: its defaults
	Select  []Field // an embedded type's selection; none: all of it
	Encoded bool    // a JSON value as a text that holds it, as AWSJSON is sent
	NonNull bool    // without the related row there is no object either
}

// Rest is the name that selects every plain field that the caller may read.
const Rest = "*"

// PartKind tells what a Part holds.
type PartKind uint8

// The parts of a page.
const (
	Items PartKind = iota
	NextCursor
	Total // all rows that match
	Constant
)

// Part is one key of a nested page that is shaped as an object, as GraphQL's
// connections are.
type Part struct {
	Kind    PartKind
	As      string
	Literal string  // Constant
	Select  []Field // Items
}

// Totals says what an aggregate computes, by field names.
type Totals struct {
	GroupBy            []string
	Sum, Avg, Min, Max []string
}

// WriteOp is what a Write does.
type WriteOp uint8

// The writes.
const (
	Create WriteOp = iota
	Update
	Delete
	Upsert
)

// Operation is the operation whose rules the write is under; an Upsert is
// either Create or Update, as it turns out.
func (o WriteOp) Operation() schema.Operation {
	switch o {
	case Update:
		return schema.Update
	case Delete:
		return schema.Delete
	}
	return schema.Create
}

// Write asks to change one row.
type Write struct {
	Model     string
	Op        WriteOp
	Key       map[string]any // Update, Delete; nil: taken from Input
	Input     map[string]any // Create, Update, Upsert
	Condition any            // a filter that the row must meet before, or nil
	Version   *int64         // the version that the row must have, or nil
	Select    []Field        // of the answer; none: every plain field
}
