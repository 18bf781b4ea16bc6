package form

import (
	"regexp"
	"sync"
)

// Pattern is a regular expression that is compiled when it is first asked for: a
// variable of a package costs a start nothing then, and memory only where it is used.
// An expression with a mistake panics there.
func Pattern(expression string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expression) })
}
