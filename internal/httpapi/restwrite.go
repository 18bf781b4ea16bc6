package httpapi

import (
	"crypto/sha256"
	"net/http"
	"strconv"
	"strings"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/query"
	"github.com/loam-dev/loam/internal/schema"
	"github.com/loam-dev/loam/internal/store"
)

func createRow(c *call) (reply, error) { return c.writeOne(query.Create) }
func upsertRow(c *call) (reply, error) { return c.writeOne(query.Upsert) }
func updateRow(c *call) (reply, error) { return c.writeOne(query.Update) }
func deleteRow(c *call) (reply, error) { return c.writeOne(query.Delete) }

// writeOne runs the write of one request on one row.
func (c *call) writeOne(op query.WriteOp) (reply, error) {
	m, err := c.model(c.PathValue("plural"))
	if err != nil {
		return reply{}, err
	}
	w := &query.Write{Model: m.Name, Op: op}
	var body []byte
	if op != query.Delete {
		if body, err = c.body(); err != nil {
			return reply{}, err
		}
		if w.Input, err = object(body); err != nil {
			return reply{}, err
		}
	}
	if op == query.Update || op == query.Delete {
		if w.Key, err = c.key(m); err != nil {
			return reply{}, err
		}
	}
	if w.Version, err = ifMatch(c.Header.Get("If-Match")); err != nil {
		return reply{}, err
	}
	if w.Version != nil && op == query.Create {
		return reply{}, fault.New(fault.HTTPHeader, "a new row has no version to match; leave If-Match out").At("If-Match")
	}
	once, err := c.once(body)
	if err != nil {
		return reply{}, err
	}
	written, err := c.app.Data.Write(c.Context(), c.by, []*query.Write{w}, once)
	if err != nil {
		return reply{}, err
	}
	return c.written(m, written[0]), nil
}

// object decodes a body that must be one object.
func object(body []byte) (map[string]any, error) {
	v, err := query.DecodeJSON(body)
	if err != nil {
		return nil, err
	}
	if o, ok := v.(map[string]any); ok {
		return o, nil
	}
	return nil, fault.New(fault.QueryMalformed, "the body must be an object")
}

// written answers a write on one row.
func (c *call) written(m *schema.Model, w store.Written) reply {
	if w.Op == query.Delete {
		return reply{status: http.StatusNoContent}
	}
	c.out.Set("ETag", etag(w.Version))
	if w.Op == query.Create {
		c.out.Set("Location", location(m, w.Key))
		return reply{status: http.StatusCreated, body: w.Row}
	}
	return reply{status: http.StatusOK, body: w.Row}
}

func location(m *schema.Model, key []any) string {
	return "/api/" + m.Path + "/" + query.KeyPath(key)
}

// ifMatch reads the version that an If-Match header demands: an ETag of ours.
func ifMatch(header string) (*int64, error) {
	if header == "" || header == "*" {
		return nil, nil
	}
	n, err := strconv.ParseInt(strings.Trim(strings.TrimPrefix(header, "W/"), `"`), 10, 64)
	if err != nil {
		return nil, fault.New(fault.HTTPHeader, `If-Match is %q; send the row's ETag, such as "3"`, header).At("If-Match")
	}
	return &n, nil
}

// once reads the Idempotency-Key, which belongs to the caller in the active
// organization, and ties it to this request.
func (c *call) once(body []byte) (*store.Once, error) {
	key := c.Header.Get("Idempotency-Key")
	if key == "" {
		return nil, nil
	}
	if len(key) > maxIdempotency {
		return nil, fault.New(fault.HTTPHeader, "Idempotency-Key has %d characters, more than %d", len(key), maxIdempotency).At("Idempotency-Key")
	}
	if c.by.Kind == access.Anonymous {
		return nil, fault.New(fault.AccessSignIn, "an Idempotency-Key needs a caller; sign in first")
	}
	h := sha256.New()
	for _, part := range []string{c.Method, c.URL.RequestURI(), c.Header.Get("If-Match")} {
		h.Write([]byte(part))
		h.Write([]byte{0})
	}
	h.Write(body)
	return &store.Once{Caller: c.by.Org + " " + c.by.Subject(), Key: key, Request: h.Sum(nil)}, nil
}
