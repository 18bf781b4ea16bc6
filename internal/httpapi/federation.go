package httpapi

import (
	"errors"
	"mime"
	"net/http"
	"net/url"

	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/federation"
)

// The doors of signing in with another identity provider. A browser goes through
// the first ones: they answer with where it goes next.

// visit is what a flow needs of the request.
func (c *call) visit() federation.Visit {
	return federation.Visit{From: c.client(), Origin: "http://" + c.Host, Cookie: c.cookie}
}

// redirectTo sends the browser on, and tells nobody where it comes from: the
// address may hold a code.
func (c *call) redirectTo(to string, err error) (reply, error) {
	if err != nil {
		return reply{}, err
	}
	c.out.Set("Location", to)
	c.out.Set("Cache-Control", "no-store")
	c.out.Set("Referrer-Policy", "no-referrer")
	return reply{status: http.StatusSeeOther}, nil
}

func listProviders(c *call) (reply, error) {
	return c.answer(http.StatusOK, list[federation.Way]{Items: c.api.Federation.Ways()}, nil)
}

// departByProvider begins a sign-in, or goes on with what a signed-in user began.
func departByProvider(c *call) (reply, error) {
	query := c.URL.Query()
	provider := c.PathValue("provider")
	var d federation.Departure
	var err error
	if ticket := query.Get("flow"); ticket != "" {
		d, err = c.api.Federation.Resume(c.Context(), provider, ticket, c.visit())
	} else {
		d, err = c.api.Federation.Depart(c.Context(), provider, federation.Start{
			Redirect: query.Get("redirect"), Challenge: query.Get("challenge"), Prompt: query.Get("prompt")}, c.visit())
	}
	if err != nil {
		return reply{}, err
	}
	c.out.Add("Set-Cookie", d.Cookie.String())
	return c.redirectTo(d.URL, nil)
}

func returnFromProvider(c *call) (reply, error) {
	answer, err := c.providerAnswer()
	if err != nil {
		return reply{}, err
	}
	return c.redirectTo(c.api.Federation.Return(c.Context(), c.PathValue("provider"), answer, c.visit()))
}

// providerAnswer is the query, or the form that a provider has the browser post.
func (c *call) providerAnswer() (url.Values, error) {
	if c.Method != http.MethodPost {
		return c.URL.Query(), nil
	}
	if kind, _, _ := mime.ParseMediaType(c.Header.Get("Content-Type")); kind != "application/x-www-form-urlencoded" {
		return nil, fault.New(fault.HTTPMediaType, "the body is %q; send application/x-www-form-urlencoded", kind)
	}
	err := c.ParseForm()
	if over, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return nil, fault.New(fault.HTTPBodyTooLarge, "the body has more than %d bytes", over.Limit)
	}
	if err != nil {
		return nil, fault.New(fault.QueryMalformed, "the form can't be read").Because(err)
	}
	return c.PostForm, nil
}

// exchangeCode gives the session for the code that came back with the browser, or
// links the provider to the account of the user who began to.
func exchangeCode(c *call) (reply, error) {
	in, err := decode[federation.Exchange](c)
	if err != nil {
		return reply{}, err
	}
	who, link, err := c.api.Federation.Redeem(c.Context(), c.by, in)
	if err != nil {
		return reply{}, err
	}
	if !link {
		return c.signedIn(c.api.Auth.SignInExternal(c.Context(), who, c.client()))
	}
	if err := c.api.Auth.Link(c.Context(), c.by, who); err != nil {
		return reply{}, err
	}
	return listIdentities(c)
}

func beginLink(c *call) (reply, error) {
	in, err := decode[federation.Start](c)
	if err == nil {
		err = c.api.Auth.MayLink(c.Context(), c.by)
	}
	if err != nil {
		return reply{}, err
	}
	to, err := c.api.Federation.BeginLink(c.Context(), c.by, c.PathValue("provider"), in, c.visit())
	return c.answer(http.StatusOK, struct {
		URL string `json:"url"`
	}{to}, err)
}
