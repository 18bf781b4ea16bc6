// Package fault is the one error type that crosses a door. An Error carries a
// stable code, a message that is safe to show and says what to do, the input
// field at fault, and a cause that only the log sees. It is not for errors
// that a caller handles by itself: those stay ordinary Go errors.
package fault

import (
	"errors"
	"fmt"
	"time"
)

// Kind groups codes by what a client can do about them; a door maps it to its
// own status (HTTP's is Status).
type Kind uint8

// The kinds, each with the HTTP status it answers with.
const (
	Internal         Kind = iota // 500: our mistake
	Invalid                      // 400: the request is wrong as it stands
	Unauthenticated              // 401: say who you are
	Forbidden                    // 403: you may not
	NotFound                     // 404: nothing there that you may see
	MethodNotAllowed             // 405
	NotAcceptable                // 406
	Timeout                      // 408
	Conflict                     // 409: clashes with what is stored
	Precondition                 // 412: the row has changed since you read it
	TooLarge                     // 413: over a limit
	Unsupported                  // 415: a content type that is not served here
	Misdirected                  // 421
	Unprocessable                // 422: the same key with another request
	TooMany                      // 429: slow down, see RetryAfter
	HeadersTooLarge              // 431
	Unavailable                  // 503: try again
	StorageFull                  // 507: no room on the disk
)

var statuses = [...]int{500, 400, 401, 403, 404, 405, 406, 408, 409, 412, 413, 415, 421, 422, 429, 431, 503, 507}

// Status is the HTTP status of the kind.
func (k Kind) Status() int { return statuses[k] }

// Code is a stable name for one thing that can go wrong: "room/what". A code
// is never reused for another meaning; clients branch on it.
type Code string

// Entry says of a code what a client needs to know. docs/reference/errors.md
// is generated from the catalog.
type Entry struct {
	Kind Kind
	Help string // what it means and what to do, one sentence
}

// Error is what a door answers with. It is immutable once returned; At and
// Because copy.
type Error struct {
	Code       Code
	Message    string        // safe to show; says what to do
	Field      string        // dotted path of the input at fault, or ""
	RetryAfter time.Duration // for TooMany and Unavailable, or 0
	cause      error
}

// New makes an error of a declared code with its message.
func New(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// At names the input field at fault, as a dotted path.
func (e *Error) At(field string) *Error {
	c := *e
	c.Field = field
	return &c
}

// Because keeps the cause for the log; it is never shown.
func (e *Error) Because(err error) *Error {
	c := *e
	c.cause = err
	return &c
}

// After says when to try again.
func (e *Error) After(d time.Duration) *Error {
	c := *e
	c.RetryAfter = d
	return &c
}

// Kind is the kind that the catalog gives the error's code.
func (e *Error) Kind() Kind { return Catalog[e.Code].Kind }

// Status is the HTTP status that the error answers with.
func (e *Error) Status() int { return e.Kind().Status() }

func (e *Error) Error() string {
	s := string(e.Code) + ": " + e.Message
	if e.cause != nil {
		s += ": " + e.cause.Error()
	}
	return s
}

func (e *Error) Unwrap() error { return e.cause }

// Of returns the Error inside err. Anything else is our mistake and becomes
// InternalError with err as its cause, so that no detail reaches a client.
func Of(err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	return New(InternalError, "something went wrong on our side; quote the request id to support").Because(err)
}

// Is tells whether err carries the code.
func Is(err error, code Code) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.Code == code
}
