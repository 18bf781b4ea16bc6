package graphql

import (
	"context"
	"crypto/sha256"
	"encoding/hex"

	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"
	"github.com/vektah/gqlparser/v2/validator/core"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/data"
	"github.com/loam-dev/loam/internal/fault"
)

// Executor answers documents under one schema: each root field becomes one
// read, the mutations of a document one transaction. It is safe for concurrent
// use.
type Executor struct {
	api       *API
	data      *data.Service
	documents *lru.Cache[string, *ast.QueryDocument] // valid ones, by text
	persisted *lru.Cache[string, string]             // texts, by organization and hash
	rules     *rules.Rules
	silent    bool // no introspection but for admins
}

// New makes an executor. With silent set, introspection is for admins alone,
// and errors suggest no names.
func New(api *API, d *data.Service, silent bool) (*Executor, error) {
	documents, err := lru.New[string, *ast.QueryDocument](maxCachedDocuments)
	if err != nil {
		return nil, err
	}
	persisted, err := lru.New[string, string](maxPersisted)
	if err != nil {
		return nil, err
	}
	checks := rules.NewDefaultRules()
	if silent {
		withoutSuggestions(checks)
	}
	return &Executor{api: api, data: d, documents: documents, persisted: persisted, rules: checks, silent: silent}, nil
}

// API is the schema that the executor serves.
func (x *Executor) API() *API { return x.api }

// Execute answers a request. The answer says whether the document ran at all;
// an answer that did has data, with errors or without, or Follow.
func (x *Executor) Execute(ctx context.Context, by *access.Principal, r *Request) *Answer {
	text, err := x.document(by, r)
	if err != nil {
		return Refuse(err)
	}
	doc, errs := x.parse(text)
	if errs != nil {
		return &Answer{Errors: errs}
	}
	op, err := operation(doc, r)
	if err != nil {
		return Refuse(err)
	}
	for _, first := range op.SelectionSet[:min(1, len(op.SelectionSet))] {
		if f, ok := first.(*ast.Field); ok && f.Definition != nil {
			r.Root = f.Definition.Name
		}
	}
	vars, verr := validator.VariableValues(x.api.Schema, op, r.Variables)
	if verr != nil {
		return &Answer{Errors: []Error{fromParser(verr, fault.GraphQLVariables)}}
	}
	e := &execution{Executor: x, ctx: ctx, by: by, vars: vars, doc: doc, once: r.Once}
	switch op.Operation {
	case ast.Mutation:
		return e.mutate(op)
	case ast.Subscription:
		if !r.Streams {
			return Refuse(fault.New(fault.GraphQLSubscription, "a subscription needs a connection that stays: a WebSocket at /graphql, or Accept: text/event-stream"))
		}
		return e.subscribe(op)
	}
	e.behind = r.Behind
	return e.query(op)
}

// document finds the text of a request: in the request, or kept under its
// hash. What was kept by one organization is unknown to another.
func (x *Executor) document(by *access.Principal, r *Request) (string, error) {
	if r.Hash == "" {
		if r.Query == "" {
			return "", fault.New(fault.GraphQLRequest, "send a query")
		}
		return r.Query, nil
	}
	key := by.Org + "\x00" + r.Hash
	if r.Query == "" {
		if text, ok := x.persisted.Get(key); ok {
			return text, nil
		}
		return "", fault.New(fault.GraphQLNotPersisted, "PersistedQueryNotFound")
	}
	sum := sha256.Sum256([]byte(r.Query))
	if hex.EncodeToString(sum[:]) != r.Hash {
		return "", fault.New(fault.GraphQLRequest, "the persisted query's hash is not the SHA-256 of the query")
	}
	if len(r.Query) <= maxPersistedBytes {
		x.persisted.Add(key, r.Query)
	}
	return r.Query, nil
}

// parse parses, measures and validates a document; the limits come first, for
// validation takes quadratic time.
func (x *Executor) parse(text string) (*ast.QueryDocument, []Error) {
	if doc, ok := x.documents.Get(text); ok {
		return doc, nil
	}
	if len(text) > maxDocument {
		return nil, []Error{fromFault(fault.New(fault.QueryTooComplex, "the document has %d bytes, more than %d", len(text), maxDocument))}
	}
	doc, err := parser.ParseQueryWithTokenLimit(&ast.Source{Input: text}, maxTokens)
	if err != nil {
		return nil, []Error{tokensOr(err)}
	}
	if err := measure(doc); err != nil {
		return nil, []Error{fromFault(err)}
	}
	if invalid := validator.ValidateWithRules(x.api.Schema, doc, x.rules); len(invalid) > 0 {
		errs := make([]Error, 0, len(invalid))
		for _, e := range invalid {
			errs = append(errs, fromParser(e, fault.GraphQLInvalid))
		}
		return nil, errs
	}
	if len(text) <= maxCachedBytes {
		x.documents.Add(text, doc)
	}
	return doc, nil
}

// operation picks the operation to run.
func operation(doc *ast.QueryDocument, r *Request) (*ast.OperationDefinition, error) {
	op := doc.Operations.ForName(r.Operation)
	switch {
	case len(doc.Operations) == 0:
		return nil, fault.New(fault.GraphQLRequest, "the document has no operation")
	case r.Operation == "" && len(doc.Operations) > 1:
		return nil, fault.New(fault.GraphQLRequest, "the document has several operations; say which by operationName")
	case op == nil:
		return nil, fault.New(fault.GraphQLRequest, "the document has no operation of that name")
	case r.QueryOnly && op.Operation == ast.Mutation:
		return nil, fault.New(fault.GraphQLByGet, "a %s must be sent by POST", op.Operation)
	}
	return op, nil
}

func fromParser(err error, code fault.Code) Error {
	e, ok := err.(*gqlerror.Error)
	if !ok {
		return fromFault(fault.New(code, "%s", err.Error()))
	}
	out := fromFault(fault.New(code, "%s", e.Message))
	for _, l := range e.Locations {
		out.Locations = append(out.Locations, Location{l.Line, l.Column})
	}
	return out
}

// withoutSuggestions keeps the names of the schema out of the errors.
func withoutSuggestions(checks *rules.Rules) {
	for _, r := range []struct {
		loud, quiet core.Rule
	}{
		{rules.FieldsOnCorrectTypeRule, rules.FieldsOnCorrectTypeRuleWithoutSuggestions},
		{rules.KnownArgumentNamesRule, rules.KnownArgumentNamesRuleWithoutSuggestions},
		{rules.KnownTypeNamesRule, rules.KnownTypeNamesRuleWithoutSuggestions},
		{rules.ScalarLeafsRule, rules.ScalarLeafsRuleWithoutSuggestions},
		{rules.ValuesOfCorrectTypeRule, rules.ValuesOfCorrectTypeRuleWithoutSuggestions},
	} {
		checks.RemoveRule(r.loud.Name)
		checks.AddRule(r.quiet.Name, r.quiet.RuleFunc)
	}
}
