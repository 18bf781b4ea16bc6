package graphql

import (
	"bytes"
	"strings"

	"github.com/go-json-experiment/json"

	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/store"
)

// Answer is what a document gets back.
type Answer struct {
	Data   []byte // the JSON text of data; nil where the document did not run
	Errors []Error
	Follow *Subscription // of a subscription that may start
	// Refused is the error of a request that was not let through to its
	// document: who asks is not known, or not allowed to ask at all.
	Refused *fault.Error
	Origin  *store.Origin // of a query's rows: the furthest behind
}

// Error is one entry of errors. errorType is AppSync's, which Amplify's
// clients look at.
type Error struct {
	Message    string         `json:"message"`
	Locations  []Location     `json:"locations,omitempty"`
	Path       []any          `json:"path,omitempty"`
	ErrorType  string         `json:"errorType"`
	Extensions map[string]any `json:"extensions"`
}

// Location is a place in the document, counted from 1.
type Location struct {
	Line   int `json:"line"`
	Column int `json:"column"`
}

// Refuse answers a request that never reached a document.
func Refuse(err error) *Answer {
	e := fault.Of(err)
	return &Answer{Errors: []Error{fromFault(e)}, Refused: e}
}

// fromFault makes an entry of errors from a fault; the cause stays behind.
func fromFault(err error) Error {
	e := fault.Of(err)
	ext := map[string]any{"code": string(e.Code)}
	if e.Field != "" {
		ext["field"] = e.Field
	}
	return Error{Message: e.Message, ErrorType: errorType(e), Extensions: ext}
}

// errorType is AppSync's name for an error.
func errorType(e *fault.Error) string {
	switch e.Code {
	case fault.DataVersion, fault.DataCondition, fault.DataDuplicate, fault.DataNotFound:
		return "DynamoDB:ConditionalCheckFailedException"
	case fault.GraphQLInvalid, fault.GraphQLVariables:
		return "ValidationError"
	case fault.GraphQLSyntax:
		return "MalformedHttpRequestException"
	}
	switch e.Kind() {
	case fault.Unauthenticated:
		return "UnauthorizedException"
	case fault.Forbidden:
		return "Unauthorized"
	case fault.Internal:
		return "InternalFailure"
	}
	return "BadRequestException"
}

// tokensOr is a syntax error, or the limit of tokens that it stands for.
func tokensOr(err error) Error {
	if strings.Contains(err.Error(), "token limit") {
		return fromFault(over("the document has more than %d tokens", maxTokens))
	}
	return fromParser(err, fault.GraphQLSyntax)
}

// ErrorsJSON are the errors as a list.
func (a *Answer) ErrorsJSON() ([]byte, error) {
	return json.Marshal(a.Errors, json.Deterministic(true))
}

// JSON is the answer as the specification's response map.
func (a *Answer) JSON() ([]byte, error) {
	var out bytes.Buffer
	out.WriteByte('{')
	if len(a.Errors) > 0 {
		text, err := a.ErrorsJSON()
		if err != nil {
			return nil, err
		}
		out.WriteString(`"errors":`)
		out.Write(text)
		if a.Data != nil {
			out.WriteByte(',')
		}
	}
	if a.Data != nil {
		out.WriteString(`"data":`)
		out.Write(a.Data)
	}
	out.WriteByte('}')
	return out.Bytes(), nil
}
