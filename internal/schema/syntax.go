package schema

import (
	"errors"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/parser"
)

// document is the syntax of a file: as much of it as could be read.
type document struct {
	*ast.SchemaDocument
	parts  map[*ast.Source]*part // what was read at once: the file, or each definition by itself
	broken map[string]bool       // names of definitions that could not be read
}

// readSyntax parses source. Where that fails it reads each top-level
// definition by itself, so that one typing mistake does not hide the others.
func readSyntax(r *reporter, source string) *document {
	doc := &document{parts: map[*ast.Source]*part{}, broken: map[string]bool{}}
	whole := &ast.Source{Name: r.file, Input: source}
	doc.parts[whole] = &part{text: source}
	parsed, err := parser.ParseSchemaWithLimit(whole, maxTokens)
	if err == nil {
		doc.SchemaDocument = parsed
		return doc
	}
	doc.SchemaDocument = &ast.SchemaDocument{}
	found := len(r.diags)
	for _, part := range split(source) {
		if r.full {
			break
		}
		src := &ast.Source{Name: r.file, Input: part.text}
		doc.parts[src] = part
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
	at := Pos{Line: 1, Column: 1}
	message := err.Error()
	if e, ok := errors.AsType[*gqlerror.Error](err); ok {
		message = e.Message
		if len(e.Locations) > 0 {
			at = Pos{max(1, e.Locations[0].Line+lines), max(1, e.Locations[0].Column)}
		}
	}
	text := textAt(source, at)
	message, help := plainSyntax(message, text)
	r.errorf(span{at, max(1, len(nameAt.FindString(text)))}, "syntax", help, "syntax: %s", message)
}

// plainSyntax says the parser's message in the words of this page, and what to
// write instead.
func plainSyntax(message, text string) (plain, help string) {
	first, _ := utf8.DecodeRuneInString(text)
	switch {
	case strings.Contains(message, "<Invalid>") && first > unicode.MaxASCII:
		return "`" + string(first) + "` can't stand here", "names have the letters a to z, digits and _; everything else goes in quotes"
	case strings.Contains(message, "<Invalid>") || strings.Contains(message, "Unterminated"):
		return "a text or a character is not complete", "close the text with \""
	case strings.Contains(message, "token limit"):
		return message, "split what the schema says into fewer types"
	case strings.Contains(message, "nesting depth"):
		return message, "write it flatter"
	case strings.HasPrefix(message, "Unexpected $"):
		return "a value can't start with $", "write variables in quotes: \"$user.id\""
	case strings.HasPrefix(message, "Unexpected Name"):
		return "a definition can't start with `" + nameAt.FindString(text) + "`", "start it with type or enum"
	}
	message = strings.NewReplacer("<EOF>", "the end of the definition", "Name", "a name", "Expected", "expected", "Unexpected", "unexpected").Replace(message)
	switch {
	case strings.Contains(message, "expected :"):
		return message, "write a field as `name: Type`"
	case strings.Contains(message, "at least one definition"):
		return "nothing stands between the brackets", "write at least one, or remove the brackets"
	case strings.Contains(message, "the end of the definition"):
		return message, "close what is open with ) ] or }"
	}
	return message, "check the brackets and quotes around it"
}

// textAt is the rest of the line from a place on.
func textAt(source string, at Pos) string {
	for line := 1; line < at.Line; line++ {
		_, rest, ok := strings.Cut(source, "\n")
		if !ok {
			return ""
		}
		source = rest
	}
	line, _, _ := strings.Cut(source, "\n")
	for range at.Column - 1 {
		_, size := utf8.DecodeRuneInString(line)
		line = line[size:]
	}
	return line
}

var (
	nameAt     = regexp.MustCompile(`^[_A-Za-z][_0-9A-Za-z]*`)
	definition = regexp.MustCompile(`(?m)^\s*(?:extend\s+)?(?:type|enum|input|interface|union|scalar)\s+([_A-Za-z][_0-9A-Za-z]*)`)
	indexName  = regexp.MustCompile(`^[_A-Za-z][_.0-9A-Za-z-]*$`)
	inputName  = regexp.MustCompile(`^Model(?:Subscription)?(?:ID|String|Int|Float|Boolean)(?:KeyCondition|List)?Input$`)
	starts     = regexp.MustCompile(`^(?:type|enum|input|interface|union|scalar|schema|extend|directive)\b`)
)

// part is a stretch of a file that starts at a line's first column.
type part struct {
	text   string
	line   int   // lines before it
	starts []int // where its lines start, in characters; made when first asked for
}

// place is the place in the file of an offset in characters. The parser's own
// lines and columns are off inside and behind strings.
func (p *part) place(offset int) Pos {
	if p.starts == nil {
		p.starts = []int{0}
		n := 0
		for _, r := range p.text {
			n++
			if r == '\n' {
				p.starts = append(p.starts, n)
			}
		}
	}
	line, exact := slices.BinarySearch(p.starts, offset)
	if !exact {
		line--
	}
	return Pos{Line: p.line + line + 1, Column: offset - p.starts[line] + 1}
}

// split cuts a file where a definition, or the description of one, starts in
// the first column. It does not count braces: they are what is broken.
func split(source string) []*part {
	var parts []*part
	var text strings.Builder
	from, documented, inBlock := 0, false, false
	cut := func(line int) {
		if strings.TrimSpace(text.String()) != "" {
			parts = append(parts, &part{text: text.String(), line: from})
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
