package socket

import (
	"context"
	"encoding/json"
	"reflect"

	"github.com/loam-dev/loam/internal/access"
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
// JSON, with the credentials that it runs under beside it: those of the connection,
// newer ones, or another caller's, for one app may ask as a user here and by an API
// key there.
func (g *graphQL) request(ctx context.Context, op *operation, payload map[string]any) (*graphql.Request, error) {
	if !g.appSync {
		return graphql.ReadRequest(payload)
	}
	extensions, _ := payload["extensions"].(map[string]any)
	shown, _ := extensions["authorization"].(map[string]any)
	if authorization, key := credentialsIn(shown); authorization != "" || key != "" {
		who, err := g.present(ctx, authorization, key)
		if err != nil {
			return nil, err
		}
		if !g.renew(who) {
			op.own.Store(who)
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

// by is whom the operation is for.
func (op *operation) by() *access.Principal {
	if own := op.own.Load(); own != nil {
		return own.by
	}
	return op.g.by.Load()
}

// check asks of each operation with credentials of its own whether they still hold.
func (g *graphQL) check(ctx context.Context) {
	if !g.appSync { // nobody else shows any
		return
	}
	for _, op := range g.operations() {
		was := op.own.Load()
		if was == nil {
			continue
		}
		by, err := was.verify(ctx)
		switch {
		case err != nil || by.Org != was.by.Org:
			g.refuseOperation(op, graphql.Refuse(expired(err)))
		case by != was.by:
			if op.own.Store(&identity{was.verify, by}); !reflect.DeepEqual(by, was.by) {
				op.rebind(by)
			}
		}
	}
}
