package federation

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"golang.org/x/oauth2"
)

// gitHub is GitHub, which speaks OAuth without OpenID: who signed in is read from
// its API. An address counts as proved where GitHub lists it as the primary one
// and verified.
type gitHub struct {
	http   *http.Client
	config oauth2.Config
	api    string
}

// github is github.com, or GitHub Enterprise Server where issuer names its URL.
func (s *Service) github(p Provider) (*gitHub, error) {
	if p.ClientSecret == "" {
		return nil, misconfigured("the provider %q needs clientSecret", p.Name)
	}
	site, api := "https://github.com", "https://api.github.com"
	if p.Issuer != "" {
		if !secureURL(p.Issuer) {
			return nil, misconfigured("the provider %q has an issuer that is not https", p.Name)
		}
		site = strings.TrimSuffix(p.Issuer, "/")
		api = site + "/api/v3"
	}
	return &gitHub{http: s.http, api: api, config: oauth2.Config{
		ClientID: p.ClientID, ClientSecret: string(p.ClientSecret), Scopes: append([]string{"read:user", "user:email"}, p.Scopes...),
		Endpoint: oauth2.Endpoint{AuthURL: site + "/login/oauth/authorize", TokenURL: site + "/login/oauth/access_token", AuthStyle: oauth2.AuthStyleInParams},
	}}, nil
}

func (g *gitHub) posts() bool { return false }

// client is the OAuth client for one flow.
func (g *gitHub) client(t trip) *oauth2.Config {
	config := g.config
	config.RedirectURL = t.Callback
	return &config
}

func (g *gitHub) authorize(_ context.Context, t trip) (string, error) {
	options := []oauth2.AuthCodeOption{oauth2.S256ChallengeOption(t.Verifier)}
	if !t.Anew.IsZero() { // the most that can be asked of it
		options = append(options, oauth2.SetAuthURLParam("prompt", "select_account"))
	}
	return g.client(t).AuthCodeURL(t.State, options...), nil
}

func (g *gitHub) identify(ctx context.Context, t trip, answer url.Values) (Identity, error) {
	token, err := redeem(ctx, g.http, g.client(t), t, answer)
	if err != nil {
		return Identity{}, err
	}
	header := http.Header{"Authorization": {"Bearer " + token.AccessToken}, "Accept": {"application/vnd.github+json"}}
	var user struct {
		ID    int64  `json:"id"`
		Login string `json:"login"`
		Name  string `json:"name"`
	}
	if err := getJSON(ctx, g.http, g.api+"/user", header, &user); err != nil {
		return Identity{}, unreachable(err)
	}
	if user.ID <= 0 {
		return Identity{}, refused("GitHub names no user")
	}
	var emails []struct {
		Email    string `json:"email"`
		Primary  bool   `json:"primary"`
		Verified bool   `json:"verified"`
	}
	if err := getJSON(ctx, g.http, g.api+"/user/emails", header, &emails); err != nil {
		return Identity{}, unreachable(err)
	}
	who := Identity{Subject: strconv.FormatInt(user.ID, 10), Name: user.Name}
	if who.Name == "" {
		who.Name = user.Login
	}
	for _, e := range emails {
		if e.Primary {
			who.Email, who.EmailVerified = e.Email, e.Verified
		}
	}
	return who, nil
}
