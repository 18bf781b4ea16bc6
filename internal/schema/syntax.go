package schema

import (
	"errors"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/parser"
)

// document is the syntax of a file: as much of it as could be read.
type document struct {
	*ast.SchemaDocument
	lines  map[*ast.Source]int // lines before each part that was read by itself
	broken map[string]bool     // names of definitions that could not be read
}

// readSyntax parses source. Where that fails it reads each top-level
// definition by itself, so that one typing mistake does not hide the others.
func readSyntax(r *reporter, source string) *document {
	doc := &document{lines: map[*ast.Source]int{}, broken: map[string]bool{}}
	whole := &ast.Source{Name: r.file, Input: source}
	parsed, err := parser.ParseSchemaWithLimit(whole, maxTokens)
	if err == nil {
		doc.SchemaDocument = parsed
		return doc
	}
	doc.SchemaDocument = &ast.SchemaDocument{}
	parts := split(source)
	found := len(r.diags)
	for _, part := range parts {
		src := &ast.Source{Name: r.file, Input: part.text}
		doc.lines[src] = part.line
		parsed, err := parser.ParseSchemaWithLimit(src, maxTokens)
		if err != nil {
			reportSyntax(r, source, err, part.line)
			if m := definition.FindStringSubmatch(part.text); m != nil {
				doc.broken[m[1]] = true
			}
			continue
		}
		doc.Merge(parsed)
	}
	if len(r.diags) == found { // each part is fine alone: the whole must say what is not
		reportSyntax(r, source, err, 0)
	}
	return doc
}

// reportSyntax turns the parser's error into a diagnostic, lines further down.
func reportSyntax(r *reporter, source string, err error, lines int) {
	at := span{Pos{Line: 1, Column: 1}, 1}
	message := err.Error()
	if e, ok := errors.AsType[*gqlerror.Error](err); ok {
		message = e.Message
		if len(e.Locations) > 0 {
			at.Pos = Pos{e.Locations[0].Line + lines, e.Locations[0].Column}
			at.length = tokenLength(source, at.Pos)
		}
	}
	message = strings.ReplaceAll(message, "<EOF>", "the end of the file")
	message = strings.ToLower(message[:1]) + message[1:]
	help := "check the brackets and quotes around it"
	switch {
	case strings.Contains(message, "expected :"):
		help = "write a field as `name: Type`"
	case strings.Contains(message, "at least one definition"):
		help = "write at least one field between the braces"
	case strings.Contains(message, "unterminated string"):
		help = "close the string with \""
	case strings.Contains(message, "token limit"):
		help = "split what the schema says into fewer types"
	case strings.HasPrefix(message, "unexpected Name"):
		help = "a definition starts with type or enum"
	}
	r.errorf(at, "syntax", help, "syntax: %s", message)
}

// tokenLength is the length of the word at a place, or 1.
func tokenLength(source string, at Pos) int {
	for line := 1; line < at.Line; line++ {
		_, rest, ok := strings.Cut(source, "\n")
		if !ok {
			return 1
		}
		source = rest
	}
	line, _, _ := strings.Cut(source, "\n")
	for range at.Column - 1 {
		_, size := utf8.DecodeRuneInString(line)
		line = line[size:]
	}
	return max(1, len(nameAt.FindString(line)))
}

var (
	nameAt     = regexp.MustCompile(`^[_A-Za-z][_0-9A-Za-z]*`)
	definition = regexp.MustCompile(`(?m)^\s*(?:extend\s+)?(?:type|enum|input|interface|union|scalar)\s+([_A-Za-z][_0-9A-Za-z]*)`)
	indexName  = regexp.MustCompile(`^[_A-Za-z][_.0-9A-Za-z-]*$`)
	starts     = regexp.MustCompile(`^(?:type|enum|input|interface|union|scalar|schema|extend|directive)\b`)
)

// part is a stretch of a file that starts at a line's first column.
type part struct {
	text string
	line int // lines before it
}

// split cuts a file where a definition, or the description of one, starts in
// the first column. It does not count braces: they are what is broken.
func split(source string) []part {
	var parts []part
	var text strings.Builder
	from, documented, inBlock := 0, false, false
	cut := func(line int) {
		if strings.TrimSpace(text.String()) != "" {
			parts = append(parts, part{text.String(), from})
		}
		text.Reset()
		from = line
	}
	for i, line := range strings.SplitAfter(source, "\n") {
		if !inBlock {
			switch {
			case strings.HasPrefix(line, `"`):
				cut(i)
				documented = true
			case starts.MatchString(line):
				if !documented {
					cut(i)
				}
				documented = false
			}
		}
		if !strings.HasPrefix(strings.TrimSpace(line), "#") && strings.Count(line, `"""`)%2 == 1 {
			inBlock = !inBlock
		}
		text.WriteString(line)
	}
	cut(0)
	return parts
}
