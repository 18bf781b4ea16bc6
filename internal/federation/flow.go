package federation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/audit"
	"github.com/loam-dev/loam/internal/auth"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/form"
	"github.com/loam-dev/loam/internal/store"
	"github.com/loam-dev/loam/internal/tokens"
)

// way is one identity provider that a flow goes through. It is immutable: what
// belongs to one sign-in is in its trip.
type way interface {
	// authorize returns the URL that the browser is sent to.
	authorize(ctx context.Context, t trip) (string, error)
	// identify turns what the provider sent back into who it was. An answer that
	// does not prove it is fault.FederationRefused.
	identify(ctx context.Context, t trip, answer url.Values) (Identity, error)
	// posts tells whether the provider answers by a form that it posts, so that
	// the cookie must come along from another site.
	posts() bool
}

// Start is what an app sends to begin: where the answer goes, and the S256
// challenge of a verifier that it keeps for the exchange. With the prompt "login"
// a sign-in that the provider remembers does not do.
type Start struct {
	Redirect  string `json:"redirect"`
	Challenge string `json:"challenge"`
	Prompt    string `json:"prompt"`
}

// Visit is a request as far as a flow depends on it.
type Visit struct {
	From auth.Client
	// Origin is the scheme and host that the request named. It counts for a
	// loopback address where no URL is configured, and for nothing else.
	Origin string
	Cookie func(name string) string // "" for none
}

// Departure sends the browser to the provider, with a cookie that the way back
// asks for.
type Departure struct {
	URL    string
	Cookie *http.Cookie
}

// purpose is what a flow is for.
type purpose string

const (
	signingIn purpose = "sign-in"
	linking   purpose = "link"
)

var (
	nameForm      = form.Pattern(`^[a-z][a-z0-9_-]{0,39}$`)
	challengeForm = form.Pattern(`^[A-Za-z0-9_-]{43}$`)
	ownPage       = form.Pattern(`^/(?:[A-Za-z0-9._~-][A-Za-z0-9._~/-]*)?(?:\?[A-Za-z0-9._~=&%-]*)?$`)
)

// Depart begins a sign-in: the browser that asks is the one that must come back.
func (s *Service) Depart(ctx context.Context, provider string, in Start, v Visit) (Departure, error) {
	return s.depart(ctx, provider, signingIn, "", in, v)
}

func (s *Service) depart(ctx context.Context, provider string, why purpose, user string, in Start, v Visit) (Departure, error) {
	w, err := s.find(ctx, provider)
	if err != nil {
		return Departure{}, err
	}
	t, err := s.trip(provider, w, in, v)
	if err != nil {
		return Departure{}, err
	}
	to, err := w.authorize(ctx, t)
	if err != nil {
		return Departure{}, err
	}
	browser := tokens.Secret()
	if err := s.keep(ctx, flow{provider: provider, purpose: why, user: user, browser: tokens.Digest(browser), trip: t, network: network(v.From)}, in); err != nil {
		return Departure{}, err
	}
	return Departure{to, s.cookie(t, browser, w.posts())}, nil
}

// BeginLink lets a signed-in user add a way in. It answers a URL of this server
// for the browser to go to, once: the call that carries the access token is
// often one that can't set a cookie for the way back.
func (s *Service) BeginLink(ctx context.Context, p *access.Principal, provider string, in Start, v Visit) (string, error) {
	if p.Kind != access.User {
		return "", fault.New(fault.AccessSignIn, "sign in first: send Authorization: Bearer <access token>")
	}
	if s.configured(provider) == nil { // a connection is for the members that it makes
		return "", unknownProvider(provider)
	}
	t, err := s.trip(provider, s.configured(provider), in, v)
	if err != nil {
		return "", err
	}
	ticket := tokens.Secret()
	f := flow{provider: provider, purpose: linking, user: p.UserID, browser: ofTicket(ticket), trip: t, network: network(v.From)}
	if err := s.keep(ctx, f, in); err != nil {
		return "", err
	}
	base, err := s.base(v)
	return base + "/auth/sign-in/" + provider + "?flow=" + ticket, err
}

// Resume sends the browser that shows a ticket of BeginLink on its way; the
// ticket is used up.
func (s *Service) Resume(ctx context.Context, provider, ticket string, v Visit) (Departure, error) {
	w, err := s.find(ctx, provider)
	if err != nil {
		return Departure{}, err
	}
	browser, now := tokens.Secret(), form.Stamp(s.now())
	var f flow
	err = s.engine.Write(ctx, func(c store.Conn) error {
		n, err := c.Exec(`UPDATE "_flows" SET "browser" = ?1 WHERE "browser" = ?2 AND "provider" = ?3 AND "used_at" IS NULL AND "expires_at" > ?4`,
			tokens.Digest(browser), ofTicket(ticket), provider, now)
		if err != nil {
			return err
		}
		if n == 0 {
			return badState()
		}
		f, err = s.flowWhere(c, `"browser" = ?1`, tokens.Digest(browser))
		return err
	})
	if err != nil {
		return Departure{}, wrap("resuming a flow", err)
	}
	to, err := w.authorize(ctx, f.trip)
	if err != nil {
		return Departure{}, err
	}
	return Departure{to, s.cookie(f.trip, browser, w.posts())}, nil
}

// Return takes what the provider sent the browser back with, and says where the
// browser goes: to the app's redirect, with a code for Exchange, or with an error
// where the user turned back at the provider. The state is used up by one
// update, and only for the browser that left with it.
func (s *Service) Return(ctx context.Context, provider string, answer url.Values, v Visit) (string, error) {
	w, err := s.find(ctx, provider)
	if err != nil {
		return "", err
	}
	for name, values := range answer {
		if len(values) != 1 || len(values[0]) > maxAnswer {
			return "", fault.New(fault.FederationState, "the parameter %q is there more than once, or longer than %d bytes: start again", shorten(name), maxAnswer)
		}
	}
	f, err := s.use(ctx, provider, answer.Get("state"), v)
	if err != nil {
		return "", err
	}
	if answer.Get("error") != "" { // what the provider says is its own; the app gets a word of ours
		return withQuery(f.redirect, "error", string(fault.FederationDenied)), nil
	}
	who, err := w.identify(ctx, f.trip, answer)
	if err == nil {
		err = f.trip.since(&who)
	}
	if err != nil {
		return "", errors.Join(err, s.recordRefusal(ctx, f, err))
	}
	who.Provider = provider
	if who.EmailVerified, err = s.vouches(ctx, who); fault.Is(err, fault.FederationForeign) {
		return withQuery(f.redirect, "error", string(fault.FederationForeign)), nil
	} else if err != nil {
		return "", err
	}
	code, err := s.admit(ctx, f, who)
	if err != nil {
		return "", err
	}
	return withQuery(f.redirect, "code", code), nil
}

// recordRefusal tells the audit log of an answer that proved nothing.
func (s *Service) recordRefusal(ctx context.Context, f flow, err error) error {
	if !fault.Is(err, fault.FederationRefused) {
		return nil
	}
	return wrap("recording a refusal", s.audit.Write(ctx, audit.Event{Action: "auth.sign_in_failed", Outcome: audit.Failure, Actor: "anonymous",
		Details: map[string]any{"method": string(auth.ByProvider) + linkedAs(f.provider)}}))
}

// vouches tells whether the address counts as proved: where the provider says so,
// and for the provider of an organization where the domain is its own. It says so
// of no other.
func (s *Service) vouches(ctx context.Context, who Identity) (bool, error) {
	if s.configured(who.Provider) != nil {
		return who.EmailVerified, nil
	}
	err := s.engine.Read(ctx, func(c store.Conn) error {
		of, err := s.connection(c, who.Provider)
		if err != nil {
			return err
		}
		return s.belongs(c, of, who.Email)
	})
	return err == nil, wrap("looking at a domain", err)
}

// use marks the flow of a state as used, or refuses the state.
func (s *Service) use(ctx context.Context, provider, state string, v Visit) (flow, error) {
	if state == "" {
		return flow{}, badState()
	}
	browser := v.Cookie(cookieName(state))
	if browser == "" {
		return flow{}, badState()
	}
	now := form.Stamp(s.now())
	var f flow
	err := s.engine.Write(ctx, func(c store.Conn) error {
		n, err := c.Exec(`UPDATE "_flows" SET "used_at" = ?1
			WHERE "state" = ?2 AND "browser" = ?3 AND "provider" = ?4 AND "used_at" IS NULL AND "expires_at" > ?1`,
			now, tokens.Digest(state), tokens.Digest(browser), provider)
		if err != nil {
			return err
		}
		if n == 0 {
			return badState()
		}
		f, err = s.flowWhere(c, `"state" = ?1`, tokens.Digest(state))
		return err
	})
	return f, wrap("using a flow", err)
}

// admit keeps who somebody proved to be until the app exchanges the code.
func (s *Service) admit(ctx context.Context, f flow, who Identity) (code string, err error) {
	if len(who.Subject) == 0 || len(who.Subject) > maxSubject {
		return "", refused("the provider names no subject, or one of more than %d bytes", maxSubject)
	}
	plain, err := json.Marshal(who)
	if err != nil {
		return "", wrap("encoding an identity", err)
	}
	code = tokens.Secret()
	err = s.engine.Write(ctx, func(c store.Conn) error {
		_, err := c.Exec(`UPDATE "_flows" SET "code" = ?1, "identity" = ?2, "expires_at" = ?3 WHERE "id" = ?4`,
			tokens.Digest(code), s.sealer.Seal(plain, "_flows.identity/"+f.id), form.Stamp(s.now().Add(codeLife)), f.id)
		return err
	})
	return code, wrap("keeping an identity", err)
}

// Exchange is what an app sends for the code that came back to it.
type Exchange struct {
	Code     auth.Secret `json:"code"`
	Verifier auth.Secret `json:"verifier"`
}

// Redeem gives who came back for the code that their browser brought and the
// verifier that their app kept. One update uses the code up; a wrong verifier
// does not, so that who only saw the code can't spoil it. link is set where the
// flow was begun to add a way in, by p.
func (s *Service) Redeem(ctx context.Context, p *access.Principal, in Exchange) (who auth.External, link bool, err error) {
	now, code := form.Stamp(s.now()), tokens.Digest(string(in.Code))
	var f flow
	var sealed []byte
	err = s.engine.Write(ctx, func(c store.Conn) error {
		n, err := c.Exec(`UPDATE "_flows" SET "exchanged_at" = ?1 WHERE "code" = ?2 AND "challenge" = ?3
			AND "user_id" IN ('', ?4) AND "exchanged_at" IS NULL AND "expires_at" > ?1`, now, code, tokens.Digest(string(in.Verifier)), p.UserID)
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.New(fault.FederationCode, "the code was used, is older than %s, or is not of this verifier: start again", codeLife)
		}
		if f, err = s.flowWhere(c, `"code" = ?1`, code); err != nil {
			return err
		}
		sealed = f.identity
		_, err = c.Exec(`UPDATE "_flows" SET "identity" = NULL WHERE "id" = ?1`, f.id)
		return err
	})
	if err != nil {
		return auth.External{}, false, wrap("exchanging a code", err)
	}
	plain, err := s.sealer.Open(sealed, "_flows.identity/"+f.id)
	var proved Identity
	if err == nil {
		err = json.Unmarshal(plain, &proved)
	}
	return s.external(proved), f.purpose == linking, wrap("opening an identity", err)
}

// flow is one row.
type flow struct {
	id       string
	provider string
	purpose  purpose
	user     string
	redirect string
	browser  string // a digest
	network  string
	trip     trip
	identity []byte // sealed
}

// keep stores a new flow.
func (s *Service) keep(ctx context.Context, f flow, in Start) error {
	if err := s.mayGoTo(in.Redirect); err != nil {
		return err
	}
	if !challengeForm().MatchString(in.Challenge) {
		return fault.New(fault.FederationChallenge, "send challenge: the S256 code challenge of a verifier that the app keeps, 43 characters of base64url").At("challenge")
	}
	plain, err := json.Marshal(f.trip)
	if err != nil {
		return wrap("encoding a flow", err)
	}
	id, now := newID(), s.now()
	return wrap("keeping a flow", s.engine.Write(ctx, func(c store.Conn) error {
		n, err := c.Exec(`INSERT INTO "_flows" ("id", "state", "browser", "provider", "purpose", "user_id", "redirect", "challenge", "network", "sealed", "created_at", "expires_at")
			SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12
			WHERE (SELECT COUNT(*) FROM "_flows" WHERE "network" = ?9 AND "expires_at" > ?11) < ?13`,
			id, tokens.Digest(f.trip.State), f.browser, f.provider, string(f.purpose), f.user, in.Redirect, in.Challenge, f.network,
			s.sealer.Seal(plain, "_flows.sealed/"+id), form.Stamp(now), form.Stamp(now.Add(flowLife)), maxFlows)
		if err == nil && n == 0 {
			return fault.New(fault.FederationTooMany, "more than %d sign-ins from this network began within %s: try again later", maxFlows, flowLife).After(flowLife)
		}
		return err
	}))
}

// flowWhere reads the one flow that meets a condition.
func (s *Service) flowWhere(c store.Conn, condition string, args ...any) (flow, error) {
	var f flow
	var sealed []byte
	err := c.Query(`SELECT "id", "provider", "purpose", "user_id", "redirect", "sealed", "identity" FROM "_flows" WHERE `+condition, args, func(r store.Row) error {
		f = flow{id: r.Text(0), provider: r.Text(1), purpose: purpose(r.Text(2)), user: r.Text(3), redirect: r.Text(4), identity: slices.Clone(r.Bytes(6))}
		sealed = slices.Clone(r.Bytes(5))
		return nil
	})
	if err != nil {
		return f, err
	}
	plain, err := s.sealer.Open(sealed, "_flows.sealed/"+f.id)
	if err != nil {
		return f, err
	}
	return f, json.Unmarshal(plain, &f.trip)
}

// base is the URL of this server: the configured one, and without it a loopback
// address that the request names. A Host header decides nothing else.
func (s *Service) base(v Visit) (string, error) {
	if s.url != "" {
		return s.url, nil
	}
	if u, err := url.Parse(v.Origin); err == nil && loopback(u) {
		return v.Origin, nil
	}
	return "", fault.New(fault.FederationNoURL, "set url in loam.yaml to where this server is reached: providers send the browser back there")
}

// mayGoTo refuses a redirect that is neither configured, to the letter, nor a
// page of this server.
func (s *Service) mayGoTo(redirect string) error {
	own := ownPage().MatchString(redirect) && !strings.Contains(redirect, "//")
	if len(redirect) > maxRedirect || !own && !slices.Contains(s.redirects, redirect) {
		return fault.New(fault.FederationRedirect, "add this redirect to auth.redirects in loam.yaml, exactly as it is sent here, or send one that is there").At("redirect")
	}
	return nil
}

// cookie binds a state to the browser that leaves with it.
func (s *Service) cookie(t trip, value string, posted bool) *http.Cookie {
	c := &http.Cookie{
		Name: cookieName(t.State), Value: value, Path: "/auth", MaxAge: int(flowLife.Seconds()),
		HttpOnly: true, Secure: strings.HasPrefix(t.Callback, "https:"), SameSite: http.SameSiteLaxMode,
	}
	if posted { // browsers send it along with a form of another site only so; on loopback they take Secure without TLS
		c.Secure, c.SameSite = true, http.SameSiteNoneMode
	}
	return c
}

// cookieName gives each flow a cookie of its own, so that two tabs don't take
// each other's.
func cookieName(state string) string { return "loam_flow_" + tokens.Digest(state)[:12] }

// ofTicket is the stored form of a ticket, which is no cookie's.
func ofTicket(ticket string) string { return tokens.Digest("ticket:" + ticket) }

// withQuery adds a parameter to a redirect, which keeps all that it had.
func withQuery(redirect, name, value string) string {
	before, fragment, fragmented := strings.Cut(redirect, "#")
	mark := "?"
	if strings.Contains(before, "?") {
		mark = "&"
	}
	before += mark + name + "=" + url.QueryEscape(value)
	if fragmented {
		before += "#" + fragment
	}
	return before
}

// loopback tells whether a URL is plain http to this machine.
func loopback(u *url.URL) bool {
	if u.Scheme != "http" || u.User != nil || u.Path != "" {
		return false
	}
	addr, err := netip.ParseAddr(u.Hostname())
	return u.Hostname() == "localhost" || err == nil && addr.Unmap().IsLoopback()
}

// network names the block of addresses that one client can hop within.
func network(from auth.Client) string {
	addr := from.Addr.Unmap().WithZone("")
	if !addr.Is6() {
		return from.Addr.Unmap().String()
	}
	block, err := addr.Prefix(64)
	if err != nil {
		return addr.String()
	}
	return block.String()
}

// shorten cuts a text of a caller's for an error.
func shorten(text string) string {
	return strings.ToValidUTF8(text[:min(len(text), 40)], "")
}

func unknownProvider(name string) error {
	return fault.New(fault.FederationUnknown, "there is no way in called %q: GET /auth/providers lists them", shorten(name))
}

func badState() error {
	return fault.New(fault.FederationState, "this sign-in was not begun in this browser, is finished, or is older than %s: start again", flowLife)
}

// refused says that a provider's answer proves nothing. Why is for the log.
func refused(format string, args ...any) error {
	return fault.New(fault.FederationRefused, "the provider's answer does not prove who you are: start again").Because(wrap("refused", fmt.Errorf(format, args...)))
}

// unreachable says that a provider does not do its part.
func unreachable(err error) error {
	return fault.New(fault.FederationUnreachable, "the identity provider does not answer as it should: try again, and check its settings in loam.yaml").Because(err)
}
