package schema

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// Severity says whether a diagnostic stops the schema from being served.
type Severity uint8

// The severities.
const (
	Error   Severity = iota // the schema can't be served
	Warning                 // it can, but probably not as meant
)

func (s Severity) String() string {
	if s == Warning {
		return "warning"
	}
	return "error"
}

// Diagnostic is one remark on a schema or configuration file.
type Diagnostic struct {
	Severity   Severity
	Code       string // stable: "schema/unknown_field"
	File       string
	Pos        Pos
	Length     int    // of the token at Pos, in characters; at least 1
	Message    string // what is wrong
	Suggestion string // what to write instead, or ""
}

func (d Diagnostic) String() string {
	s := fmt.Sprintf("%s:%d:%d: %s: %s", d.File, d.Pos.Line, d.Pos.Column, d.Severity, d.Message)
	if d.Suggestion != "" {
		s += "; " + d.Suggestion
	}
	return s
}

// Diagnostics are all remarks on one file, in the order of their places.
type Diagnostics []Diagnostic

// HasErrors tells whether the file can't be served.
func (ds Diagnostics) HasErrors() bool {
	return slices.ContainsFunc(ds, func(d Diagnostic) bool { return d.Severity == Error })
}

func (ds Diagnostics) String() string {
	var b strings.Builder
	for _, d := range ds {
		b.WriteString(d.String() + "\n")
	}
	return b.String()
}

// Sorted orders by place, and drops what was found twice.
func (ds Diagnostics) Sorted() Diagnostics {
	slices.SortStableFunc(ds, func(a, b Diagnostic) int {
		return cmp.Or(cmp.Compare(a.Pos.Line, b.Pos.Line), cmp.Compare(a.Pos.Column, b.Pos.Column), cmp.Compare(a.Severity, b.Severity))
	})
	return slices.Compact(ds)
}

const (
	red    = "\x1b[31m"
	yellow = "\x1b[33m"
	cyan   = "\x1b[36m"
	bold   = "\x1b[1m"
	reset  = "\x1b[0m"

	widestLine = 160 // of a source line in a diagnostic, in characters
)

// Format writes each diagnostic with its source line, a mark under the token
// at fault, and what to write instead.
func (ds Diagnostics) Format(w io.Writer, source string, color bool) error {
	paint := func(code, s string) string {
		if !color {
			return s
		}
		return code + s + reset
	}
	lines := strings.Split(newlines(source), "\n")
	var b strings.Builder
	for _, d := range ds {
		hue := red
		if d.Severity == Warning {
			hue = yellow
		}
		place := fmt.Sprintf("%s:%d:%d:", d.File, d.Pos.Line, d.Pos.Column)
		fmt.Fprintf(&b, "%s %s %s\n", paint(bold, place), paint(hue, d.Severity.String()+":"), d.Message)
		if d.Pos.Line >= 1 && d.Pos.Line <= len(lines) {
			line, mark := excerpt(lines[d.Pos.Line-1], d.Pos.Column, d.Length)
			fmt.Fprintf(&b, "  %s\n  %s\n", line, paint(hue, mark))
		}
		if d.Suggestion != "" {
			fmt.Fprintf(&b, "  %s %s\n", paint(cyan, "help:"), d.Suggestion)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// newlines makes every end of a line the same, so that all count them alike.
func newlines(source string) string {
	return strings.ReplaceAll(strings.ReplaceAll(source, "\r\n", "\n"), "\r", "\n")
}

// excerpt returns a source line and the mark under length characters from
// column on; of a long line only the part around the column.
func excerpt(line string, column, length int) (text, mark string) {
	runes := []rune(strings.ToValidUTF8(line, "\uFFFD"))
	start := min(max(column-1, 0), len(runes))
	if len(runes) > widestLine {
		from := max(0, start-widestLine/2)
		runes = runes[from:min(len(runes), from+widestLine)]
		start -= from
	}
	var pad strings.Builder
	for i, r := range runes {
		if r < ' ' && r != '\t' || r == 0x7f {
			runes[i] = '\uFFFD' // a terminal must not obey what a file says
		}
		if i < start {
			pad.WriteRune(map[bool]rune{true: '\t', false: ' '}[r == '\t'])
		}
	}
	length = min(max(length, 1), max(len(runes)-start, 1))
	if length == 1 {
		return string(runes), pad.String() + "^"
	}
	return string(runes), pad.String() + strings.Repeat("~", length)
}

// reporter collects diagnostics on one file.
type reporter struct {
	file  string
	diags Diagnostics
	full  bool
}

func (r *reporter) report(s Severity, code string, at span, suggestion, format string, args ...any) {
	if len(r.diags) >= maxDiagnostics {
		r.full = true
		return
	}
	r.diags = append(r.diags, Diagnostic{
		Severity: s, Code: "schema/" + code, File: r.file, Pos: at.Pos, Length: max(at.length, 1),
		Message: fmt.Sprintf(format, args...), Suggestion: suggestion,
	})
}

func (r *reporter) errorf(at span, code, suggestion, format string, args ...any) {
	r.report(Error, code, at, suggestion, format, args...)
}

func (r *reporter) warnf(at span, code, suggestion, format string, args ...any) {
	r.report(Warning, code, at, suggestion, format, args...)
}

// result is what was found, in order, with a last word where it was too much.
func (r *reporter) result() Diagnostics {
	ds := r.diags.Sorted()
	if r.full {
		ds = append(ds, Diagnostic{Severity: Error, Code: "schema/too_many", File: r.file, Pos: ds[len(ds)-1].Pos, Length: 1,
			Message: fmt.Sprintf("more than %d mistakes; the rest is not shown", maxDiagnostics)})
	}
	return ds
}

// span is a token's place.
type span struct {
	Pos
	length int
}

func spanOf(p Pos, token string) span { return span{p, utf8.RuneCountInString(token)} }
