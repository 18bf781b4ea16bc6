package socket

import (
	"context"
	"reflect"
	"strings"
	"time"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/fault"
)

// credentials are how a client shows who it is over an open connection.
type credentials struct {
	show    func(authorization, key string) (Verify, error)
	timeout time.Duration
}

// identify is whom the credentials in a message stand for, or without any those of
// the request that opened the connection.
func (ws *webSocket) identify(authorization, key string) (*access.Principal, error) {
	if authorization != "" || key != "" {
		verify, err := ws.show(authorization, key)
		if err != nil {
			return nil, err
		}
		ws.verify.Store(&verify)
	}
	ctx, cancel := context.WithTimeout(ws.server.context, ws.timeout)
	defer cancel()
	return (*ws.verify.Load())(ctx)
}

// credentialsIn are those in a payload, under the names of the headers.
func credentialsIn(payload map[string]any) (authorization, key string) {
	for name, v := range payload {
		text, _ := v.(string)
		switch {
		case strings.EqualFold(name, "Authorization"):
			authorization = text
		case strings.EqualFold(name, "X-Api-Key"):
			key = text
		}
	}
	return authorization, key
}

// adopt has the connection go on under other credentials of the same caller.
func (ws *webSocket) adopt(authorization, key string) error {
	ctx, cancel := context.WithTimeout(ws.server.context, ws.timeout)
	defer cancel()
	verify, err := ws.show(authorization, key)
	if err != nil {
		return &closing{closeForbidden, "Forbidden: " + fault.Of(err).Message}
	}
	is, err := verify(ctx)
	if err != nil {
		return &closing{closeForbidden, "Forbidden: " + fault.Of(err).Message}
	}
	was := ws.by.Load()
	if is.Kind != was.Kind || is.Subject() != was.Subject() || is.Org != was.Org {
		return &closing{closeForbidden, "Forbidden: a new token is of the same user and organization; connect again as another"}
	}
	ws.verify.Store(&verify)
	if ws.by.Store(is); !reflect.DeepEqual(is, was) {
		ws.rebind(is)
	}
	return nil
}
