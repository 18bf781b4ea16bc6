package graphql

import (
	"time"

	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/store"
)

// Request is one GraphQL request.
type Request struct {
	Query     string
	Operation string         // operationName
	Variables map[string]any // as decoded from JSON, numbers as json.Number
	Hash      string         // extensions.persistedQuery.sha256Hash, or ""
	QueryOnly bool           // by GET, which must not change anything
	Streams   bool           // the answer may be a subscription
	Once      *store.Once    // makes mutations safe to repeat, or nil
	Behind    time.Duration  // that a query's answer may be, as of query.Read

	Root string // set by Execute: the first field of the operation, as the schema names it; "" where there is none
}

// ReadRequest reads the members of a GraphQL request; others are ignored, as the
// specification says.
func ReadRequest(in map[string]any) (*Request, error) {
	r := &Request{}
	var ok bool
	if r.Query, ok = textOrNull(in["query"]); !ok {
		return nil, fault.New(fault.GraphQLRequest, "query must be a text")
	}
	if r.Operation, ok = textOrNull(in["operationName"]); !ok {
		return nil, fault.New(fault.GraphQLRequest, "operationName must be a text")
	}
	if r.Variables, ok = objectOrNull(in["variables"]); !ok {
		return nil, fault.New(fault.GraphQLRequest, "variables must be an object")
	}
	extensions, ok := objectOrNull(in["extensions"])
	if !ok {
		return nil, fault.New(fault.GraphQLRequest, "extensions must be an object")
	}
	if persisted, ok := extensions["persistedQuery"].(map[string]any); ok {
		r.Hash, _ = persisted["sha256Hash"].(string)
	}
	return r, nil
}

func textOrNull(v any) (string, bool) {
	s, ok := v.(string)
	return s, ok || v == nil
}

func objectOrNull(v any) (map[string]any, bool) {
	o, ok := v.(map[string]any)
	return o, ok || v == nil
}
