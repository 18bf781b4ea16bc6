package httpapi

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/go-json-experiment/json"

	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/graphql"
	"github.com/loam-dev/loam/internal/query"
	"github.com/loam-dev/loam/internal/socket"
)

// responseJSON is the media type of GraphQL over HTTP. A client that does not
// ask for it gets application/json, which answers 200 to all that is JSON.
const responseJSON = "application/graphql-response+json"

// graphqlGet answers a query in the URL. In development a browser gets
// GraphiQL.
func graphqlGet(c *call) (reply, error) {
	if c.wantsSocket() {
		return c.socket(c.api.Sockets.GraphQL)
	}
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
	r, err := graphql.ReadRequest(in)
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
	r, err := graphql.ReadRequest(in)
	if err == nil {
		r.Once, err = c.once(body)
	}
	return c.graphql(r, err)
}

// graphql runs a request and answers in the media type that the client takes.
func (c *call) graphql(r *graphql.Request, err error) (reply, error) {
	var answer *graphql.Answer
	if err == nil {
		r.Behind, err = c.behind()
	}
	if err != nil {
		answer = graphql.Refuse(err)
	} else {
		r.Streams = c.wantsEvents()
		answer = c.app.GraphQL.Execute(c.Context(), c.by, r)
		c.of = r.Root
		if answer.Origin != nil {
			c.answeredBy(*answer.Origin)
		}
	}
	if answer.Follow != nil {
		return c.subscribe(answer.Follow)
	}
	body, err := answer.JSON()
	if err != nil {
		return reply{}, err
	}
	if c.wantsEvents() && answer.Data != nil {
		return reply{status: http.StatusOK, body: socket.SSEAnswer(body), mime: eventStream}, nil
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
		case "application/json", "*/*", "application/*", eventStream: // an error before the stream
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
