package provider

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/audit"
	"github.com/loam-dev/loam/internal/config"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/form"
	"github.com/loam-dev/loam/internal/store"
	"github.com/loam-dev/loam/internal/tokens"
)

// Question is what the page of consent asks.
type Question struct {
	Application string // its name
	Scopes      []string
	Redirect    string // where the browser goes with the answer
	Host        string // of it, for people; "" for an app on the user's machine
}

// Consent is what a user has let an application do.
type Consent struct {
	Client    string   `json:"client"`
	Name      string   `json:"name"`
	Scopes    []string `json:"scopes"`
	CreatedAt string   `json:"createdAt"`
	UpdatedAt string   `json:"updatedAt"`
}

// agreed tells whether the user need not be asked.
func (s *Service) agreed(ctx context.Context, user string, r request) (bool, error) {
	switch {
	case slices.Contains(r.prompt, "consent"):
		return false, nil
	case r.client.Consent == "skip":
		return true, nil
	case !remembers(r.client, r.redirect):
		return false, nil
	}
	var given []string
	err := s.engine.Read(ctx, func(c store.Conn) (err error) {
		given, err = consented(c, user, r.client.ID)
		return err
	})
	return covers(given, strings.Fields(r.scope)), wrap("reading a consent", err)
}

// consented is what the user has let a client do.
func consented(c store.Conn, user, client string) (scopes []string, err error) {
	err = c.Query(`SELECT "scope" FROM "_consents" WHERE "user_id" = ?1 AND "client" = ?2`, []any{user, client}, func(r store.Row) error {
		scopes = strings.Fields(r.Text(0))
		return nil
	})
	return scopes, err
}

func covers(given, asked []string) bool {
	return len(given) > 0 && !slices.ContainsFunc(asked, func(scope string) bool { return !slices.Contains(given, scope) })
}

// Ask returns the question that a ticket stands for: the caller's own, in the
// session that it was asked in, and not answered yet.
func (s *Service) Ask(ctx context.Context, p *access.Principal, ticket string) (Question, error) {
	var q Question
	var client config.Client
	found := false
	err := s.engine.Read(ctx, func(c store.Conn) error {
		return c.Query(`SELECT "client", "redirect", "scope" FROM "_authorizations"
			WHERE "ticket" = ?1 AND "user_id" = ?2 AND "session" = ?3 AND "decided_at" IS NULL AND "expires_at" > ?4`,
			[]any{tokens.Digest(ticket), p.UserID, p.SessionID, form.Stamp(s.now())}, func(r store.Row) error {
				client, found = s.client(r.Text(0))
				q = Question{s.auth.ClientName(client.ID), strings.Fields(r.Text(2)), r.Text(1), ""}
				return nil
			})
	})
	if err == nil && !found {
		err = ended()
	}
	if u, parseErr := url.Parse(q.Redirect); parseErr == nil && u.Scheme == "https" {
		q.Host = u.Host
	}
	return q, wrap("reading a request", err)
}

// Decide answers a question, once, and says where the browser goes.
func (s *Service) Decide(ctx context.Context, p *access.Principal, ticket string, allow bool) (string, error) {
	code, now := tokens.Secret(), s.now()
	var stored any
	if allow {
		stored = tokens.Digest(code)
	}
	var r request
	err := s.engine.Write(ctx, func(c store.Conn) error {
		r = request{}
		known := false
		if err := c.Query(`UPDATE "_authorizations" SET "decided_at" = ?1, "code" = ?2, "expires_at" = ?3
			WHERE "ticket" = ?4 AND "user_id" = ?5 AND "session" = ?6 AND "decided_at" IS NULL AND "expires_at" > ?1
			RETURNING "client", "redirect", "scope", "state"`,
			[]any{form.Stamp(now), stored, form.Stamp(now.Add(codeLife)), tokens.Digest(ticket), p.UserID, p.SessionID}, func(row store.Row) error {
				r = request{redirect: row.Text(1), scope: row.Text(2), state: row.Text(3)}
				r.client, known = s.client(row.Text(0))
				return nil
			}); err != nil {
			return err
		}
		if !known {
			return ended()
		}
		if !allow {
			return nil
		}
		return s.remember(ctx, c, p, r)
	})
	switch {
	case err != nil:
		return "", wrap("answering a request", err)
	case !allow:
		return s.back(r, "error", "access_denied", "error_description", "the user said no"), nil
	}
	return s.back(r, "code", code), nil
}

// remember adds what was asked to what the user lets the client do.
func (s *Service) remember(ctx context.Context, c store.Conn, p *access.Principal, r request) error {
	given, err := consented(c, p.UserID, r.client.ID)
	if err != nil {
		return err
	}
	for _, scope := range strings.Fields(r.scope) {
		if !slices.Contains(given, scope) {
			given = append(given, scope)
		}
	}
	if _, err := c.Exec(`INSERT INTO "_consents" ("user_id", "client", "scope", "created_at", "updated_at") VALUES (?1, ?2, ?3, ?4, ?4)
		ON CONFLICT ("user_id", "client") DO UPDATE SET "scope" = excluded."scope", "updated_at" = excluded."updated_at"`,
		p.UserID, r.client.ID, strings.Join(given, " "), form.Stamp(s.now())); err != nil {
		return err
	}
	return s.record(ctx, c, audit.Event{Action: "auth.consent_given", Org: p.Org, Actor: p.Subject(), Target: "client:" + r.client.ID, Details: map[string]any{"scope": r.scope}})
}

// Consents lists what the caller lets applications do, the newest first: one for
// each client at most.
func (s *Service) Consents(ctx context.Context, p *access.Principal) ([]Consent, error) {
	var list []Consent
	err := s.engine.Read(ctx, func(c store.Conn) error {
		list = []Consent{}
		return c.Query(`SELECT "client", "scope", "created_at", "updated_at" FROM "_consents" WHERE "user_id" = ?1 ORDER BY "updated_at" DESC, "client"`,
			[]any{p.UserID}, func(r store.Row) error {
				list = append(list, Consent{r.Text(0), s.auth.ClientName(r.Text(0)), strings.Fields(r.Text(1)), r.Text(2), r.Text(3)})
				return nil
			})
	})
	return list, wrap("listing consents", err)
}

// Revoke takes a consent back: the application's sessions end at once on every
// door, and a code that waits is void.
func (s *Service) Revoke(ctx context.Context, p *access.Principal, client string) error {
	err := s.engine.Write(ctx, func(c store.Conn) error {
		n, err := c.Exec(`DELETE FROM "_consents" WHERE "user_id" = ?1 AND "client" = ?2`, p.UserID, client)
		if err == nil && n == 0 {
			return fault.New(fault.ProviderNoConsent, "you let no such application do anything: GET /auth/consents lists them")
		}
		if err == nil {
			_, err = c.Exec(`DELETE FROM "_authorizations" WHERE "user_id" = ?1 AND "client" = ?2 AND "used_at" IS NULL`, p.UserID, client)
		}
		if err == nil {
			err = s.auth.EndClient(c, p.UserID, client)
		}
		if err != nil {
			return err
		}
		return s.record(ctx, c, audit.Event{Action: "auth.consent_revoked", Org: p.Org, Actor: p.Subject(), Target: "client:" + client})
	})
	s.auth.Forget(p.UserID)
	return wrap("revoking a consent", err)
}

// record adds an event to the audit log inside the caller's transaction.
func (s *Service) record(ctx context.Context, c store.Conn, e audit.Event) error {
	return s.audit.Append(c, e.From(ctx))
}

func ended() error {
	return fault.New(fault.ProviderRequestEnded, "this request was answered, has expired, or is of another sign-in: go back to the application and begin again")
}
