package httpapi

import (
	"context"
	"net/http"

	"github.com/loam-dev/loam/internal/auth"
)

// The doors of an account's life: what is mailed, what is proved by it, sessions
// and ways in.

// wish decodes an address and asks for a mail to it. The answer is the same for
// every address.
func wish(c *call, ask func(context.Context, auth.Ask, auth.Client) error) (reply, error) {
	in, err := decode[auth.Ask](c)
	if err == nil {
		err = ask(c.Context(), in, c.client())
	}
	return c.answer(http.StatusAccepted, struct{}{}, err)
}

func resendConfirmation(c *call) (reply, error) { return wish(c, c.api.Auth.AskConfirmation) }
func forgotPassword(c *call) (reply, error)     { return wish(c, c.api.Auth.AskReset) }
func askSignIn(c *call) (reply, error)          { return wish(c, c.api.Auth.AskSignIn) }

func confirm(c *call) (reply, error) {
	in, err := decode[auth.Proof](c)
	if err != nil {
		return reply{}, err
	}
	return c.signedIn(c.api.Auth.Confirm(c.Context(), in, c.client()))
}

func signInByMail(c *call) (reply, error) {
	in, err := decode[auth.Proof](c)
	if err != nil {
		return reply{}, err
	}
	return c.signedIn(c.api.Auth.SignInByMail(c.Context(), in, c.client()))
}

func resetPassword(c *call) (reply, error) {
	in, err := decode[auth.Reset](c)
	if err != nil {
		return reply{}, err
	}
	return c.signedIn(c.api.Auth.Reset(c.Context(), in, c.client()))
}

func changePassword(c *call) (reply, error) {
	in, err := decode[auth.ChangePassword](c)
	if err != nil {
		return reply{}, err
	}
	return c.signedIn(c.api.Auth.ChangePassword(c.Context(), c.by, in, c.client()))
}

func signInAnonymously(c *call) (reply, error) {
	in, err := c.api.Auth.SignInAnonymously(c.Context(), c.client())
	return c.answer(http.StatusCreated, in, err)
}

func becomeReal(c *call) (reply, error) {
	in, err := decodeSignUp(c)
	if err != nil {
		return reply{}, err
	}
	return c.signedUp(c.api.Auth.Become(c.Context(), c.by, in, c.client()))
}

func askEmailChange(c *call) (reply, error) {
	in, err := decode[auth.ChangeEmail](c)
	if err == nil {
		err = c.api.Auth.AskEmailChange(c.Context(), c.by, in, c.client())
	}
	return c.answer(http.StatusAccepted, struct{}{}, err)
}

func confirmEmailChange(c *call) (reply, error) {
	in, err := decode[auth.Proof](c)
	if err != nil {
		return reply{}, err
	}
	change, err := c.api.Auth.ConfirmEmailChange(c.Context(), in)
	return c.answer(http.StatusOK, change, err)
}

func deleteMe(c *call) (reply, error) {
	in := auth.DeleteAccount{}
	if c.ContentLength != 0 {
		var err error
		if in, err = decode[auth.DeleteAccount](c); err != nil {
			return reply{}, err
		}
	}
	return c.answer(http.StatusNoContent, nil, c.api.Auth.Delete(c.Context(), c.by, in, c.profiles(), c.client()))
}

func listSessions(c *call) (reply, error) {
	sessions, err := c.api.Auth.Sessions(c.Context(), c.by)
	return c.answer(http.StatusOK, list[auth.Device]{Items: sessions}, err)
}

func endSession(c *call) (reply, error) {
	return c.answer(http.StatusNoContent, nil, c.api.Auth.EndSession(c.Context(), c.by, c.PathValue("session")))
}

// endSessions ends all of them; ?others=true keeps the one that asks.
func endSessions(c *call) (reply, error) {
	return c.answer(http.StatusNoContent, nil, c.api.Auth.EndSessions(c.Context(), c.by, c.URL.Query().Get("others") == "true"))
}

func listIdentities(c *call) (reply, error) {
	identities, err := c.api.Auth.Identities(c.Context(), c.by)
	return c.answer(http.StatusOK, list[auth.Identity]{Items: identities}, err)
}

func unlinkIdentity(c *call) (reply, error) {
	return c.answer(http.StatusNoContent, nil, c.api.Auth.Unlink(c.Context(), c.by, c.PathValue("provider")))
}

// signedIn answers a sign-in.
func (c *call) signedIn(in auth.SignedIn, err error) (reply, error) {
	return c.answer(http.StatusOK, in, err)
}

// signedUp answers a sign-up: with a session, or with the user alone where the
// address waits to be confirmed.
func (c *call) signedUp(up auth.SignedUp, err error) (reply, error) {
	if err == nil && up.Waits {
		return c.answer(http.StatusAccepted, struct {
			User auth.User `json:"user"`
		}{up.User}, nil)
	}
	return c.answer(http.StatusCreated, up.SignedIn, err)
}
