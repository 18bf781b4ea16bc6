package httpapi

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/go-json-experiment/json"

	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/graphql"
	"github.com/loam-dev/loam/internal/query"
)

// responseJSON is the media type of GraphQL over HTTP. A client that does not
// ask for it gets application/json, which answers 200 to all that is JSON.
const responseJSON = "application/graphql-response+json"

// graphqlGet answers a query in the URL. In development a browser gets
// GraphiQL.
func graphqlGet(c *call) (reply, error) {
	if c.api.Dev && c.URL.RawQuery == "" && strings.Contains(c.Header.Get("Accept"), "text/html") {
		return graphiql(c)
	}
	values, err := url.ParseQuery(c.URL.RawQuery)
	if err != nil {
		return c.graphql(nil, fault.New(fault.GraphQLRequest, "the URL's query is not well formed"))
	}
	in := map[string]any{"query": values.Get("query"), "operationName": values.Get("operationName")}
	for _, name := range []string{"variables", "extensions"} {
		text := values.Get(name)
		if text == "" {
			continue
		}
		if in[name], err = query.DecodeJSON([]byte(text)); err != nil {
			return c.graphql(nil, fault.New(fault.GraphQLRequest, "%s is not well-formed JSON", name))
		}
	}
	r, err := request(in)
	if r != nil {
		r.QueryOnly = true
	}
	return c.graphql(r, err)
}

func graphqlPost(c *call) (reply, error) {
	body, err := c.body()
	if err != nil {
		if fault.Is(err, fault.HTTPMediaType) {
			return reply{}, err
		}
		return c.graphql(nil, err)
	}
	in, err := object(body)
	if err != nil {
		return c.graphql(nil, err)
	}
	r, err := request(in)
	if err == nil {
		r.Once, err = c.once(body)
	}
	return c.graphql(r, err)
}

// request reads the members of a GraphQL request; others are ignored, as the
// specification says.
func request(in map[string]any) (*graphql.Request, error) {
	r := &graphql.Request{}
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

// graphql runs a request and answers in the media type that the client takes.
func (c *call) graphql(r *graphql.Request, err error) (reply, error) {
	var answer *graphql.Answer
	if err != nil {
		answer = graphql.Refuse(err)
	} else {
		answer = c.app.GraphQL.Execute(c.Context(), c.by, r)
	}
	body, err := answer.JSON()
	if err != nil {
		return reply{}, err
	}
	mime, ok := accepted(c.Header.Values("Accept"))
	if !ok {
		return reply{}, fault.New(fault.HTTPNotAcceptable, "GraphQL answers in %s or application/json", responseJSON)
	}
	if e := answer.Refused; e != nil && e.Kind() == fault.MethodNotAllowed {
		c.out.Set("Allow", http.MethodPost)
	}
	return reply{status: status(answer, mime), body: body, mime: mime + "; charset=utf-8"}, nil
}

// status is 200 for a document that ran. One that did not is a 4xx, but in the
// older media type only where it was no GraphQL request at all.
func status(a *graphql.Answer, mime string) int {
	if a.Data != nil {
		return http.StatusOK
	}
	if a.Refused != nil {
		return a.Refused.Status()
	}
	if mime == responseJSON {
		return http.StatusBadRequest
	}
	return http.StatusOK
}

// accepted picks the media type of the answer: the first one that the client
// names and we speak.
func accepted(accept []string) (string, bool) {
	joined := strings.Join(accept, ",")
	if strings.TrimSpace(joined) == "" {
		return "application/json", true
	}
	for part := range strings.SplitSeq(joined, ",") {
		kind, _, _ := strings.Cut(part, ";")
		switch strings.ToLower(strings.TrimSpace(kind)) {
		case responseJSON:
			return responseJSON, true
		case "application/json", "*/*", "application/*":
			return "application/json", true
		}
	}
	return "", false
}

// unauthorized is the answer to credentials that don't hold, in the form that
// GraphQL clients read.
func unauthorized(e *fault.Error) []byte {
	body, err := json.Marshal(map[string]any{"errors": []any{map[string]any{
		"message": e.Message, "errorType": "UnauthorizedException", "extensions": map[string]any{"code": e.Code},
	}}}, json.Deterministic(true))
	if err != nil {
		panic("httpapi: an error always encodes: " + err.Error())
	}
	return body
}
