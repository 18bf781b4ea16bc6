package federation

import (
	"time"

	"github.com/loam-dev/loam/internal/tokens"
)

// trip is what one flow keeps for its way back. It is stored sealed.
type trip struct {
	State    string    `json:"state"`
	Verifier string    `json:"verifier"` // of PKCE towards the provider
	Nonce    string    `json:"nonce"`
	Callback string    `json:"callback"`      // the redirect_uri
	Anew     time.Time `json:"anew,omitzero"` // since when the user must have signed in there; zero: whenever
}

// trip is the secrets of a new flow.
func (s *Service) trip(provider string, w way, in Start, v Visit) (trip, error) {
	base, err := s.base(v)
	callback := base + "/auth/callback/" + provider
	if saml, ok := w.(*samlWay); ok {
		callback = acsURL(base, saml.connection)
	}
	t := trip{State: tokens.Secret(), Verifier: tokens.Secret(), Nonce: tokens.Secret(), Callback: callback}
	if in.Prompt == "login" {
		t.Anew = s.now()
	}
	return t, err
}

// since refuses who signed in at the provider before the flow asked them to. What
// passes counts as shown now: the two clocks may differ.
func (t trip) since(who *Identity) error {
	if t.Anew.IsZero() {
		return nil
	}
	if !who.ProvedAt.IsZero() && who.ProvedAt.Before(t.Anew.Add(-clockSkew)) {
		return refused("the provider says that the user signed in at %s, and was asked to have them sign in anew", who.ProvedAt)
	}
	who.ProvedAt = time.Time{}
	return nil
}
