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

// identity is what somebody has shown, and who they are by it.
type identity struct {
	verify Verify
	by     *access.Principal
}

// present is whom credentials stand for.
func (c *webSocket) present(ctx context.Context, authorization, key string) (*identity, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	verify, err := c.show(authorization, key)
	if err != nil {
		return nil, err
	}
	by, err := verify(ctx)
	return &identity{verify, by}, err
}

// identify is whom the credentials in a message stand for, or without any those of
// the request that opened the connection.
func (c *webSocket) identify(authorization, key string) (*access.Principal, error) {
	if authorization != "" || key != "" {
		who, err := c.present(c.server.context, authorization, key)
		if err != nil {
			return nil, err
		}
		c.verify.Store(&who.verify)
		return who.by, nil
	}
	ctx, cancel := context.WithTimeout(c.server.context, c.timeout)
	defer cancel()
	return (*c.verify.Load())(ctx)
}

// enter takes the credentials that count from now on: those shown here, or at first
// those of the request that opened the connection. Admit may refuse who they are.
func (c *webSocket) enter(authorization, key string, admit func(context.Context, *access.Principal) error) error {
	ctx, cancel := context.WithTimeout(c.server.context, c.timeout)
	defer cancel()
	if c.by.Load() != nil {
		if err := c.adopt(authorization, key); err != nil {
			return err
		}
		if err := admit(ctx, c.by.Load()); err != nil {
			return &closing{closeForbidden, "Forbidden: " + fault.Of(err).Message}
		}
		return nil
	}
	by, err := c.identify(authorization, key)
	if err == nil {
		err = admit(ctx, by)
	}
	if err != nil {
		return &closing{closeUnauthorized, "Unauthorized: " + fault.Of(err).Message}
	}
	if err := c.server.admit(c.conn, by); err != nil {
		return closingOf(err)
	}
	c.by.Store(by)
	return nil
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
func (c *webSocket) adopt(authorization, key string) error {
	who, err := c.present(c.server.context, authorization, key)
	if err != nil {
		return &closing{closeForbidden, "Forbidden: " + fault.Of(err).Message}
	}
	if !c.renew(who) {
		return &closing{closeForbidden, "Forbidden: a new token is of the same user and organization; connect again as another"}
	}
	return nil
}

// renew has the connection go on under what somebody has shown, if they are the same
// caller.
func (c *webSocket) renew(who *identity) bool {
	was := c.by.Load()
	if who.by.Kind != was.Kind || who.by.Subject() != was.Subject() || who.by.Org != was.Org {
		return false
	}
	c.verify.Store(&who.verify)
	if c.by.Store(who.by); !reflect.DeepEqual(who.by, was) {
		c.rebind(who.by)
	}
	return true
}
