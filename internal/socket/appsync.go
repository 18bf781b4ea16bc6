package socket

import (
	"encoding/json"

	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/graphql"
	"github.com/loam-dev/loam/internal/query"
)

// What is of AppSync's protocol alone.

// connectionTimeout is how long its clients wait for a sign of life.
const connectionTimeout = `{"connectionTimeoutMs":300000}`

// connectionError is the payload for a connection that is refused.
func connectionError(err error) []byte {
	e := fault.Of(err)
	kind := "UnauthorizedException"
	if e.Kind() == fault.TooMany {
		kind = "LimitExceededError"
	}
	text, failed := json.Marshal(map[string]any{"errors": []any{map[string]any{"errorType": kind, "errorCode": e.Status(), "message": e.Message}}})
	if failed != nil {
		panic("socket: an error always encodes: " + failed.Error())
	}
	return text
}

// request reads the document of an operation. AppSync's clients send it as a text of
// JSON, with the credentials that it runs under beside it.
func (g *graphQL) request(payload map[string]any) (*graphql.Request, error) {
	if !g.appSync {
		return graphql.ReadRequest(payload)
	}
	extensions, _ := payload["extensions"].(map[string]any)
	shown, _ := extensions["authorization"].(map[string]any)
	if authorization, key := credentialsIn(shown); authorization != "" || key != "" {
		if err := g.adopt(authorization, key); err != nil {
			return nil, fault.New(fault.RealtimeExpired, "%s", closingOf(err).reason)
		}
	}
	text, _ := payload["data"].(string)
	v, err := query.DecodeJSON([]byte(text))
	if err != nil {
		return nil, err
	}
	in, ok := v.(map[string]any)
	if !ok {
		return nil, fault.New(fault.GraphQLRequest, "data is a text that holds an object with query and variables")
	}
	return graphql.ReadRequest(in)
}
