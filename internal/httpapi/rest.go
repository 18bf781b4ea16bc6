package httpapi

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/loam-dev/loam/internal/data"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/query"
	"github.com/loam-dev/loam/internal/resturl"
	"github.com/loam-dev/loam/internal/schema"
)

// model finds the model that the path names.
func (c *call) model(path string) (*schema.Model, error) {
	m, err := c.app.modelAt(path)
	if err == nil {
		c.of = m.Path
	}
	return m, err
}

func (a *App) modelAt(path string) (*schema.Model, error) {
	if m := a.Data.Schema().ModelAt(path); m != nil {
		return m, nil
	}
	return nil, fault.New(fault.QueryUnknownModel, "there is no /api/%s", path)
}

// aggregateSuffix makes a list's path that of its aggregates.
const aggregateSuffix = ":aggregate"

func listRows(c *call) (reply, error) {
	if c.wantsEvents() {
		return c.follow()
	}
	path, aggregate := strings.CutSuffix(c.PathValue("plural"), aggregateSuffix)
	m, err := c.model(path)
	if err != nil {
		return reply{}, err
	}
	read, err := resturl.Read(m, c.URL.RawQuery, aggregate)
	if err != nil {
		return reply{}, err
	}
	lent := c.scratch()
	read.Memory = lent.rows
	result, err := c.read(read)
	if err != nil {
		return reply{}, err
	}
	lent.rows, lent.body = result.Rows, page(lent.body[:0], result, read.Count)
	return reply{status: http.StatusOK, body: lent.body}, nil
}

// scratch is memory for an answer, which one request leaves to another: a list and its
// rows are most of what would have to be collected.
type scratch struct{ rows, body []byte }

// mostScratch is how many bytes of either are left to another.
const mostScratch = 64 << 10

// scratch is the request's until it has been answered.
func (c *call) scratch() *scratch {
	if c.mine == nil {
		if c.mine, _ = c.api.spare.Get().(*scratch); c.mine == nil {
			c.mine = &scratch{}
		}
	}
	return c.mine
}

func (c *call) giveBack() {
	if c.mine != nil && max(cap(c.mine.rows), cap(c.mine.body)) <= mostScratch {
		c.api.spare.Put(c.mine)
	}
}

// page writes the answer to a list.
func page(body []byte, result data.Result, counted bool) []byte {
	body = append(slices.Grow(body, len(result.Rows)+len(result.Next)+64), `{"items":[`...)
	body = append(body, result.Rows...)
	body = append(body, `],"nextCursor":`...)
	if result.Next == "" {
		body = append(body, "null"...)
	} else {
		body = strconv.AppendQuote(body, result.Next) // base64url: nothing to escape
	}
	if counted {
		body = append(body, `,"total":`...)
		body = strconv.AppendInt(body, result.Total, 10)
	}
	return append(body, '}')
}

func getRow(c *call) (reply, error) {
	m, err := c.model(c.PathValue("plural"))
	if err != nil {
		return reply{}, err
	}
	read, err := resturl.Read(m, c.URL.RawQuery, false)
	if err != nil {
		return reply{}, err
	}
	if read.Filter != nil || read.Sort != nil || read.Limit != 0 || read.Cursor != "" || read.Count || read.Op == query.Search {
		return reply{}, fault.New(fault.HTTPParameter, "a row by its id takes fields and include, nothing else")
	}
	read.Op = query.Get
	if read.Key, err = c.key(m); err != nil {
		return reply{}, err
	}
	lent := c.scratch()
	read.Memory = lent.rows
	result, err := c.read(read)
	if err != nil {
		return reply{}, err
	}
	lent.rows = result.Rows
	if read.Select == nil && !m.ReadOnly {
		tag := etag(result.Version)
		c.out.Set("ETag", tag)
		if c.Header.Get("If-None-Match") == tag {
			return reply{status: http.StatusNotModified}, nil
		}
	}
	return reply{status: http.StatusOK, body: result.Rows}, nil
}

func etag(version int64) string { return `"` + strconv.FormatInt(version, 10) + `"` }

// key takes the primary key from the last part of the path: its values in
// order, joined by commas.
func (c *call) key(m *schema.Model) (map[string]any, error) {
	path := c.URL.EscapedPath()
	return resturl.Key(m, path[strings.LastIndexByte(path, '/')+1:])
}
