package httpapi

import (
	"strconv"
	"strings"
	"time"

	"github.com/loam-dev/loam/internal/data"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/query"
	"github.com/loam-dev/loam/internal/store"
)

// readHeader is where a read says that a replica may answer, and the answer whether
// one did: `Loam-Read: replica; max-lag=2s`, and `Loam-Read: replica; lag=120ms`.
const readHeader = "Loam-Read"

// behind is how far behind the answer to a read may be: not at all, unless its caller
// says so, and never further than loam.yaml allows, since rules that look at other rows
// look at them as they were then. What is no read doesn't ask.
func (c *call) behind() (time.Duration, error) {
	value, rest, limited := strings.Cut(c.Header.Get(readHeader), ";")
	switch value = strings.TrimSpace(value); {
	case value == "replica" && !limited:
		return c.api.MaxLag, nil
	case value == "replica":
		text, ok := strings.CutPrefix(strings.TrimSpace(rest), "max-lag=")
		most, err := time.ParseDuration(text)
		if ok && err == nil && most > 0 {
			return min(most, c.api.MaxLag), nil
		}
	case (value == "" || value == "primary") && !limited:
		return 0, nil
	}
	return 0, fault.New(fault.HTTPParameter, "%s is replica, replica; max-lag=2s, or primary", readHeader).At(readHeader)
}

// read answers a read of the doors of data.
func (c *call) read(r *query.Read) (result data.Result, err error) {
	if r.Behind, err = c.behind(); err != nil {
		return result, err
	}
	result, err = c.app.Data.Read(c.Context(), c.by, r)
	c.answeredBy(result.Origin)
	return result, err
}

// answeredBy tells who asked for it where an answer is from.
func (c *call) answeredBy(o store.Origin) {
	switch {
	case c.Header.Get(readHeader) == "":
	case o.Replica:
		ms := (o.Behind + time.Millisecond - 1) / time.Millisecond
		c.out.Set(readHeader, "replica; lag="+strconv.FormatInt(int64(ms), 10)+"ms")
	default:
		c.out.Set(readHeader, "primary")
	}
}
