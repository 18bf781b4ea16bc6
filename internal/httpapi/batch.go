package httpapi

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/query"
	"github.com/loam-dev/loam/internal/resturl"
	"github.com/loam-dev/loam/internal/schema"
	"github.com/loam-dev/loam/internal/store"
)

// outcome is the answer to one operation of a batch.
type outcome struct {
	Status int             `json:"status"`
	Body   json.RawMessage `json:"body,omitempty"`
}

// batch runs several writes as one transaction:
//
//	{"operations": [{"method": "PATCH", "path": "/api/tasks/1", "body": {...}, "ifMatch": "3"}]}
func batch(c *call) (reply, error) {
	body, err := c.body()
	if err != nil {
		return reply{}, err
	}
	in, err := object(body)
	if err != nil {
		return reply{}, err
	}
	if err := onlyKeys(in, "operations"); err != nil {
		return reply{}, err
	}
	operations, ok := in["operations"].([]any)
	if !ok {
		return reply{}, fault.New(fault.QueryRequired, "operations is a list of {method, path, body, ifMatch}").At("operations")
	}
	writes := make([]*query.Write, len(operations))
	for i, op := range operations {
		if writes[i], err = c.operation(op); err != nil {
			return reply{}, store.InBatch(i, 0, err)
		}
	}
	once, err := c.once(body)
	if err != nil {
		return reply{}, err
	}
	written, err := c.app.Data.Write(c.Context(), c.by, writes, once)
	if err != nil {
		return reply{}, err
	}
	return outcomes(written)
}

func outcomes(written []store.Written) (reply, error) {
	results := make([]outcome, len(written))
	for i, w := range written {
		results[i] = outcome{http.StatusOK, w.Row}
		switch w.Op {
		case query.Create:
			results[i].Status = http.StatusCreated
		case query.Delete:
			results[i] = outcome{Status: http.StatusNoContent}
		}
	}
	body, err := json.Marshal(map[string]any{"results": results})
	return reply{status: http.StatusOK, body: body}, err
}

func onlyKeys(object map[string]any, keys ...string) error {
	for key := range object {
		if !slices.Contains(keys, key) {
			return fault.New(fault.QueryUnknownField, "unknown key %q; there are %s%s", key, strings.Join(keys, ", "), schema.DidYouMean(key, keys)).At(key)
		}
	}
	return nil
}

// operation reads one operation of a batch.
func (c *call) operation(raw any) (*query.Write, error) {
	in, ok := raw.(map[string]any)
	if !ok {
		return nil, fault.New(fault.QueryBadValue, "an operation is an object {method, path, body, ifMatch}")
	}
	if err := onlyKeys(in, "method", "path", "body", "ifMatch"); err != nil {
		return nil, err
	}
	path, _ := in["path"].(string)
	plural, id, one := strings.Cut(strings.TrimPrefix(path, "/api/"), "/")
	if !strings.HasPrefix(path, "/api/") || strings.ContainsAny(path, "?#") {
		return nil, fault.New(fault.QueryBadValue, "path is %q; it looks like /api/tasks or /api/tasks/<id>", path).At("path")
	}
	m, err := c.app.modelAt(plural)
	if err != nil {
		return nil, err
	}
	w := &query.Write{Model: m.Name}
	method, _ := in["method"].(string)
	if w.Op, err = operationOf(method, one); err != nil {
		return nil, err
	}
	if one {
		if w.Key, err = resturl.Key(m, id); err != nil {
			return nil, err
		}
	}
	if w.Version, err = versionOf(in["ifMatch"]); err != nil {
		return nil, err
	}
	if w.Version != nil && w.Op == query.Create {
		return nil, fault.New(fault.QueryBadValue, "a new row has no version to match; leave ifMatch out").At("ifMatch")
	}
	w.Input, ok = in["body"].(map[string]any)
	if !ok && w.Op != query.Delete {
		return nil, fault.New(fault.QueryRequired, "body must be an object").At("body")
	}
	return w, nil
}

func operationOf(method string, one bool) (query.WriteOp, error) {
	switch {
	case method == http.MethodPost && !one:
		return query.Create, nil
	case method == http.MethodPut && !one:
		return query.Upsert, nil
	case method == http.MethodPatch && one:
		return query.Update, nil
	case method == http.MethodDelete && one:
		return query.Delete, nil
	}
	return 0, fault.New(fault.QueryBadValue, "method is %q; a batch takes POST and PUT on /api/{plural}, PATCH and DELETE on /api/{plural}/{id}", method).At("method")
}

func versionOf(raw any) (*int64, error) {
	switch v := raw.(type) {
	case nil:
		return nil, nil
	case string:
		return ifMatch(v)
	case json.Number:
		if n, err := strconv.ParseInt(v.String(), 10, 64); err == nil {
			return &n, nil
		}
	}
	return nil, fault.New(fault.QueryBadValue, "ifMatch is the row's version, such as 3").At("ifMatch")
}
