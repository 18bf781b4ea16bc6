package backend

import (
	"context"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/channel"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/query"
	"github.com/loam-dev/loam/internal/realtime"
)

// channelRows tells channels who may read the rows that they are about.
type channelRows struct{ b *Backend }

// key is the name of the one field that a row of the model is known by.
func (r channelRows) key(model string) (string, error) {
	app := r.b.app.Load()
	if app == nil {
		return "", fault.New(fault.Unready, "the server has no schema yet")
	}
	m := app.Data.Schema().Model(model)
	if m == nil || len(m.Key) != 1 {
		return "", fault.New(fault.ChannelUnknown, "loam.yaml says that the channel is about rows of %s, which the schema does not have", model)
	}
	return m.Key[0].Name, nil
}

// May asks for the row.
func (r channelRows) May(ctx context.Context, by *access.Principal, model, id string) error {
	key, err := r.key(model)
	if err == nil {
		_, err = r.b.Data().Read(ctx, by, &query.Read{Op: query.Get, Model: model, Key: map[string]any{key: query.Text(id)}, Select: []query.Field{{Name: key}}})
	}
	return err
}

// Watch follows the list that has the row alone.
func (r channelRows) Watch(ctx context.Context, by *access.Principal, model, id string, gone func(error)) (channel.RowWatch, error) {
	key, err := r.key(model)
	if err != nil {
		return nil, err
	}
	read := &query.Read{Op: query.List, Model: model, Filter: map[string]any{key: map[string]any{"eq": query.Text(id)}}, Select: []query.Field{{Name: key}}, Limit: 1}
	sub, err := r.b.hub.Subscribe(ctx, by, realtime.Request{Read: read}, rowSink{model, gone})
	if err != nil {
		return nil, err
	}
	return sub, nil
}

// rowSink waits for the row to leave its list.
type rowSink struct {
	model string
	gone  func(error)
}

func (s rowSink) Tell(_ *realtime.Subscription, e *realtime.Event) {
	if e.Op == realtime.Delete || e.Op == realtime.Remove || e.Op == realtime.Rows && len(e.Page.Items) == 0 {
		s.gone(fault.New(fault.DataNotFound, "there is no such %s any more, or none that you may see", s.model))
	}
}

func (s rowSink) End(_ *realtime.Subscription, why error) { s.gone(why) }
