package httpapi

import (
	"context"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/audit"
	"github.com/loam-dev/loam/internal/fault"
)

// ofData tells whether the route is one of the doors of data, where rules of
// the schema and of loam.yaml decide.
func (r route) ofData() bool {
	_, path, _ := strings.Cut(r.pattern, " ")
	return strings.HasPrefix(path, "/api/") || strings.HasPrefix(path, "/channels") || path == "/live" || path == "/graphql" || path == "/graphql/realtime"
}

// pass refuses a caller whom the route's guard keeps out, and what nobody does in
// another's name.
func (c *call) pass(r route) error {
	if c.by.Impersonator != "" {
		c.out.Set("Loam-Impersonator", c.by.Impersonator)
		c.Request = c.WithContext(audit.WithImpersonator(c.Context(), c.by.Impersonator))
		reads := c.Method == http.MethodGet || c.Method == http.MethodHead
		if !reads && !r.ofData() && r.pattern != "POST /auth/sign-out" {
			return fault.New(fault.AuthNotAllowed, "only the user does this, in a session of their own")
		}
	}
	if strings.Contains(r.pattern, " /console/api/") && r.guard != open && c.carriesSession() && c.Header.Get("Authorization") == "" {
		if err := c.ownPage(); err != nil {
			return err
		}
	}
	switch r.guard {
	case signedIn:
		if c.by.Kind != access.User {
			return fault.New(fault.AccessSignIn, "sign in first: send Authorization: Bearer <access token>")
		}
	case adminReads, adminActs, adminUploads, operates:
		return c.passAdmin(r)
	}
	return nil
}

// passAdmin lets admins of the server pass, and who runs it. To everyone else there
// is nothing here; that a user tried is recorded.
func (c *call) passAdmin(r route) error {
	switch {
	case c.by.Kind == access.System && c.by.Admin:
		return nil
	case r.guard == operates || c.by.Kind != access.User || !c.by.Admin || c.by.Impersonator != "":
		absent := fault.New(fault.HTTPNotFound, "there is nothing at %s; /api lists what there is", c.URL.Path)
		c.recordDenied(r.pattern, absent)
		return absent
	case r.guard == adminReads:
		_, err := c.api.Auth.Own(c.Context(), c.by)
		return err
	}
	return c.api.Auth.Fresh(c.Context(), c.by)
}

type operatorKey struct{}

// Local answers who runs the server, on a way that nobody else has: a socket that
// only they may open, or their own process. It serves what admins do, and asks for
// no credentials.
func (a *API) Local() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, "/auth/admin/") {
			a.fail(w, r, requestID(), fault.New(fault.HTTPNotFound, "there is nothing at %s here; /auth/admin is", r.URL.Path))
			return
		}
		a.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), operatorKey{}, true)))
	})
}

// steady is a body of any length: each piece of it has a time of its own.
type steady struct {
	io.ReadCloser
	control *http.ResponseController
	each    time.Duration
}

func (s *steady) Read(b []byte) (int, error) {
	until := time.Now().Add(s.each)
	_ = s.control.SetReadDeadline(until) // where they can't be set, the listener's own limits hold
	_ = s.control.SetWriteDeadline(until.Add(s.each))
	return s.ReadCloser.Read(b)
}
